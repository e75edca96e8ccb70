"""Finds plugins by entry points, calls each implementation by itself, and remembers what went wrong.

pluggy aborts a whole call on one exception; here one broken plugin never hides another (`design` §4). Nothing is
global: every library has its own `Plugins`.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib import import_module
from types import MappingProxyType
from typing import Any

import importlib_metadata
import pluggy
from msgspec import Struct

from ..types import PluginInfo
from . import hookspecs
from .contracts import FactReader, Importer, Kind, Store
from .engines import Captioner, Detector, Embedder, Engine, FaceExtractor, Measurer, Tagger, fault
from .operation import Operations
from .precedence import Installed, Origin, Thing, choose, installed
from .sharers import RenditionStep, Sharer

#: Built-in features use the same hooks as everyone else. Each is imported only when plugins are loaded.
BUILTIN = (
    "pixlstash_core.storage.builtin",
    "pixlstash_core.media.builtin",
    "pixlstash_core.engines.builtin",
    "pixlstash_core.sharing.builtin",
)
#: Plugins that are or were built in, under the names in older libraries' lists of disabled plugins.
RENAMED = {
    "pixlstash_core.stores.builtin": "pixlstash_core.storage.builtin",
    "pixlstash_core.demo.builtin": "demo",
}
#: The project's own plugins, each in a package `pixlstash-NAME`.
OWN = ("clip", "compat", "demo", "faces", "generation", "joycaption", "wd-tagger")


#: Says what is wrong with an object, if anything is.
Fault = Callable[[Any], str | None]


def _fine(thing: Any) -> str | None:
    return None


class Offered(Struct, frozen=True):
    """An engine, the hook that yielded it, and whose it is."""

    engine: Engine[Any, Any]
    hook: str
    origin: Origin


class Plugins:
    """The plugins of one library.

    Of two with the same name, and of two objects with the same id, a built-in one is used; or else that of the
    distribution whose results the library has; or else the first by name. `results` says by engine whose they are.
    """

    def __init__(self) -> None:
        self.pm = pluggy.PluginManager(hookspecs.PROJECT)
        self.pm.add_hookspecs(hookspecs)
        self._origins: dict[str, Origin] = {}
        self._problems: dict[str, list[str]] = {}
        self._refused: dict[str, str] = {}
        self.disabled: tuple[str, ...] = ()
        self.extra: tuple[str, ...] = ()
        self._builtin: frozenset[str] = frozenset()
        self._results: Mapping[str, str] = {}
        self._things: dict[str, list[Thing]] = {}
        self._chosen: dict[str, list[Thing]] = {}

    @classmethod
    def load(
        cls,
        *,
        builtin: Sequence[str] = BUILTIN,
        disabled: Iterable[str] = (),
        extra: Sequence[str] = (),
        only: str | None = None,
        distribution: str = "",
        results: Mapping[str, str] = MappingProxyType({}),
    ) -> Plugins:
        """Register the built-ins, every installed entry point of group `pixlstash`, and modules named in `extra`.

        `disabled` names plugins, or `plugin@distribution`. `only` names the one plugin that is wanted, of that
        `distribution` where it is given: no other is imported.
        """
        if only is not None:
            builtin, extra = [name for name in builtin if name == only], [name for name in extra if name == only]
        plugins = cls()
        plugins.disabled = tuple(RENAMED.get(name, name) for name in disabled)
        plugins._builtin, plugins._results = frozenset(builtin), results
        own = Origin("core", "pixlstash-core", _version("pixlstash-core"))
        for name in builtin:
            plugins._add(Origin(name, own.distribution, own.version), partial(import_module, name))
        for found in installed(distribution, disabled=plugins.disabled, results=results):
            plugins._take(found, only)
        for name in extra:
            plugins._add(Origin(name, "extra", "0"), partial(import_module, name))
        plugins.extra = tuple(extra)
        return plugins

    def prefer(self, results: Mapping[str, str]) -> None:
        """Say whose results there are, by engine."""
        if results != self._results:
            self._results = results
            self._chosen.pop(_ENGINES, None)

    # -- nouns ---------------------------------------------------------------------------------------------------------

    def kinds(self) -> list[Kind]:
        return self._objects("kinds")

    def fact_readers(self) -> list[FactReader]:
        """In the order they are asked in: by priority; those of one priority as their plugins come."""
        return sorted(self._objects("readers"), key=lambda reader: -reader.priority)

    def stores(self) -> dict[str, Store]:
        return {store.scheme: store for store in self._objects("stores")}

    def importers(self) -> dict[str, Importer]:
        return {one.id: one for one in self._objects("importers")}

    def sharers(self) -> dict[str, Sharer]:
        return {sharer.id: sharer for sharer in self._objects("sharers")}

    def rendition_steps(self) -> dict[str, RenditionStep]:
        return {step.id: step for step in self._objects("rendition_steps")}

    def engines(self) -> dict[str, Offered]:
        """Every engine by its id, which no two share, whatever their kinds."""
        if _ENGINES not in self._chosen:
            found = [
                thing
                for hook, kind in ENGINES.items()
                for thing in self._yielded(hook, kind, lambda one: one.id, fault)
            ]
            self._chosen[_ENGINES] = self._choose(found)
        return {one.key: Offered(one.value, one.hook, self._origins[one.plugin]) for one in self._chosen[_ENGINES]}

    def refusal(self, engine: str) -> str:
        """Why there is no such engine, as far as that is known; else which plugins have problems."""
        if engine in self._refused:
            return self._refused[engine]
        whose = self._results.get(engine)
        for plugin, origin in self._origins.items():
            if engine == plugin or engine.startswith(f"{plugin}/") or origin.distribution == whose:
                if plugin in self.disabled:
                    return f"The plugin {self._who(plugin)} is switched off."
                if problems := self._problems.get(plugin):
                    return f"The plugin {self._who(plugin)} has problems: {' '.join(problems)}"
        bad = ", ".join(plugin for plugin, problems in self._problems.items() if problems)
        return f"These plugins have problems, which `pixlstash plugin list` shows: {bad}." if bad else ""

    def absent(self, plugin: str) -> str:
        """A sentence to append where something of a plugin is missing: why, or what to install; empty if unknown."""
        if plugin in self.disabled:
            return f" The plugin {plugin} is switched off."
        if problems := self._problems.get(plugin):
            return f" The plugin {self._who(plugin)} has problems: {' '.join(problems)}"
        return f" Install the package that does: pip install pixlstash-{plugin}" if plugin in OWN else ""

    def commands(self) -> list[Any]:
        import click

        return self.nouns("commands", click.Command, lambda command: str(command.name))

    def operations(self) -> list[type[Operations]]:
        """The tables of operations, of which each is below the name of its own plugin."""
        found = self._yielded("operations", type, lambda table: str(getattr(table, "plugin", "")), _no_table)
        for thing in found:
            if thing.key != thing.plugin:
                self._note(thing.plugin, f"operations: {thing.value.__name__} names the plugin {thing.key!r}.")
        return [thing.value for thing in found if thing.key == thing.plugin]

    def nouns(self, hook: str, kind: type, name: Callable[[Any], str], fault: Fault = _fine) -> list[Any]:
        """What a hook of another package's spec (`pixlstash_web` adds its own) yields, guarded the same way."""
        if hook not in self._chosen:
            self._chosen[hook] = self._choose(self._yielded(hook, kind, name, fault))
        return [thing.value for thing in self._chosen[hook]]

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
        self.operations()
        return self.infos()

    def infos(self) -> list[PluginInfo]:
        """Every plugin found, working or not."""
        for hook in _NOUNS:
            self._objects(hook)
        self.engines()
        objects: dict[str, list[str]] = {}
        for thing in (thing for chosen in self._chosen.values() for thing in chosen):
            objects.setdefault(thing.plugin, []).append(f"{thing.hook}: {thing.key}")
        infos = []
        for plugin, origin in self._origins.items():
            hooks = [h.name for h in self.pm.get_hookcallers(p) or ()] if (p := self.pm.get_plugin(plugin)) else []
            infos.append(
                PluginInfo(
                    plugin,
                    origin.distribution,
                    origin.version,
                    sorted(hooks),
                    sorted(objects.get(plugin, [])),
                    plugin not in self.disabled,
                    self._problems.get(plugin, []),
                )
            )
        return infos

    # -- inside --------------------------------------------------------------------------------------------------------

    def _objects(self, hook: str) -> list[Any]:
        kind, name, fault = _NOUNS[hook]
        return self.nouns(hook, kind, name, fault)

    def _take(self, found: Installed, only: str | None) -> None:
        """Register a plugin that is installed, unless it is switched off or not asked for."""
        name = found.origin.plugin
        if name in self._builtin:
            return self._note(name, f"{found.origin.distribution} has a plugin of this name too, which is not used.")
        self._origins[name] = found.origin
        if found.clash:
            self._note(name, found.clash)
            self.disabled += found.others
        if name not in self.disabled and only in (None, name):
            self._add(found.origin, found.load)
        return None

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
        fault: Fault = _fine,
    ) -> list[Thing]:
        """All that plugins yield from a hook, once: a fault costs only the object or plugin it is in.

        `fault` says what is wrong with one.
        """
        if hook in self._things:
            return self._things[hook]
        found: list[Thing] = []

        def take(impl: Any) -> None:
            for thing in _run(impl, {}) or ():
                if not isinstance(thing, kind):
                    self._note(impl.plugin_name, f"{hook} yielded {thing!r}, which is not a {kind.__name__}.")
                elif wrong := fault(thing):
                    self._note(impl.plugin_name, f"{hook}: {wrong}.")
                    self._refused[str(getattr(thing, "id", ""))] = f"{self._who(impl.plugin_name)}: {wrong}."
                else:
                    found.append(Thing(impl.plugin_name, hook, name(thing), thing))

        for impl in self._impls(hook):
            self._guard(impl.plugin_name, partial(take, impl))
        self._things[hook] = found
        return found

    def _choose(self, found: Sequence[Thing]) -> list[Thing]:
        """One object of each id, in the order they were yielded; every plugin that offers such an id is told."""
        # One that was registered by hand has no distribution.
        origins = {one.plugin: self._origins.get(one.plugin, Origin(one.plugin, "?", "?")) for one in found}
        chosen, clashes = choose(found, origins, self._builtin, self._results)
        for plugin, sentence in clashes:
            self._note(plugin, sentence)
        return chosen

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
        return str(self._origins[plugin])


