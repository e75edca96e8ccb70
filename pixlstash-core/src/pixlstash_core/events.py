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

from .db import Database
from .errors import PixlStashError
from .features import history
from .hub import Hub
from .plugins import Plugins
from .types import Event
from .write import Door

log = logging.getLogger(__name__)
Subscriber = Callable[[Event], None]
#: The log is moved this long after a commit, so that a burst costs one transaction.
SETTLE = 0.2


class Feed:
    """The stream of one library's events. `follow` starts its threads."""

    def __init__(self, db: Database, hub: Hub) -> None:
        self._db, self._hub = db, hub
        self._subscribers: list[Subscriber] = []
        self._lock = threading.Lock()
        self._drain = threading.Lock()
        self._moved = threading.Condition()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._door: Door | None = None

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
            except Exception:  # one broken stream must not hurt a write or another stream
                log.exception("a subscriber failed")

    def committed(self, revision: int, events: list[Event]) -> None:
        """The door's `on_commit`."""
        for event in events:
            self.tell(event)
        self._wake.set()

    def since(self, revision: int, limit: int) -> list[Event] | None:
        """Events after a revision, or None when they are not all kept (or not yet), or too many."""
        if not self.catch_up():
            return None
        found = history.since(self._hub, revision, limit + 1)
        if found is None:
            return [] if self._door is not None and revision >= self._door.revision else None
        if len(found) > limit:
            return None
        return [event for _, events in found for event in events]

    # -- following -----------------------------------------------------------------------------------------------------

    def follow(self, door: Door, library: Any, plugins: Plugins) -> None:
        self._door = door
        self._start("follower", self._follow)
        for plugin, listener in plugins.listeners("event"):
            listen = partial(self._listen, plugin, listener, library, plugins, door.revision)
            self._start(f"listener-{plugin}", partial(self._patiently, listen))

    def move(self) -> None:
        """Bring the hub's log up to date now."""
        if self._door is None:
            return
        with self._drain:
            while history.drain(self._db, self._hub, self._door) == history.PAGE:
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

    def _start(self, name: str, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _follow(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait()
            self._stopping.wait(SETTLE)
            self._wake.clear()
            try:
                self.move()
            except PixlStashError:  # a full disk: the log stays in the library and is moved later
                log.exception("the log could not be moved")
                self._stopping.wait(5)
                self._wake.set()

    def _patiently(self, listen: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                listen()
            except PixlStashError:  # a full disk: it goes on from where its position was kept
                log.exception("a listener's position could not be kept")
                self._stopping.wait(5)

    def _listen(self, plugin: str, call: Callable[..., Any], library: Any, plugins: Plugins, start: int) -> None:
        position = history.position(self._hub, plugin, start)
        pause = 1.0
        while not self._stopping.is_set():
            with self._moved:  # so that nothing moves between looking and waiting
                found = history.heard(self._hub, position, 100)
                if not found:
                    self._moved.wait(timeout=5)
                    continue
            try:
                for revision, events in found:
                    for event in events:
                        call(library=library, event=event)
                    position = revision
                pause = 1.0
            except Exception as error:  # a plugin may raise anything; it is told again later
                plugins.problem(plugin, f"event: {type(error).__name__}: {error}")
                self._stopping.wait(pause)
                pause = min(pause * 2, 60)
            history.place(self._hub, plugin, position)
