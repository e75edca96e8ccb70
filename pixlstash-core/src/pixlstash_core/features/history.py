"""History: what people did, undone and redone by applying the recorded changesets.

A change is logged in its own transaction (`derived_outbox`) and moved to `hub.db` afterwards, so that it is never lost
and never in a snapshot. Undo applies the inverse, redo the original, all or nothing, and each announces itself.
"""

from __future__ import annotations

import apsw
import msgspec

from .. import changes
from ..db import Database
from ..errors import Conflict
from ..hub import Hub
from ..pictures import when
from ..types import Event, HistoryEntry, Reader
from ..write import Committed, Door, Label, Write

#: Entries and events kept; an undo further back than this is not offered.
KEPT, EVENTS, PAGE = 1000, 20_000, 500


def drain(db: Database, hub: Hub, door: Door) -> int:
    """Move the log to the hub. Repeatable: a crash between the two files loses and doubles nothing."""
    moved = hub.value("select max(revision) from event", default=0) or 0
    rows = db.read("select * from derived_outbox where revision > ? order by revision limit ?", (moved, PAGE))
    if not rows:
        return 0
    with hub.writing() as connection:
        for revision, at, principal, sentence, undoable, undoes, changeset, digest, schema, events in rows:
            connection.execute("insert or ignore into event values (?, ?)", (revision, events)).fetchall()
            if connection.changes() == 0:
                continue
            if undoes is not None:
                state = "undone" if undoes > 0 else "done"
                connection.execute("update history set state = ? where revision = ?", (state, abs(undoes))).fetchall()
            elif sentence:
                if undoable:  # whatever was undone before a new action can no longer be redone
                    connection.execute("update history set undoable = 0 where state = 'undone'").fetchall()
                connection.execute(
                    "insert or ignore into history values (?, ?, ?, ?, 'done', ?, null, ?, ?, ?)",
                    (revision, at, principal, sentence, undoable, changeset, digest, schema),
                ).fetchall()
        connection.execute(
            "delete from history where revision <= (select revision from history order by revision desc limit 1"
            " offset ?)",
            (KEPT,),
        ).fetchall()
        connection.execute("delete from event where revision <= ?", (rows[-1][0] - EVENTS,)).fetchall()
    door.drained(rows[-1][0])
    return len(rows)


def since(hub: Hub, revision: int, limit: int) -> list[tuple[int, list[Event]]] | None:
    """(revision, events) after a revision, oldest first; None when they are no longer all kept."""
    oldest = hub.value("select min(revision) from event")
    if oldest is None or revision < oldest - 1:
        return None
    return later(hub, revision, limit)


def later(hub: Hub, revision: int, limit: int) -> list[tuple[int, list[Event]]]:
    """The same of whatever is still kept."""
    rows = hub.read("select revision, body from event where revision > ? order by revision limit ?", (revision, limit))
    return [(number, msgspec.json.decode(body, type=list[Event])) for number, body in rows]


def position(hub: Hub, plugin: str, start: int) -> int:
    """How far a plugin's listener is; a new one begins at `start`."""
    found = hub.value("select position from listener where plugin = ?", (plugin,))
    if found is None:
        place(hub, plugin, start)
        return start
    return int(found)


def place(hub: Hub, plugin: str, revision: int) -> None:
    hub.write("insert or replace into listener values (?, ?)", (plugin, revision))


def listed(hub: Hub, limit: int) -> list[HistoryEntry]:
    """The newest first."""
    rows = hub.read(
        "select revision, at, sentence, state, undoable from history order by revision desc limit ?", (limit,)
    )
    return [HistoryEntry(row[0], when(row[1]), row[2], row[3], bool(row[4])) for row in rows]


def undo(hub: Hub, door: Door, reader: Reader) -> tuple[Committed[int], str]:
    """Undo the newest change that is not undone."""
    row = hub.read(
        "select * from history where state = 'done' and undoable and changeset is not null"
        " order by revision desc limit 1"
    )
    if not row:
        raise Conflict("There is nothing to undo.")
    return _apply(door, reader, row[0], invert=True)


def redo(hub: Hub, door: Door, reader: Reader) -> tuple[Committed[int], str]:
    """Redo what was undone last."""
    row = hub.read("select * from history where state = 'undone' and undoable order by revision limit 1")
    if not row:
        raise Conflict("There is nothing to redo.")
    return _apply(door, reader, row[0], invert=False)


def _apply(door: Door, reader: Reader, row: tuple[object, ...], *, invert: bool) -> tuple[Committed[int], str]:
    revision, _, _, sentence, _, _, _, packed, digest, schema = row
    assert isinstance(revision, int) and isinstance(packed, bytes) and isinstance(digest, bytes)
    if schema != door.db.version:
        raise Conflict("The library was upgraded since, so this change can no longer be undone.")
    changeset = changes.unpack(packed, digest)

    def work(write: Write) -> int:
        write.apply(changeset, invert=invert)
        return sum(1 for _ in apsw.Changeset.iter(changeset))

    label = Label(reader.principal, "", undoable=False, undoes=revision if invert else -revision)
    return door.do(work, label), str(sentence)
