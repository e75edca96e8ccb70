"""Blocks: what the grid shows of 2,048 pictures of a view, as columns of bytes."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from ..database.connection import Database, bind_ids
from ..types import Reader
from . import grid, scope
from .caches import Holder
from .orders import Order

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
