"""Snapshots opened for reading, as libraries or as databases.

A snapshot of the present schema is read where it lies; an older one is written out and brought to it first. Few are
kept open, and those not used for a while are closed.
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
from .paging import Frames, Paging
from .shelf import Shelf

T = TypeVar("T")
#: How many are kept open, and for how many seconds without use.
MOST, IDLE = 3, 600.0


def refusal(snapshot: int) -> Conflict:
    return Conflict(f"This is the library as of snapshot {snapshot}: its pictures can be looked at, and nothing else.")


class _Kept(Struct, Generic[T], eq=False):
    """An open snapshot. `users`: the number of requests that use it."""

    past: T
    manifest: Manifest
    closing: ExitStack
    users: int = 0
    used: float = 0.0


class OpenSnapshots(Generic[T]):
    """The open snapshots. `look(manifest, db)` creates the result; `derive(db)` updates derived tables."""

    def __init__(
        self,
        shelf: Shelf,
        schema: int,
        look: Callable[[Manifest, Database], T],
        derive: Callable[[Database], None],
    ) -> None:
        self._shelf, self._schema, self._look, self._derive = shelf, schema, look, derive
        self._frames = Frames(shelf.packs)
        self._kept: dict[int, _Kept[T]] = {}
        self._lock = threading.Lock()
        self._opening: dict[int, threading.Lock] = {}
        self._closed = False

    @contextmanager
    def using(self, id: int, library: str) -> Iterator[T]:
        """Open the library as of a snapshot during the block. Raises `NotFound`, `Conflict` or `Damaged`."""
        kept = self._borrow(id, library)
        try:
            yield kept.past
        finally:
            with self._lock:
                kept.users -= 1
                kept.used = time.monotonic()
                if not kept.users and self._kept.get(id) is not kept:  # its pages were moved to other packs meanwhile
                    kept.closing.close()
                self._drop(MOST)

    def drop_idle(self) -> None:
        """Close the snapshots that have not been used for a while."""
        limit = time.monotonic() - IDLE
        with self._lock:
            for id in [id for id, one in self._kept.items() if not one.users and one.used < limit]:
                self._kept.pop(id).closing.close()
            if not self._kept:
                self._frames.drop()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            while self._kept:
                self._kept.popitem()[1].closing.close()

    @contextmanager
    def reading(self, id: int, library: str) -> Iterator[Database]:
        """Open the database of a snapshot, migrated to the present schema, for one use; it is not kept open."""
        with ExitStack() as opening:
            yield self._open(id, library, opening)[1]

    def _borrow(self, id: int, library: str) -> _Kept[T]:
        """Return an open snapshot, opening it if needed. Others can be used while an old one is migrated."""
        self._shelf.demand(id)
        with self._lock:
            opening = self._opening.setdefault(id, threading.Lock())
        with opening:  # one opens it, however many ask at once
            with self._lock:
                kept = self._kept.get(id)
            if kept is not None and _same(kept.manifest, manifests.head(self._shelf.folder, id)):
                with self._lock:
                    if self._kept.get(id) is kept:  # else it was closed meanwhile
                        kept.users += 1
                        return kept
            with ExitStack() as closing:
                manifest, db = self._open(id, library, closing)
                past = self._look(manifest, db)
                with self._lock:
                    if self._closed:
                        raise Conflict("The library is closing.")
                    fresh = _Kept(past, manifest, closing.pop_all(), users=1, used=time.monotonic())
                    if kept is not None and not kept.users:
                        kept.closing.close()
                    self._kept[id] = fresh
            return fresh

    def _open(self, id: int, library: str, opening: ExitStack) -> tuple[Manifest, Database]:
        manifest, numbers = self._shelf.find(id)
        if manifest.schema > self._schema:
            raise Conflict(f"Snapshot {id} was taken by a newer PixlStash. Update PixlStash.")
        if manifest.library != library:
            raise Conflict(f"Snapshot {id} is of another library.")
        if manifest.schema < self._schema:
            path = opening.enter_context(self._shelf.written_out(manifest, numbers))
            db = opening.enter_context(closing(Database(path, "library", synchronous="off")))
            self._derive(db)
        else:
            paging = Paging(self._frames, manifest, numbers)
            opening.callback(paging.close)
            path = self._shelf.folder / f"{id}.db"
            db = opening.enter_context(closing(Database(path, "library", read_only=True, mode=paging.mode)))
        return manifest, db

    def _drop(self, most: int) -> None:
        idle = sorted((one.used, id) for id, one in self._kept.items() if not one.users)
        for _, id in idle[: max(0, len(self._kept) - most)]:
            self._kept.pop(id).closing.close()


def _same(one: Manifest, other: Manifest) -> bool:
    """Whether two manifests are of the same snapshot, with its pages in the same packs."""
    return (one.public_id, one.packs) == (other.public_id, other.packs)
