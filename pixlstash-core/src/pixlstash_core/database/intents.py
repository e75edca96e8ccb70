"""Intents: records in the hub of files that are being stored, so that the next start can delete incomplete ones.

Nothing spans both databases and a disk in one step. That bytes are about to be kept is written to the hub first and
struck out when their row is there; whoever starts next drops what never got its row.
"""

from __future__ import annotations

from collections.abc import Callable

import apsw

from ..errors import NotFound, StoreUnreachable
from ..plugins.contracts import Opened
from .connection import Database
from .hub import Hub, now

PURGED = "This picture was permanently deleted. Import the file itself to have it again."


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
