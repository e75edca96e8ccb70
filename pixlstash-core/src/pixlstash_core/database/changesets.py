"""Changesets of SQLite's session extension, taken apart by table.

Where a hundred thousand rows of integers changed alike (a tag said of a selection), they are read as arrays: one by one
they would take as long as the change itself. The format is described in SQLite's `sqlite3session.c`: for each table a
header, then rows of an operation, a flag, and values led by a byte for their type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Bytes from which on a changeset is taken apart. Below that, arrays are not worth being loaded.
LARGE = 100_000
#: Rows that may be other than their neighbours before a changeset is read the ordinary way.
ODD = 200
INSERT, DELETE, UPDATE = 18, 9, 23
_INTEGER = 1
#: Bytes that follow a value's type: a number has 8, text and bytes say themselves how many.
_FIXED = {0: 0, 1: 8, 2: 8, 5: 0}
_SIZED = (3, 4)


class Whole(Struct, frozen=True):
    """All changed rows of a table, where each was inserted or deleted, and holds nothing but integers."""

    keys: tuple[int, ...]  # the columns of its primary key, in its order
    inserted: NDArray[np.bool_]
    values: NDArray[np.int64]  # a row for each

    def column(self, number: int) -> NDArray[np.int64]:
        return self.values[:, number]

    def rows(self, inserted: bool) -> list[list[int]]:
        """Those that were inserted, or those that were deleted, in the order of their keys."""
        import numpy as np

        chosen = self.values[self.inserted == inserted]
        rows: list[list[int]] = chosen[np.lexsort(tuple(chosen[:, key] for key in reversed(self.keys)))].tolist()
        return rows


class Parts(Struct, frozen=True):
    """A changeset in two: what can be read as arrays, by table, and a changeset of the rest."""

    whole: dict[str, Whole]
    rest: bytes


def part(changeset: bytes) -> Parts:
    """Take a changeset apart."""
    if len(changeset) < LARGE:
        return Parts({}, changeset)
    try:
        return _parted(changeset)
    except _Odd:
        return Parts({}, changeset)


def tables(changeset: bytes) -> set[str]:
    """The tables it changes."""
    parts = part(changeset)
    return parts.whole.keys() | {change.name for change in apsw.Changeset.iter(parts.rest)}


class _Odd(Exception):
    """There are too many rows that are unlike their neighbours."""


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
    """The rows of integers that were inserted or deleted, from here on, and where they end."""
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
    """Where the row that begins here ends."""
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
    """(the number that begins here, where it ends); a size, so never of nine bytes."""
    number = 0
    while True:
        byte = data[at]
        number, at = number << 7 | byte & 0x7F, at + 1
        if byte < 0x80:
            return number, at
