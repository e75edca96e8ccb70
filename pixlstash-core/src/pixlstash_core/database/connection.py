"""`Database`: opens, migrates and reads one SQLite file.

A `Database` is one connection for writing and some for reading, in WAL mode with synchronous=FULL, so that
what was acknowledged survives a power cut (NORMAL was measured to lose commits).
"""

from __future__ import annotations

import os
import shutil
import threading
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import apsw

from .. import threads
from ..errors import Conflict, DiskFull, Invalid, PixlStashError, ReadOnly
from ..storage.files import create_private
from ..threads import report
from . import nearby

Rows = list[tuple[Any, ...]]
#: Maximum number of idle connections in the pool.
KEPT = 8
#: Steps of SQLite's virtual machine between two checks for cancellation: about a millisecond.
STEPS = 50_000
NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs", "ceph"}


class Database:
    """A migrated SQLite file. `schema` names the folder of numbered `.sql` files below `database/schema`.

    `mode`: parameters of the SQLite URI with which it is opened read-only.
    """

    def __init__(
        self, path: Path, schema: str, *, read_only: bool = False, synchronous: str = "full", mode: str = ""
    ) -> None:
        self.path = path
        self.read_only = read_only
        self._synchronous = synchronous
        self._mode = mode or (_reading_mode(path) if read_only else "")
        self._idle: list[apsw.Connection] = []
        self._lock = threading.Lock()
        self._closed = False
        if not read_only:
            refuse_network(path)
            with suppress(OSError):  # it exists, or SQLite reports why it cannot be created
                create_private(path).close()
        self.writer = self.connect()
        try:
            self.version = _migrate(self.writer, path, schema, read_only)
        except BaseException:
            self.writer.close()
            raise

    def connect(self, *, attaching: bool = False) -> apsw.Connection:
        """Open a new connection with the usual settings.

        `attaching`: attached files can be written to even if this one is read-only.
        """
        with translated():
            if self.read_only and attaching:
                flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI
                mode = self._mode if "mode=ro" in self._mode else f"mode=ro&{self._mode}"
                connection = apsw.Connection(f"file:{_quote(self.path)}?{mode}", flags=flags)
            elif self.read_only:
                flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
                connection = apsw.Connection(f"file:{_quote(self.path)}?{self._mode}", flags=flags)
            else:  # that a path may be an address matters to what is attached
                flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
                connection = apsw.Connection(str(self.path), flags=flags)
            try:
                self._set_up(connection)
            except BaseException:
                connection.close(True)
                raise
            return connection

    def _set_up(self, connection: apsw.Connection) -> None:
        if "vfs=" in self._mode:
            connection.pragma("locking_mode", "exclusive")
        connection.set_busy_timeout(10_000)
        if not self.read_only:
            connection.pragma("journal_mode", "wal")
            connection.pragma("synchronous", self._synchronous)
            connection.pragma("journal_size_limit", 64 << 20)
        connection.pragma("foreign_keys", True)
        connection.create_scalar_function("has_near", nearby.has_near, 2, deterministic=True)
        connection.pragma("cache_size", -16_000)
        connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
        connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)

    @contextmanager
    def transaction(self) -> Iterator[apsw.Connection]:
        """Run the block in a durable transaction, or in a savepoint inside one. Only for one thread at a time."""
        connection, failure = self.writer, None
        outermost = not connection.in_transaction
        with translated():
            try:
                with connection:
                    try:
                        yield connection
                    except BaseException as error:
                        failure = error
                        raise
            except BaseException:
                if failure is None:
                    raise
                # Where SQLite has rolled back by itself, as on a full disk, `with` raises that it cannot.
                raise failure from failure.__cause__
            finally:
                if outermost and connection.in_transaction:
                    self.roll_back()

    def roll_back(self) -> None:
        """Roll back the open transaction. If that fails, the connection is replaced, with the same effect."""
        try:
            if self.writer.in_transaction:
                self.writer.execute("rollback").fetchall()
        except BaseException:
            report(f"a transaction in {self.path.name} could not be rolled back; its connection is replaced")
            self.replace_writer()

    def replace_writer(self) -> None:
        """Replace the writing connection if it can no longer be used; its open transaction is rolled back."""
        fresh = self.connect()
        broken, self.writer = self.writer, fresh
        broken.close(True)

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """Borrow a pooled connection in a read transaction, in which all statements see the same state."""
        connection = self._borrow()
        try:
            with translated():
                connection.execute("begin").fetchall()
                try:
                    yield connection
                finally:
                    connection.execute("rollback").fetchall()
        finally:
            self._give_back(connection)

    def read(self, sql: str, bindings: Any = None) -> Rows:
        """Return all rows of one statement."""
        connection = self._borrow()
        try:
            with translated():
                return connection.execute(sql, bindings).fetchall()
        finally:
            self._give_back(connection)

    def value(self, sql: str, bindings: Any = None, default: Any = None) -> Any:
        """Return the first column of the first row, or `default`."""
        rows = self.read(sql, bindings)
        return rows[0][0] if rows else default

    def setting(self, name: str) -> str | None:
        """Return a setting stored in the file, or None."""
        value: str | None = self.value("select value from setting where name = ?", (name,))
        return value

    def close(self) -> None:
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()
        if not self.read_only:
            with suppress(apsw.Error):  # statistics for the next opening; an error here must not prevent closing
                self.writer.pragma("optimize")
        self.writer.close()

    def _borrow(self) -> apsw.Connection:
        """Return an idle connection, or a new one, without waiting.

        Waiting could deadlock: a reader may hold a connection already, or a lock that other readers wait for.
        """
        stopping = threads.current_cancellation()
        if stopping is not None:
            stopping.check()
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self.connect()
        if stopping is not None:
            connection.set_progress_handler(stopping.stops_sqlite, STEPS)
        return connection

    def _give_back(self, connection: apsw.Connection) -> None:
        connection.set_progress_handler(None)
        with self._lock:
            if not self._closed and len(self._idle) < KEPT:
                self._idle.append(connection)
                return
        connection.close()


