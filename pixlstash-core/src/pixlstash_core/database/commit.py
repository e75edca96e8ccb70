"""Completes a transaction before its commit: derived tables, counts, revision, watermarks and the log of changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import apsw
import msgspec
from msgspec import Struct

from ..types import Event
from . import changes, changesets
from .connection import Database
from .features import Count, Feature, Table
from .hub import Marks, now


class Label(Struct, frozen=True):
    """The history entry of a change. `undoes`: the revision that it undoes, or the negative one that it redoes."""

    principal: str
    sentence: str
    undoable: bool = True
    undoes: int | None = None


class Commit(Struct):
    """A commit and its consequences. `topics`: the topics that changed, with their pictures (None: any)."""

    revision: int
    topics: dict[str, set[int] | None]
    events: list[Event]
    changes: changes.Changes


class CommitRecorder:
    """Completes transactions, on the writer thread."""

    def __init__(self, db: Database, marks: Marks, features: Sequence[Feature]) -> None:
        self._db, self._marks = db, marks
        self._spreads = [spread for feature in features for spread in feature.spreads]
        self._rules = [rule for feature in features for rule in feature.rules]
        self._counts = [count for feature in features for count in feature.counts]
        self._before: apsw.Connection | None = None
        self._drained = 0

    def drained(self, revision: int) -> None:
        """Note that the hub has the log up to a revision; the next transaction deletes it here."""
        self._drained = max(self._drained, revision)

    def close(self) -> None:
        if self._before is not None:
            self._before.close()

    def complete(
        self,
        connection: apsw.Connection,
        changeset: bytes,
        tables: Mapping[str, Table],
        revision: int,
        label: Label | None,
    ) -> Commit:
        """Update derived tables after the changes of a transaction, and log it under a revision."""
        parts = changesets.part(changeset)
        changed = changes.read(parts, tables)
        changes.complete(connection, changed, tables, parts)
        for spread in self._spreads:
            if names := spread.tables & changed.rows.keys():
                pictures = spread.find(connection, changes.keys(parts, names))
                changed.ids.setdefault(spread.into, set()).update(pictures)
        for rule in self._rules:
            if ids := changed.pictures(rule.tables):
                rule.follow(connection, ids, changed.whole)
        for count in self._counts:
            if ids := changed.pictures(count.tables):
                self._recount(connection, count, ids)
        topics = changed.by_topic(tables)
        connection.executemany(
            "insert into derived_revision values (?, ?) on conflict(noun) do update set revision = excluded.revision",
            [(topic, revision) for topic in ("", *topics)],
        ).fetchall()
        self._marks.promise(connection, changed.inserted, revision)
        events = changes.events(changed, tables, revision)
        self._log(connection, revision, events, changeset, changed.rows, label)
        return Commit(revision, topics, events, changed)

    def _recount(self, connection: apsw.Connection, count: Count, ids: list[int]) -> None:
        """Add the differences that the transaction makes to counts. A second connection reads the state before it."""
        if self._before is None:
            self._before = self._db.connect()
        before, after = count.of(self._before, ids), count.of(connection, ids)
        differences = {key: after.get(key, 0) - before.get(key, 0) for key in before.keys() | after.keys()}
        if changed := {key: difference for key, difference in differences.items() if difference}:
            count.add(connection, changed)

    def _log(
        self,
        connection: apsw.Connection,
        revision: int,
        events: list[Event],
        changeset: bytes,
        tables: Iterable[str],
        label: Label | None,
    ) -> None:
        packed, digest = None, None
        if label and label.undoable:
            packed, digest = changesets.pack(changesets.record(connection, changeset, tables))
        if self._drained:
            connection.execute("delete from derived_outbox where revision <= ?", (self._drained,)).fetchall()
            self._drained = 0
        connection.execute(
            "insert into derived_outbox values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                revision,
                now(),
                label.principal if label else "",
                label.sentence if label else "",
                bool(label and label.undoable),
                label.undoes if label else None,
                packed,
                digest,
                self._db.version,
                msgspec.json.encode(events),
            ),
        ).fetchall()
