"""Caches of a library's pictures in memory, created on first use and dropped as a whole.

The writer reports the pictures of each commit before its revision is published. A reader keeps one `Caches` object
throughout, so that dropping it does not affect that reader.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

from ..database.connection import Database


class Caches:
    """The caches. `missed`: the number of commits whose pictures the writer could not report when this was created."""

    def __init__(self, db: Database, missed: int) -> None:
        from .columns import Columns  # numpy takes a while to load, and not every process queries
        from .evaluator import Masks
        from .memberships import Memberships

        self.columns, self.masks, self.memberships = Columns(db), Masks(), Memberships()
        self.missed = missed


class Holder:
    """Holds the caches of one library. Commits that the writer could not report, counted by `missed()`, drop them."""

    def __init__(self, db: Database, missed: Callable[[], int]) -> None:
        self._db, self._missed = db, missed
        self._lock = threading.Lock()
        self._caches: Caches | None = None

    def get(self) -> Caches:
        """Return the caches, creating them if needed. Read revisions first: the contents may be newer."""
        with self._lock:
            missed = self._missed()
            caches = self._caches
            if caches is None or caches.missed != missed:
                caches = self._caches = Caches(self._db, missed)
            return caches

    def drop(self) -> None:
        """Drop the caches; the next reader creates new ones."""
        self._caches = None

    def drop_idle(self, seconds: float) -> bool:
        """Release the memory if the caches were unused for so many seconds; return whether it was released."""
        caches = self._caches
        if caches is None or not caches.columns.drop(seconds):
            return False
        caches.masks.drop()
        caches.memberships.drop()
        return True

    def touch(self, ids: Iterable[int], renamed: bool, revision: int, topics: Mapping[str, set[int] | None]) -> None:
        """Report the changes of a commit before its revision is published: grid rows, and pictures by topic."""
        caches = self._caches
        if caches is not None:
            caches.columns.touch(ids, renamed)
            caches.masks.touch(revision, topics)
