"""What the grid shows of a view: blocks of 2,048 pictures as columns of bytes, and the labels of its scrubber."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ..database.connection import Database, bind_ids
from ..types import Reader, Section, times
from . import grid, scope
from .caches import Holder
from .sorting import Order

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .columns import Frame

#: Pictures in a block.
BLOCK = 2048
#: Blocks that are read from the table before the columns for all blocks are loaded into memory.
LOOKS = 4


class Blocks:
    """Reads blocks from the table or, after the first few, from the columns in memory."""

    def __init__(self, db: Database, caches: Holder) -> None:
        self._db, self._caches = db, caches
        self._looks = 0

    def read(self, reader: Reader, order: Order, number: int) -> bytes:
        """Return a block: ids u32, colors u16, flags u8 and marks u8, one column after the other, little-endian."""
        part = slice(number * BLOCK, (number + 1) * BLOCK)
        ids = order.ids[part]
        shown = self._shown(reader, ids)
        marks = order.marks or bytes(len(order.ids))
        return ids.tobytes() + memoryview(shown).cast("H")[::2].tobytes() + shown[2::4] + marks[part]

    def start_over(self) -> None:
        """Read the next blocks from the table, after the columns were dropped from memory."""
        self._looks = 0

    def _shown(self, reader: Reader, ids: NDArray[np.uint32]) -> bytes:
        """Return color and flags (high half) as a u32 each, also of pictures that were deleted or left the scope."""
        gone = (grid.NO_STILL | grid.NO_LOCATION) << 16
        self._looks += 1
        if self._looks > LOOKS:
            frame = self._caches.get().columns.current()
            shown = frame.shown(ids, gone)
            if reader.scope.ids is not None:
                shown[~frame.mask(reader.scope.ids)[ids.clip(max=frame.size - 1)]] = gone
            return shown.tobytes()
        relation, bound = scope.visible(reader)
        rows = self._db.read(
            f"select g.id, {grid.SHOWN} from {relation} g where g.id in carray(:ids)",
            {"ids": bind_ids(ids.tolist()), **bound},
        )
        values: dict[int, int] = dict(rows)
        return array("I", (values.get(picture, gone) for picture in ids.tolist())).tobytes()


def sections_of(db: Database, frame: Frame, sort: str, ids: NDArray[np.uint32]) -> list[Section]:
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
