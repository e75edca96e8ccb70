"""Making an empty library."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from .db import Database
from .errors import Conflict, Invalid
from .features import settings, stores
from .files import fsync_folder, make_folder
from .hub import Hub
from .lock import Lock
from .write import Door

#: What `library.db` is called until the library is whole.
UNFINISHED = "library.db.new"


def create(path: Path, name: str | None, media: Path | None) -> None:
    """Make an empty library in a new or empty folder. `media`: where managed originals go instead.

    `library.db` gets its name last: until then it is no library, and making it again starts over.
    """
    if path.is_dir() and not (path / "library.db").exists() and not _is_free(path):
        raise Invalid(f"{path} is not empty. Name a new or empty folder for the library.")
    make_folder(path, 0o700)
    lock = Lock(path / "lock")
    try:
        if (path / "library.db").exists():
            raise Conflict(f"{path} is a library already.")
        for left in _unfinished(path):
            left.unlink()
        originals = media.expanduser().absolute() if media else path / "media"
        with closing(Database(path / UNFINISHED, "library")) as db, closing(Hub(path / "hub.db")) as hub:
            make_folder(originals / "incoming")
            tables = (*stores.NOUN.tables, *settings.NOUN.tables)
            with closing(Door(db, hub, tables, [], lambda revision, events: None)) as door:
                settings.set(door, "name", name or path.name)
                stores.add(door, "file", "Library", {"path": str(originals) if media else "media"})
        (path / UNFINISHED).rename(path / "library.db")
        fsync_folder(path)
    finally:
        lock.release()


def _unfinished(path: Path) -> list[Path]:
    """The databases of a library whose making was interrupted."""
    if not (path / UNFINISHED).exists():
        return []
    # The file that tells goes last, so that what is left is known for what it is however often this is interrupted.
    return [*path.glob("hub.db*"), *path.glob(f"{UNFINISHED}-*"), path / UNFINISHED]


def _is_free(path: Path) -> bool:
    """Whether there is nothing in a folder but what an interrupted making of a library leaves."""
    ours = {path / "lock", path / "media", path / "media" / "incoming", *_unfinished(path)}
    return all(one in ours for one in path.rglob("*"))
