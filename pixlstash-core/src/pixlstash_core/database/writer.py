"""The one writer of `library.db`.

One writer thread, people first. Each transaction records a changeset of the tables that hold truth; before it commits,
derived tables are brought up to date from the changeset's ids, the revision is raised and the change is logged; after
it commits, everything else follows: events, caches, history. What a plugin, an undo or a restore writes announces
itself the same way. Background writes are grouped in slices of 15 ms, so that a person never waits longer.

Nothing that is raised ends the writer thread, and everybody who waits for it is answered.
"""

from __future__ import annotations

import itertools
import logging
import queue
import re
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
from . import undo as records
from .commit import Commit, CommitRecorder, Label
from .connection import Database, Rows, translated
from .features import Feature, Guard, Table
from .hub import Hub
from .watermarks import Marks

T = TypeVar("T")
SLICE = 0.015
#: How long a patient write waits for others, in seconds: a commit costs as much as three pictures' rows.
LINGER = 0.02
PERSON, BACKGROUND, STOP = 0, 1, 2
#: How often it is tried to conclude a transaction before those who wait are told that it failed.
TRIES = 3
log = logging.getLogger(__name__)
_TRANSACTION = re.compile(r"\s*(begin|commit|end|rollback|savepoint|release)\b", re.IGNORECASE)


class Write:
    """The writer's connection as an action sees it: statements only, the transaction is the writer's."""

    def __init__(self, connection: apsw.Connection, guards: Sequence[Guard] = ()) -> None:
        self._connection, self._guards = connection, guards

    def execute(self, sql: str, bindings: Any = None) -> Rows:
        _demand_statement(sql)
        # A cached `delete from t` without a where clause would be run by SQLite's truncate optimisation unrecorded.
        cached = "where" in sql or "WHERE" in sql or "insert" in sql or "INSERT" in sql
        return self._connection.execute(sql, bindings, can_cache=cached).fetchall()

    def many(self, sql: str, bindings: Sequence[Any]) -> None:
        _demand_statement(sql)
        self._connection.executemany(sql, bindings).fetchall()

    def value(self, sql: str, bindings: Any = None, default: Any = None) -> Any:
        rows = self.execute(sql, bindings)
        return rows[0][0] if rows else default

    def changes(self) -> int:
        """Rows changed by the last statement."""
        return self._connection.changes()

    def guard(self, ids: Sequence[int]) -> None:
        """Raise when a feature protects any of these pictures, such as one in a locked set. Call it before a change."""
        for guard in self._guards:
            guard.refuse(self._connection, ids)

    def derive(self, rule: Callable[[apsw.Connection], T]) -> T:
        """Have derived tables changed by what keeps them."""
        return rule(self._connection)

    def apply(self, record: records.Record, *, invert: bool, purged: Callable[[bytes], bool]) -> records.Applied:
        return records.apply(self._connection, record, invert=invert, purged=purged)


class Committed(Struct, Generic[T], frozen=True):
    """What an action returned, and the revision it became (the present one when it changed nothing)."""

    result: T
    revision: int
    changed: bool


class _Entry(Struct, eq=False):
    """What somebody wants written. `ran`: it is part of the transaction. `ready`: `result` is the answer."""

    work: Callable[[Write], Any]
    label: Label | Callable[[Any], Label] | None
    future: Future[Any]
    patient: bool = False
    exclusive: Callable[[apsw.Connection], Any] | None = None
    result: Any = None
    ran: bool = False
    ready: bool = False
    error: BaseException | None = None


class _Transaction(Struct, eq=False):
    """A transaction that was begun and not concluded. `committed`: None when only the database knows."""

    sealed: Commit | None = None
    committed: bool | None = False


_Item = tuple[int, int, _Entry | None]


