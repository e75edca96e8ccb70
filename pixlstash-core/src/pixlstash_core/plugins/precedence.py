"""Chooses between plugins of the same name, and between objects with the same id.

A built-in one wins; then that of the distribution whose results the library already has; then the first by the name of
its distribution. The order of folders in site-packages decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import importlib_metadata
from msgspec import Struct

from .hookspecs import PROJECT

_BUILT_IN, _RESULTS, _NAME = "it is built in", "this library has its results", "it comes first by name"


class Origin(Struct, frozen=True):
    """Where an object came from, for messages and provenance."""

    plugin: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.plugin} ({self.distribution} {self.version})"


class Thing(Struct, frozen=True, eq=False):
    """An object that a plugin yields from a hook, and its id."""

    plugin: str
    hook: str
    key: str
    value: Any


class Installed(Struct, frozen=True):
    """The plugin that is used for a name. `clash`: a sentence about `others` of the same name."""

    origin: Origin
    load: Callable[[], Any]
    clash: str = ""
    others: tuple[str, ...] = ()


def installed(distribution: str, *, disabled: Collection[str], results: Mapping[str, str]) -> Iterator[Installed]:
    """Yield one plugin for each name, in order, from the entry points of all installed distributions.

    `distribution`: only this one's. `disabled`: each `plugin@distribution` is left out. `results`: by engine, whose.
    """
    named: dict[str, list[Installed]] = {}
    for point in importlib_metadata.entry_points(group=PROJECT):
        dist = point.dist
        origin = Origin(point.name, dist.name if dist else "?", dist.version if dist else "?")
        if distribution in ("", origin.distribution) and _full_name(origin) not in disabled:
            named.setdefault(point.name, []).append(Installed(origin, point.load))
    with_results = {*results.values()}
    for name in sorted(named):
        plugins = sorted(
            named[name], key=lambda plugin: (plugin.origin.distribution not in with_results, plugin.origin.distribution)
        )
        first, others = plugins[0], plugins[1:]
        if not others:
            yield first
            continue
        origins = " and from ".join(f"{plugin.origin.distribution} {plugin.origin.version}" for plugin in plugins)
        used = first.origin.distribution
        clash = (
            f"{len(plugins)} plugins are called {name!r}, from {origins}. That from {used} is used, because"
            f" {_RESULTS if used in with_results else _NAME}; uninstall the other."
        )
        yield Installed(first.origin, first.load, clash, tuple(_full_name(plugin.origin) for plugin in others))


def choose(
    offered: Sequence[Thing], origins: Mapping[str, Origin], builtin: Collection[str], results: Mapping[str, str]
) -> tuple[list[Thing], list[tuple[str, str]]]:
    """Return (one object for each id, in order; (plugin, sentence) for every plugin with a duplicate id)."""

    def reasons(thing: Thing) -> dict[str, Any]:
        """Return the ranks that decide, by sentence; the object with the lowest ranks is used."""
        dist = origins.get(thing.plugin, Origin(thing.plugin, "?", "?")).distribution
        return {
            _BUILT_IN: thing.plugin not in builtin,
            _RESULTS: results.get(thing.key) != dist,
            _NAME: (dist, thing.plugin),
        }

    named: dict[str, list[Thing]] = {}
    for thing in offered:
        named.setdefault(thing.key, []).append(thing)
    clashes = []
    for key, things in named.items():
        things.sort(key=lambda thing: tuple(reasons(thing).values()))
        plugins = list(dict.fromkeys(thing.plugin for thing in things))
        first = things[0]
        if len(plugins) > 1:
            other = reasons(next(thing for thing in things if thing.plugin != first.plugin))
            why = next(reason for reason, rank in reasons(first).items() if rank != other[reason])
            names = " and by ".join(str(origins[plugin]) for plugin in plugins)
            sentence = (
                f"{first.hook}: {key!r} is offered by {names}. That of {first.plugin} is used, because {why};"
                " switch off or uninstall the other."
            )
            clashes += [(plugin, sentence) for plugin in plugins]
        elif len(things) > 1:
            hooks = " and ".join(dict.fromkeys(thing.hook for thing in things))
            clashes.append((first.plugin, f"{hooks}: {key!r} is offered twice; the first is used."))
    return [thing for thing in offered if named[thing.key][0] is thing], clashes


def _full_name(origin: Origin) -> str:
    return f"{origin.plugin}@{origin.distribution}"
