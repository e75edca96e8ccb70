"""The library as of a snapshot: looked at like the present one, and never changed.

A snapshot of the present schema is read where it lies; an older one is written out and brought to it first. Few are
kept open, and those not used for a while are closed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from msgspec import Struct

from ..api import Api
from ..context import Context, demand
from ..database.connection import Database
from ..errors import Conflict
from ..imports import locations as stores
from ..plugins.operation import WithReader, op
from ..types import Reader
from . import manifests
from .manifests import Manifest
from .paging import Frames, Paging
from .shelf import Shelf

if TYPE_CHECKING:
    from ..library import Library
    from ..query.views import Views

P = ParamSpec("P")
R = TypeVar("R")
#: How many are kept open, and for how many seconds without use.
MOST, IDLE = 3, 600.0


class LibraryAsOf(WithReader, Context, Api):
    """A library as it was. Thumbnails and originals are those of the present, found by the hash of their bytes."""

    def __init__(self, live: Library, manifest: Manifest, db: Database, views: Views) -> None:
        self.live, self._manifest = live, manifest
        self.path, self.read_only = live.path, True
        self.public_id, self.epoch = live.public_id, manifest.public_id
        self.db, self.views = db, views
        self.name = str(db.setting("name") or live.name)
        self.thumbnails, self.pool, self.intake, self.plugins = live.thumbnails, live.pool, live.intake, live.plugins
        self.stores = stores.Stores(db, live.plugins.stores(), live.path)

    @property
    def revision(self) -> int:
        return self._manifest.revision

    def call(self, row: op[P, R], reader: Reader, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Look at something, as a row of the table says; whatever else is asked is refused."""
        if not row.past:
            raise refusal(self._manifest.id)
        demand(reader, row.right)
        return row.function(self, reader, *args, **kwargs)


def refusal(snapshot: int) -> Conflict:
    return Conflict(f"This is the library as of snapshot {snapshot}: its pictures can be looked at, and nothing else.")


class _Kept(Struct, eq=False):
    """One that is open. `users`: requests that are being answered."""

    past: LibraryAsOf
    manifest: Manifest
    closing: ExitStack
    users: int = 0
    used: float = 0.0


class Pasts:
    """Those that are open. `look(manifest, db)` makes one; `derive(db)` brings derived tables up to date."""

    def __init__(
        self,
        shelf: Shelf,
        schema: int,
        look: Callable[[Manifest, Database], LibraryAsOf],
        derive: Callable[[Database], None],
    ) -> None:
        self._shelf, self._schema, self._look, self._derive = shelf, schema, look, derive
        self._frames = Frames(shelf.packs)
        self._kept: dict[int, _Kept] = {}
        self._lock = threading.Lock()
        self._opening: dict[int, threading.Lock] = {}
        self._closed = False

    @contextmanager
    def using(self, id: int, library: str) -> Iterator[LibraryAsOf]:
        """The library as of a snapshot, for as long as the block lasts; `NotFound`, `Conflict`, or what is damaged."""
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
        """Close those not used for a while."""
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
        """The database of a snapshot, brought to the present schema, for one look; it is not kept open."""
        with ExitStack() as opening:
            yield self._open(id, library, opening)[1]

    def _borrow(self, id: int, library: str) -> _Kept:
        """One that is open, or is opened now. While an old one is brought up to date, others are looked at."""
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
