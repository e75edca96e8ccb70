"""`Feed`: passes the events of commits to subscribers, to the log in the hub, and to plugins.

Subscribers (such as a server's streams) are called on the writer thread and must be quick. Each plugin's listener has
its own thread and stored position: it gets events in order and at least once, and delays nobody else.
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
#: Seconds from a commit until the log is moved, so that a burst of commits costs one transaction.
SETTLE = 0.2
#: Seconds until a failed listener is called again: at first, and at most.
AGAIN, LONGEST = 1.0, 60.0


class Feed:
    """The stream of a library's events. `follow` starts its threads."""

    def __init__(self, db: Database, hub: Hub) -> None:
        self._db, self._hub = db, hub
        #: Held during an undo or redo.
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
        """Call a function with every event from now on; returns a function that ends the subscription."""
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
                    raise  # Ctrl-C in the thread of a command
                report("a subscriber failed", log)

    def committed(self, revision: int, events: list[Event]) -> None:
        """Publish the events of a commit, as the writer's `on_commit`."""
        self._wake.set()
        for event in events:
            self.tell(event)

    def since(self, revision: int, limit: int) -> list[Event] | None:
        """Return the events after a revision; None if some are not stored, or if there are too many."""
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
        """Move the log of changes to the hub now."""
        if self._writer is None:
            return
        with self._drain:
            while history.drain(self._db, self._hub, self._writer) == history.PAGE:
                pass
        with self._moved:
            self._moved.notify_all()

    def catch_up(self) -> bool:
        """Move the log as `move`, but return False instead of raising if the disk is full."""
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
        """Move the log after commits. While the disk is full, it stays in `library.db`."""
        self._wake.wait()
        self._stopping.wait(SETTLE)
        self._wake.clear()
        try:
            self.move()
        except BaseException:
            self._wake.set()
            raise

    def _listen(self, plugin: str, call: Callable[..., Any], library: Any, plugins: Plugins, start: int) -> None:
        """Call a plugin's listener with all events after its position. If it raises, the events are repeated."""
        position = history.position(self._hub, plugin, start)
        pause = AGAIN
        while not self._stopping.is_set():
            with self._moved:  # so that nothing is moved between reading and waiting
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
            except BaseException as error:  # a plugin may raise anything; the events are repeated
                plugins.problem(plugin, f"event: {describe(error)}")
                self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST)
            history.place(self._hub, plugin, position)
