"""Watermarks in the hub, which ensure that no id and no revision is used twice, even if `library.db` is replaced."""

from __future__ import annotations

import apsw

from .connection import Database, fetch, translated
from .hub import RESERVE, Hub


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
