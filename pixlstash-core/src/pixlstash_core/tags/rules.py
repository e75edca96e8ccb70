"""The functions that the writer calls. They load numpy when tags first change, not with the library."""

from __future__ import annotations

import apsw

from ..database.changesets import Whole
from ..database.connection import bind_ids, fetch
from .aliases import TABLES, concerned

__all__ = ["TABLES", "concerned", "refresh", "refresh_said", "refresh_said_many"]


def refresh(connection: apsw.Connection, ids: list[int]) -> None:
    """Update the derived tags of these pictures (ascending)."""
    if len(ids) >= FEW or _any(connection, ids):
        from . import derive

        derive.refresh(connection, ids)


def refresh_said(connection: apsw.Connection, ids: list[int]) -> None:
    """Update the derived tags when only annotations have changed."""
    from . import derive_said

    derive_said.refresh(connection, ids)


def refresh_said_many(connection: apsw.Connection, ids: list[int], whole: Whole) -> None:
    """Update the derived tags when the changed annotations are known as arrays."""
    from . import derive_said

    derive_said.follow(connection, ids, whole)


#: For fewer pictures it is worth checking whether any has tags.
FEW = 64


def _any(connection: apsw.Connection, ids: list[int]) -> bool:
    """Return whether any of them has tags, or had: an import without tags need not load numpy."""
    sql = """
        select 1 from carray(:ids) where exists (select 1 from tag_output where picture_id = value)
          or exists (select 1 from said_tag where picture_id = value)
          or exists (select 1 from derived_tags where picture_id = value)
          or exists (select 1 from derived_said where picture_id = value) limit 1
        """
    return bool(fetch(connection, sql, {"ids": bind_ids(ids)}))
