"""Cooperative cancellation: abandoned or slow work ends at its next check.

The code that starts work applies a `Cancellation` to the current context. Database reads check it while SQLite runs,
query evaluation checks it between conditions. Work whose result several callers share runs `shielded`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ..errors import Abandoned, TookTooLong

#: Seconds between two checks while waiting for a lock.
POLL = 0.05


class Cancellation:
    """Whether work should continue. `seconds`: its time limit; None: unlimited."""

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._canceled = False

    def cancel(self) -> None:
        """End the work at its next check. Can be called from any thread."""
        self._canceled = True

    def check(self) -> None:
        """Raise `Abandoned` or `TookTooLong` if the work should end."""
        if self._canceled:
            raise Abandoned("The request was canceled: its client has disconnected.")
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise TookTooLong(
                f"This took longer than {self._seconds:g} seconds and was stopped. Ask for less at once, for example"
                " with fewer conditions."
            )

    def stops_sqlite(self) -> bool:
        """Check as a progress handler of SQLite, where an exception ends the statement."""
        self.check()
        return False


_current: ContextVar[Cancellation | None] = ContextVar("cancellation", default=None)


def current() -> Cancellation | None:
    return _current.get()


def check() -> None:
    """Raise if the work of the current context should end."""
    cancellation = _current.get()
    if cancellation is not None:
        cancellation.check()


@contextmanager
def applied(cancellation: Cancellation | None) -> Iterator[None]:
    """Apply the cancellation to the code in the block."""
    token = _current.set(cancellation)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def shielded() -> Iterator[None]:
    """Finish the block whatever happens to its caller, since others use its result."""
    with applied(None):
        yield


@contextmanager
def locked(lock: threading.Lock) -> Iterator[None]:
    """Hold a lock; stop waiting for it if the work should end."""
    if _current.get() is None:
        lock.acquire()
    else:
        while not lock.acquire(timeout=POLL):
            check()
    try:
        yield
    finally:
        lock.release()
