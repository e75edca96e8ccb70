"""The threads that follow the folders of a library, one for each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from .watching import Watch


class Watchers:
    """Threads for the folders that `wanted` names with their paths; `make(id, path)` returns a new one."""

    def __init__(self, wanted: Callable[[], Mapping[int, Path]], make: Callable[[int, Path], Watch]) -> None:
        self._wanted, self._make = wanted, make
        self._watches: dict[int, Watch] = {}
        self._lock = threading.Lock()
        self._is_started = self._is_closed = False

    def start(self) -> None:
        self._is_started = True
        self.sync()

    def sync(self) -> None:
        """Have a thread for each folder that is to be watched, where it is now, and none for others."""
        with self._lock:
            if not self._is_started or self._is_closed:
                return
            wanted = self._wanted()
            for id, watch in list(self._watches.items()):
                if watch.root != wanted.get(id):
                    watch.stop()
                    del self._watches[id]
            for id, path in wanted.items():
                if id not in self._watches:
                    self._watches[id] = self._make(id, path)
                    self._watches[id].start()

    def get(self, id: int) -> Watch | None:
        return self._watches.get(id)

    def is_running(self, id: int) -> bool:
        """Whether the thread of a folder is to continue."""
        watch = self._watches.get(id)
        return watch is not None and not watch.is_stopped and not self._is_closed

    def close(self) -> None:
        """Stop the threads and wait for them."""
        with self._lock:
            self._is_closed = True
            watches = list(self._watches.values())
        for watch in watches:
            watch.stop()
        for watch in watches:
            watch.join()
