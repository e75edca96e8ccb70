"""Changesets of SQLite's session extension: splits them by table, and records them for undo.

Many rows of integers with the same operation, as after tagging a large selection, are read as arrays, because reading
them one by one would take as long as the change itself. SQLite's `sqlite3session.c` describes the format: for each
table a header, then rows of an operation, a flag, and values with a byte each for their type.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import apsw
import msgspec
import zstandard
from msgspec import Struct

from ..errors import PixlStashError
from .connection import bind_ids, fetch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Minimum bytes of a changeset to split. For smaller ones, loading numpy is not worth it.
LARGE = 100_000
#: Maximum number of rows that differ from their neighbors before a changeset is read row by row.
ODD = 200
INSERT, DELETE, UPDATE = 18, 9, 23
_INTEGER = 1
#: Bytes after a value's type: a number has 8; text and blobs begin with their length.
_FIXED = {0: 0, 1: 8, 2: 8, 5: 0}
_SIZED = (3, 4)


class Whole(Struct, frozen=True):
    """All changed rows of a table, if all were inserted or deleted and contain only integers."""

    keys: tuple[int, ...]  # the columns of its primary key, in its order
    inserted: NDArray[np.bool_]
    values: NDArray[np.int64]  # a row for each

    def column(self, number: int) -> NDArray[np.int64]:
        return self.values[:, number]

    def rows(self, inserted: bool) -> list[list[int]]:
        """Return the inserted or the deleted rows, in the order of their keys."""
        import numpy as np

        chosen = self.values[self.inserted == inserted]
        rows: list[list[int]] = chosen[np.lexsort(tuple(chosen[:, key] for key in reversed(self.keys)))].tolist()
        return rows


class Parts(Struct, frozen=True):
    """A split changeset: arrays by table, and a changeset with all other rows."""

    whole: dict[str, Whole]
    rest: bytes


def part(changeset: bytes) -> Parts:
    """Split a changeset."""
    if len(changeset) < LARGE:
        return Parts({}, changeset)
    try:
        return _parted(changeset)
    except _Odd:
        return Parts({}, changeset)


def tables(changeset: bytes) -> set[str]:
    """Return the names of the tables that a changeset changes."""
    parts = part(changeset)
    return parts.whole.keys() | {change.name for change in apsw.Changeset.iter(parts.rest)}


class _Odd(Exception):
    """Raised if too many rows differ from their neighbors."""


def _parted(changeset: bytes) -> Parts:
    whole: dict[str, Whole] = {}
    rest: list[bytes] = []
    at, odd = 0, 0
    while at < len(changeset):
        begin = at
        columns, at = _varint(changeset, at + 1)
        places = changeset[at : at + columns]
        keys = tuple(sorted((index for index in range(columns) if places[index]), key=places.__getitem__))
        end = changeset.index(0, at + columns)
        name = changeset[at + columns : end].decode()
        at = end + 1
        rows, at = _alike(changeset, at, columns)
        if rows is not None and (at == len(changeset) or changeset[at] == ord("T")):
            whole[name] = Whole(keys, *rows)
            continue
        while at < len(changeset) and changeset[at] != ord("T"):
            at, odd = _after(changeset, at, columns), odd + 1
            if odd > ODD:
                raise _Odd
        rest.append(changeset[begin:at])
    return Parts(whole, b"".join(rest))


def _alike(changeset: bytes, at: int, columns: int) -> tuple[tuple[NDArray[np.bool_], NDArray[np.int64]] | None, int]:
    """Return (operations and values of similar rows from an offset on, or None; the offset after them)."""
    import numpy as np

    row = np.dtype([("op", "u1"), ("indirect", "u1"), ("values", [("type", "u1"), ("number", ">i8")], columns)])
    rows = np.frombuffer(changeset, row, (len(changeset) - at) // row.itemsize, at)
    fits = ((rows["op"] == INSERT) | (rows["op"] == DELETE)) & (rows["values"]["type"] == _INTEGER).all(axis=1)
    count = len(rows) if fits.all() else int(np.argmin(fits))
    if not count:
        return None, at
    rows = rows[:count]
    columns_of_rows = rows["op"] == INSERT, np.ascontiguousarray(rows["values"]["number"].astype(np.int64))
    return columns_of_rows, at + count * row.itemsize


def _after(changeset: bytes, at: int, columns: int) -> int:
    """Return the offset after the row that begins at an offset."""
    many = 2 * columns if changeset[at] == UPDATE else columns
    at += 2
    for _ in range(many):
        kind = changeset[at]
        at += 1
        if kind in _SIZED:
            size, at = _varint(changeset, at)
            at += size
        else:
            at += _FIXED[kind]
    return at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return (the number at an offset, the offset after it). It is a size, so it never has nine bytes."""
    number = 0
    while True:
        byte = data[at]
        number, at = number << 7 | byte & 0x7F, at + 1
        if byte < 0x80:
            return number, at


