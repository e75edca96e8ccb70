"""Creates empty libraries."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from ..database import settings
from ..database.connection import Database
from ..database.hub import Hub
from ..database.writer import Writer
from ..errors import Conflict, Invalid
from ..imports import locations as stores
from ..storage.files import fsync_folder, make_folder
from ..storage.lock import Lock

#: Name of `library.db` until the library is complete.
UNFINISHED = "library.db.new"


def create(path: Path, name: str | None, media: Path | None) -> None:
    """Create an empty library in a new or empty folder. `media`: another folder for its originals.

    `library.db` gets its name last. An interrupted creation can be repeated.
    """
    originals = media.expanduser().absolute() if media else path / "media"
    if not (path / "library.db").exists():
        _demand_free(path, {path / "lock", originals, originals / "incoming", *_unfinished(path)}, "library")
        _demand_free(originals, {originals / "incoming"}, "originals")
    make_folder(path, 0o700)
    lock = Lock(path / "lock")
    try:
        if (path / "library.db").exists():
            raise Conflict(f"{path} is a library already.")
        for left in _unfinished(path):
            left.unlink()
        with closing(Database(path / UNFINISHED, "library")) as db, closing(Hub(path / "hub.db")) as hub:
            make_folder(originals, 0o700)
            make_folder(originals / "incoming", 0o700)
            with closing(Writer(db, hub, (stores.FEATURE, settings.FEATURE))) as writer:
                settings.set(writer, "name", name or path.name)
                stores.add(writer, "file", "Library", {"path": str(originals) if media else "media"})
        (path / UNFINISHED).rename(path / "library.db")
        fsync_folder(path)
    finally:
        lock.release()


def _unfinished(path: Path) -> list[Path]:
    """Return the database files of an interrupted creation."""
    if not (path / UNFINISHED).exists():
        return []
    # The file by which an interrupted creation is recognized is deleted last.
    names = [f"{name}{suffix}" for name in ("hub.db", UNFINISHED) for suffix in ("-journal", "-wal", "-shm", "")]
    return [path / name for name in names if (path / name).is_file()]


def _demand_free(folder: Path, ours: set[Path], purpose: str) -> None:
    """Raise `Invalid` if a folder has files other than those of an interrupted creation."""
    if folder.is_dir() and any(path not in ours for path in folder.rglob("*")):
        raise Invalid(f"{folder} is not empty. Name a new or empty folder for the {purpose}.")