def _no_order(reader: Any) -> str | None:
    return None if isinstance(reader.priority, int) else f"{reader.id} needs a whole number as its `priority`"


def _no_table(thing: Any) -> str | None:
    return None if issubclass(thing, Operations) else f"{thing.__name__} is not a subclass of Operations"


def _run(impl: Any, arguments: dict[str, Any]) -> Any:
    return impl.function(*(arguments[name] for name in impl.argnames))


def _told(impl: Any, **arguments: Any) -> Any:
    return _run(impl, arguments)


def _version(distribution: str) -> str:
    try:
        return importlib_metadata.version(distribution)
    except importlib_metadata.PackageNotFoundError:
        return "0"


#: What the ids of engines are shared among.
_ENGINES = "engines"
#: The hooks of engines, and what each yields.
ENGINES: dict[str, type[Engine[Any, Any]]] = {
    "taggers": Tagger,
    "captioners": Captioner,
    "embedders": Embedder,
    "face_extractors": FaceExtractor,
    "detectors": Detector,
    "measurers": Measurer,
}
#: The other hooks of objects: what each yields, the name of one, and what may be wrong with it.
_NOUNS: dict[str, tuple[type, Callable[[Any], str], Fault]] = {
    "kinds": (Kind, lambda thing: thing.id, _fine),
    "readers": (FactReader, lambda thing: thing.id, _no_order),
    "stores": (Store, lambda thing: thing.scheme, _fine),
    "importers": (Importer, lambda thing: thing.id, _fine),
    "sharers": (Sharer, lambda thing: thing.id, _fine),
    "rendition_steps": (RenditionStep, lambda thing: thing.id, _fine),
}
