"""The write queue: actions of people first, then background writes in the order they came."""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import apsw
from msgspec import Struct

from ..errors import Conflict
from .commit import Label
from .write import Write

PERSON, BACKGROUND, STOP = 0, 1, 2
#: Seconds for which a patient write waits for others: a commit costs as much as three pictures' rows.
LINGER = 0.02


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
