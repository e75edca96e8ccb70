"""Builders of query terms, and the terms of the picture itself.

Each returns a statement that yields ids, or a range of a grid column. Values are only bound, never part of SQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from ..database.features import Condition, Lookup, Range, Term
from ..types.files import KNOWN
from ..types.times import LATEST
from . import numbers as measures
from . import offers
from .grid import MOVING, NO_LOCATION, NO_STILL
from .language import split_operator

Compile = Callable[[str], Condition]
#: The expression for the number of pixels.
PIXELS = "width * height"


def words(value: str) -> Lookup:
    """Find all these words in a picture's texts except its negative prompt; the last word may be incomplete."""
    phrase = _phrase(value)
    if not phrase:
        return Lookup("select id from derived_grid where name like :w escape '\\'", {"w": f"%{like(value)}%"})
    return Lookup(f"{_WORDS} :w", {"w": f"- {{negative}} : {phrase}"})


def said_in(column: str) -> Compile:
    """Return a term that finds words in one column of the texts."""

    def term(value: str) -> Lookup:
        phrase = _phrase(value)
        if not phrase:
            raise ValueError("a word")
        return Lookup(f"{_WORDS} :w", {"w": f"{{{column}}} : {phrase}"})

    return term


def place_of(columns: str, word: str) -> Lookup:
    """Find a word, or the beginning of one, in some columns."""
    return Lookup(f"{_WORDS} :w", {"w": f"{{{columns}}} : {_phrase(word) or EMPTY}"})


#: Topics whose changes can change the results of full-text search.
WORDS_TOPICS = frozenset({"pictures", "captions"})
#: A phrase that matches nothing.
EMPTY = '""'
_WORDS = "select rowid from derived_words where derived_words match"


def _phrase(value: str) -> str:
    """Return words quoted for full-text search; an empty text if there are none."""
    phrase = value.replace("\0", " ").replace('"', '""')
    return f'"{phrase}"*' if any(c.isalnum() for c in phrase) else ""


def within(column: str) -> Compile:
    """Return a term for a number of the grid: after >=, <=, > or <, or a range `2..4`, in either order."""

    def term(value: str) -> Range:
        low, dots, high = value.partition("..")
        if dots:
            return Range(column, *sorted((number(low), number(high))))
        operator, rest = split_operator(value)
        limit = number(rest)
        step = 1 if isinstance(limit, int) else 0  # columns have integers
        if operator == ">":
            return Range(column, limit + step if step else _after(limit), None)
        if operator == "<":
            return Range(column, None, limit - step if step else _before(limit))
        return Range(column, None if operator == "<=" else limit, None if operator == ">=" else limit)

    return term


