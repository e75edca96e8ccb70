"""What is held in memory about a library's pictures: made when somebody looks, dropped as a whole.

The writer names the pictures of each commit before its revision is published. Whoever uses the caches holds on to one
object throughout, so that dropping them takes nothing away from anybody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

from ..database.connection import Database


class Caches:
    """One state of what is held. `missed`: how many commits the writer could not name when this was begun."""

    def __init__(self, db: Database, missed: int) -> None:
        from .columns import Columns  # numpy takes a while to load, and not every process looks
        from .masks import Masks
        from .memberships import Memberships

        self.columns, self.masks, self.memberships = Columns(db), Masks(), Memberships()
        self.missed = missed


class Holder:
    """The caches of one library. `missed()` counts the commits the writer could not name; each drops them."""

    def __init__(self, db: Database, missed: Callable[[], int]) -> None:
        self._db, self._missed = db, missed
        self._lock = threading.Lock()
        self._caches: Caches | None = None

    def get(self) -> Caches:
        """The present ones; new ones where there are none. Read revisions first: what is read here may be newer."""
        with self._lock:
            missed = self._missed()
            caches = self._caches
            if caches is None or caches.missed != missed:
                caches = self._caches = Caches(self._db, missed)
            return caches

    def drop(self) -> None:
        """Let whoever looks next begin anew."""
        self._caches = None

    def drop_idle(self, seconds: float) -> bool:
        """Give the memory back if nobody has looked for so many seconds; whether it was."""
        caches = self._caches
        if caches is None or not caches.columns.drop(seconds):
            return False
        caches.masks.drop()
        caches.memberships.drop()
        return True

    def touch(self, ids: Iterable[int], renamed: bool, revision: int, nouns: Mapping[str, set[int] | None]) -> None:
        """Name what a commit changed, before anybody can ask for its revision: grid rows, and pictures by noun."""
        caches = self._caches
        if caches is not None:
            caches.columns.touch(ids, renamed)
            caches.masks.touch(revision, nouns)
