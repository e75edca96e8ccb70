"""Holds a consistent state of a database while it is copied and writers continue.

The database file does not change while a connection reads it that needs nothing of the log, because checkpoints wait
for that reader. Therefore the log is emptied, a reader begins before the next write, and the file is copied as it is.
A reader of an older state prevents emptying the log; after some time, SQLite makes a copy instead.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import apsw
from msgspec import Struct

from ..database.connection import Database, fetch, translated

#: How often the log is tried to be emptied, and the pause between, in seconds.
TRIES, PAUSE = 40, 0.05
#: Runs `work(writer's connection)` while nobody writes.
Alone = Callable[[Callable[[apsw.Connection], bool]], bool]


class Source(Struct):
    """A consistent state. `read(offset, bytes)` reads the file; `connection` reads the same state with statements."""

    connection: apsw.Connection
    read: Callable[[int, int], bytes]
    size: int
    page_size: int
    grown: Callable[[], int]


@contextmanager
def frozen(db: Database, alone: Alone, scratch: Path) -> Iterator[Source]:
    """Hold one state of a database for the duration of the block. `scratch`: folder for a copy if one is needed."""
    with closing(db.connect()) as reader, translated():
        if _still(db, alone, reader):
            with _opened(db.path, reader, db.path.with_name(f"{db.path.name}-wal")) as source:
                yield source
        else:
            with _copied(db, scratch) as source:
                yield source


def _still(db: Database, alone: Alone, reader: apsw.Connection) -> bool:
    """Make the reader's state that of the file; False if another reader always holds an older one."""
    log = db.path.with_name(f"{db.path.name}-wal")

    def empty(writer: apsw.Connection) -> bool:
        writer.set_busy_timeout(0)
        try:
            writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            reader.execute("begin").fetchall()
            reader.execute("select count(*) from sqlite_schema").fetchall()
        except apsw.BusyError:
            return False
        finally:
            writer.set_busy_timeout(10_000)
        # Only a reader of an empty log needs nothing of it, and keeps the file from being written to.
        return not log.exists() or log.stat().st_size == 0

    for _ in range(TRIES):
        with suppress(apsw.BusyError):  # most of the log, while writers go on
            reader.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        if alone(empty):
            return True
        if reader.in_transaction:
            reader.execute("rollback").fetchall()
        time.sleep(PAUSE)
    return False


@contextmanager
def _opened(path: Path, reader: apsw.Connection, log: Path | None) -> Iterator[Source]:
    # Through SQLite: closing a file it has open by ourselves would drop its locks on that file.
    file = apsw.VFSFile("", str(path), [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READONLY, 0])

    def grown() -> int:
        """Return the bytes of the log."""
        try:
            return log.stat().st_size if log else 0
        except OSError:
            return 0

    try:
        pages: int = fetch(reader, "pragma page_count")[0][0]
        page_size: int = fetch(reader, "pragma page_size")[0][0]
        yield Source(reader, lambda at, amount: file.xRead(amount, at), pages * page_size, page_size, grown)
    finally:
        file.xClose()
        if reader.in_transaction:
            reader.execute("rollback").fetchall()


@contextmanager
def _copied(db: Database, scratch: Path) -> Iterator[Source]:
    path = scratch / f"{secrets.token_hex(8)}.db"
    try:
        with closing(apsw.Connection(str(path))) as copy:
            path.chmod(0o600)
            with closing(db.connect()) as reader:
                reader.execute("begin").fetchall()
                with copy.backup("main", reader, "main") as backup:
                    backup.step(-1)
                reader.execute("rollback").fetchall()
            copy.execute("begin").fetchall()
            copy.execute("select count(*) from sqlite_schema").fetchall()
            with _opened(path, copy, None) as source:
                yield source
    finally:
        for left in scratch.glob(f"{path.name}*"):
            left.unlink()
