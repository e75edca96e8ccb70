"""The query language: text people type, a struct, and the SQL it becomes.

`model:flux -format:png score:>=4 "old man" sort:-score`. A text parses to a `Query` and a `Query` prints to one
canonical text. Anything that cannot be read is a `QueryError` at its character; values are only ever bound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from .errors import QueryError
from .nouns import Condition, Term
from .pictures import EARLIEST, LATEST, quoted

SORTS: Mapping[str, str] = {
    "created": "g.created, g.id",
    "-created": "g.created desc, g.id desc",
    "imported": "g.imported, g.id",
    "-imported": "g.imported desc, g.id desc",
    "score": "g.score, g.created, g.id",
    "-score": "g.score desc, g.created desc, g.id desc",
    "name": "g.name collate nocase, g.id",
    "-name": "g.name collate nocase desc, g.id desc",
    "size": "g.size, g.id",
    "-size": "g.size desc, g.id desc",
}
DEFAULT_SORT = "-created"
#: Characters of a text, and conditions in it, that are read: SQLite nests no deeper than 1,000.
LONGEST, MOST = 4_000, 200
#: Which noun's changes can reorder a sort.
SORT_NOUNS = {"score": "scores"}


class Ask(Struct, frozen=True):
    """One condition: a term and its value, or free words where `name` is empty."""

    name: str
    value: str
    negated: bool = False
    at: int = 0

    def __str__(self) -> str:
        minus = "-" if self.negated else ""
        if not self.name:
            return minus + _free(self.value)
        operator, rest = split_operator(self.value)
        return f"{minus}{self.name}:{operator}{quoted(rest)}"


class Query(Struct, frozen=True):
    asks: tuple[Ask, ...] = ()
    sort: str = DEFAULT_SORT

    def __str__(self) -> str:
        parts = [str(ask) for ask in self.asks]
        if self.sort != DEFAULT_SORT:
            parts.append(f"sort:{self.sort}")
        return " ".join(parts)


class Compiled(Struct, frozen=True):
    """SQL over `g`: a condition, an order, bindings, and the nouns whose changes can change the answer."""

    where: str
    order: str
    bindings: dict[str, Any]
    nouns: frozenset[str]


_TOKEN = re.compile(
    r"""\s*(?P<minus>-)?(?:(?P<name>[A-Za-z][A-Za-z0-9_.-]*):(?P<operator>>=|<=|>|<|=)?)?"""
    r"""(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s"]+))?""",
    re.DOTALL,
)


def parse(text: str, sort: str | None = None) -> Query:
    """Read a text; `sort` overrides the one in it."""
    _demand_text(text)
    asks: list[Ask] = []
    order = DEFAULT_SORT
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        assert match is not None  # every part of the pattern is optional
        start = match.end() - len(match.group().lstrip())
        value = _value(match)
        if value is None:
            raise _unread(text, start, match)
        name = (match["name"] or "").lower()
        if name == "sort":
            order = _sort(value, start)
        elif name or value:
            asks.append(Ask(name, (match["operator"] or "") + value, bool(match["minus"]), start))
        if len(asks) > MOST:
            raise QueryError(f"expected at most {MOST} conditions; one more is at column {start + 1}", start)
        position = match.end()
    if sort:
        order = _sort(sort, 0)
    return Query(tuple(asks), order)


def _demand_text(text: str) -> None:
    if len(text) > LONGEST:
        raise QueryError(f"expected at most {LONGEST} characters; the rest begins at column {LONGEST + 1}", LONGEST)
    at = next((at for at, c in enumerate(text) if "\ud800" <= c <= "\udfff"), None)
    if at is not None:
        raise QueryError(f"expected a character that is text at column {at + 1}", at)


def _value(match: re.Match[str]) -> str | None:
    if match["quoted"] is not None:
        return re.sub(r"\\(.)", r"\1", match["quoted"], flags=re.DOTALL)
    return match["bare"]