def _after(limit: float) -> float:
    """Return the next greater integer."""
    return int(limit // 1) + 1


def _before(limit: float) -> float:
    """Return the next smaller integer."""
    return -(int(-limit // 1) + 1)


def megapixels(value: str) -> Range:
    """Find pictures by millions of pixels; an integer matches all values that round to it."""
    low, dots, high = value.partition("..")
    if dots:
        return Range(PIXELS, *sorted((number(low) * 1e6, number(high) * 1e6)))
    operator, rest = split_operator(value)
    pixels = number(rest) * 1e6
    if not operator:
        return Range(PIXELS, pixels - 500_000, pixels + 499_999)
    if operator in (">", ">="):
        return Range(PIXELS, pixels + (operator == ">"), None)
    return Range(PIXELS, pixels, pixels) if operator == "=" else Range(PIXELS, None, pixels - (operator == "<"))


def textual(column: str, value: str) -> tuple[str, dict[str, object]]:
    """Return SQL for a part of a text, or all of it after `=`, ignoring case."""
    operator, rest = split_operator(value)
    if operator == "=":
        return f"{column} = :t collate nocase", {"t": rest}
    if operator:
        raise ValueError("a text")
    return f"{column} like :t escape '\\'", {"t": f"%{like(rest)}%"}


def picture(column: str) -> Compile:
    """Return a term for a text column of the picture's own row."""

    def term(value: str) -> Lookup:
        condition, bound = textual(column, value)
        return Lookup(f"select id from picture where {condition}", bound)

    return term


_FACT = "select picture_id from fact where name = :name and"


def text_fact(name: str) -> Callable[[str], Lookup]:
    """Return a term for a fact that is a text."""

    def term(value: str) -> Lookup:
        condition, bound = textual("value", value)
        return Lookup(f"{_FACT} {condition}", {**bound, "name": name})

    return term


def measured(name: str) -> Callable[[str], Lookup]:
    """Return a term for a fact that is a number."""

    def term(value: str) -> Lookup:
        condition, bound = measures.compared(value)
        return Lookup(f"{_FACT} {condition}", {**bound, "name": name})

    return term


def fact(name: str) -> Compile:
    """Return a term for a plugin's fact: compared as a number if the value is one, and also as a text."""

    def term(value: str) -> Lookup:
        try:
            lookup = measured(name)(value)
        except ValueError:
            return text_fact(name)(value)
        operator, rest = split_operator(value)
        if operator not in ("", "=") or "t" in lookup.bindings:
            return lookup
        return Lookup(f"{lookup.sql} union {_FACT} value = :t", {**lookup.bindings, "t": rest})

    return term


def date(column: str) -> Compile:
    """Return a term for a date: a year, month or day, after >=, <=, > or <; `2026-01..2026-03`; or `7d` (last days)."""

    def term(value: str) -> Range:
        low, dots, high = value.partition("..")
        if low and high:
            (first, _), (_, after) = sorted((span(low), span(high)))
            return Range(column, first, after - 1)
        if dots:
            return Range(column, span(low)[0] if low else None, span(high)[1] - 1 if high else None)
        operator, rest = split_operator(value)
        first, after = span(rest)
        ends = {
            "": (first, after - 1),
            "=": (first, after - 1),
            ">=": (first, None),
            ">": (after, None),
            "<=": (None, after - 1),
            "<": (None, first - 1),
        }
        return Range(column, *ends[operator])

    return term


def flag(bit: int) -> Compile:
    """Return a term for pictures whose row in the grid has this flag."""
    return lambda value: Lookup(f"select id from derived_grid where flags & {bit}")


_AGO = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "m": timedelta(days=30)}


def span(value: str) -> tuple[int, int]:
    """Return the first millisecond of a date, and the first one after it."""
    if ago := re.fullmatch(r"(\d{1,5})([hdwm])", value):  # rounded, so that the view stays the same for a while
        try:
            since = datetime.now(UTC) - int(ago[1]) * _AGO[ago[2]]
        except OverflowError:  # before the year 1
            since = datetime.min.replace(tzinfo=UTC)
        whole = since.replace(second=0, microsecond=0)
        return _ms(whole if ago[2] == "h" else whole.replace(hour=0, minute=0)), LATEST
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if value in ("today", "yesterday"):
        start = _ms(today) - (86_400_000 if value == "yesterday" else 0)
        return start, start + 86_400_000
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", value)
    if not match:
        raise ValueError("a date like 2026, 2026-05, 2026-05-31, today or 7d")
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    try:
        start_day = datetime(year, month, day, tzinfo=UTC)
        if match[3]:
            return _ms(start_day), _ms(start_day) + 86_400_000
        if year == 9999 and (not match[2] or month == 12):
            return _ms(start_day), LATEST
        if match[2]:
            return _ms(start_day), _ms(datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC))
        return _ms(start_day), _ms(datetime(year + 1, 1, 1, tzinfo=UTC))
    except ValueError:
        raise ValueError("a date that exists") from None


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


#: More than a picture has of anything; SQLite cannot bind larger numbers.
MANY = 1 << 40


def how_many(sql: str, value: str) -> Lookup:
    """Find pictures by a number of things: `3`, `>=3`, `2..4`.

    `sql` yields the pictures with :least (1 or more) to :most things. Pictures with none have no row there, and are
    found as the complement of the others.
    """
    low, dots, high = value.partition("..")
    if dots:
        least, most = sorted((number(low), number(high)))
    else:
        operator, rest = split_operator(value)
        count = number(rest)
        least = {"": count, "=": count, ">=": count, ">": int(count // 1) + 1}.get(operator, 0)
        most = {"": count, "=": count, "<=": count, "<": -(int(-count // 1) + 1)}.get(operator, MANY)
    least, most = max(-1, min(least, MANY + 1)), max(-1, min(most, MANY))
    if least <= 0 <= most:
        return Lookup(sql, {"least": most + 1, "most": MANY}, others=True)
    return Lookup(sql, {"least": max(least, 1), "most": most})


def number(value: str) -> int | float:
    if re.fullmatch(r"-?\d{1,18}", value):
        return int(value)
    if re.fullmatch(r"-?\d{1,30}(\.\d{1,18})?", value):
        return float(value)
    raise ValueError("a number")


def like(value: str) -> str:
    """Return a text escaped for use in a LIKE pattern."""
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _name(value: str) -> Lookup:
    condition, bound = textual("name", value)
    return Lookup(f"select id from derived_grid where {condition}", bound)


TERMS: tuple[Term, ...] = (
    Term("kind", "Kind", picture("kind")),
    Term("format", "Format", picture("format")),
    Term("name", "Name", _name),
    Term("prompt", "Prompt", said_in("prompt")),
    Term("negative", "Negative prompt", said_in("negative")),
    Term("created", "Created", date("created"), offers=partial(offers.dates, "created", span)),
    Term("imported", "Imported", date("imported"), offers=partial(offers.dates, "imported", span)),
    Term("size", "Size in bytes", within("size")),
    Term("width", "Width in pixels", within("width")),
    Term("height", "Height in pixels", within("height")),
    Term("megapixels", "Millions of pixels", megapixels),
    Term("is:moving", "Moving pictures", flag(MOVING)),
    Term("is:missing", "Without a file", flag(NO_LOCATION)),
    Term("is:undrawn", "Without a thumbnail", flag(NO_STILL)),
    *(
        Term(kind_of_fact.name, kind_of_fact.label, (measured if kind_of_fact.number else text_fact)(kind_of_fact.name))
        for kind_of_fact in KNOWN
    ),
)