class Writer:
    """Writes to one library of some features. `on_commit(revision, events)` runs on its thread and must be quick.

    So does `watch(sealed)`, which comes before: what it forgets is forgotten when the new revision is seen. Where it
    fails, `missed` is raised before the revision is, so that caches are dropped, and `unwatched()` is called.
    """

    def __init__(
        self,
        db: Database,
        hub: Hub,
        features: Sequence[Feature],
        on_commit: Callable[[int, list[Event]], None] = lambda revision, events: None,
        *,
        watch: Callable[[Commit], None] = lambda sealed: None,
        unwatched: Callable[[], None] = lambda: None,
    ) -> None:
        self.db = db
        self.hub = hub
        self._tables = {table.name: table for feature in features for table in feature.tables}
        self._guards = [guard for feature in features for guard in feature.guards]
        self._on_commit = on_commit
        self._watch, self._unwatched = watch, unwatched
        #: How many commits `watch` failed on.
        self.missed = 0
        self._queue: queue.PriorityQueue[_Item] = queue.PriorityQueue()
        self._count = itertools.count()
        self._marks = Marks(db, hub)
        self._recorder = CommitRecorder(db, self._marks, features)
        self.revision, self.nouns = revisions(db)
        self._closed = False
        self._entering = threading.Lock()
        self._ended = threading.Event()
        #: The writer thread's: what it took from the queue and has not answered, and what went wrong with it.
        self._taken: list[_Entry] = []
        self._transaction: _Transaction | None = None
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None
        if not db.read_only:
            self.revision = self._marks.start(self.revision)
            self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
            self._thread.start()

    # -- in ------------------------------------------------------------------------------------------------------------

    def run(self, work: Callable[[Write], T], label: Label | Callable[[T], Label]) -> Committed[T]:
        """A person's action: ahead of everything else, in a transaction of its own, durable on return."""
        return self._put(PERSON, work, label).result()

    def submit(self, work: Callable[[Write], T], *, patient: bool = False) -> Future[Committed[T]]:
        """A background write, grouped with others; the future is done when it is durable.

        A `patient` one waits a moment for others to share its commit: for many that come one by one.
        """
        return self._put(BACKGROUND, work, None, patient)

    def exclusive(self, work: Callable[[apsw.Connection], T]) -> T:
        """Run `work(connection)` while nobody writes, outside any transaction. It must be quick and change no row."""
        future: Future[T] = Future()
        self._enqueue(PERSON, _Entry(_nothing, None, future, exclusive=work))
        return future.result()

    def adopt(self, tables: Sequence[Table], statements: Mapping[str, str]) -> None:
        """Make these tables (name: `create table` statement) where they are missing, and record them too."""

        def work(write: Write) -> None:
            for name, statement in statements.items():
                if not write.execute("select 1 from sqlite_schema where name = ?", (name,)):
                    write.execute(statement)
                    _demand_key(write, name, statement)

        self.run(work, Label("", "", undoable=False))
        self._tables = {**self._tables, **{table.name: table for table in tables}}

    def tables(self) -> list[Table]:
        """What is recorded, plugins' tables among them; parents first."""
        return list(self._tables.values())

    def table_names(self) -> list[str]:
        return list(self._tables)

    def guard(self, ids: Sequence[int]) -> None:
        """`Write.guard` for what is not done in one transaction of this writer."""
        with self.db.reading() as connection:
            Write(connection, self._guards).guard(ids)

    def drained(self, revision: int) -> None:
        """The log up to here is safe in the hub: the next transaction drops it."""
        self._recorder.drained(revision)

    def close(self) -> None:
        """Finish what is queued, then leave exact marks."""
        if self._thread is None:
            return
        with self._entering:  # nothing is queued behind the end
            self._closed = True
            self._queue.put((STOP, next(self._count), None))
        self._thread.join()
        self._thread = None
        self._recorder.close()
        with suppress(PixlStashError):  # a disk that takes no marks now leaves a gap in the ids
            self._marks.settle(self.revision)

    def _put(
        self, priority: int, work: Callable[[Write], Any], label: Any, patient: bool = False
    ) -> Future[Committed[Any]]:
        future: Future[Committed[Any]] = Future()
        self._enqueue(priority, _Entry(work, label, future, patient))
        return future

    def _enqueue(self, priority: int, entry: _Entry) -> None:
        if self.db.read_only:
            raise ReadOnly("This library is open read-only.")
        if threading.current_thread() is self._thread:  # it would wait for itself, and everybody for it
            raise Conflict("Nothing can be written while a change is announced: write from a job or another thread.")
        entry.future.set_running_or_notify_cancel()  # what is queued cannot be called back
        with self._entering:
            if self._closed:
                raise Conflict("The library is closing.")
            self._queue.put((priority, next(self._count), entry))

    # -- the writer thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        keep_calling(self._serve, self._ended, "the writer was interrupted; it continues")

    def _serve(self) -> None:
        """Take what comes next, do it, and answer it. What is raised anywhere in it is settled by the next call."""
        self._settle()
        priority, _, entry = self._queue.get()
        if entry is None:
            self._ended.set()
            return
        self._taken.append(entry)
        try:
            if entry.exclusive is not None:
                self._run_exclusive(entry, entry.exclusive)
            elif priority == PERSON:
                self._transact(entry, None)
            else:
                if entry.patient:
                    self._linger()
                self._transact(entry, time.perf_counter() + SLICE)
        except BaseException as error:
            self._failure = error
        self._settle()

    def _run_exclusive(self, entry: _Entry, work: Callable[[apsw.Connection], Any]) -> None:
        with translated():
            entry.result = work(self.db.writer)
        entry.ready = True

    def _linger(self) -> None:
        """Let more patient writes come, for a moment, unless somebody who is not waits already."""
        until = time.perf_counter() + LINGER
        held: list[_Item] = []
        try:
            while True:
                try:
                    item = self._queue.get(timeout=max(0.0, until - time.perf_counter()))
                except queue.Empty:
                    break
                held.append(item)
                if item[0] != BACKGROUND or item[2] is None or not item[2].patient:
                    break
        finally:
            for item in held:
                if item[2] is not None:
                    item[2].patient = False  # it has waited
                self._queue.put(item)

    def _more(self, until: float) -> _Entry | None:
        """The next background write, unless time is up or a person waits."""
        if time.perf_counter() >= until:
            return None
        try:
            item = self._queue.get_nowait()
        except queue.Empty:
            return None
        if item[0] == BACKGROUND and item[2] is not None:
            self._taken.append(item[2])
            return item[2]
        self._queue.put(item)
        return None

    def _transact(self, first: _Entry, until: float | None) -> None:
        """Run the first entry, and until a moment others that wait, in one transaction."""
        if self._transaction is not None:  # how the one before ended could not be found out then
            self._conclude(self._transaction)
        transaction = self._transaction = _Transaction()
        connection = self.db.writer
        with translated(), closing(apsw.Session(connection, "main")) as session:
            for name in reversed(self._tables):  # children before parents
                session.attach(name)
            connection.execute("begin immediate").fetchall()
            waiting: _Entry | None = first
            while waiting is not None:
                self._attempt(connection, waiting)
                waiting = self._more(until) if until is not None else None
            ran = [entry for entry in self._taken if entry.ran]
            transaction.sealed = self._seal(connection, session.changeset(), ran)
            transaction.committed = None
            connection.execute("commit").fetchall()
            transaction.committed = True

    def _attempt(self, connection: apsw.Connection, entry: _Entry) -> None:
        """Run one action in a savepoint, so that its failure costs nobody else in the slice."""
        connection.execute("savepoint entry").fetchall()
        try:
            entry.result = entry.work(Write(connection, self._guards))
            if connection.status(apsw.SQLITE_DBSTATUS_DEFERRED_FKS)[0]:  # else it would fail the commit of all
                raise apsw.ConstraintError("FOREIGN KEY constraint failed")
            connection.execute("release entry").fetchall()
            entry.ran = True
        except (apsw.FullError, apsw.IOError):
            raise  # the disk: nobody in this slice is safe
        except BaseException as error:
            if not connection.in_transaction:
                raise
            connection.execute("rollback to entry").fetchall()
            connection.execute("release entry").fetchall()
            entry.error = error

    # -- what comes of it: safe to repeat, should anything be raised in the middle -------------------------------------

    def _settle(self) -> None:
        """Conclude the transaction and answer everybody who took part."""
        for _ in range(TRIES):
            if self._transaction is None:
                break
            try:
                self._conclude(self._transaction)
            except BaseException as error:
                self._failure = self._failure or error
                report("how a transaction ended cannot be found out", log)
        for entry in self._taken:
            self._answer(entry)
        self._taken.clear()
        self._failure = None

    def _conclude(self, transaction: _Transaction) -> None:
        """Publish what was committed, or roll back."""
        if transaction.committed is None:
            transaction.committed = self._is_durable(transaction.sealed)
        if not transaction.committed:
            self.db.roll_back()
        elif transaction.sealed is not None:
            self._publish(transaction.sealed)
        for entry in self._taken if transaction.committed else ():
            if entry.ran and not entry.ready:
                entry.result = Committed(entry.result, self.revision, transaction.sealed is not None)
                entry.ready = True
        self._transaction = None

    def _is_durable(self, sealed: Commit | None) -> bool:
        """Whether a commit that raised something was made: SQLite may have rolled back, or come to its end."""
        if sealed is None or self.db.writer.in_transaction:
            return False
        return revisions(self.db)[0] == sealed.revision

    def _publish(self, sealed: Commit) -> None:
        """Let everybody see a commit. It stands, whatever fails here."""
        try:
            self._watch(sealed)
        except BaseException:
            self.missed += 1
            report("caches could not be brought up to date; they are dropped", log)
            self._demand_all()
        # Only now: a view built meanwhile read the old rows, and must not be kept under the new revision.
        self.revision, self.nouns = sealed.revision, {**self.nouns, **dict.fromkeys(sealed.nouns, sealed.revision)}
        try:
            self._on_commit(self.revision, sealed.events)
        except BaseException:
            report("a change could not be announced", log)

    def _demand_all(self) -> None:
        try:
            self._unwatched()
        except BaseException:
            report("what follows from a change is done at the next start", log)

    def _answer(self, entry: _Entry) -> None:
        if entry.future.done():
            return
        if entry.ready:
            entry.future.set_result(entry.result)
        else:
            entry.future.set_exception(entry.error or self._failure or PixlStashError("Nothing was changed."))

    def _seal(self, connection: apsw.Connection, changeset: bytes, ran: list[_Entry]) -> Commit | None:
        """What follows from a transaction; None when it changed nothing."""
        if not changeset:
            return None
        given = ran[0].label if len(ran) == 1 else None
        label = given(ran[0].result) if callable(given) else given
        return self._recorder.seal(connection, changeset, self._tables, self.revision + 1, label)


