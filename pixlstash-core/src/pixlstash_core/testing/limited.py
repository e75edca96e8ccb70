"""Checks installed plugins in processes of their own, as the host runs engines: with limits of time and memory.

Nothing of a plugin is imported here, so that one that hangs, crashes or exits is a fault like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..engines.limits import Limits
from ..engines.messages import Broke, Inspect, Ran, Start
from ..engines.process import Died, Process
from ..plugins.precedence import Origin

CHILD = "pixlstash_core.testing.child"
#: How much longer than one result the loading of a model may take.
LOADING = 10
#: What is under way in each step, and what to do when it ends the process or takes too long.
_STEPS = {
    "import": ("importing it", "Do what takes long in `load`, and wait for nothing while it is imported."),
    "declared": ("asking it for its settings and weights", "These must be known at once."),
    "load": ("`load`", "Raise an exception where it cannot be loaded; the library tells people."),
    "run": ("`run`", "It has to give a result for each image, or raise an exception."),
    "object": ("using it", "Raise an exception where something is not possible."),
}
#: What a process died of, by a word of what the host says, and what to do.
_CAUSES = {
    "hung": "If it is only slow, give it more time with --timeout.",
    "memory": "Process large images in parts; $PIXLSTASH_ENGINE_MEMORY sets the limit in GiB.",
    "crashed": "The fault is in native code; what it wrote is above.",
    "exit code": "It must not end its process: return, or raise an exception.",
}


class Checked(Struct, frozen=True):
    """How something did: what is `wrong`, and what was not looked at (`note`)."""

    name: str
    wrong: list[str]
    note: str = ""


class Offers(Struct, frozen=True):
    """What a plugin offers: (plugin, hook, id) of each object, and what is wrong with it as a whole."""

    objects: list[tuple[str, str, str]]
    wrong: list[str]


class _Failed(Exception):
    """A sentence about what ended a step."""


class PluginCheck:
    """One plugin. `limits.result` are the seconds that importing it and each result may take."""

    def __init__(self, origin: Origin, limits: Limits, extra: tuple[str, ...] = ()) -> None:
        self._origin, self._limits, self._extra = origin, limits, extra

    def offers(self) -> Offers:
        """Import it."""
        try:
            with _Session(self._origin, self._limits, self._extra) as session:
                problems, objects, wrong = session.do("import")
        except _Failed as error:
            return Offers([], [str(error)])
        return Offers([tuple(one) for one in objects], [*problems, *wrong])

    def run(self, offers: Offers) -> Iterator[Checked]:
        """Check all that it offers, each object in a process of its own."""
        for _, hook, id in offers.objects:
            if hook in ("kinds", "stores", "importers"):
                yield self._object(hook, id)
            elif hook not in ("readers", "commands"):
                yield self._engine(hook, id)

    def _object(self, hook: str, id: str) -> Checked:
        note = "" if hook == "kinds" else "without its settings"
        try:
            with _Session(self._origin, self._limits, self._extra) as session:
                session.do("import")
                return Checked(f"{hook}: {id}", session.do("object", hook, id), note)
        except _Failed as error:
            return Checked(f"{hook}: {id}", [str(error)])

    def _engine(self, hook: str, id: str) -> Checked:
        wrong: list[str] = []
        note = ""
        try:
            with _Session(self._origin, self._limits, self._extra) as session:
                session.do("import")
                said, note = session.do("declared", hook, id)
                wrong += said
                if not wrong and not note:
                    loading = session.do("load", hook, id)
                    wrong += loading
                    if not any(one.startswith("`load` fails") for one in loading):
                        wrong += session.do("run", hook, id)
        except _Failed as error:
            wrong.append(str(error))
        return Checked(id, wrong, note)


def others(names: Sequence[str], limits: Limits) -> Offers:
    """What every plugin but these offers, the built-in ones among them."""
    origin = Origin("", "", "")
    try:
        with _Session(origin, limits, ()) as session:
            problems, objects, _ = session.do("import", skip=tuple(names))
    except _Failed as error:
        return Offers([], [str(error)])
    return Offers([tuple(one) for one in objects], problems)


def duplicates(offers: Offers, rest: Sequence[tuple[str, str, str]], engines: Sequence[str]) -> list[str]:
    """A sentence for each id that another plugin offers as well. `engines`: hooks whose ids are shared among them."""
    taken: dict[tuple[str, str], str] = {}
    for plugin, hook, id in rest:
        taken.setdefault(("engines" if hook in engines else hook, id), plugin)
    found = []
    for _, hook, id in offers.objects:
        other = taken.get(("engines" if hook in engines else hook, id))
        if other is not None:
            found.append(f"{hook}: the id {id!r} is taken by the plugin {other}: choose another, such as yours/{id}")
    return found


class _Session:
    """A process with one plugin."""

    def __init__(self, origin: Origin, limits: Limits, extra: tuple[str, ...]) -> None:
        start = Start(origin.plugin, "", origin.plugin, extra, "" if extra else origin.distribution)
        self._limits, self._numbers = limits, 0
        self._process = Process(start, limits, main=CHILD)

    def __enter__(self) -> _Session:
        return self

    def __exit__(self, *given: object) -> None:
        self._process.kill()

    def do(self, what: str, hook: str = "", id: str = "", skip: tuple[str, ...] = ()) -> list[Any]:
        """Have a step done; what came of it. Raises `_Failed`."""
        self._numbers += 1
        seconds = self._limits.result * (LOADING if what == "load" else 1)
        self._process.limits = replace(self._limits, result=seconds)
        self._process.submit(Inspect(self._numbers, what, hook, id, skip))
        doing, instead = _STEPS[what]
        try:
            while True:
                report = self._process.report(1.0)
                if isinstance(report, Ran) and report.number == self._numbers:
                    return report.values
                if isinstance(report, Broke) and report.number == self._numbers:
                    raise _Failed(f"{doing} failed: {report.reason}. {instead}")
        except Died as died:
            said = str(died)
            advice = next((text for word, text in _CAUSES.items() if word in said), "")
            limit = f" ({seconds:g} seconds)" if "hung" in said else ""
            raise _Failed(f"{doing}: {said}{limit}. {instead} {advice}".rstrip()) from None
