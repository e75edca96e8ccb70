"""`Plugins`: finds plugins by entry points, calls their hooks separately, and records their errors.

In pluggy, one exception aborts the whole call; here, a broken plugin does not affect others. There is no global state:
every library has its own `Plugins`.
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
from .contracts import FactReader, Importer, Kind, RenditionStep, Sharer, Store
from .engines import Captioner, Detector, Embedder, Engine, FaceExtractor, Measurer, Tagger, TextExtractor, fault
from .operation import Operations
from .precedence import Installed, Origin, Thing, choose, installed

#: Modules of built-in plugins, which use the same hooks as others.
BUILTIN = (
    "pixlstash_core.storage.builtin",
    "pixlstash_core.media.builtin",
    "pixlstash_core.engines.builtin",
    "pixlstash_core.sharing.builtin",
)
#: Present names of plugins, by the names in the lists of disabled plugins of older libraries.
RENAMED = {
    "pixlstash_core.stores.builtin": "pixlstash_core.storage.builtin",
    "pixlstash_core.demo.builtin": "demo",
}
#: The project's own plugins, each in a package `pixlstash-NAME`.
OWN = ("clip", "compat", "demo", "faces", "generation", "joycaption", "learned", "mcp", "ocr", "wd-tagger")


#: A function that returns the error in an object, if any.
Fault = Callable[[Any], str | None]


def _fine(thing: Any) -> str | None:
    return None


class Offered(Struct, frozen=True):
    """An engine, the hook that yielded it, and its origin."""

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
        for plugin in installed(distribution, disabled=plugins.disabled, results=results):
            plugins._take(plugin, only)
        for name in extra:
            plugins._add(Origin(name, "extra", "0"), partial(import_module, name))
        plugins.extra = tuple(extra)
        return plugins

    def prefer(self, results: Mapping[str, str]) -> None:
        """Set the distributions whose results the library has, by engine."""
        if results != self._results:
            self._results = results
            self._chosen.pop(_ENGINES, None)

    # -- objects of plugins --------------------------------------------------------------------------------------------

    def kinds(self) -> list[Kind]:
        return self._objects("kinds")

    def fact_readers(self) -> list[FactReader]:
        """Return the metadata readers, by priority and then in the order of their plugins."""
        return sorted(self._objects("readers"), key=lambda reader: -reader.priority)

    def stores(self) -> dict[str, Store]:
        return {store.scheme: store for store in self._objects("stores")}

    def importers(self) -> dict[str, Importer]:
        return {importer.id: importer for importer in self._objects("importers")}

    def sharers(self) -> dict[str, Sharer]:
        return {sharer.id: sharer for sharer in self._objects("sharers")}

    def rendition_steps(self) -> dict[str, RenditionStep]:
        return {step.id: step for step in self._objects("rendition_steps")}

    def engines(self) -> dict[str, Offered]:
        """Return all engines by id."""
        if _ENGINES not in self._chosen:
            things = [
                thing
                for hook, kind in ENGINES.items()
                for thing in self._yielded(hook, kind, lambda engine: engine.id, fault)
            ]
            self._chosen[_ENGINES] = self._choose(things)
        return {
            thing.key: Offered(thing.value, thing.hook, self._origins[thing.plugin]) for thing in self._chosen[_ENGINES]
        }

    def refusal(self, engine: str) -> str:
        """Return the probable reason why an engine is missing; empty if there is none."""
        if engine in self._refused:
            return self._refused[engine]
        distribution = self._results.get(engine)
        for plugin, origin in self._origins.items():
            if engine == plugin or engine.startswith(f"{plugin}/") or origin.distribution == distribution:
                if plugin in self.disabled:
                    return f"The plugin {self._who(plugin)} is switched off."
                if problems := self._problems.get(plugin):
                    return f"The plugin {self._who(plugin)} has problems: {' '.join(problems)}"
        bad = ", ".join(plugin for plugin, problems in self._problems.items() if problems)
        return f"These plugins have problems, which `pixlstash plugin list` shows: {bad}." if bad else ""

    def absent(self, plugin: str) -> str:
        """Return a sentence to append to an error about a missing plugin: why, or what to install."""
        if plugin in self.disabled:
            return f" The plugin {plugin} is switched off."
        if problems := self._problems.get(plugin):
            return f" The plugin {self._who(plugin)} has problems: {' '.join(problems)}"
        return f" Install the package that does: pip install pixlstash-{plugin}" if plugin in OWN else ""

    def commands(self) -> list[Any]:
        import click

        return self.objects("commands", click.Command, lambda command: str(command.name))

    def operations(self) -> list[type[Operations]]:
        """Return the tables of operations of all plugins, without those that name another plugin."""
        tables = self._yielded("operations", type, lambda table: str(getattr(table, "plugin", "")), _no_table)
        for table in tables:
            if table.key != table.plugin:
                self._note(table.plugin, f"operations: {table.value.__name__} names the plugin {table.key!r}.")
        return [table.value for table in tables if table.key == table.plugin]

    def objects(self, hook: str, kind: type, name: Callable[[Any], str], fault: Fault = _fine) -> list[Any]:
        """Return the objects that plugins yield from a hook, such as one that `pixlstash_web` adds."""
        if hook not in self._chosen:
            self._chosen[hook] = self._choose(self._yielded(hook, kind, name, fault))
        return [thing.value for thing in self._chosen[hook]]

    # -- verbs ---------------------------------------------------------------------------------------------------------

    def call(self, hook: str, **arguments: Any) -> None:
        """Call a hook of every plugin, catching the exceptions of each."""
        for impl in self._impls(hook):
            self._guard(impl.plugin_name, partial(_run, impl, arguments))

    def listeners(self, hook: str) -> list[tuple[str, Callable[..., Any]]]:
        """Return (plugin name, function taking keyword arguments) of each implementation of a hook."""
        return [(impl.plugin_name, partial(_call_by_name, impl)) for impl in self._impls(hook)]

    def problem(self, plugin: str, sentence: str) -> None:
        """Record a problem of a plugin."""
        self._note(plugin, sentence)

    def listed(self) -> list[PluginInfo]:
        """Return the same as `infos`, after loading commands and operations as well."""
        self.commands()
        self.operations()
        return self.infos()

    def infos(self) -> list[PluginInfo]:
        """Return all installed plugins, working or not."""
        for hook in _OBJECT_HOOKS:
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
        kind, name, fault = _OBJECT_HOOKS[hook]
        return self.objects(hook, kind, name, fault)

    def _take(self, plugin: Installed, only: str | None) -> None:
        """Register an installed plugin, unless it is disabled or excluded by `only`."""
        name = plugin.origin.plugin
        if name in self._builtin:
            return self._note(name, f"{plugin.origin.distribution} has a plugin of this name too, which is not used.")
        self._origins[name] = plugin.origin
        if plugin.clash:
            self._note(name, plugin.clash)
            self.disabled += plugin.others
        if name not in self.disabled and only in (None, name):
            self._add(plugin.origin, plugin.load)
        return None

    def _add(self, origin: Origin, load: Callable[[], Any]) -> None:
        self._origins[origin.plugin] = origin
        self._guard(origin.plugin, lambda: self.pm.register(load(), origin.plugin))

    def _impls(self, hook: str) -> list[Any]:
        """Return the implementations of a hook in order of registration."""
        impls = getattr(self.pm.hook, hook).get_hookimpls()
        return sorted(impls, key=lambda impl: (impl.trylast, not impl.tryfirst))

    def _yielded(
        self,
        hook: str,
        kind: type,
        name: Callable[[Any], str],
        fault: Fault = _fine,
    ) -> list[Thing]:
        """Return all objects that plugins yield from a hook, without invalid ones; cached.

        `fault(object)` returns the error in one, if any.
        """
        if hook in self._things:
            return self._things[hook]
        things: list[Thing] = []

        def take(impl: Any) -> None:
            for thing in _run(impl, {}) or ():
                if not isinstance(thing, kind):
                    self._note(impl.plugin_name, f"{hook} yielded {thing!r}, which is not a {kind.__name__}.")
                elif wrong := fault(thing):
                    self._note(impl.plugin_name, f"{hook}: {wrong}.")
                    self._refused[str(getattr(thing, "id", ""))] = f"{self._who(impl.plugin_name)}: {wrong}."
                else:
                    things.append(Thing(impl.plugin_name, hook, name(thing), thing))

        for impl in self._impls(hook):
            self._guard(impl.plugin_name, partial(take, impl))
        self._things[hook] = things
        return things

    def _choose(self, things: Sequence[Thing]) -> list[Thing]:
        """Return one object for each id, in order, and record duplicates as problems."""
        # a plugin that a test registers has no distribution
        origins = {thing.plugin: self._origins.get(thing.plugin, Origin(thing.plugin, "?", "?")) for thing in things}
        chosen, clashes = choose(things, origins, self._builtin, self._results)
        for plugin, sentence in clashes:
            self._note(plugin, sentence)
        return chosen

    def _guard(self, plugin: str, call: Callable[[], Any]) -> None:
        try:
            call()
        except (Exception, SystemExit) as error:  # a plugin may raise anything, and must not affect others
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


def _call_by_name(impl: Any, **arguments: Any) -> Any:
    return _run(impl, arguments)


def _version(distribution: str) -> str:
    try:
        return importlib_metadata.version(distribution)
    except importlib_metadata.PackageNotFoundError:
        return "0"


#: The key of engines of all hooks, which share their ids.
_ENGINES = "engines"
#: The hooks of engines, with the class of their objects.
ENGINES: dict[str, type[Engine[Any, Any]]] = {
    "taggers": Tagger,
    "captioners": Captioner,
    "embedders": Embedder,
    "face_extractors": FaceExtractor,
    "detectors": Detector,
    "text_extractors": TextExtractor,
    "measurers": Measurer,
}
#: The other hooks that yield objects: class, id and validation of the objects.
_OBJECT_HOOKS: dict[str, tuple[type, Callable[[Any], str], Fault]] = {
    "kinds": (Kind, lambda thing: thing.id, _fine),
    "readers": (FactReader, lambda thing: thing.id, _no_order),
    "stores": (Store, lambda thing: thing.scheme, _fine),
    "importers": (Importer, lambda thing: thing.id, _fine),
    "sharers": (Sharer, lambda thing: thing.id, _fine),
    "rendition_steps": (RenditionStep, lambda thing: thing.id, _fine),
}
