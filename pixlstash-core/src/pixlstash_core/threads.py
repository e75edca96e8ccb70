"""Long-lived threads that no exception ends, and cooperative cancellation of abandoned or slow work.

The code that starts work applies a `Cancellation` to the current context. Database reads check it while SQLite runs,
query evaluation checks it between conditions. Work whose result several callers share runs `shielded`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from .errors import Abandoned, TookTooLong

#: Seconds until a failed step is repeated: at first, and at most.
SHORTEST, LONGEST = 0.05, 5.0
log = logging.getLogger(__name__)
#: Seconds between two checks while waiting for a lock.
POLL = 0.05


def report(problem: str, logger: logging.Logger = log) -> None:
    """Log the current exception. Never raises, even without memory to log it."""
    try:
        logger.exception(problem)
    except BaseException:  # the caller must continue
        pass


def keep_calling(step: Callable[[], object], stopping: threading.Event, problem: str) -> None:
    """Call `step` until `stopping` is set. After an exception, log `problem` and repeat after a pause.

    This includes `SystemExit` and `KeyboardInterrupt`, because a plugin's exception must not end our thread.
    """
    pause = SHORTEST
    while not stopping.is_set():
        began = time.monotonic()
        try:
            try:
                step()
            except BaseException:
                pause = min(2 * pause, LONGEST) if time.monotonic() - began < LONGEST else SHORTEST
                report(problem)
                stopping.wait(pause)
            else:
                pause = SHORTEST
        except BaseException:  # even the report failed
            continue


class FollowUps:
    """Follow-up work of commits, by name. The writer requests it, and a separate thread runs it.

    It must be repeatable: it is repeated until it succeeds, and again if it is requested while it runs.
    """

    def __init__(self, works: Mapping[str, Callable[[], None]]) -> None:
        self._works = dict(works)
        self._requested: set[str] = set()
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="follow-up", daemon=True)
        self._thread.start()

    def request(self, name: str) -> None:
        """Request a piece of work. Safe on any thread; never raises."""
        self._requested.add(name)
        self._wake.set()

    def request_all(self) -> None:
        """Request all work, if it is unknown what a commit requires."""
        self._requested.update(self._works)
        self._wake.set()

    def stop(self) -> None:
        """Run the requested work and end the thread. Failed work is left to the next start."""
        if self._thread is None:
            return
        self._stopping.set()
        self._wake.set()
        self._thread.join(30)
        self._thread = None
        try:
            self.catch_up()
        except Exception:
            report("what follows from a change could not be done before closing")

    def catch_up(self) -> None:
        """Run the requested work. Failed work stays requested; the last of its errors is raised."""
        failure: BaseException | None = None
        for name, work in self._works.items():
            if name in self._requested:
                self._requested.discard(name)
                try:
                    work()
                except BaseException as error:
                    self._requested.add(name)
                    failure = error
        if failure is not None:
            raise failure

    def _run(self) -> None:
        keep_calling(self._step, self._stopping, "what follows from a change could not be done; it is tried again")

    def _step(self) -> None:
        self._wake.wait()
        if self._stopping.is_set():
            return
        self._wake.clear()
        try:
            self.catch_up()
        except BaseException:
            self._wake.set()
            raise


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


def current_cancellation() -> Cancellation | None:
    return _current.get()


def check_canceled() -> None:
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
            check_canceled()
    try:
        yield
    finally:
        lock.release()
