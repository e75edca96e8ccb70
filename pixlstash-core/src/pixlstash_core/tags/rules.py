"""What the writer calls. The arrays it takes are loaded when tags first change, not with the library."""

from __future__ import annotations

import apsw

from ..database.changesets import Whole
from ..database.connection import bind_ids, fetch
from .aliases import TABLES, concerned

__all__ = ["TABLES", "concerned", "refresh", "resay", "resay_many"]


def refresh(connection: apsw.Connection, ids: list[int]) -> None:
    """Make the derived tags of these pictures (ascending) equal to truth."""
    if len(ids) >= FEW or _any(connection, ids):
        from . import derive

        derive.refresh(connection, ids)


def resay(connection: apsw.Connection, ids: list[int]) -> None:
    """The same where only what people say has changed, after `refresh`."""
    from . import derive_said as resay

    resay.refresh(connection, ids)


def resay_many(connection: apsw.Connection, ids: list[int], whole: Whole) -> None:
    """The same where it is known which sayings came and went."""
    from . import derive_said as resay

    resay.follow(connection, ids, whole)


#: Pictures of which it is worth asking whether any has tags.
FEW = 64


def _any(connection: apsw.Connection, ids: list[int]) -> bool:
    """Whether any of them has tags, or had: an import need not load what it does not use."""
    sql = """
        select 1 from carray(:ids) where exists (select 1 from tag_output where picture_id = value)
          or exists (select 1 from said_tag where picture_id = value)
          or exists (select 1 from derived_tags where picture_id = value)
          or exists (select 1 from derived_said where picture_id = value) limit 1
        """
    return bool(fetch(connection, sql, {"ids": bind_ids(ids)}))
