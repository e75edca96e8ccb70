"""Making an empty library."""

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

#: What `library.db` is called until the library is whole.
UNFINISHED = "library.db.new"


def create(path: Path, name: str | None, media: Path | None) -> None:
    """Make an empty library in a new or empty folder. `media`: where managed originals go instead.

    `library.db` gets its name last: until then it is no library, and making it again starts over.
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
    """The databases of a library whose making was interrupted."""
    if not (path / UNFINISHED).exists():
        return []
    # The file that tells goes last, so that what is left is known for what it is however often this is interrupted.
    names = [f"{name}{suffix}" for name in ("hub.db", UNFINISHED) for suffix in ("-journal", "-wal", "-shm", "")]
    return [path / name for name in names if (path / name).is_file()]


def _demand_free(folder: Path, ours: set[Path], purpose: str) -> None:
    """`Invalid` when there is anything in a folder but what an interrupted creation of a library leaves."""
    if folder.is_dir() and any(path not in ours for path in folder.rglob("*")):
        raise Invalid(f"{folder} is not empty. Name a new or empty folder for the {purpose}.")