def _unread(text: str, start: int, match: re.Match[str]) -> QueryError:
    at = match.end()
    if at < len(text) and text[at] == '"':
        return QueryError(f'expected a closing " for the one at column {at + 1}', at)
    if match["name"]:
        return QueryError(f"expected a value after {match['name']}: at column {at + 1}", at)
    return QueryError(f"expected a word or name:value at column {start + 1}", start)


def _sort(value: str, at: int) -> str:
    if value not in SORTS:
        raise QueryError(f"expected one of the sorts {', '.join(SORTS)} at column {at + 1}", at)
    return value


def _free(value: str) -> str:
    bare = value and not re.search(r'[\s"\\:]', value) and not value.startswith("-")
    return value if bare else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def compile(query: Query, terms: Mapping[str, Term], known_fact: Callable[[str], bool]) -> Compiled:
    """The SQL of a query. A name that is no term but that a file's facts carry finds by that fact."""
    conditions: list[str] = []
    bindings: dict[str, Any] = {}
    nouns = {"pictures", SORT_NOUNS.get(query.sort.lstrip("-"), "pictures"), "scrapheap"}
    scrapheap = False
    for number, ask in enumerate(query.asks):
        if ask.name == "is" and ask.value == "scrapheap":
            scrapheap = not ask.negated
            continue
        condition, bound = _condition(ask, f"q{number}_", terms, known_fact)
        conditions.append(f"(not coalesce(({condition}), 0))" if ask.negated else f"({condition})")
        bindings.update(bound)
        if ask.name in terms:
            nouns.update(terms[ask.name].nouns)
    conditions.insert(0, "g.live = 0" if scrapheap else "g.live = 1")
    return Compiled(" and ".join(conditions), SORTS[query.sort], bindings, frozenset(nouns))


def _condition(ask: Ask, prefix: str, terms: Mapping[str, Term], known_fact: Callable[[str], bool]) -> Condition:
    if not ask.name:
        return words(ask.value, prefix)
    try:
        if ask.name in terms:
            return terms[ask.name].compile(ask.value, prefix)
        if known_fact(ask.name):
            return fact(ask.name)(ask.value, prefix)
    except ValueError as error:
        at = ask.at + len(ask.name) + 1 + ask.negated
        raise QueryError(f"expected {error} after {ask.name}: at column {at + 1}", at) from None
    raise QueryError(
        f"expected a known name instead of {ask.name!r} at column {ask.at + 1}; to find these words, put quotes around"
        " them",
        ask.at,
    )


# --- what terms are made of -------------------------------------------------------------------------------------------


def split_operator(value: str) -> tuple[str, str]:
    for operator in (">=", "<=", ">", "<", "="):
        if value.startswith(operator):
            return operator, value[len(operator) :]
    return "", value


def words(value: str, prefix: str) -> Condition:
    """All these words, the last one perhaps unfinished, in names or prompts."""
    phrase = value.replace("\0", " ").replace('"', '""')
    if not any(c.isalnum() for c in phrase):
        return f"g.name like :{prefix}w escape '\\'", {f"{prefix}w": f"%{_like(value)}%"}
    return (
        f"g.id in (select rowid from derived_words where derived_words match :{prefix}w)",
        {f"{prefix}w": f'"{phrase}"*'},
    )


def compared(column: str) -> Callable[[str, str], Condition]:
    """A number, perhaps after >=, <=, > or <, or a range `2..4`."""

    def term(value: str, prefix: str) -> Condition:
        low, dots, high = value.partition("..")
        if dots:
            return (
                f"{column} between :{prefix}a and :{prefix}b",
                {f"{prefix}a": _number(low), f"{prefix}b": _number(high)},
            )
        operator, rest = split_operator(value)
        return f"{column} {operator or '='} :{prefix}n", {f"{prefix}n": _number(rest)}

    return term


