"""Finds plugins by entry points, calls each implementation by itself, and remembers what went wrong.

pluggy aborts a whole call on one exception; here one broken plugin never hides another (`design` §4). Nothing is
global: every library has its own `Plugins`.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import importlib_metadata
import pluggy
from msgspec import Struct

from . import hookspecs
from .contracts import FactReader, Importer, Kind, Store
from .engine import Captioner, Detector, Embedder, Engine, FaceExtractor, Measurer, Tagger, fault
from .types import PluginInfo

#: Built-in features use the same door as everyone else. Each is imported only when plugins are loaded.
BUILTIN = (
    "pixlstash_core.stores.builtin",
    "pixlstash_core.media.builtin",
    "pixlstash_core.engines.builtin",
    "pixlstash_core.demo.builtin",
)


class Origin(Struct, frozen=True):
    """Where an object came from, for messages and provenance."""

    plugin: str
    distribution: str
    version: str


class Offered(Struct, frozen=True):
    """An engine, the hook that yielded it, and whose it is."""

    engine: Engine[Any, Any]
    hook: str
    origin: Origin


class Plugins:
    """The plugins of one library."""

    def __init__(self) -> None:
        self.pm = pluggy.PluginManager(hookspecs.PROJECT)
        self.pm.add_hookspecs(hookspecs)
        self._origins: dict[str, Origin] = {}
        self._problems: dict[str, list[str]] = {}
        self._objects: dict[str, list[str]] = {}
        self.disabled: tuple[str, ...] = ()
        self.extra: tuple[str, ...] = ()
        self._nouns: dict[str, list[Any]] = {}
        self._owners: dict[str, dict[str, str]] = {}

    @classmethod
    def load(
        cls,
        *,
        builtin: Sequence[str] = BUILTIN,
        disabled: Iterable[str] = (),
        extra: Sequence[str] = (),
        only: str | None = None,
    ) -> Plugins:
        """Register the built-ins, every installed entry point of group `pixlstash`, and modules named in `extra`.

        `only` names the one plugin that is wanted: no other is imported.
        """
        if only is not None:
            builtin, extra = [name for name in builtin if name == only], [name for name in extra if name == only]
        plugins = cls()
        plugins.disabled = tuple(disabled)
        own = Origin("core", "pixlstash-core", _version("pixlstash-core"))
        for name in builtin:
            plugins._add(Origin(name, own.distribution, own.version), partial(import_module, name))
        for point in importlib_metadata.entry_points(group=hookspecs.PROJECT):
            dist = point.dist
            origin = Origin(point.name, dist.name if dist else "?", dist.version if dist else "?")
            if point.name in plugins._origins:
                first = plugins._origins[point.name]
                plugins._note(
                    point.name,
                    f"Two plugins are called {point.name!r}: one from {first.distribution} {first.version}, one from"
                    f" {origin.distribution} {origin.version}. The first is used; uninstall one of them.",
                )
                continue
            plugins._origins[point.name] = origin
            if point.name not in plugins.disabled and only in (None, point.name):
                plugins._add(origin, point.load)
        for name in extra:
            plugins._add(Origin(name, "extra", "0"), partial(import_module, name))
        plugins.extra = tuple(extra)
        return plugins

    # -- nouns ---------------------------------------------------------------------------------------------------------

    def kinds(self) -> list[Kind]:
        return self._yielded("kinds", Kind, lambda kind: kind.id)

    def fact_readers(self) -> list[FactReader]:
        return self._yielded("readers", FactReader, lambda reader: reader.id)

    def stores(self) -> dict[str, Store]:
        return {store.scheme: store for store in self._yielded("stores", Store, lambda store: store.scheme)}

    def importers(self) -> dict[str, Importer]:
        return {one.id: one for one in self._yielded("importers", Importer, lambda one: one.id)}

    def engines(self) -> dict[str, Offered]:
        """Every engine by its id, which no two share, whatever their kinds."""
        found: dict[str, Offered] = {}
        for hook, kind in ENGINES.items():
            for engine in self._yielded(hook, kind, lambda one: one.id, fault, "engines"):
                found[engine.id] = Offered(engine, hook, self._origins[self._owners["engines"][engine.id]])
        return found

    def commands(self) -> list[Any]:
        import click

        return self._yielded("commands", click.Command, lambda command: str(command.name))

    def nouns(self, hook: str, kind: type, name: Callable[[Any], str]) -> list[Any]:
        """What a hook of another package's spec (`pixlstash_web` adds its own) yields, guarded the same way."""
        return self._yielded(hook, kind, name)

    # -- verbs ---------------------------------------------------------------------------------------------------------

    def call(self, hook: str, **arguments: Any) -> None:
        """Call a verb of every plugin, each guarded by itself."""
        for impl in self._impls(hook):
            self._guard(impl.plugin_name, partial(_run, impl, arguments))

    def listeners(self, hook: str) -> list[tuple[str, Callable[..., Any]]]:
        """(plugin name, function taking keyword arguments) of each implementation of a verb."""
        return [(impl.plugin_name, partial(_told, impl)) for impl in self._impls(hook)]

    def problem(self, plugin: str, sentence: str) -> None:
        """Record what went wrong with a plugin."""
        self._note(plugin, sentence)

    def listed(self) -> list[PluginInfo]:
        """`infos`, with the verbs, which nobody but the command line loads otherwise."""
        self.commands()
        return self.infos()

    def infos(self) -> list[PluginInfo]:
        """Every plugin found, working or not."""
        for hook, kind, name in _NOUNS:
            self._yielded(hook, kind, name)
        self.engines()
        infos = []
        for plugin, origin in self._origins.items():
            hooks = [h.name for h in self.pm.get_hookcallers(p) or ()] if (p := self.pm.get_plugin(plugin)) else []
            infos.append(
                PluginInfo(
                    plugin,
                    origin.distribution,
                    origin.version,
                    sorted(hooks),
                    sorted(self._objects.get(plugin, [])),
                    plugin not in self.disabled,
                    self._problems.get(plugin, []),
                )
            )
        return infos

    # -- inside --------------------------------------------------------------------------------------------------------

    def _add(self, origin: Origin, load: Callable[[], Any]) -> None:
        self._origins[origin.plugin] = origin
        self._guard(origin.plugin, lambda: self.pm.register(load(), origin.plugin))

    def _impls(self, hook: str) -> list[Any]:
        """In order of registration, so that of two that clash the one that was there first is used."""
        impls = getattr(self.pm.hook, hook).get_hookimpls()
        return sorted(impls, key=lambda impl: (impl.trylast, not impl.tryfirst))

    def _yielded(
        self,
        hook: str,
        kind: type,
        name: Callable[[Any], str],
        fault: Callable[[Any], str | None] = lambda thing: None,
        among: str = "",
    ) -> list[Any]:
        """The objects of a noun hook, once: one clash or fault costs only the object or plugin it is in.

        `fault` says what is wrong with one; hooks with the same `among` share their names.
        """
        if hook in self._nouns:
            return self._nouns[hook]
        owners = self._owners.setdefault(among or hook, {})
        found: list[Any] = []

        def take(impl: Any) -> None:
            for thing in _run(impl, {}) or ():
                if not isinstance(thing, kind):
                    self._note(impl.plugin_name, f"{hook} yielded {thing!r}, which is not a {kind.__name__}.")
                    continue
                if wrong := fault(thing):
                    self._note(impl.plugin_name, f"{hook}: {wrong}.")
                    continue
                key = name(thing)
                if key in owners:
                    self._note(
                        impl.plugin_name,
                        f"{hook}: {key!r} is offered by {self._who(owners[key])} and by {self._who(impl.plugin_name)};"
                        " the first is used. Switch one of them off.",
                    )
                    continue
                owners[key] = impl.plugin_name
                self._objects.setdefault(impl.plugin_name, []).append(f"{hook}: {key}")
                found.append(thing)

        for impl in self._impls(hook):
            self._guard(impl.plugin_name, partial(take, impl))
        self._nouns[hook] = found
        return found

    def _guard(self, plugin: str, call: Callable[[], Any]) -> None:
        try:
            call()
        except (Exception, SystemExit) as error:  # a plugin may raise anything, and must hurt only itself
            where = traceback.extract_tb(error.__traceback__)[-1]
            self._note(plugin, f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})")

    def _note(self, plugin: str, sentence: str) -> None:
        self._origins.setdefault(plugin, Origin(plugin, "?", "?"))
        problems = self._problems.setdefault(plugin, [])
        if sentence not in problems:
            problems.append(sentence)

    def _who(self, plugin: str) -> str:
        origin = self._origins[plugin]
        return f"{plugin} ({origin.distribution} {origin.version})"


def _run(impl: Any, arguments: dict[str, Any]) -> Any:
    return impl.function(*(arguments[name] for name in impl.argnames))


def _told(impl: Any, **arguments: Any) -> Any:
    return _run(impl, arguments)


def _version(distribution: str) -> str:
    try:
        return importlib_metadata.version(distribution)
    except importlib_metadata.PackageNotFoundError:
        return "0"


#: The hooks of engines, and what each yields.
ENGINES: dict[str, type[Engine[Any, Any]]] = {
    "taggers": Tagger,
    "captioners": Captioner,
    "embedders": Embedder,
    "face_extractors": FaceExtractor,
    "detectors": Detector,
    "measurers": Measurer,
}
_NOUNS: tuple[tuple[str, type, Callable[[Any], str]], ...] = (
    ("kinds", Kind, lambda thing: thing.id),
    ("readers", FactReader, lambda thing: thing.id),
    ("stores", Store, lambda thing: thing.scheme),
    ("importers", Importer, lambda thing: thing.id),
)
