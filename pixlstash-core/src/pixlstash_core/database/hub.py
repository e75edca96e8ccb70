"""`hub.db`: what belongs to this installation and is never in a snapshot, never restored.

Owner, tokens, sessions, settings, history, intents, jobs, the ledger of purged files, and the high-water marks that
keep every id and revision from being used twice. Deleting the file loses exactly that and nothing else.
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

from ..errors import PixlStashError
from .connection import Database, Rows

#: Ids are promised to the hub in blocks of this many, so that raising the mark costs one commit per block.
RESERVE = 4096


def now() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


class Hub:
    """The hub database and the little that several floors need of it."""

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
        """One durable transaction. Reentrant on a thread: the inner one joins the outer."""
        with self._lock, self.db.transaction() as connection:
            yield connection

    @contextmanager
    def locked(self) -> Iterator[apsw.Connection]:
        """The writer's connection, while nobody writes."""
        with self._lock:
            yield self.db.writer

    def write(self, sql: str, bindings: Any = None) -> Rows:
        """One statement in a transaction of its own."""
        with self.writing() as connection:
            return connection.execute(sql, bindings).fetchall()

    def read(self, sql: str, bindings: Any = None) -> Rows:
        return self.db.read(sql, bindings)

    def value(self, sql: str, bindings: Any = None, default: Any = None) -> Any:
        return self.db.value(sql, bindings, default)

    def purged(self, sha256: bytes) -> bool:
        """Whether these bytes were permanently deleted, or are being removed: rows go before the ledger is written."""
        if self.read("select 1 from purged where sha256 = ?", (sha256,)):
            return True
        return bool(self.read("select 1 from intent where kind = 'purge' and instr(body, ?)", (sha256.hex().upper(),)))

    # -- marks ---------------------------------------------------------------------------------------------------------

    def marks(self) -> dict[str, int]:
        return dict(self.read("select name, value from mark"))

    def raise_mark(self, name: str, value: int) -> None:
        """Promise that no id of `name` up to `value` will be given out again."""
        self.write(
            "insert into mark values (?, ?) on conflict(name) do update set value = max(value, excluded.value)",
            (name, value),
        )

    def settle_mark(self, name: str, value: int) -> None:
        """At a clean close: the exact highest id used, so that the next opening leaves no gap."""
        self.write(
            "insert into mark values (?, ?) on conflict(name) do update set value = excluded.value", (name, value)
        )

    def close(self) -> None:
        self.db.close()


def switched_off(library: Path) -> list[str]:
    """The plugins that are switched off in a library's installation, read before anything is loaded."""
    try:
        db = Database(library / "hub.db", "hub", read_only=True)
    except PixlStashError:  # absent, or to be upgraded by the opening that follows
        return []
    try:
        return msgspec.json.decode(db.setting("plugins.disabled") or "[]", type=list[str])
    finally:
        db.close()
