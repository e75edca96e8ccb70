"""Restores a backup, whose origin is unknown, to a library in a new folder: checks its databases and all hashes.

A database can contain code: triggers, views, expressions in indexes and generated columns. Its schema must therefore be
ours, and its rows must refer only to files in the backup.

The library's database gets its name last. An interrupted restore can be continued.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import msgspec

from ..database.connection import SCHEMA, Database, SchemaRow, fetch, schema_of, translated
from ..errors import Conflict, Invalid, NotThere, PixlStashError
from ..plugins.contracts import Store
from ..plugins.registry import Plugins
from ..snapshots.repository import opened
from ..storage.files import Root, create_private, fsync_folder, make_folder, unlink_below, writing_to
from ..storage.local import FolderParams
from ..storage.lock import Lock
from . import metadata
from .metadata import PARAMS
from .places import BLOCK, DATABASE, HUB, KEY, Folder, Source, reading

#: A table that a plugin may have adopted: `<plugin>_<name>`.
PLUGIN_TABLE = re.compile(r"(?!derived_|sqlite_)[a-z][a-z0-9]*(_[a-z0-9]+)+", re.IGNORECASE)
PUBLIC_ID = re.compile(r"[0-9a-f]{32}")
#: Tables that SQLite adds: statistics for its planner, and counters of ids.
OWN = frozenset({"sqlite_sequence", "sqlite_stat1", "sqlite_stat4"})
SAFE = (
    (apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
    (apsw.SQLITE_DBCONFIG_DEFENSIVE, 1),
    (apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0),
    (apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0),
)
#: Name of the database until the library is complete.
UNFINISHED = "library.db.restoring"
#: Names of further files of an interrupted restore: the copy that is checked, and SQLite's own files.
LEFTOVERS = [f"{UNFINISHED}{suffix}" for suffix in ("-wal", "-shm", "-journal")]


def untrusted(path: Path) -> apsw.Connection:
    """Open a database of unknown origin for reading, without running its triggers and views."""
    connection = opened(path)
    for option, value in SAFE:
        connection.config(option, value)
    return connection


def demand_schema(path: Path, schema: str) -> None:
    """Raise `Invalid` unless a database has just the tables of a `library` or `hub` of its version, and of plugins.

    Runs only `pragma` statements and a query of `sqlite_schema`.
    """
    with translated(), closing(untrusted(path)) as connection:
        objects: set[SchemaRow] = set(fetch(connection, SCHEMA))
        expected = schema_of(schema, int(connection.pragma("user_version") or 0))
        if missing := sorted(name for _, name, *_ in expected - objects):
            raise Invalid(
                f"The backup is damaged or was changed: {missing[0]} is missing or is not as PixlStash makes it."
            )
        for row in objects - expected:
            if not _is_harmless(connection, row):
                raise Invalid(
                    f"The backup holds {row[0]} {row[1]!r}, which PixlStash does not make. It is not restored."
                )


def _is_harmless(connection: apsw.Connection, row: SchemaRow) -> bool:
    """Return whether another object is SQLite's own, or a plain table of a plugin."""
    kind, name, table, sql = row
    if kind == "index":  # indexes of primary keys and unique columns have no statement
        return sql is None and (PLUGIN_TABLE.fullmatch(table) is not None or table in OWN)
    if kind != "table" or sql is None:
        return False
    if name in OWN:
        return True
    plain = re.match(r"create\s+table\b", sql, re.IGNORECASE) is not None and PLUGIN_TABLE.fullmatch(name) is not None
    return plain and all(column[6] == 0 for column in fetch(connection, "select * from pragma_table_xinfo(?)", (name,)))


def demand_places(path: Path, stores: Callable[[], dict[str, Store]]) -> None:
    """Raise `Invalid` unless all files that a backup refers to are its own originals.

    `stores` returns the installed kinds of stores by scheme. One that generates its pictures is allowed.
    """
    with translated(), closing(untrusted(path)) as connection:
        rows = fetch(connection, "select id, scheme, name, params from store order by id")
        own = [id for id, scheme, _, params in rows if (scheme, params) == ("file", PARAMS)]
        for id, scheme, name, params in rows:
            if id not in own[:1] and not _makes_its_pictures(stores().get(scheme), params):
                raise Invalid(
                    f"The backup names the store {name!r} ({scheme}), which is not in the backup. It is not restored."
                )
        lost = fetch(connection, "select 1 from location where store_id not in (select id from store) limit 1")
        id = fetch(connection, "select value from setting where name = 'public_id'")
        if lost or not id or not isinstance(id[0][0], str) or not PUBLIC_ID.fullmatch(id[0][0]):
            raise Invalid("The backup is damaged or was changed: its store or its id is not as PixlStash makes it.")
        for (key,) in fetch(connection, "select key from location where store_id = ?", (own[0] if own else 0,)):
            if not isinstance(key, str) or not KEY.fullmatch(key):
                raise Invalid(
                    f"The backup names an original {str(key)[:100]!r}, which is no name of ours. It is not restored."
                )


def _makes_its_pictures(kind: Store | None, params: str) -> bool:
    """Return whether a store generates its pictures, like the demo's."""
    if kind is None or issubclass(kind.Params, FolderParams):
        return False
    try:
        return not kind.connect(msgspec.json.decode(params, type=kind.Params)).verbatim
    except (PixlStashError, msgspec.MsgspecError):
        return False


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
            demand_schema(fresh, "library")
            demand_places(fresh, stores)
            _renew(fresh)
            os.replace(fresh, database)
            lost = _originals(source, database, Folder(target), progress)
            (target / HUB).unlink(missing_ok=True)
            if access:
                _take(source, HUB, target / HUB)
                demand_schema(target / HUB, "hub")
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
    """Delete unfinished work and import folders, which name files of another machine, from a restored hub, durably.

    Its history cannot be undone, because a changeset may contain any row, such as a store with foreign files.
    """
    Database(hub, "hub").close()  # one of an older schema is brought up to date
    with translated(), closing(apsw.Connection(str(hub))) as connection:
        fetch(connection, "pragma synchronous = full")
        for table in ("intent", "job", "upload_file", "upload", "import_file", "import_folder"):
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
