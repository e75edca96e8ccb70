"""What is new for all pictures (a threshold, an engine, a word), prepared in slices while the old answer stands.

Phase 1: what each row becomes is written beside what it is, a slice of pictures at a time; whatever else changes is
derived for both. Then one short transaction makes the new answer the one that counts. Phase 2: rows are tidied, a slice
at a time. Each slice commits how far it came, so a killed process goes on where it was.
"""

from __future__ import annotations

import apsw

from ..database.hub import now
from ..database.writer import Write, Writer, outcome
from .aliases import copy

#: Pictures of a slice: some 10 ms.
SLICE = 500


def pending(writer: Writer) -> bool:
    """Whether there is something to prepare or to tidy."""
    return bool(writer.db.value("select max(phase) from derived_tagging"))


def step(writer: Writer) -> tuple[int, int] | None:
    """One slice: (how far it is, how far it goes) in picture ids of both phases, or None when all is done."""
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
    if phase == 1:  # this is the moment, and views must hear of it
        write.execute("insert into weighing(at) values (?)", (now(),))
    return phase * last, 2 * last


def _turn(connection: apsw.Connection) -> None:
    """From now on what was prepared counts."""
    copy(connection, 1, 0)
    connection.execute("update derived_tag_count set pictures = pictures + change, change = 0 where change").fetchall()
    connection.execute("update derived_tagging set phase = 2, position = 0 where version = 0").fetchall()


def _end(connection: apsw.Connection) -> None:
    """All is as it was before, but for the answer; what was asked for meanwhile begins."""
    connection.execute(
        "update derived_tagging set position = 0, phase = (select phase from derived_tagging where version = 1)"
        " where version = 0"
    ).fetchall()
    connection.execute("update derived_tagging set phase = 0 where version = 1").fetchall()
