"""`hub.db`: what belongs to this installation and is never in a snapshot, never restored.

It has the owner, tokens, sessions, settings, history, intents, jobs, the purge log, and the watermarks that prevent
ids and revisions from being used twice. Deleting the file loses exactly this data.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import msgspec

from .connection import Database, Rows

#: Ids are reserved in blocks of this size, so that raising the watermark costs one commit per block.
RESERVE = 4096


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
