"""What follows a commit: subscribers at once, then the hub's log, then plugins, each at its own pace.

Subscribers (a server's streams) are called on the writer thread and must be quick. Plugin listeners run on threads of
their own from a stored position: at least once, in order, and a slow or failing one falls behind alone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from ..database.connection import Database
from ..database.hub import Hub
from ..database.writer import Writer
from ..errors import PixlStashError, describe
from ..plugins.registry import Plugins
from ..threads import keep_calling, report
from ..types import Event
from . import feature as history

log = logging.getLogger(__name__)
Subscriber = Callable[[Event], None]
#: The log is moved this long after a commit, so that a burst costs one transaction.
SETTLE = 0.2
#: Seconds until a plugin that raised is told again: at first, and at most while it keeps failing.
AGAIN, LONGEST = 1.0, 60.0


class Feed:
    """The stream of one library's events. `follow` starts its threads."""

    def __init__(self, db: Database, hub: Hub) -> None:
        self._db, self._hub = db, hub
        #: Held while somebody goes a step back or forth in history.
        self.stepping = threading.Lock()
        self._subscribers: list[Subscriber] = []
        self._lock = threading.Lock()
        self._drain = threading.Lock()
        self._moved = threading.Condition()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._writer: Writer | None = None

    # -- subscribers ---------------------------------------------------------------------------------------------------

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Have every event from now on; call the result to stop."""
        with self._lock:
            self._subscribers.append(subscriber)

        def stop() -> None:
            with self._lock, suppress(ValueError):
                self._subscribers.remove(subscriber)

        return stop

    def tell(self, event: Event) -> None:
        with self._lock:
            subscribers = list(self._subscribers)
        for subscriber in subscribers:
            try:
                subscriber(event)
            except BaseException as error:  # one broken stream must not hurt a write or another stream
                if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
                    raise  # Ctrl-C, where somebody waits for a job
                report("a subscriber failed", log)

    def committed(self, revision: int, events: list[Event]) -> None:
        """The writer's `on_commit`."""
        self._wake.set()
        for event in events:
            self.tell(event)

    def since(self, revision: int, limit: int) -> list[Event] | None:
        """Events after a revision, or None when they are not all kept (or not yet), or too many."""
        if not self.catch_up():
            return None
        rows = history.since(self._hub, revision, limit + 1)
        if rows is None:
            return [] if self._writer is not None and revision >= self._writer.revision else None
        if len(rows) > limit:
            return None
        return [event for _, events in rows for event in events]

    # -- following -----------------------------------------------------------------------------------------------------

    def follow(self, writer: Writer, library: Any, plugins: Plugins) -> None:
        self._writer = writer
        self._start("follower", self._follow, "the log of changes could not be moved; it is tried again")
        for plugin, listener in plugins.listeners("event"):
            listen = partial(self._listen, plugin, listener, library, plugins, writer.revision)
            self._start(f"listener-{plugin}", listen, f"the listener of {plugin} was interrupted; it continues")

    def move(self) -> None:
        """Bring the hub's log up to date now."""
        if self._writer is None:
            return
        with self._drain:
            while history.drain(self._db, self._hub, self._writer) == history.PAGE:
                pass
        with self._moved:
            self._moved.notify_all()

    def catch_up(self) -> bool:
        """`move` as far as the disk lets us: a full one keeps nobody from reading, and the log is moved later."""
        try:
            self.move()
        except PixlStashError:
            return False
        return True

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()
        with self._moved:
            self._moved.notify_all()
        for thread in self._threads:
            thread.join(timeout=5)

    def _start(self, name: str, step: Callable[[], None], problem: str) -> None:
        run = partial(keep_calling, step, self._stopping, problem)
        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _follow(self) -> None:
        """Move the log when it has grown. While the disk is full it stays in the library."""
        self._wake.wait()
        self._stopping.wait(SETTLE)
        self._wake.clear()
        try:
            self.move()
        except BaseException:
            self._wake.set()
            raise

    def _listen(self, plugin: str, call: Callable[..., Any], library: Any, plugins: Plugins, start: int) -> None:
        """Tell a plugin every event from where it was on. What it was told and did not keep, it is told again."""
        position = history.position(self._hub, plugin, start)
        pause = AGAIN
        while not self._stopping.is_set():
            with self._moved:  # so that nothing moves between looking and waiting
                rows = history.heard(self._hub, position, 100)
                if not rows:
                    self._moved.wait(timeout=5)
                    continue
            try:
                for revision, events in rows:
                    for event in events:
                        call(library=library, event=event)
                    position = revision
                pause = AGAIN
            except BaseException as error:  # a plugin may raise anything; it is told again later
                plugins.problem(plugin, f"event: {describe(error)}")
                self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST)
            history.place(self._hub, plugin, position)
