"""`hub.db`: what belongs to this installation and is never in a snapshot, never restored, with watermarks and intents.

It has the owner, tokens, sessions, settings, history, intents, jobs, the purge log, and the watermarks that prevent
ids and revisions from being used twice. Deleting the file loses exactly this data.

No transaction spans both databases and a disk. Therefore, an intent to store bytes is written to the hub first and
deleted when their row exists; the next start deletes bytes that never got a row.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import msgspec

from ..errors import NotFound, StoreUnreachable
from ..plugins.contracts import Opened
from .connection import Database, Rows, fetch, translated

#: Ids are reserved in blocks of this size, so that raising the watermark costs one commit per block.
RESERVE = 4096
PURGED = "This picture was permanently deleted. Import the file itself to have it again."


def now() -> int:
    """Return the time in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


class Hub:
    """The hub database, with the functions that several layers need."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.db = Database(path, "hub", read_only=read_only)
        self._lock = threading.RLock()
        if not read_only:
            try:
                path.chmod(0o600)
            except BaseException:
                self.db.close()
                raise

    @contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """Run the block in a durable transaction. On the same thread, an inner block joins the outer transaction."""
        with self._lock, self.db.transaction() as connection:
            yield connection

    @contextmanager
    def locked(self) -> Iterator[apsw.Connection]:
        """Borrow the writing connection while nobody else writes."""
        with self._lock:
            yield self.db.writer

    def write(self, sql: str, bindings: Any = None) -> Rows:
        """Run one statement in its own transaction and return its rows."""
        with self.writing() as connection:
            return connection.execute(sql, bindings).fetchall()

    def read(self, sql: str, bindings: Any = None) -> Rows:
        return self.db.read(sql, bindings)

    def value(self, sql: str, bindings: Any = None, default: Any = None) -> Any:
        return self.db.value(sql, bindings, default)

    def purged(self, sha256: bytes) -> bool:
        """Return whether the file with this SHA-256 was permanently deleted, or is being deleted."""
        if self.read("select 1 from purged where sha256 = ?", (sha256,)):
            return True
        return bool(self.read("select 1 from intent where kind = 'purge' and instr(body, ?)", (sha256.hex().upper(),)))

    # -- marks ---------------------------------------------------------------------------------------------------------

    def marks(self) -> dict[str, int]:
        return dict(self.read("select name, value from mark"))

    def raise_mark(self, name: str, value: int) -> None:
        """Raise a watermark: no id of `name` up to `value` will be used again."""
        self.write(
            "insert into mark values (?, ?) on conflict(name) do update set value = max(value, excluded.value)",
            (name, value),
        )

    def settle_mark(self, name: str, value: int) -> None:
        """Set a watermark to the highest id in use, at a clean close, so that the next opening leaves no gap."""
        self.write(
            "insert into mark values (?, ?) on conflict(name) do update set value = excluded.value", (name, value)
        )

    def close(self) -> None:
        self.db.close()


def switched_off(library: Path) -> list[str]:
    """Return the disabled plugins of a library folder, before any plugin is loaded."""
    try:  # of any schema: an older one is upgraded later
        connection = apsw.Connection(str(library / "hub.db"), flags=apsw.SQLITE_OPEN_READONLY)
    except apsw.Error:  # missing
        return []
    try:
        rows = connection.execute("select value from setting where name = 'plugins.disabled'").fetchall()
        return msgspec.json.decode(str(rows[0][0]), type=list[str]) if rows else []
    except apsw.Error:  # no hub
        return []
    finally:
        connection.close()


class Keeping:
    """A block that stores a file under a key, recorded in the hub until its row exists."""

    def __init__(self, hub: Hub, store: int, key: str, sha256: bytes) -> None:
        self._hub, self._body, self._sha256 = hub, f"{store} {key}", sha256
        self._id = 0

    def __enter__(self) -> None:
        row = self._hub.write(
            "insert into intent(kind, body, at) values ('keep', ?, ?) returning id", (self._body, now())
        )
        self._id = row[0][0]

    def __exit__(self, *error: object) -> None:
        # Kept after an error: the next start checks whether the row exists.
        if error[0] is None:
            with self._hub.writing() as connection:
                connection.execute("delete from intent where id = ?", (self._id,)).fetchall()
                wanted(connection, self._sha256)


def wanted(connection: apsw.Connection, sha256: bytes) -> None:
    """Remove files from the purge log, because they were imported again.

    To be called once their row is there. A purge looks for rows and writes the ledger in one transaction of the hub,
    so whichever of the two comes second knows of the other.
    """
    connection.execute("delete from purged where sha256 = ?", (sha256,)).fetchall()
    if connection.changes():
        connection.execute("delete from refusal where reason = ?", (PURGED,)).fetchall()


def recover(db: Database, hub: Hub, opened: Callable[[int], Opened]) -> int:
    """Delete files that were stored without a row, at start. Returns their number."""
    dropped = 0
    for intent, body in hub.read("select id, body from intent where kind = 'keep'"):
        store, _, key = body.partition(" ")
        row = db.read(
            "select p.sha256 from location l join picture p on p.id = l.picture_id where store_id = ? and key = ?",
            (int(store), key),
        )
        if not row:
            try:
                opened(int(store)).delete(key)
                dropped += 1
            except StoreUnreachable:  # the next start tries again
                continue
            except NotFound:  # the store no longer exists
                pass
        with hub.writing() as connection:
            connection.execute("delete from intent where id = ?", (intent,)).fetchall()
            if row:
                wanted(connection, row[0][0])
    return dropped


class Marks:
    """The watermarks of one library: for each table with ids, and for the revision, the highest value in use."""

    def __init__(self, db: Database, hub: Hub) -> None:
        self._db, self._hub = db, hub
        self._promised: dict[str, int] = {}

    def start(self, revision: int) -> int:
        """Let ids continue above the watermarks. Returns the revision to continue from.

        The file can be older than the hub if a copy was put back, or if the last process was killed.
        """
        connection = self._db.writer
        self._promised = self._hub.marks()
        with translated(), connection:
            for name, mark in self._promised.items():
                if name == "revision":
                    revision = max(revision, mark)
                elif connection.execute("update sqlite_sequence set seq = max(seq, ?) where name = ?", (mark, name)):
                    rows = connection.execute("select 1 from sqlite_sequence where name = ?", (name,)).fetchall()
                    if not rows:
                        connection.execute("insert into sqlite_sequence values (?, ?)", (name, mark)).fetchall()
        return revision

    def promise(self, connection: apsw.Connection, inserted: set[str], revision: int) -> None:
        """Raise the watermarks above all ids of a transaction, before it commits."""
        used = {"revision": revision}
        if inserted:
            used.update(fetch(connection, "select name, seq from sqlite_sequence"))
        for name, value in used.items():
            if value > self._promised.get(name, 0):
                self._hub.raise_mark(name, value + RESERVE)
                self._promised[name] = value + RESERVE

    def settle(self, revision: int) -> None:
        """Set exact watermarks at a clean close, so that the next start leaves no gap."""
        for name, value in self._db.read("select name, seq from sqlite_sequence"):
            self._hub.settle_mark(name, value)
        self._hub.settle_mark("revision", revision)
