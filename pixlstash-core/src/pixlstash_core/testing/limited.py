"""Checks installed plugins in separate processes with limits of time and memory, as the host runs engines.

This process does not import the plugin, so that a plugin that hangs, crashes or exits is reported like other problems.
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
#: Loading a model may take so many times as long as one result.
LOADING = 10
#: The description of each step, and advice if it ends the process or takes too long.
_STEPS = {
    "import": ("importing it", "Do what takes long in `load`, and wait for nothing while it is imported."),
    "declared": ("asking it for its settings and weights", "These must be known at once."),
    "load": ("`load`", "Raise an exception where it cannot be loaded; the library tells people."),
    "run": ("`run`", "It has to give a result for each image, or raise an exception."),
    "object": ("using it", "Raise an exception where something is not possible."),
}
#: Advice by a word of the reason why a process died.
_CAUSES = {
    "hung": "If it is only slow, give it more time with --timeout.",
    "memory": "Process large images in parts; $PIXLSTASH_ENGINE_MEMORY sets the limit in GiB.",
    "crashed": "The fault is in native code; what it wrote is above.",
    "exit code": "It must not end its process: return, or raise an exception.",
}


class Checked(Struct, frozen=True):
    """The result of a check: the problems, and a `note` about what was not checked."""

    name: str
    wrong: list[str]
    note: str = ""


class Offers(Struct, frozen=True):
    """The objects of a plugin as (plugin, hook, id), and the problems of the plugin as a whole."""

    objects: list[tuple[str, str, str]]
    wrong: list[str]


class _Failed(Exception):
    """A step failed; the text is a sentence about why."""


class PluginCheck:
    """The check of a plugin. `limits.result`: the most seconds for importing it and for each result."""

    def __init__(self, origin: Origin, limits: Limits, extra: tuple[str, ...] = ()) -> None:
        self._origin, self._limits, self._extra = origin, limits, extra

    def offers(self) -> Offers:
        """Import it."""
        try:
            with _Session(self._origin, self._limits, self._extra) as session:
                problems, objects, wrong = session.do("import")
        except _Failed as error:
            return Offers([], [str(error)])
        return Offers([tuple(entry) for entry in objects], [*problems, *wrong])

    def run(self, offers: Offers) -> Iterator[Checked]:
        """Check all its objects, each in a separate process."""
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
                problems, note = session.do("declared", hook, id)
                wrong += problems
                if not wrong and not note:
                    loading = session.do("load", hook, id)
                    wrong += loading
                    if not any(sentence.startswith("`load` fails") for sentence in loading):
                        wrong += session.do("run", hook, id)
        except _Failed as error:
            wrong.append(str(error))
        return Checked(id, wrong, note)


def others(names: Sequence[str], limits: Limits) -> Offers:
    """Return the objects of all plugins except these, including the built-in ones."""
    origin = Origin("", "", "")
    try:
        with _Session(origin, limits, ()) as session:
            problems, objects, _ = session.do("import", skip=tuple(names))
    except _Failed as error:
        return Offers([], [str(error)])
    return Offers([tuple(entry) for entry in objects], problems)


def duplicates(offers: Offers, rest: Sequence[tuple[str, str, str]], engines: Sequence[str]) -> list[str]:
    """Return a sentence for each id that another plugin has, too. `engines`: hooks that share one set of ids."""
    taken: dict[tuple[str, str], str] = {}
    for plugin, hook, id in rest:
        taken.setdefault(("engines" if hook in engines else hook, id), plugin)
    problems = []
    for _, hook, id in offers.objects:
        other = taken.get(("engines" if hook in engines else hook, id))
        if other is not None:
            problems.append(f"{hook}: the id {id!r} is taken by the plugin {other}: choose another, such as yours/{id}")
    return problems


class _Session:
    """A process with one plugin."""

    def __init__(self, origin: Origin, limits: Limits, extra: tuple[str, ...]) -> None:
        start = Start(origin.plugin, origin.plugin, None, extra, "" if extra else origin.distribution)
        self._limits, self._numbers = limits, 0
        self._process = Process(start, limits, main=CHILD)

    def __enter__(self) -> _Session:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()

    def do(self, what: str, hook: str = "", id: str = "", skip: tuple[str, ...] = ()) -> list[Any]:
        """Run a step and return its result. Raises `_Failed`."""
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
            cause = str(died)
            advice = next((text for word, text in _CAUSES.items() if word in cause), "")
            limit = f" ({seconds:g} seconds)" if "hung" in cause else ""
            raise _Failed(f"{doing}: {cause}{limit}. {instead} {advice}".rstrip()) from None