def _nothing(write: Write) -> None:
    """The work of one who only steps aside."""


def _demand_statement(sql: str) -> None:
    if _TRANSACTION.match(sql):
        raise Invalid("The transaction is the writer's: only statements that read or change rows may be run in it.")


def _demand_key(write: Write, name: str, statement: str) -> None:
    """A row without a key that is never null is not recorded by SQLite, which says nothing."""
    keys = [row for row in write.execute(f"pragma table_info({name})") if row[5]]
    if not keys or not all(row[3] for row in keys):
        raise Invalid(f"{name} needs a primary key whose columns are `not null`.")
    if keys[0][1].lower() == "id" and "autoincrement" not in statement.lower():
        raise Invalid(f"The id of {name} must be `integer primary key autoincrement not null`: no id is used twice.")


def revisions(db: Database) -> tuple[int, dict[str, int]]:
    """The revision of all, and of each noun."""
    rows: dict[str, int] = dict(db.read("select noun, revision from derived_revision"))
    return rows.pop("", 0), rows


def outcome(future: Future[Committed[T]]) -> T:
    """The result of a fed write, or its error."""
    try:
        with translated():
            return future.result().result
    except apsw.Error as error:
        raise PixlStashError(f"The database refused the change: {error}") from error


__all__ = ["Committed", "Label", "Write", "Writer", "outcome"]
