"""Completions for the text of a query: names of terms, and existing values of the term that is being typed.

A plain word is completed by characters, sets, projects, models, LoRAs and tags together, the most used first.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import apsw
from msgspec import Struct

from ..database.connection import Database, bind_ids, fetch
from ..database.features import Hidden, Term
from ..types import Reader, Suggestion
from .compiler import SCRAPHEAP
from .language import ALGEBRA, SORTS, quoted

if TYPE_CHECKING:
    from .columns import Frame, Mask

#: Distinct values of a fact that are searched; facts with more (such as seeds) are not completed.
MOST = 5_000
#: The terms whose values complete a plain word.
ANYTHING = ("character", "set", "project", "model", "lora", "tag")
#: Names of terms that are listed behind the values for a plain word, if there are so many.
NAMES = 3
_VALUE = re.compile(r'(?:^|(?<=[\s(,]))-?([A-Za-z][A-Za-z0-9_.-]*):(=?)(?:"([^"]*)|([^\s"]*))$')
_WORD = re.compile(r'(?:^|(?<=[\s(,]))-?([^\s"(),]*)$')
_BREAK = re.compile(r"[\W_]+")


class _Typed(Struct):
    """The part of a text that is being typed: its position, its term, and the value so far."""

    start: int
    name: str | None
    value: str


class FactCounts:
    """How many pictures outside the scrapheap have each value of a fact, held until pictures change."""

    def __init__(self, revision: Callable[[], object]) -> None:
        self._revision = revision
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[object, dict[str, int]]] = {}

    def of(self, connection: apsw.Connection, name: str) -> dict[str, int]:
        """Return the numbers of pictures by value; none if the fact has too many values."""
        revision = self._revision()  # before the counts are read, because those may be newer
        with self._lock:
            cached = self._counts.get(name)
        if cached is not None and cached[0] == revision:
            return cached[1]
        counts: dict[str, int] = {}
        if fetch(connection, _VALUES, {"name": name, "most": MOST})[0][0] < MOST:
            counts = dict[str, int](fetch(connection, _COUNTS, {"name": name}))
            for value, count in fetch(connection, _SCRAPPED, {"name": name}):
                counts[value] -= count
        with self._lock:
            if len(self._counts) > 50:
                self._counts.clear()
            self._counts[name] = revision, counts
        return counts

    def shown(
        self, connection: apsw.Connection, name: str, typed: str, limit: int, hidden: Hidden
    ) -> Sequence[tuple[str, int]]:
        """Return values that contain the typed text with their numbers of pictures, the most used first."""
        counts = self.of(connection, name)
        of = {"name": name, "ids": bind_ids(hidden)}
        fewer = hidden.counted(f"fact {name}", lambda: dict[str, int](fetch(connection, _OF, of))) if hidden else {}
        part = typed.casefold()
        rows = [
            (value, count - fewer.get(value, 0))
            for value, count in counts.items()
            if part in value.casefold() and count > fewer.get(value, 0)
        ]
        rows.sort(key=lambda row: (-row[1], not row[0].casefold().startswith(part), len(row[0]), row[0]))
        return rows[:limit]


class Source(Struct, frozen=True):
    """What completions are read from. `grid`: returns the columns and a mask of the pictures that are shown."""

    db: Database
    terms: Mapping[str, Term]
    facts: FactCounts
    hidden: Hidden
    grid: Callable[[], tuple[Frame, Mask]]


def of(source: Source, reader: Reader, text: str, limit: int) -> list[Suggestion]:
    """Return completions, the most likely first.

    Readers of the whole library also get values, other than those of hidden pictures only.
    """
    typed = _typed(text)
    if typed is None:
        return []
    if typed.name is not None:
        return _values(source, reader, typed, limit)
    names = _names(source.terms, typed.value, typed.start)
    values = _anything(source, reader, typed, limit) if typed.value else []
    return [*values[: max(0, limit - min(NAMES, len(names)))], *names][:limit]


def _typed(text: str) -> _Typed | None:
    if text.count('"') % 2 and not re.search(r':=?"[^"]*$', text):
        return None  # within a quoted phrase
    if match := _VALUE.search(text):
        return _Typed(match.start(1), match[1].lower(), match[3] if match[3] is not None else match[4])
    match = _WORD.search(text)
    return _Typed(match.start(1), None, match[1]) if match else None


def _names(terms: Mapping[str, Term], typed: str, start: int) -> list[Suggestion]:
    labels = {name.partition(":")[0]: term.label for name, term in terms.items() if ":" not in name}
    suggestions = [Suggestion(start, f"{name}:", labels[name]) for name in labels if name.startswith(typed.lower())]
    if typed:
        fixed = [(name, term.label) for name, term in terms.items() if ":" in name] + [(SCRAPHEAP, "Scrapheap")]
        suggestions += [Suggestion(start, name, label) for name, label in fixed if name.startswith(typed.lower())]
        suggestions += [
            Suggestion(start, f"{how}(", "Several groups at once") for how in ALGEBRA if how.startswith(typed)
        ]
        more = (("query:", "Saved query"), ("sort:", "Order"))
        suggestions += [Suggestion(start, name, label) for name, label in more if name.startswith(typed)]
    return suggestions


def _anything(source: Source, reader: Reader, typed: _Typed, limit: int) -> list[Suggestion]:
    """Return values of several terms that have a word with the typed beginning, the most used first."""
    suggestions = [
        suggestion
        for name in ANYTHING
        if name in source.terms
        for suggestion in _values(source, reader, _Typed(typed.start, name, typed.value), limit, in_words=name != "tag")
    ]
    return sorted(suggestions, key=lambda suggestion: (-(suggestion.count or 0), suggestion.text))[:limit]


def _values(source: Source, reader: Reader, at: _Typed, limit: int, *, in_words: bool = False) -> list[Suggestion]:
    """Return values of a term that go on like the typed text; `in_words`: only where a word begins."""
    start, name, typed, terms = at.start, at.name or "", at.value, source.terms
    if name == "sort":
        return [Suggestion(start, f"sort:{sort}", "Order") for sort in SORTS if sort.startswith(typed)]
    fixed = {fixed_name: term.label for fixed_name, term in terms.items() if fixed_name.startswith(f"{name}:")}
    fixed |= {SCRAPHEAP: "Scrapheap"} if name == "is" else {}
    if fixed:
        return [
            Suggestion(start, fixed_name, label)
            for fixed_name, label in fixed.items()
            if fixed_name.startswith(f"{name}:{typed}")
        ]
    term = terms.get(name)
    if term is not None and term.offers is not None:
        offers = term.offers(*source.grid(), typed)
        return [Suggestion(start, f"{name}:{value}", label, count) for value, label, count in offers][:limit]
    if not reader.scope.all:
        return []
    values: Sequence[tuple[str, int | None]]
    most = MOST if in_words else limit
    with source.db.reading() as connection:
        if term is not None and term.values is not None:
            values = term.values(connection, typed, most, source.hidden)
        else:
            values = source.facts.shown(connection, name, typed, most, source.hidden)
    if in_words:
        values = [value for value in values if _begins(value[0], typed)]
    label = term.label if term is not None else name
    exact = "" if term is not None and term.values is not None else "="
    return [Suggestion(start, f"{name}:{exact}{quoted(value)}", label, count) for value, count in values[:limit]]


def _begins(value: str, typed: str) -> bool:
    """Whether a value, or a word in it, begins with the typed text."""
    part = typed.casefold()
    folded = value.casefold()
    return folded.startswith(part) or any(word.startswith(part) for word in _BREAK.split(folded))


_OF = """
    select f.value, count(*) from carray(:ids) i cross join fact f on f.picture_id = i.value and f.name = :name
    where not exists (select 1 from scrapheap s where s.picture_id = i.value) group by f.value
    """
_SCRAPPED = """
    select f.value, count(*) from scrapheap s cross join fact f on f.picture_id = s.picture_id and f.name = :name
    group by f.value
    """
_COUNTS = "select value, count(*) from fact where name = :name group by value"
_VALUES = """
    with recursive one(value) as (
      select min(value) from fact where name = :name
      union all
      select (select min(f.value) from fact f where f.name = :name and f.value > one.value) from one
      where one.value is not null limit :most)
    select count(*) from one
    """
