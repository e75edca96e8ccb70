"""The only writer of `library.db`: one thread that runs queued functions in transactions, those of people first.

Each transaction records a changeset of the primary tables. Before the commit, the writer updates derived tables from
the ids in the changeset, increments the revision and logs the change. After the commit, it publishes events and
updates caches. Writes of plugins, undo and restore take the same path. Background writes are grouped in transactions
of at most 15 ms, so that a person never waits longer.

No exception ends the writer thread, and every queued write gets a result or an error.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from typing import Any, Generic, TypeVar

import apsw
from msgspec import Struct

from ..errors import Conflict, Invalid, PixlStashError, ReadOnly
from ..threads import keep_calling, report
from ..types import Event
from .commit import Commit, CommitRecorder, Label
from .connection import Database, translated
from .features import Feature, Table
from .hub import Hub, Marks
from .write_queue import BACKGROUND, PERSON, Entry, Write, WriteQueue

T = TypeVar("T")
#: Seconds after which no further background write joins a transaction.
SLICE = 0.015
#: Attempts to conclude a transaction before its writes get an error.
TRIES = 3
log = logging.getLogger(__name__)


class Committed(Struct, Generic[T], frozen=True):
    """The result of a write, and its revision (the current one if nothing changed)."""

    result: T
    revision: int
    changed: bool


class _Transaction(Struct, eq=False):
    """A transaction that was begun and not concluded. `committed`: None if the database must be asked."""

    commit: Commit | None = None
    committed: bool | None = False


class Writer:
    """Writes to the library of a database, with the tables and guards of its features.

    `watch(commit)` and then `on_commit(revision, events)` run on the writer thread and must be quick. `watch` updates
    caches before the new revision is visible. If it fails, `missed` is incremented first, so that caches are dropped,
    and `unwatched()` is called.
    """

    def __init__(
        self,
        db: Database,
        hub: Hub,
        features: Sequence[Feature],
        on_commit: Callable[[int, list[Event]], None] = lambda revision, events: None,
        *,
        watch: Callable[[Commit], None] = lambda commit: None,
        unwatched: Callable[[], None] = lambda: None,
    ) -> None:
        self.db = db
        self.hub = hub
        self._tables = {table.name: table for feature in features for table in feature.tables}
        self._guards = [guard for feature in features for guard in feature.guards]
        self._on_commit = on_commit
        self._watch, self._unwatched = watch, unwatched
        #: Number of commits on which `watch` failed.
        self.missed = 0
        self._queue = WriteQueue()
        self._marks = Marks(db, hub)
        self._recorder = CommitRecorder(db, self._marks, features)
        self.revision, self.topics = revisions(db)
        #: Of the writer thread only: the current transaction, and the exception that interrupted it.
        self._transaction: _Transaction | None = None
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None
        if not db.read_only:
            self.revision = self._marks.start(self.revision)
            self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
            self._thread.start()

    # -- queueing writes ----------------------------------------------------------------------------------------------

    def run(self, work: Callable[[Write], T], label: Label | Callable[[T], Label]) -> Committed[T]:
        """Run a person's action before all background writes, in its own transaction; durable on return."""
        return self._put(PERSON, work, label).result()

    def submit(self, work: Callable[[Write], T], *, patient: bool = False) -> Future[Committed[T]]:
        """Queue a background write; the future completes when it is durable.

        `patient`: wait a moment for other writes to share the commit, for many writes that come one by one.
        """
        return self._put(BACKGROUND, work, None, patient)

    def exclusive(self, work: Callable[[apsw.Connection], T]) -> T:
        """Run `work(connection)` on the writer thread, outside any transaction. It must be quick and change no row."""
        future: Future[T] = Future()
        self._enqueue(PERSON, Entry(_nothing, None, future, exclusive=work))
        return future.result()

    def adopt(self, tables: Sequence[Table], statements: Mapping[str, str]) -> None:
        """Create missing tables (name: `create table` statement) of a plugin, and record their changes from now on."""

        def work(write: Write) -> None:
            for name, statement in statements.items():
                if not write.execute("select 1 from sqlite_schema where name = ?", (name,)):
                    write.execute(statement)
                    _demand_key(write, name, statement)

        self.run(work, Label("", "", undoable=False))
        self._tables = {**self._tables, **{table.name: table for table in tables}}

    def tables(self) -> list[Table]:
        """Return the recorded tables, including those of plugins, parents first."""
        return list(self._tables.values())

    def table_names(self) -> list[str]:
        return list(self._tables)

    def guard(self, ids: Sequence[int]) -> None:
        """Raise if a guard protects any of these pictures, as `Write.guard`, outside a transaction."""
        with self.db.reading() as connection:
            Write(connection, self._guards).guard(ids)

    def drained(self, revision: int) -> None:
        """Note that the hub has the log up to a revision; the next transaction deletes it from `library.db`."""
        self._recorder.drained(revision)

    def close(self) -> None:
        """Finish the queued writes, stop the thread and store exact watermarks."""
        if self._thread is None:
            return
        self._queue.close()
        self._thread.join()
        self._thread = None
        self._recorder.close()
        with suppress(PixlStashError):  # if the disk is full, a gap in the ids remains
            self._marks.settle(self.revision)

    def _put(
        self, priority: int, work: Callable[[Write], Any], label: Any, patient: bool = False
    ) -> Future[Committed[Any]]:
        future: Future[Committed[Any]] = Future()
        self._enqueue(priority, Entry(work, label, future, patient))
        return future

    def _enqueue(self, priority: int, entry: Entry) -> None:
        if self.db.read_only:
            raise ReadOnly("This library is open read-only.")
        if threading.current_thread() is self._thread:  # it would wait for itself forever
            raise Conflict("Nothing can be written while a change is announced: write from a job or another thread.")
        entry.future.set_running_or_notify_cancel()  # a queued write cannot be canceled
        self._queue.put(priority, entry)

    # -- the writer thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        keep_calling(self._serve, self._queue.ended, "the writer was interrupted; it continues")

    def _serve(self) -> None:
        """Run the next entry and answer it. After an exception anywhere, the next call concludes the transaction."""
        self._settle()
        priority, entry = self._queue.take()
        if entry is None:
            return
        try:
            if entry.exclusive is not None:
                self._run_exclusive(entry, entry.exclusive)
            elif priority == PERSON:
                self._transact(entry, None)
            else:
                if entry.patient:
                    self._queue.linger()
                self._transact(entry, time.perf_counter() + SLICE)
        except BaseException as error:
            self._failure = error
        self._settle()

    def _run_exclusive(self, entry: Entry, work: Callable[[apsw.Connection], Any]) -> None:
        with translated():
            entry.result = work(self.db.writer)
        entry.ready = True

    def _transact(self, first: Entry, until: float | None) -> None:
        """Run an entry, and further background writes until a time (`perf_counter`), in one transaction."""
        if self._transaction is not None:  # it was not known how the previous one ended
            self._conclude(self._transaction)
        transaction = self._transaction = _Transaction()
        connection = self.db.writer
        with translated(), closing(apsw.Session(connection, "main")) as session:
            for name in reversed(self._tables):  # children before parents
                session.attach(name)
            connection.execute("begin immediate").fetchall()
            waiting: Entry | None = first
            while waiting is not None:
                self._attempt(connection, waiting)
                waiting = self._queue.more(until) if until is not None else None
            ran = [entry for entry in self._queue.taken if entry.ran]
            transaction.commit = self._record(connection, session.changeset(), ran)
            transaction.committed = None
            connection.execute("commit").fetchall()
            transaction.committed = True

    def _attempt(self, connection: apsw.Connection, entry: Entry) -> None:
        """Run one entry in a savepoint, so that its failure does not affect the others of the transaction."""
        connection.execute("savepoint entry").fetchall()
        try:
            entry.result = entry.work(Write(connection, self._guards))
            if connection.status(apsw.SQLITE_DBSTATUS_DEFERRED_FKS)[0]:  # the commit would fail for all entries
                raise apsw.ConstraintError("FOREIGN KEY constraint failed")
            connection.execute("release entry").fetchall()
            entry.ran = True
        except (apsw.FullError, apsw.IOError):
            raise  # the disk failed, for all entries
        except BaseException as error:
            if not connection.in_transaction:
                raise
            connection.execute("rollback to entry").fetchall()
            connection.execute("release entry").fetchall()
            entry.error = error

    # -- concluding: can be repeated after an exception at any point --------------------------------------------------

    def _settle(self) -> None:
        """Conclude the transaction and answer all taken entries."""
        for _ in range(TRIES):
            if self._transaction is None:
                break
            try:
                self._conclude(self._transaction)
            except BaseException as error:
                self._failure = self._failure or error
                report("it cannot be determined whether a transaction was committed", log)
        for entry in self._queue.taken:
            self._answer(entry)
        self._queue.taken.clear()
        self._failure = None

    def _conclude(self, transaction: _Transaction) -> None:
        """Publish a committed transaction, or roll back."""
        if transaction.committed is None:
            transaction.committed = self._is_durable(transaction.commit)
        if not transaction.committed:
            self.db.roll_back()
        elif transaction.commit is not None:
            self._publish(transaction.commit)
        for entry in self._queue.taken if transaction.committed else ():
            if entry.ran and not entry.ready:
                entry.result = Committed(entry.result, self.revision, transaction.commit is not None)
                entry.ready = True
        self._transaction = None

    def _is_durable(self, commit: Commit | None) -> bool:
        """Return whether a commit that raised an exception is in the database; SQLite may have rolled it back."""
        if commit is None or self.db.writer.in_transaction:
            return False
        return revisions(self.db)[0] == commit.revision

    def _publish(self, commit: Commit) -> None:
        """Update caches, publish the revision and send events. The commit is valid whatever fails here."""
        try:
            self._watch(commit)
        except BaseException:
            self.missed += 1
            report("caches could not be updated; they are dropped", log)
            self._demand_all()
        # After the caches: a view built meanwhile reads old rows, and must not be cached under the new revision.
        self.revision, self.topics = commit.revision, {**self.topics, **dict.fromkeys(commit.topics, commit.revision)}
        try:
            self._on_commit(self.revision, commit.events)
        except BaseException:
            report("a change could not be announced", log)

    def _demand_all(self) -> None:
        try:
            self._unwatched()
        except BaseException:
            report("follow-up work of a change is postponed to the next start", log)

    def _answer(self, entry: Entry) -> None:
        if entry.future.done():
            return
        if entry.ready:
            entry.future.set_result(entry.result)
        else:
            entry.future.set_exception(entry.error or self._failure or PixlStashError("Nothing was changed."))

    def _record(self, connection: apsw.Connection, changeset: bytes, ran: list[Entry]) -> Commit | None:
        """Update derived tables, log the change and return the commit; None if nothing changed."""
        if not changeset:
            return None
        label = ran[0].label if len(ran) == 1 else None
        if callable(label):
            label = label(ran[0].result)
        return self._recorder.complete(connection, changeset, self._tables, self.revision + 1, label)


def _nothing(write: Write) -> None:
    """Do nothing; the work of an entry with `exclusive`."""


def _demand_key(write: Write, name: str, statement: str) -> None:
    """Raise `Invalid` if a table has a nullable key, because SQLite silently does not record its rows."""
    keys = [row for row in write.execute(f"pragma table_info({name})") if row[5]]
    if not keys or not all(row[3] for row in keys):
        raise Invalid(f"{name} needs a primary key whose columns are `not null`.")
    if keys[0][1].lower() == "id" and "autoincrement" not in statement.lower():
        raise Invalid(f"The id of {name} must be `integer primary key autoincrement not null`: no id is used twice.")


def revisions(db: Database) -> tuple[int, dict[str, int]]:
    """Return the revision of the library, and the revision of each topic."""
    rows: dict[str, int] = dict(db.read("select noun, revision from derived_revision"))
    return rows.pop("", 0), rows


def outcome(future: Future[Committed[T]]) -> T:
    """Wait for a submitted write and return its result, or raise its error."""
    try:
        with translated():
            return future.result().result
    except apsw.Error as error:
        raise PixlStashError(f"The database refused the change: {error}") from error


__all__ = ["Committed", "Label", "Write", "Writer", "outcome"]
