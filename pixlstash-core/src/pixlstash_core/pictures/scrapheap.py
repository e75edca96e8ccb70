"""The scrapheap: deleted pictures, which can be restored."""

from __future__ import annotations

from ..database.connection import bind_ids
from ..database.features import Feature, Table
from ..database.hub import now
from ..database.writer import Write
from ..query.grid import BESIDE

_SAYS = "'in the scrapheap'"
_TABLE = Table("scrapheap", "scrapheap", 0, "deleted", ((0, BESIDE),), merge="presence", says=_SAYS)
FEATURE = Feature("scrapheap", tables=(_TABLE,))


def put(write: Write, ids: list[int]) -> int:
    """Move these pictures to the scrapheap; return how many were not there yet."""
    write.execute(
        "insert or ignore into scrapheap select id, :now from picture where id in carray(:ids)",
        {"ids": bind_ids(ids), "now": now()},
    )
    return write.changes()


def take(write: Write, ids: list[int]) -> int:
    """Restore these pictures; return how many were in the scrapheap."""
    write.execute("delete from scrapheap where picture_id in carray(:ids)", {"ids": bind_ids(ids)})
    return write.changes()
