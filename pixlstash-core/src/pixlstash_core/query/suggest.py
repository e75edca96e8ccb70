"""Completions for the text of a query: names of terms, and existing values of the term that is being typed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import apsw
from msgspec import Struct

from ..database.connection import Database, bind_ids, fetch
from ..database.features import Hidden, Term
from ..types import Reader, Suggestion
from .compiler import SCRAPHEAP
from .language import ALGEBRA, SORTS
from .quoting import quoted
from .terms import like

#: Distinct values of a fact that are searched; facts with more (such as seeds) are not completed.
MOST = 5_000
_VALUE = re.compile(r'(?:^|(?<=[\s(,]))-?([A-Za-z][A-Za-z0-9_.-]*):(=?)(?:"([^"]*)|([^\s"]*))$')
_WORD = re.compile(r'(?:^|(?<=[\s(,]))-?([^\s"(),]*)$')


class _Typed(Struct):
    """The part of a text that is being typed: its position, its term, and the value so far."""

    start: int
    name: str | None
    value: str


def of(
    db: Database, reader: Reader, terms: Mapping[str, Term], text: str, limit: int, hidden: Hidden
) -> list[Suggestion]:
    """Return completions, the most likely first.

    Readers of the whole library also get values, other than those of `hidden` pictures only.
    """
    typed = _typed(text)
    if typed is None:
        return []
    if typed.name is None:
        names = _names(terms, typed.value, typed.start)
        named = _Typed(typed.start, "tag", typed.value)
        tags = _values(db, reader, terms, named, limit, hidden) if typed.value else []
        return [*tags, *names][:limit]
    return _values(db, reader, terms, typed, limit, hidden)


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


def _values(
    db: Database, reader: Reader, terms: Mapping[str, Term], at: _Typed, limit: int, hidden: Hidden
) -> list[Suggestion]:
    start, name, typed = at.start, at.name or "", at.value
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
    if not reader.scope.all:
        return []
    term = terms.get(name)
    values: Sequence[tuple[str, int | None]]
    with db.reading() as connection:
        if term is not None and term.values is not None:
            values = term.values(connection, typed, limit, hidden)
        else:
            values = facts(connection, name, typed, limit, hidden)
    label = term.label if term is not None else name
    exact = "" if term is not None and term.values is not None else "="
    return [Suggestion(start, f"{name}:{exact}{quoted(value)}", label, count) for value, count in values]


def facts(connection: apsw.Connection, name: str, typed: str, limit: int, hidden: Hidden) -> Sequence[tuple[str, int]]:
    """Return values of a fact that contain the typed text, prefix matches first, and their numbers of pictures."""
    bound = {"name": name, "most": MOST, "part": f"%{like(typed)}%", "first": f"{like(typed)}%"}
    # The limit can only be applied after hidden pictures are subtracted.
    rows = fetch(connection, _FACTS, {**bound, "limit": -1 if hidden else limit})
    if hidden:
        of = {"name": name, "ids": bind_ids(hidden)}
        fewer = hidden.counted(f"fact {name}", lambda: dict[str, int](fetch(connection, _OF, of)))
        rows = [(value, count - fewer.get(value, 0)) for value, count in rows]
    return [(value, count) for value, count in rows if count > 0][:limit]


_OF = """
    select f.value, count(*) from carray(:ids) i cross join fact f on f.picture_id = i.value and f.name = :name
    group by f.value
    """
_FACTS = """
    with recursive one(value) as (
      select min(value) from fact where name = :name
      union all
      select (select min(f.value) from fact f where f.name = :name and f.value > one.value) from one
      where one.value is not null limit :most)
    select value, (select count(*) from fact f where f.name = :name and f.value = one.value)
    from one where (select count(*) from one) < :most and value like :part escape '\\'
    order by value not like :first escape '\\', length(value), value limit :limit
    """