#: A row of `sqlite_schema`, and the statement that reads them.
SchemaRow = tuple[str, str, str, str | None]
SCHEMA = "select type, name, tbl_name, sql from sqlite_schema"


def fetch(connection: apsw.Connection, sql: str, bindings: Any = None) -> Rows:
    """Return all rows of one statement on a given connection."""
    return connection.execute(sql, bindings).fetchall()


def bind_ids(ids: Iterable[int]) -> Any:
    """Return ids as one binding for `in carray(?)`, which, unlike `?,?,?`, has no limit."""
    # SQLite requires an aligned buffer, which an empty array lacks; no id is negative.
    return apsw.carray(array("q", ids) or array("q", [-1]))


@contextmanager
def translated() -> Iterator[None]:
    """Translate SQLite's exceptions in the block to errors with a sentence for users."""
    try:
        yield
    except apsw.FullError as error:
        raise DiskFull("The disk is full. Nothing was changed; free some space and try again.") from error
    except apsw.ReadOnlyError as error:
        raise ReadOnly("This library is open read-only.") from error
    except apsw.CorruptError as error:
        raise PixlStashError(f"The database is damaged ({error}). Run `pixlstash check`.") from error
    except apsw.NotADBError as error:
        raise PixlStashError("The file is not a PixlStash database, or it is damaged.") from error
    except apsw.CantOpenError as error:
        raise PixlStashError(f"The database cannot be opened: {error}.") from error
    except apsw.ConstraintError as error:
        raise Conflict(f"The database refused the change ({error}). Nothing was changed.") from error
    except apsw.BusyError as error:
        raise Conflict("The database is held by another program.") from error
    except apsw.IOError as error:
        raise PixlStashError(f"The disk reported an error ({error}). Nothing was acknowledged.") from error


def refuse_network(path: Path) -> None:
    """Raise if a folder is on a network file system, where SQLite's locks do not work reliably."""
    try:
        mounts = Path("/proc/mounts").read_text(errors="replace").splitlines()
    except OSError:
        return
    inside = path.resolve()
    best = ("", "")
    for line in mounts:
        _, point, kind, *_ = line.split(" ")
        where = point.encode().decode("unicode_escape")
        if inside.is_relative_to(where) and len(where) >= len(best[0]):
            best = (where, kind)
    if best[1] in NETWORK:
        raise Invalid(
            f"{path.parent} is on a network file system ({best[1]}), where a database is not safe. Keep the library on"
            " a local disk; `pixlstash init --media PATH` puts the originals on the network."
        )


def _migrate(connection: apsw.Connection, path: Path, schema: str, read_only: bool) -> int:
    """Migrate a file to the newest schema, one transaction per step, after making a copy. Returns the version."""
    steps = _steps(schema)
    newest = steps[-1][0]
    with translated():
        current = int(connection.pragma("user_version") or 0)
    if current > newest:
        raise Conflict(
            f"{path.name} was written by a newer PixlStash (schema {current}; this one has {newest}). Update PixlStash."
        )
    if current == newest:
        return newest
    if read_only:
        raise ReadOnly(
            f"{path.name} needs an upgrade (schema {current} to {newest}): open it once without --read-only."
        )
    if current:
        connection.pragma("wal_checkpoint(truncate)")
        shutil.copyfile(path, path.with_name(f"{path.name}.before-{newest}"))
    for number, sql in steps:
        if number > current:
            with translated():
                _apply(connection, number, sql)
    return newest


def _apply(connection: apsw.Connection, number: int, sql: str) -> None:
    connection.execute("begin immediate").fetchall()
    try:
        connection.execute(sql).fetchall()
        broken = connection.execute("pragma foreign_key_check").fetchall()
        if broken:
            raise PixlStashError(f"Migration {number} would break references: {broken[:3]}.")
        connection.pragma("user_version", number)
        connection.execute("commit").fetchall()
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback").fetchall()
        raise


def schema_of(schema: str, version: int) -> set[SchemaRow]:
    """Return the rows of `sqlite_schema` in a new database of a version: (type, name, table, statement).

    Raises `Invalid` if there is no such version, `Conflict` if only a newer PixlStash has it.
    """
    steps = _steps(schema)
    if version > steps[-1][0]:
        raise Conflict("It was written by a newer PixlStash. Update PixlStash.")
    if version not in [number for number, _ in steps]:
        raise Invalid("It is no database of PixlStash.")
    with closing(apsw.Connection(":memory:")) as connection:
        for number, sql in steps:
            if number <= version:
                _apply(connection, number, sql)
        return set(fetch(connection, SCHEMA))


@cache
def _steps(schema: str) -> Sequence[tuple[int, str]]:
    folder = resources.files("pixlstash_core.database") / "schema" / schema
    steps = [(int(f.name[:4]), f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith(".sql")]
    return sorted(steps)


def _reading_mode(path: Path) -> str:
    """Return the URI parameters with which a file is opened read-only.

    In a read-only folder, SQLite can read a log only with the index that a crash left beside it, or without locks and
    with an index of its own. `immutable` would ignore the log, and with it the last acknowledged changes.
    """
    if os.access(path.parent, os.W_OK) or path.with_name(f"{path.name}-shm").exists():
        return "mode=ro"
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        return "mode=ro&vfs=win32-none" if os.name == "nt" else "mode=ro&vfs=unix-none"
    return "immutable=1"


def _quote(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path.resolve()))
