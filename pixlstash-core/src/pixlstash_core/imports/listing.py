"""The files that an import finds, in temporary tables of a separate connection: any number in little memory.

No read transaction stays open while files are imported, since it would keep SQLite from checkpointing the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..database.connection import Database, fetch, translated

#: (key, size in bytes, mtime in ns)
Entry = tuple[str, int | None, int | None]
#: Ids per batch, so that no write takes long.
SLICE = 500
#: Memory for the temporary tables, in KiB; what does not fit goes to a temporary file.
_CACHE = 16_000
# Sidecar texts are read with their files: `a.txt` and `a.png.txt` with `a.png`. '/' sorts right after '.'.
_BESIDE = """
    key like '%.txt' and exists (
      select 1 from seen s where s.key != seen.key
        and (s.key = substr(seen.key, 1, length(seen.key) - 4)
          or s.key > substr(seen.key, 1, length(seen.key) - 3)
            and s.key < substr(seen.key, 1, length(seen.key) - 4) || '/'
            and instr(substr(s.key, length(seen.key) - 2), '.') = 0))
"""
# The same for a file that is listed without those beside it.
_BESIDE_INDEXED = """
    key like '%.txt' and exists (
      select 1 from location l where l.store_id = :store and l.key != seen.key
        and (l.key = substr(seen.key, 1, length(seen.key) - 4)
          or l.key > substr(seen.key, 1, length(seen.key) - 3)
            and l.key < substr(seen.key, 1, length(seen.key) - 4) || '/'
            and instr(substr(l.key, length(seen.key) - 2), '.') = 0))
"""
_PRESENT = """
    exists (select 1 from location l where l.store_id = :store and l.key = seen.key
      and l.size is seen.size and l.mtime is seen.mtime and l.state = 'present')
"""
_REFUSED = "exists (select 1 from refused r where r.key = seen.key and r.size is seen.size and r.mtime is seen.mtime)"

#: Where missing files are looked for if only parts of a store were listed.
_PARTS = (
    "part p join location l on l.key = p.key where",
    "part p join location l on l.key >= p.key || '/' and l.key < p.key || '0' where",
)


class Listing:
    """A list of files, used as a context manager: `fill` it, then `choose`, then iterate over `fresh` and `gone`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def __enter__(self) -> Listing:
        self._connection = self._db.connect()
        self._connection.pragma("temp.cache_size", -_CACHE)
        for table in ("seen", "refused"):
            columns = "key text primary key, size integer, mtime integer"
            self._run(f"create temp table {table}({columns}) without rowid")
        self._run("create temp table fresh(n integer primary key, key text, size integer, mtime integer)")
        self._run("create temp table gone(id integer primary key, key text)")
        self._run("create temp table part(key text primary key) without rowid")
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def fill(self, entries: Iterable[Entry]) -> None:
        """Add all files that exist now."""
        self._insert("seen", entries)

    def leave_out(self, refused: Iterable[Entry]) -> None:
        """Exclude files that were refused before, unless their size or time has changed since."""
        self._insert("refused", refused)

    def limit(self, parts: Iterable[str]) -> None:
        """Look for missing files only among those with these keys, and below them."""
        with translated(), self._connection:
            rows = ((key,) for key in parts)
            self._connection.executemany("insert or ignore into part values (?)", rows).fetchall()

    def choose(self, store: int | None = None, *, limited: bool = False) -> int:
        """Choose the files to import and return their number. With a store, indexed files are left out.

        `limited`: only the files in `limit` were listed.
        """
        unless_indexed = "" if store is None else f"and not {_PRESENT}"
        beside = f"({_BESIDE}) or ({_BESIDE_INDEXED})" if limited else _BESIDE
        bound = {} if store is None else {"store": store}
        with translated():
            self._run(
                f"insert into fresh(key, size, mtime) select key, size, mtime from seen where not ({beside})"
                f" {unless_indexed} and not {_REFUSED} order by mtime desc, key",
                bound,
            )
            for places in () if store is None else _PARTS if limited else ("location l where",):
                self._run(
                    f"insert or ignore into gone select l.id, l.key from {places} l.store_id = :store"
                    " and l.state = 'present' and not exists (select 1 from seen where seen.key = l.key)",
                    bound,
                )
            return int(fetch(self._connection, "select count(*) from fresh")[0][0])

    def is_replaced(self, store: int) -> bool:
        """Whether files are indexed, and none of them was listed."""
        sql = (
            "select exists (select 1 from gone) and not exists ("
            "select 1 from location l where l.store_id = ? and exists (select 1 from seen where seen.key = l.key))"
        )
        return bool(fetch(self._connection, sql, (store,))[0][0])

    def fresh(self) -> Iterator[Entry]:
        """Yield the chosen files, newest first."""
        with translated():
            yield from self._connection.execute("select key, size, mtime from fresh order by n")

    def gone(self) -> Iterator[list[tuple[int, str]]]:
        """Yield (id, key) of the store's locations whose files are missing, in batches."""
        last, sql = -1, "select id, key from gone where id > ? order by id limit ?"
        while rows := fetch(self._connection, sql, (last, SLICE)):
            last = rows[-1][0]
            yield [(id, key) for id, key in rows]

    def _insert(self, table: str, rows: Iterable[Entry]) -> None:
        with translated(), self._connection:
            self._connection.executemany(f"insert or replace into {table} values (?, ?, ?)", rows).fetchall()

    def _run(self, sql: str, bindings: dict[str, int] | None = None) -> None:
        self._connection.execute(sql, bindings).fetchall()
