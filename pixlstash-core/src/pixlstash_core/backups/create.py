"""Makes a backup: copies a consistent state of the database, then the originals, and installs the database last.

Until then, the previous backup is intact. Files that an interrupted run copied are not copied again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..database.connection import Database
from ..database.hub import Hub
from ..errors import Conflict, Invalid, NotFound, NotThere, PixlStashError, StoreUnreachable
from ..plugins.contracts import Opened
from ..snapshots.frozen_state import Alone
from ..snapshots.packs import is_leftover
from ..snapshots.repository import Progress, part, unseen
from ..storage.lock import Lock
from . import metadata
from .metadata import BackupOrigin, Original, Writing
from .places import DATABASE, HUB, Archive, Place, about, began, demand_plain_folders, is_marked, place_of

#: The progress (0 to 1) when the metadata, and when the originals are copied.
METADATA, ORIGINALS = 0.1, 0.8


class Parts(Struct, frozen=True):
    """The parts of a library that a backup needs. `scratch`: a folder for temporary files.

    `roots`: the folders of its stores, which no backup may be in.
    """

    path: Path
    db: Database
    hub: Hub
    alone: Alone
    scratch: Path
    connect: Callable[[int], Opened]
    writing: Writing
    roots: Sequence[Path]


class Copied(Struct, frozen=True):
    """The result of copying: originals in the backup, those that could not be read, and the number of copied ones."""

    stored: list[Original]
    lost: list[Original]
    copied: int
    bytes: int
    pictures: int = 0
    dropped: int = 0


def make(
    parts: Parts,
    path: Path,
    made: BackupOrigin,
    ids: Sequence[int] | None,
    progress: Progress = unseen,
    copied: Progress = unseen,
) -> Copied:
    """Make a backup of everything, or of some pictures; with `made.access`, also of the hub.

    `copied(done, total)` is called with bytes between two originals; it may raise to stop.
    """
    demand_free(parts.path, path, made, parts.roots)
    place = place_of(path)
    lock = Lock(path / "lock") if (path / DATABASE).exists() else None  # meanwhile, no process may open it as a library
    database, hub = parts.scratch / "backup.db", parts.scratch / "backup-hub.db"
    _drop(parts.scratch)
    try:
        place.begin(made.library)
        return _make(parts, place, made, ids, progress, copied, database, hub)
    finally:
        if lock is not None:
            lock.release()
        with suppress(OSError):
            _drop(parts.scratch)


def _make(
    parts: Parts,
    place: Place,
    made: BackupOrigin,
    ids: Sequence[int] | None,
    progress: Progress,
    copied: Progress,
    database: Path,
    hub: Path,
) -> Copied:
    try:
        if made.access:  # before the database, so that it refers to nothing newer
            metadata.copied(parts.hub.db, _alone(parts.hub), parts.scratch, hub)
        metadata.copied(parts.db, parts.alone, parts.scratch, database, part(progress, 0, METADATA))
        wanted = list(metadata.originals(database, ids, _verbatim(parts.connect)))
        copies = _copy(parts, place, wanted, part(progress, METADATA, ORIGINALS), copied)
        made = replace(made, revision=metadata.revision(database))
        count = metadata.finished(database, parts.writing, made, ids, copies.stored, copies.lost)
        description, last = msgspec.json.encode(made), part(progress, ORIGINALS, 1)
        before = metadata.keys(place.root / DATABASE)
        place.finish(database, hub if made.access else None, description, last)
        dropped = place.tidy(before - {original.key for original in (*copies.stored, *copies.lost)})
        return replace(copies, pictures=count, dropped=dropped)
    except BaseException:
        place.give_up()
        raise


def demand_free(library: Path, path: Path, made: BackupOrigin, roots: Sequence[Path]) -> None:
    """Raise unless a place may be used for this backup.

    It must be a new or empty folder, a backup of the same library and query, or an interrupted first one.
    """
    there, here = path.resolve(), library.resolve()
    if there.is_relative_to(here) or here.is_relative_to(there):
        raise Invalid("A backup cannot be in the library's folder, nor the library in its backup.")
    for root in roots:
        if there.is_relative_to(root.resolve()):
            raise Invalid(f"{root} holds pictures of the library, so no backup can be made in it. Name another folder.")
    if isinstance(place_of(path), Archive):
        began(path, made.library)
        if path.is_dir():
            raise Conflict(f"{path} is a folder.")
        if not path.parent.is_dir():
            raise NotFound(f"There is no folder {path.parent}.")
        if path.exists():
            metadata.demand_like(path, metadata.decoded(about(path)), made)
        return
    if path.exists() and not path.is_dir():
        raise Conflict(f"{path} is a file. A backup in one file has a name that ends in .zip.")
    demand_plain_folders(path)
    if os.path.lexists(path / DATABASE):
        metadata.demand_same(path / DATABASE, made)
        if os.path.lexists(path / HUB) and not made.access:
            raise Conflict(f"{path} was used as a library, or holds logins. Name another folder.")
    elif path.is_dir() and any(path.iterdir()) and not is_marked(path, made.library):
        raise Conflict(f"{path} is neither empty nor a backup of this library. Name a new or empty folder.")


def _copy(parts: Parts, place: Place, wanted: Sequence[Original], progress: Progress, report_bytes: Progress) -> Copied:
    stored: list[Original] = []
    lost: list[Original] = []
    copied = size = done = 0
    total = sum(original.size for original in wanted)
    for original in wanted:
        report_bytes(done, total)
        if place.has(original.key, original.size):
            stored.append(original)
        elif any(_put(parts, place, original, *where) for where in original.places):
            stored.append(original)
            copied, size = copied + 1, size + original.size
        elif place.keep(original.key, original.sha256):
            stored.append(original)
        else:
            lost.append(original)
        progress(done := done + original.size, total)
    report_bytes(done, total)
    return Copied(stored, lost, copied, size)


def _put(parts: Parts, place: Place, original: Original, store: int, key: str) -> bool:
    """Copy an original from one of its places, if the right bytes are there."""
    try:
        source = parts.connect(store).read(key)
    except (NotThere, NotFound, StoreUnreachable):
        return False
    with source:
        return place.put(original.key, original.sha256, source)


def _verbatim(connect: Callable[[int], Opened]) -> Callable[[int], bool]:
    """Return a function that returns whether a store has files; one that cannot be opened is assumed to have them."""
    verbatim_by_store: dict[int, bool] = {}

    def verbatim(store: int) -> bool:
        if store not in verbatim_by_store:
            try:
                verbatim_by_store[store] = connect(store).verbatim
            except PixlStashError:
                verbatim_by_store[store] = True
        return verbatim_by_store[store]

    return verbatim


def _alone(hub: Hub) -> Alone:
    """Return a function that runs work while nobody writes to the hub."""

    def alone(work: Callable[..., bool]) -> bool:
        with hub.locked() as writer:
            return work(writer)

    return alone


def _drop(scratch: Path) -> None:
    for left in filter(is_leftover, scratch.glob("backup*")):
        left.unlink()
