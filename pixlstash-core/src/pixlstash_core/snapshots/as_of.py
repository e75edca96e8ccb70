"""Snapshots opened for reading, as libraries or as databases.

A snapshot of the present schema is read in place; an older one is written to a file and migrated first. Few are open
at a time, and unused ones are closed after a while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Generic, TypeVar

from msgspec import Struct

from ..database.connection import Database
from ..errors import Conflict
from . import manifests
from .manifests import Manifest
from .repository import Repository
from .vfs import Frames, Paging

T = TypeVar("T")
#: Number of snapshots that stay open, and seconds without use after which one is closed.
MOST, IDLE = 3, 600.0


def refusal(snapshot: int) -> Conflict:
    return Conflict(f"This is the library as of snapshot {snapshot}: its pictures can be looked at, and nothing else.")


class _OpenSnapshot(Struct, Generic[T], eq=False):
    """An open snapshot. `users`: the number of requests that use it."""

    library: T
    manifest: Manifest
    closing: ExitStack
    users: int = 0
    used: float = 0.0


class OpenSnapshots(Generic[T]):
    """The open snapshots. `look(manifest, db)` creates the result; `derive(db)` updates derived tables."""

    def __init__(
        self,
        repository: Repository,
        schema: int,
        look: Callable[[Manifest, Database], T],
        derive: Callable[[Database], None],
    ) -> None:
        self._repository, self._schema, self._look, self._derive = repository, schema, look, derive
        self._frames = Frames(repository.packs)
        self._cached: dict[int, _OpenSnapshot[T]] = {}
        self._lock = threading.Lock()
        self._opening: dict[int, threading.Lock] = {}
        self._closed = False

    @contextmanager
    def using(self, id: int, library: str) -> Iterator[T]:
        """Open the library as of a snapshot during the block. Raises `NotFound`, `Conflict` or `Damaged`."""
        entry = self._borrow(id, library)
        try:
            yield entry.library
        finally:
            with self._lock:
                entry.users -= 1
                entry.used = time.monotonic()
                if (
                    not entry.users and self._cached.get(id) is not entry
                ):  # its pages were moved to other packs meanwhile
                    entry.closing.close()
                self._drop(MOST)

    def drop_idle(self) -> None:
        """Close the snapshots that have not been used for a while."""
        limit = time.monotonic() - IDLE
        with self._lock:
            for id in [id for id, entry in self._cached.items() if not entry.users and entry.used < limit]:
                self._cached.pop(id).closing.close()
            if not self._cached:
                self._frames.drop()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            while self._cached:
                self._cached.popitem()[1].closing.close()

    @contextmanager
    def reading(self, id: int, library: str) -> Iterator[Database]:
        """Open the database of a snapshot, migrated to the present schema, for one use; it is not kept open."""
        with ExitStack() as opening:
            yield self._open(id, library, opening)[1]

    def _borrow(self, id: int, library: str) -> _OpenSnapshot[T]:
        """Return an open snapshot, opening it if needed. Others can be used while an old one is migrated."""
        self._repository.demand(id)
        with self._lock:
            opening = self._opening.setdefault(id, threading.Lock())
        with opening:  # one opens it, however many ask at once
            with self._lock:
                entry = self._cached.get(id)
            if entry is not None and _same(entry.manifest, manifests.head(self._repository.folder, id)):
                with self._lock:
                    if self._cached.get(id) is entry:  # else it was closed meanwhile
                        entry.users += 1
                        return entry
            with ExitStack() as closing:
                manifest, db = self._open(id, library, closing)
                opened = self._look(manifest, db)
                with self._lock:
                    if self._closed:
                        raise Conflict("The library is closing.")
                    fresh = _OpenSnapshot(opened, manifest, closing.pop_all(), users=1, used=time.monotonic())
                    if entry is not None and not entry.users:
                        entry.closing.close()
                    self._cached[id] = fresh
            return fresh

    def _open(self, id: int, library: str, opening: ExitStack) -> tuple[Manifest, Database]:
        manifest, numbers = self._repository.find(id)
        if manifest.schema > self._schema:
            raise Conflict(f"Snapshot {id} was taken by a newer PixlStash. Update PixlStash.")
        if manifest.library != library:
            raise Conflict(f"Snapshot {id} is of another library.")
        if manifest.schema < self._schema:
            path = opening.enter_context(self._repository.written_out(manifest, numbers))
            db = opening.enter_context(closing(Database(path, "library", synchronous="off")))
            self._derive(db)
        else:
            paging = Paging(self._frames, manifest, numbers)
            opening.callback(paging.close)
            path = self._repository.folder / f"{id}.db"
            db = opening.enter_context(closing(Database(path, "library", read_only=True, mode=paging.mode)))
        return manifest, db

    def _drop(self, most: int) -> None:
        idle = sorted((entry.used, id) for id, entry in self._cached.items() if not entry.users)
        for _, id in idle[: max(0, len(self._cached) - most)]:
            self._cached.pop(id).closing.close()


def _same(first: Manifest, second: Manifest) -> bool:
    """Whether two manifests are of the same snapshot, with its pages in the same packs."""
    return (first.public_id, first.packs) == (second.public_id, second.packs)