class Record(Struct, frozen=True, array_like=True):
    """A changeset, with data that it lacks: by table, the picture (value) of each updated row (key)."""

    changeset: bytes
    owners: dict[str, dict[int, int]] = {}


class Column(Struct, frozen=True):
    """The column of a table that refers to a picture. `key`: the primary key, if the picture is not part of it."""

    name: str
    index: int
    key: str | None


def record(connection: apsw.Connection, changeset: bytes, tables: Iterable[str]) -> Record:
    """Return the record of a change. Call it before the changed rows change again."""
    loose = {name: column for name in tables if (column := column_of(connection, name)) and column.key}
    keys: dict[str, list[int]] = {}
    for change in apsw.Changeset.iter(changeset) if loose else ():
        if change.name in loose and change.op == "UPDATE" and not pictures_in(change, loose[change.name].index):
            keys.setdefault(change.name, []).append(key_of(change))
    return Record(
        changeset,
        {
            name: dict(
                fetch(
                    connection,
                    f'select "{loose[name].key}", "{loose[name].name}" from "{name}" where "{loose[name].key}"'
                    " in carray(?)",
                    (bind_ids(ids),),
                )
            )
            for name, ids in keys.items()
        },
    )


def pack(record: Record) -> tuple[bytes, bytes]:
    """Return (compressed record, its SHA-256), with which a damaged record is detected."""
    packed = zstandard.ZstdCompressor(level=3).compress(msgspec.msgpack.encode(record))
    return packed, hashlib.sha256(packed).digest()


def unpack(packed: bytes, digest: bytes) -> Record:
    """Return a packed record. Raises `PixlStashError` if it is damaged."""
    if hashlib.sha256(packed).digest() != digest:
        raise PixlStashError("The record of this change is damaged, so it cannot be undone. Nothing was changed.")
    plain: bytes = zstandard.ZstdDecompressor().decompress(packed)
    # Older ones are the bare changeset, which begins with a T.
    return Record(plain) if plain[:1] == b"T" else msgspec.msgpack.decode(plain, type=Record)


def column_of(connection: apsw.Connection, table: str) -> Column | None:
    """Return the column of a table that refers to a picture, on whose deletion its rows are deleted."""
    if table == "picture":
        return Column("id", 0, None)
    info = fetch(connection, "select name, cid, pk from pragma_table_info(?)", (table,))
    refers = "select \"from\" from pragma_foreign_key_list(?) where \"table\" = 'picture' and on_delete = 'CASCADE'"
    owning = {row[0] for row in fetch(connection, refers, (table,))}
    keys = [name for name, _, pk in info if pk]
    for name, cid, pk in info:
        if name in owning:
            return Column(name, cid, keys[0] if not pk and len(keys) == 1 else None)
    return None


def pictures_in(change: apsw.TableChange, column: int) -> set[int]:
    """Return the pictures in the change of a row. An update has only the key and changed columns."""
    old, new = change.old, change.new
    before, after = old[column] if old else None, new[column] if new else None
    if before == after or not isinstance(after, int):
        return {before} if isinstance(before, int) else set()
    return {before, after} if isinstance(before, int) else {after}


def key_of(change: apsw.TableChange) -> int:
    """Return the integer key of a changed row; -1 if it has none."""
    row = change.old or change.new or ()
    key = row[min(change.pk_columns)]
    return key if isinstance(key, int) else -1
