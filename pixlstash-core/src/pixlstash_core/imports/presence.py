"""Whether stores answer. A store of a plugin that does not is waited for briefly, and never by more than one thread."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from ..errors import NotThere, describe
from ..plugins.contracts import Opened
from ..storage.local import Folder

#: Seconds to wait for a store of a plugin, and after which one that has not answered counts as unreachable.
PATIENCE, OVERDUE = 1.0, 2.0
#: A key that no store has; with it, `stat` tells whether the store answers.
NOWHERE = "?"


class Presences:
    """The last known state of each store. A check that takes too long continues in its thread."""

    def __init__(self) -> None:
        self._problems: dict[int, str] = {}
        self._checks: dict[int, tuple[threading.Thread, float]] = {}
        self._lock = threading.Lock()

    def problem(self, store: int, opened: Opened) -> str:
        """Return why a store does not answer; empty if it does."""
        if isinstance(opened, Folder):
            return ask(opened)
        with self._lock:
            check, begun = self._checks.get(store, (None, 0.0))
            if check is None or not check.is_alive():
                check = threading.Thread(target=self._check, args=(store, opened), name=f"store-{store}", daemon=True)
                begun = time.monotonic()
                self._checks[store] = check, begun
                check.start()
        check.join(PATIENCE)
        if check.is_alive() and time.monotonic() - begun >= OVERDUE:
            return "It does not answer."
        with self._lock:
            return self._problems.get(store, "It has not answered yet.")

    def _check(self, store: int, opened: Opened) -> None:
        problem = ask(opened)
        with self._lock:
            self._problems[store] = problem


def ask(opened: Opened) -> str:
    """Return why a store does not answer; empty if it does. The plugin's exceptions become texts."""
    try:
        with suppress(NotThere):
            opened.stat(NOWHERE)
    except Exception as error:
        return describe(error)
    return ""