def text(column: str) -> Callable[[str, str], Condition]:
    """A part of a text, or all of it after `=`; case does not matter."""

    def term(value: str, prefix: str) -> Condition:
        operator, rest = split_operator(value)
        if operator == "=":
            return f"{column} = :{prefix}t collate nocase", {f"{prefix}t": rest}
        if operator:
            raise ValueError("a text")
        return f"{column} like :{prefix}t escape '\\'", {f"{prefix}t": f"%{_like(rest)}%"}

    return term


def picture(column: str) -> Callable[[str, str], Condition]:
    """A text column of the picture's own row."""
    inner = text(f"p.{column}")

    def term(value: str, prefix: str) -> Condition:
        condition, bound = inner(value, prefix)
        return f"g.id in (select p.id from picture p where {condition})", bound

    return term


def fact(name: str) -> Callable[[str, str], Condition]:
    """A fact of this name: compared as a number where the value is one, else as text.

    An integer that a float cannot hold (many a seed) is looked for by its digits.
    """

    def term(value: str, prefix: str) -> Condition:
        try:
            if long := re.fullmatch(r"=?(-?\d{16,})", value):
                condition, bound = text("f.value")(f"={long[1]}", prefix)
            else:
                condition, bound = compared("f.number")(value, prefix)
        except ValueError:
            condition, bound = text("f.value")(value, prefix)
        bound[f"{prefix}name"] = name
        return f"g.id in (select f.picture_id from fact f where f.name = :{prefix}name and {condition})", bound

    return term


def date(column: str) -> Callable[[str, str], Condition]:
    """A year, month or day, perhaps after >=, <=, > or <, or a range `2026-01..2026-03`."""

    def term(value: str, prefix: str) -> Condition:
        low, dots, high = value.partition("..")
        if dots:
            start, end = _span(low)[0], _span(high)[1]
        else:
            operator, rest = split_operator(value)
            first, after = _span(rest)
            start, end = {
                "": (first, after),
                "=": (first, after),
                ">=": (first, LATEST),
                ">": (after, LATEST),
                "<=": (EARLIEST, after),
                "<": (EARLIEST, first),
            }[operator]
        return f"{column} >= :{prefix}a and {column} < :{prefix}b", {f"{prefix}a": start, f"{prefix}b": end}

    return term


def _span(value: str) -> tuple[int, int]:
    """The first millisecond of a year, month or day, and the first after it."""
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", value)
    if not match:
        raise ValueError("a date like 2026, 2026-05 or 2026-05-31")
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    try:
        start = datetime(year, month, day, tzinfo=UTC)
        if match[3]:
            return _ms(start), _ms(start) + 86_400_000
        if match[2]:
            return _ms(start), _ms(datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC))
        return _ms(start), _ms(datetime(year + 1, 1, 1, tzinfo=UTC))
    except ValueError:
        raise ValueError("a date that exists") from None


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _number(value: str) -> int | float:
    if re.fullmatch(r"-?\d{1,18}", value):
        return int(value)
    if re.fullmatch(r"-?\d{1,30}(\.\d{1,18})?", value):
        return float(value)
    raise ValueError("a number")


def _like(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


TERMS: tuple[Term, ...] = (
    Term("kind", "Kind", picture("kind")),
    Term("format", "Format", picture("format")),
    Term("name", "Name", text("g.name")),
    Term("created", "Created", date("g.created")),
    Term("imported", "Imported", date("g.imported")),
    Term("size", "Size in bytes", compared("g.size")),
    *(
        Term(name, label, fact(name))
        for name, label in (
            ("model", "Model"),
            ("lora", "LoRA"),
            ("sampler", "Sampler"),
            ("scheduler", "Scheduler"),
            ("seed", "Seed"),
            ("steps", "Steps"),
            ("cfg", "CFG"),
            ("camera", "Camera"),
            ("lens", "Lens"),
        )
    ),
)
