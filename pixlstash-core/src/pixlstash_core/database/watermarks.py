"""No id and no revision is ever used twice: before one is given out, the hub has promised not to give it out again."""

from __future__ import annotations

import apsw

from .connection import Database, fetch, translated
from .hub import RESERVE, Hub


class Marks:
    """The promises of one library: for each table with ids of its own, and for the revision, a mark none is above."""

    def __init__(self, db: Database, hub: Hub) -> None:
        self._db, self._hub = db, hub
        self._promised: dict[str, int] = {}

    def start(self, revision: int) -> int:
        """Have ids go on above every mark; the revision to go on from.

        The file may be older than the hub: a copy was put back, or the last process was killed.
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
        """Have the hub remember, before this commits, a mark no lower than any id in it."""
        used = {"revision": revision}
        if inserted:
            used.update(fetch(connection, "select name, seq from sqlite_sequence"))
        for name, value in used.items():
            if value > self._promised.get(name, 0):
                self._hub.raise_mark(name, value + RESERVE)
                self._promised[name] = value + RESERVE

    def settle(self, revision: int) -> None:
        """At a clean end: exact marks, so that the next start leaves no gap."""
        for name, value in self._db.read("select name, seq from sqlite_sequence"):
            self._hub.settle_mark(name, value)
        self._hub.settle_mark("revision", revision)
