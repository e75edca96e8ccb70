"""What an import found, in temporary tables of a connection of its own: any number of files in little memory.

Nothing here holds a look at the library open while files are taken in: its log could not be tidied meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..database.connection import Database, fetch, translated

#: (key, size in bytes, mtime in ns)
Entry = tuple[str, int | None, int | None]
#: Ids handed out at a time, so that no write takes long.
SLICE = 500
#: Memory that the temporary tables may take, in KiB; the rest of them is in a temporary file.
_CACHE = 16_000
# A text beside a file of its name is read with that file: `a.txt` and `a.png.txt` beside `a.png`. '/' comes after '.'.
_BESIDE = """
    key like '%.txt' and exists (
      select 1 from seen s where s.key != seen.key
        and (s.key = substr(seen.key, 1, length(seen.key) - 4)
          or s.key > substr(seen.key, 1, length(seen.key) - 3)
            and s.key < substr(seen.key, 1, length(seen.key) - 4) || '/'
            and instr(substr(s.key, length(seen.key) - 2), '.') = 0))
"""
_PRESENT = """
    exists (select 1 from location l where l.store_id = :store and l.key = seen.key
      and l.size is seen.size and l.mtime is seen.mtime and l.state = 'present')
"""
_REFUSED = "exists (select 1 from refused r where r.key = seen.key and r.size is seen.size and r.mtime is seen.mtime)"


class Listing:
    """Use it in a `with`: `fill` it, then `choose`, then ask for `fresh` and `gone`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def __enter__(self) -> Listing:
        self._connection = self._db.connect()
        self._connection.pragma("temp.cache_size", -_CACHE)
        for table in ("seen", "refused"):
            columns = "key text primary key, size integer, mtime integer"
            self._run(f"create temp table {table}({columns}) without rowid")
        self._run("create temp table fresh(n integer primary key, key text, size integer, mtime integer)")
        self._run("create temp table gone(id integer primary key)")
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def fill(self, entries: Iterable[Entry]) -> None:
        """Everything there is now."""
        self._insert("seen", entries)

    def leave_out(self, refused: Iterable[Entry]) -> None:
        """What was refused, as it was then: a file that is another now gets another try."""
        self._insert("refused", refused)

    def choose(self, store: int | None = None) -> int:
        """Find out what is to be taken in, and how much that is. With a store: what is not in its index as it is."""
        known = "" if store is None else f"and not {_PRESENT}"
        bound = {} if store is None else {"store": store}
        with translated():
            self._run(
                f"insert into fresh(key, size, mtime) select key, size, mtime from seen where not ({_BESIDE}) {known}"
                f" and not {_REFUSED} order by mtime desc, key",
                bound,
            )
            if store is not None:
                self._run(
                    "insert into gone select id from location l where store_id = :store and state = 'present'"
                    " and not exists (select 1 from seen where seen.key = l.key)",
                    bound,
                )
            return int(fetch(self._connection, "select count(*) from fresh")[0][0])

    def fresh(self) -> Iterator[Entry]:
        """What was chosen, newest first."""
        with translated():
            yield from self._connection.execute("select key, size, mtime from fresh order by n")

    def gone(self) -> Iterator[list[int]]:
        """The store's locations that are not there any more, some at a time."""
        last = -1
        while rows := fetch(self._connection, "select id from gone where id > ? order by id limit ?", (last, SLICE)):
            last = rows[-1][0]
            yield [row[0] for row in rows]

    def _insert(self, table: str, rows: Iterable[Entry]) -> None:
        with translated(), self._connection:
            self._connection.executemany(f"insert or replace into {table} values (?, ?, ?)", rows).fetchall()

    def _run(self, sql: str, bindings: dict[str, int] | None = None) -> None:
        self._connection.execute(sql, bindings).fetchall()
