"""Restores a backup to a library in a new folder, verifying all originals by hash.

The library's database gets its name last. An interrupted restore can be continued.
"""

from __future__ import annotations

import os
import secrets
import shutil
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw

from ..database.connection import Database, fetch, translated
from ..errors import Conflict, Invalid, NotThere, PixlStashError
from ..plugins.contracts import Store
from ..plugins.registry import Plugins
from ..snapshots.repository import opened
from ..storage.files import Root, create_private, fsync_folder, make_folder, unlink_below, writing_to
from ..storage.lock import Lock
from . import checks, metadata
from .places import BLOCK, DATABASE, HUB, Folder, Source, reading

#: Name of the database until the library is complete.
UNFINISHED = "library.db.restoring"
#: Names of further files of an interrupted restore: the copy that is checked, and SQLite's own files.
LEFTOVERS = [f"{UNFINISHED}{suffix}" for suffix in ("-wal", "-shm", "-journal")]
LEFTOVERS += [f"{UNFINISHED}.new{suffix}" for suffix in ("", "-wal", "-shm", "-journal")]
LEFTOVERS += [f"{UNFINISHED}.new.before-{version}" for version in range(1, 100)]


def restore(
    backup: Path,
    target: Path,
    access: bool,
    progress: Callable[[int, int], None],
    stores: Callable[[], dict[str, Store]] | None = None,
) -> tuple[int, list[str]]:
    """Create the library in a new or empty folder. Returns the number of originals, and the problems with missing ones.

    `stores` returns the installed kinds of stores by scheme; by default those of the installed plugins.
    """
    stores = stores or (lambda: Plugins.load().stores())
    with reading(backup) as source:
        if access:
            source.database(HUB).close()  # raises before anything is created
        make_folder(target, 0o700)
        lock = Lock(target / "lock")
        try:
            if (target / DATABASE).exists():
                raise Conflict(f"{target} is a library already.")
            database, fresh = target / UNFINISHED, target / f"{UNFINISHED}.new"
            names = {file.name for file in target.iterdir() if not file.name.startswith(UNFINISHED)} - {"lock"}
            if names and not database.exists():  # and it is no interrupted restore
                raise Invalid(f"{target} is not empty. Name a new or empty folder for the library.")
            for left in LEFTOVERS:
                unlink_below(Root(target), left)
            _take(source, DATABASE, fresh)
            checks.demand_schema(fresh, "library")
            checks.demand_places(fresh, stores)
            _renew(fresh)
            os.replace(fresh, database)
            lost = _originals(source, database, Folder(target), progress)
            (target / HUB).unlink(missing_ok=True)
            if access:
                _take(source, HUB, target / HUB)
                checks.demand_schema(target / HUB, "hub")
                _forget_work(target / HUB)
            with writing_to(target):
                with database.open("rb+") as file:
                    os.fsync(file.fileno())
                database.rename(target / DATABASE)
                fsync_folder(target)
            return lost
        finally:
            lock.release()


def _take(source: Source, name: str, path: Path) -> None:
    try:
        with source.database(name) as file, writing_to(path.parent), create_private(path) as out:
            shutil.copyfileobj(file, out, BLOCK)
            out.flush()
            os.fsync(out.fileno())
    except zipfile.BadZipFile as error:
        raise PixlStashError(f"The backup is damaged: {error}.") from error


def _forget_work(hub: Path) -> None:
    """Delete unfinished work, which refers to files of another installation, from a restored hub, durably.

    Its history cannot be undone, because a changeset may contain any row, such as a store with foreign files.
    """
    Database(hub, "hub").close()  # one of an older schema is brought up to date
    with translated(), closing(apsw.Connection(str(hub))) as connection:
        fetch(connection, "pragma synchronous = full")
        for table in ("intent", "job", "upload_file", "upload"):
            fetch(connection, f"delete from {table}")
        fetch(connection, "update history set undoable = 0, changeset = null, digest = null")


def _renew(path: Path) -> None:
    """Check a backup's database, and turn it into that of a library, durably."""
    if metadata.read(path) is None:
        raise Invalid("This is no backup of a library, or it was used as one since.")
    with translated(), closing(opened(path)) as connection:
        for (line,) in fetch(connection, "pragma integrity_check(3)"):
            if line != "ok":
                raise PixlStashError(f"The backup's database is damaged: {line}.")
    Database(path, "library").close()  # one of an older schema is brought up to date
    with translated(), closing(apsw.Connection(str(path))) as connection:
        fetch(connection, "pragma synchronous = full")
        fetch(connection, "delete from setting where name = ?", (metadata.SETTING,))
        fetch(connection, "delete from derived_outbox")  # it would become history, whose changesets may contain any row
        fetch(connection, "update setting set value = ? where name = 'epoch'", (secrets.token_hex(8),))
    for left in LEFTOVERS:
        if left.startswith(f"{path.name}.before"):
            unlink_below(Root(path.parent), left)


def _originals(
    source: Source, database: Path, target: Folder, progress: Callable[[int, int], None]
) -> tuple[int, list[str]]:
    with translated(), closing(opened(database)) as connection:
        wanted = fetch(
            connection,
            "select p.name, p.sha256, p.size, l.key from location l join picture p on p.id = l.picture_id"
            " join store s on s.id = l.store_id where s.scheme = 'file' and l.state = 'present' order by l.key",
        )
    target.begin()
    problems: list[str] = []
    for number, (name, sha256, size, key) in enumerate(wanted):
        if not target.has(key, size):
            try:
                with source.original(key) as file:
                    if not target.put(key, sha256, file):
                        problems.append(f"{name}: its bytes in the backup are not what they were.")
            except NotThere:
                problems.append(f"{name}: the backup has no original of it.")
        progress(number + 1, len(wanted))
    target.settle()
    return len(wanted), problems
