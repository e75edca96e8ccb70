"""The write queue, people's actions first, and `Write`: the writer's connection as queued functions see it."""

from __future__ import annotations

import itertools
import queue
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

import apsw
from msgspec import Struct

from ..errors import Conflict, Invalid
from . import undo
from .changesets import Record
from .commit import Label
from .connection import Rows
from .features import Guard

T = TypeVar("T")
_TRANSACTION = re.compile(r"\s*(begin|commit|end|rollback|savepoint|release)\b", re.IGNORECASE)
PERSON, BACKGROUND, STOP = 0, 1, 2
#: Seconds for which a patient write waits for others: a commit costs as much as three pictures' rows.
LINGER = 0.02


class Write:
    """Runs statements in the writer's transaction. Raises `Invalid` for `begin`, `commit` and the like."""

    def __init__(self, connection: apsw.Connection, guards: Sequence[Guard] = ()) -> None:
        self._connection, self._guards = connection, guards

    def execute(self, sql: str, bindings: Any = None) -> Rows:
        _demand_statement(sql)
        # A cached `delete from t` without `where` would use SQLite's truncate optimization, which records no changes.
        cached = "where" in sql or "WHERE" in sql or "insert" in sql or "INSERT" in sql
        return self._connection.execute(sql, bindings, can_cache=cached).fetchall()

    def many(self, sql: str, bindings: Sequence[Any]) -> None:
        _demand_statement(sql)
        self._connection.executemany(sql, bindings).fetchall()

    def value(self, sql: str, bindings: Any = None, default: Any = None) -> Any:
        rows = self.execute(sql, bindings)
        return rows[0][0] if rows else default

    def changes(self) -> int:
        """Return the number of rows that the last statement changed."""
        return self._connection.changes()

    def guard(self, ids: Sequence[int]) -> None:
        """Raise when a feature protects any of these pictures, such as one in a locked set. Call it before a change."""
        for guard in self._guards:
            guard.refuse(self._connection, ids)

    def derive(self, rule: Callable[[apsw.Connection], T]) -> T:
        """Run a function that maintains derived tables, on the connection itself."""
        return rule(self._connection)

    def apply(self, record: Record, *, invert: bool, purged: Callable[[bytes], bool]) -> undo.Applied:
        return undo.apply(self._connection, record, invert=invert, purged=purged)


def _demand_statement(sql: str) -> None:
    if _TRANSACTION.match(sql):
        raise Invalid("The transaction is the writer's: only statements that read or change rows may be run in it.")


class Entry(Struct, eq=False):
    """A queued write. `ran`: it is part of the transaction. `ready`: `result` is the answer."""

    work: Callable[[Write], Any]
    label: Label | Callable[[Any], Label] | None
    future: Future[Any]
    patient: bool = False
    exclusive: Callable[[apsw.Connection], Any] | None = None
    result: Any = None
    ran: bool = False
    ready: bool = False
    error: BaseException | None = None


_Item = tuple[int, int, Entry | None]


class WriteQueue:
    """The writes that wait for the writer thread. Only that thread takes entries.

    An entry stays in `taken` until it is answered: an exception at any point after it left the queue does not lose it.
    `ended` is set when the last entry was taken.
    """

    def __init__(self) -> None:
        self._queue: queue.PriorityQueue[_Item] = queue.PriorityQueue()
        self._count = itertools.count()
        self._lock = threading.Lock()
        self._closed = False
        self.taken: list[Entry] = []
        self.ended = threading.Event()

    def __len__(self) -> int:
        return self._queue.qsize()

    def put(self, priority: int, entry: Entry) -> None:
        """Queue an entry. Raises `Conflict` after `close`."""
        with self._lock:
            if self._closed:
                raise Conflict("The library is closing.")
            self._queue.put((priority, next(self._count), entry))

    def close(self) -> None:
        """Accept no further entries; `take` returns None after the present ones."""
        with self._lock:
            self._closed = True
            self._queue.put((STOP, next(self._count), None))

    def take(self) -> tuple[int, Entry | None]:
        """Wait for the next entry and return it with its priority; None after the last one."""
        priority, _, entry = self._queue.get()
        if entry is None:
            self.ended.set()
        else:
            self.taken.append(entry)
        return priority, entry

    def linger(self) -> None:
        """Wait a moment for further patient writes, unless an entry that is not patient waits already."""
        until = time.perf_counter() + LINGER
        waiting: list[_Item] = []
        try:
            while True:
                try:
                    item = self._queue.get(timeout=max(0.0, until - time.perf_counter()))
                except queue.Empty:
                    break
                waiting.append(item)
                if item[0] != BACKGROUND or item[2] is None or not item[2].patient:
                    break
        finally:
            for item in waiting:
                if item[2] is not None:
                    item[2].patient = False  # it has waited
                self._queue.put(item)

    def more(self, until: float) -> Entry | None:
        """Return the next background write; None if there is none, if a person's waits, or after `until`."""
        if time.perf_counter() >= until:
            return None
        try:
            item = self._queue.get_nowait()
        except queue.Empty:
            return None
        if item[0] == BACKGROUND and item[2] is not None:
            self.taken.append(item[2])
            return item[2]
        self._queue.put(item)
        return None
