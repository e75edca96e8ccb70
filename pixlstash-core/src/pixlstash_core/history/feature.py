"""The history of changes in the hub, and undo and redo, which apply recorded changesets.

A change is logged in its own transaction (`derived_outbox`) and moved to `hub.db` afterwards, so that the log is never
lost and not part of snapshots. Undo and redo are changes as well, with their own events.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from ..database import changesets
from ..database.connection import Database
from ..database.hub import Hub
from ..database.writer import Committed, Label, Write, Writer
from ..errors import Conflict
from ..types import Event, HistoryEntry, Lagged, Reader
from ..types.times import when

#: Maximum numbers of history entries, which limits undo, and of events.
KEPT, EVENTS, PAGE = 1000, 20_000, 500


def drain(db: Database, hub: Hub, writer: Writer) -> int:
    """Move entries of the log to the hub and return their number. Can be repeated after a crash."""
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
                # Entries between were skipped, because their pictures were permanently deleted.
                passed = f"state != '{state}' and revision {'>' if undoes > 0 else '<'} ?"
                connection.execute(
                    f"update history set undoable = 0 where undoable and {passed}", (abs(undoes),)
                ).fetchall()
            elif sentence:
                if undoable:  # after a new change, earlier undone changes cannot be redone
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
    writer.drained(rows[-1][0])
    return len(rows)


def since(hub: Hub, revision: int, limit: int) -> list[tuple[int, list[Event]]] | None:
    """Return (revision, events) after a revision, the oldest first; None if some are no longer stored."""
    events = later(hub, revision, limit)
    oldest = hub.value("select min(revision) from event")  # after reading: nothing was dropped meanwhile
    return None if oldest is None or revision < oldest - 1 else events


def heard(hub: Hub, revision: int, limit: int) -> list[tuple[int, list[Event]]]:
    """Return (revision, events) for a listener; `Lagged` stands for events that are no longer stored."""
    events = later(hub, revision, limit)
    oldest = hub.value("select min(revision) from event")
    if oldest is None or revision >= oldest - 1:
        return events
    return [(oldest - 1, [Lagged(oldest - 1)])]


def later(hub: Hub, revision: int, limit: int) -> list[tuple[int, list[Event]]]:
    """Return (revision, events) after a revision, of those that are stored."""
    rows = hub.read("select revision, body from event where revision > ? order by revision limit ?", (revision, limit))
    return [(number, msgspec.json.decode(body, type=list[Event])) for number, body in rows]


def position(hub: Hub, plugin: str, start: int) -> int:
    """Return the position of a plugin's listener; a new one begins at `start`."""
    revision = hub.value("select position from listener where plugin = ?", (plugin,))
    if revision is None:
        place(hub, plugin, start)
        return start
    return int(revision)


def place(hub: Hub, plugin: str, revision: int) -> None:
    hub.write("insert or replace into listener values (?, ?)", (plugin, revision))


def listed(hub: Hub, limit: int) -> list[HistoryEntry]:
    """Return history entries, the newest first."""
    rows = hub.read(
        "select revision, at, sentence, state, undoable from history order by revision desc limit ?", (limit,)
    )
    return [HistoryEntry(row[0], when(row[1]), row[2], row[3], bool(row[4])) for row in rows]


class Step(Struct, frozen=True):
    """An undo or redo. `gone`: number of pictures left out; `passed`: skipped changes."""

    committed: Committed[int]
    sentence: str
    gone: int
    passed: list[str]

    def text(self) -> str:
        """Return the sentence for users."""
        text = self.sentence
        if self.gone:
            text += (
                ", but for " + ("1 picture" if self.gone == 1 else f"{self.gone:,} pictures") + " permanently deleted"
            )
        if self.passed:
            text += f". Passed over, as their pictures were permanently deleted: {'; '.join(self.passed[:3])}"
            text += f"; and {len(self.passed) - 3} more" if len(self.passed) > 3 else ""
        return text


def undo(hub: Hub, writer: Writer, reader: Reader) -> Step:
    """Undo the latest change."""
    return _step(hub, writer, reader, invert=True)


def redo(hub: Hub, writer: Writer, reader: Reader) -> Step:
    """Redo the change that was undone last."""
    return _step(hub, writer, reader, invert=False)


def _step(hub: Hub, writer: Writer, reader: Reader, *, invert: bool) -> Step:
    passed: list[tuple[int, str]] = []
    for revision in _candidates(hub, invert):
        row = hub.read("select sentence, changeset, digest, schema from history where revision = ?", (revision,))
        sentence, packed, digest, schema = row[0]
        if schema != writer.db.version:
            raise Conflict("The library was upgraded since, so this change can no longer be undone.")
        record = changesets.unpack(packed, digest)
        if others := sorted(changesets.tables(record.changeset) - set(writer.table_names())):
            raise Conflict(f"This change was to {others[0]}, whose plugin is not installed or is switched off.")
        undoes = revision if invert else -revision
        done, gone = _apply(hub, writer, Label(reader.principal, "", False, undoes), record, invert)
        if done.result:
            return Step(done, sentence, gone, [sentence for _, sentence in passed])
        passed.append((revision, sentence))
    if not passed:
        raise Conflict("There is nothing to undo." if invert else "There is nothing to redo.")
    numbers = [(revision,) for revision, _ in passed]
    with hub.writing() as connection:  # otherwise `drain` does this with the step
        connection.executemany("update history set undoable = 0 where revision = ?", numbers).fetchall()
    nothing = "There is nothing to undo" if invert else "There is nothing to redo"
    raise Conflict(f"{nothing}: its pictures were permanently deleted.")


def _candidates(hub: Hub, invert: bool) -> list[int]:
    """Return the revisions that can be undone (or redone), the next one first."""
    which = "state = 'done' and changeset is not null" if invert else "state = 'undone'"
    order = "desc" if invert else "asc"
    rows = hub.read(f"select revision from history where undoable and {which} order by revision {order}")
    return [revision for (revision,) in rows]


def _apply(
    hub: Hub, writer: Writer, label: Label, record: changesets.Record, invert: bool
) -> tuple[Committed[int], int]:
    """Apply a record. Returns (the commit, the number of pictures left out)."""
    gone = 0

    def work(write: Write) -> int:
        nonlocal gone
        applied = write.apply(record, invert=invert, purged=hub.purged)
        gone = applied.gone
        return applied.rows

    return writer.run(work, label), gone
