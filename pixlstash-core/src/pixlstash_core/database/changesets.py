"""Splits changesets of SQLite's session extension by table.

Many rows of integers with the same operation, as after tagging a large selection, are read as arrays, because reading
them one by one would take as long as the change itself. SQLite's `sqlite3session.c` describes the format: for each
table a header, then rows of an operation, a flag, and values with a byte each for their type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
from msgspec import Struct

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
