"""When the tags of pictures are derived: in the writer's transactions, or in slices in the background.

Phase 1: the new value of each row is written beside the current one, a slice of pictures at a time; other changes are
derived for both. Then one short transaction makes the new values current. Phase 2: rows are cleaned up, a slice at a
time. Each slice commits its position, so that a killed process resumes there.
"""

from __future__ import annotations

import apsw

from ..database.changesets import Whole
from ..database.connection import bind_ids, fetch
from ..database.hub import now
from ..database.writer import Write, Writer, outcome
from .aliases import copy

#: Pictures per slice, which takes some 10 ms.
SLICE = 500
#: For fewer pictures it is worth checking whether any has tags.
FEW = 64


def refresh(connection: apsw.Connection, ids: list[int]) -> None:
    """Update the derived tags of these pictures (ascending)."""
    if len(ids) >= FEW or _any(connection, ids):
        from . import derive

        derive.refresh(connection, ids)


def refresh_said(connection: apsw.Connection, ids: list[int]) -> None:
    """Update the derived tags when only annotations have changed."""
    from . import derive

    derive.refresh_said(connection, ids)


def refresh_said_many(connection: apsw.Connection, ids: list[int], whole: Whole) -> None:
    """Update the derived tags when the changed annotations are known as arrays."""
    from . import derive

    derive.follow_said(connection, ids, whole)


def _any(connection: apsw.Connection, ids: list[int]) -> bool:
    """Return whether any of them has tags, or had: an import without tags need not load numpy."""
    sql = """
        select 1 from carray(:ids) where exists (select 1 from tag_output where picture_id = value)
          or exists (select 1 from said_tag where picture_id = value)
          or exists (select 1 from derived_tags where picture_id = value)
          or exists (select 1 from derived_said where picture_id = value) limit 1
        """
    return bool(fetch(connection, sql, {"ids": bind_ids(ids)}))


def slices_pending(writer: Writer) -> bool:
    """Return whether there is something to prepare or to clean up."""
    return bool(writer.db.value("select max(phase) from derived_tagging"))


def refresh_slice(writer: Writer) -> tuple[int, int] | None:
    """Process one slice; return (done, total) in picture ids over both phases, or None if nothing is left."""
    return outcome(writer.submit(_step))


def _step(write: Write) -> tuple[int, int] | None:
    phase, position = write.execute("select phase, position from derived_tagging where version = 0")[0]
    if not phase:
        return None
    last = write.value("select max(id) from picture", default=0) or 0
    ids = [
        row[0] for row in write.execute("select id from picture where id > ? order by id limit ?", (position, SLICE))
    ]
    if ids:
        from .derive import refresh

        write.derive(lambda connection: refresh(connection, ids))
        write.execute("update derived_tagging set position = ? where version = 0", (ids[-1],))
        return (phase - 1) * last + ids[-1], 2 * last
    write.derive(_turn if phase == 1 else _end)
    if phase == 1:  # the new values are current, and views must be told
        write.execute("insert into weighing(at) values (?)", (now(),))
    return phase * last, 2 * last


def _turn(connection: apsw.Connection) -> None:
    """Make the prepared values current."""
    copy(connection, 1, 0)
    connection.execute("update derived_tag_count set pictures = pictures + change, change = 0 where change").fetchall()
    connection.execute("update derived_tagging set phase = 2, position = 0 where version = 0").fetchall()


def _end(connection: apsw.Connection) -> None:
    """End phase 2, and begin with changes that were requested meanwhile."""
    connection.execute(
        "update derived_tagging set position = 0, phase = (select phase from derived_tagging where version = 1)"
        " where version = 0"
    ).fetchall()
    connection.execute("update derived_tagging set phase = 0 where version = 1").fetchall()
