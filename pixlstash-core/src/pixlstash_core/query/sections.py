"""Labels for the scrubber beside a view: months, scores or first letters, and where each begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ..database.connection import Database, bind_ids
from ..types import Section, times

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .columns import Frame


def of(db: Database, frame: Frame, sort: str, ids: NDArray[np.uint32]) -> list[Section]:
    """Labels for the scrubber: months, scores or first letters."""
    column = sort.lstrip("-")
    if column not in _LABELS or not len(ids):
        return []
    if column != "name":
        values, label = frame.values(column), _LABELS[column]
        return _runs(len(ids), lambda indexes: [label(values[ids[index]]) for index in indexes])

    def letters(indexes: list[int]) -> list[str]:
        wanted = [int(ids[index]) for index in indexes]
        sql = "select id, name from derived_grid where id in carray(?)"
        names: dict[int, str] = dict(db.read(sql, (bind_ids(wanted),)))
        return [_letter(names[picture]) for picture in wanted]

    return _runs(len(ids), letters)


class _Span(Struct, frozen=True):
    """Part of an order: its first and last index, and their labels."""

    first: int
    last: int
    head: str
    tail: str


def _runs(count: int, labels: Callable[[list[int]], list[str]], limit: int = 400) -> list[Section]:
    """Where the label changes. All changes are bisected at the same time, so that a round costs one look-up.

    Equal labels must lie together: a span that ends as it begins is taken to be all alike.
    """
    head, tail = labels([0, count - 1])
    starts = [Section(head, 0)]
    spans = [_Span(0, count - 1, head, tail)]
    while spans:
        changing = [span for span in spans if span.head != span.tail][:limit]
        starts += [Section(span.tail, span.last) for span in changing if span.last - span.first == 1]
        wide = [span for span in changing if span.last - span.first > 1]
        middles = [(span.first + span.last) // 2 for span in wide]
        spans = []
        for span, middle, label in zip(wide, middles, labels(middles)):
            spans += [_Span(span.first, middle, span.head, label), _Span(middle, span.last, label, span.tail)]
    return sorted(starts, key=lambda section: section.start)[:limit]


def _month(value: int) -> str:
    when = times.when(int(value))
    return f"{when.year:04}-{when.month:02}"


def _letter(value: str) -> str:
    """The first letter, as the sort sees it: ASCII case does not matter, and what is no letter comes before A."""
    first = value[:1]
    first = first.upper() if first.isascii() else first
    return "#" if first < "A" or "Z" < first < "a" else first


_LABELS: Mapping[str, Callable[[Any], str]] = {
    "created": _month,
    "imported": _month,
    "score": str,
    "name": _letter,
}
