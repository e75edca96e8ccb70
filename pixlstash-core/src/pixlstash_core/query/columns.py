"""The grid's columns in memory: one array each, indexed by picture id, equal to `derived_grid`.

A view is a mask over these arrays and one gather from an order that is sorted once. A frame is never changed: when
rows have changed, the next access makes a new frame from the old one, so that a reader sees one consistent state.
"""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from .. import threads
from ..database.arrays import distinct
from ..database.connection import Database, bind_ids
from .grid import SHOWN

#: With more changed rows than this, all rows are read again.
MANY = 200_000
#: With fewer than one in so many of the pictures, sort them instead of filtering the order of all.
FEW = 50
#: Columns whose values fit into a byte.
SMALL = frozenset({"live", "aspect", "score", "flags", "covered"})
#: Sorts that use an expression instead of the column of their name.
BY = {"pixels": "width * height"}
ABSENT = 255
#: Ids that are read at once.
PART = 1 << 16
Ids = NDArray[np.uint32]
Mask = NDArray[np.bool_]
#: Values; for each (value, picture) pair the index of the value; and the picture of each pair.
Classes = tuple[list[str], NDArray[np.unsignedinteger[Any]], Ids]


class Frame:
    """One state of the columns. Arrays are indexed by picture id; columns and orders are read when first used."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.RLock()
        with db.reading() as connection:
            packed = _numbers(
                connection, "select (id << 9) | (aspect << 1) | live from derived_grid order by live, created, id"
            )
            beneath = _numbers(
                connection,
                "select g.id from stack_member m join derived_grid g on g.id = m.picture_id where g.covered",
            )
        ids = packed >> 9
        self.size = int(ids.max(initial=0)) + 1
        live, aspect, covered = (np.full(self.size, absent, np.uint8) for absent in (ABSENT, 0, 0))
        live[ids] = packed & 1
        aspect[ids] = packed >> 1 & 255
        covered[beneath[beneath < self.size]] = 1
        self._values: dict[str, NDArray[Any]] = {"live": live, "aspect": aspect, "covered": covered}
        self._orders: dict[str, Ids] = {"created": ids[packed & 1 == 1].astype(np.uint32)}
        self._classes: dict[tuple[str, ...], Classes] = {}
        self._masks()

    def _masks(self) -> None:
        self.living: Mask = self._values["live"] == 1
        self.present: Mask = self._values["live"] != ABSENT
        #: Pictures that are not covered by another picture of their stack.
        self.leaders: Mask = self._values["covered"] == 0

    # -- reading -------------------------------------------------------------------------------------------------------

    def ids(self, connection: apsw.Connection, sql: str, bindings: dict[str, Any]) -> NDArray[np.int64]:
        """Return the ids that a statement yields. One long text is read ten times as fast as a row for each id."""
        return self.named(
            connection.execute(f"with found(id) as ({sql}) select group_concat(id) from found", bindings).get
        )

    def named(self, text: str | None) -> NDArray[np.int64]:
        """Return the ids of a comma-separated text that are in this frame."""
        ids = np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)
        return ids[(ids >= 0) & (ids < self.size)]

    def classes(self, connection: apsw.Connection, sql: str, bindings: dict[str, str]) -> Classes:
        """Return which pictures have which value. `sql` yields (value, comma-separated ids).

        The values must depend only on the pictures' files: they are read once, and again when pictures were added,
        deleted or read again.
        """
        key = (sql, *bindings.values())
        with self._lock:
            if key not in self._classes:
                labels, owners = [], [np.empty(0, np.uint32)]
                for value, text in connection.execute(sql, bindings):
                    labels.append(value)
                    owners.append(self.named(text).astype(np.uint32))
                code = np.min_scalar_type(len(labels))
                codes = np.repeat(np.arange(len(labels), dtype=code), [len(ids) for ids in owners[1:]])
                self._classes[key] = labels, codes, np.concatenate(owners)
            return self._classes[key]

    def shown(self, ids: Ids, gone: int) -> NDArray[np.uint32]:
        """Return `SHOWN` for these pictures, and `gone` for those that are not in the frame."""
        values = np.full(len(ids), gone, np.uint32)
        there = ids < self.size
        there[there] = self.present[ids[there]]
        values[there] = self.values(SHOWN)[ids[there]]
        return values

    def mask(self, ids: Iterable[int] | NDArray[np.int64]) -> Mask:
        """Return a mask of these ids; unknown ids are left out."""
        indexes = np.asarray(ids if isinstance(ids, np.ndarray) else array("q", ids), np.int64)
        mask = np.zeros(self.size, np.bool_)
        mask[indexes[(indexes >= 0) & (indexes < self.size)]] = True
        return mask

    def count(self, mask: Mask) -> int:
        """Return the number of pictures in a mask, without widening it as a sum would."""
        return int(np.count_nonzero(mask))

    def values(self, column: str) -> NDArray[Any]:
        """Return a whole column by picture id; 0 where there is no picture."""
        column = BY.get(column, column)
        with self._lock:
            if column not in self._values:
                self._values[column] = self._read(column)
            return self._values[column]

    def order(self, column: str) -> Ids:
        """Return the pictures outside the scrapheap by a column, then by id; by score and then date for `score`."""
        column = BY.get(column, column)
        with self._lock:
            if column not in self._orders:
                self._orders[column] = self._sorted(column, self.living)
            return self._orders[column]

    def arrange(self, mask: Mask, sort: str) -> Ids:
        """Return the ids of a mask in the order of a sort."""
        column, backwards = sort.lstrip("-"), sort.startswith("-")
        if column.startswith("random"):
            return _shuffled(np.flatnonzero(mask), int(column.partition(".")[2] or 0))
        if np.any(mask & ~self.living):
            ordered = self._sorted(column, mask)
        elif column != "name" and np.count_nonzero(mask) * FEW < self.size:
            ordered = self._sorted(column, mask)
        else:
            ordered = _those(self.order(column), mask)
        return ordered[::-1] if backwards else ordered

    def keyed(self, mask: Mask, keys: Callable[[apsw.Connection, NDArray[np.int64]], NDArray[np.int64]]) -> Ids:
        """Return the ids of a mask, ascending by a number that `keys` computes for each."""
        ids = np.flatnonzero(mask)
        with self._db.reading() as connection:
            return ids[np.argsort(keys(connection, ids), kind="stable")].astype(np.uint32)

    def ranked(self, mask: Mask, sql: str, bindings: dict[str, Any]) -> Ids:
        """Return the ids of a mask: first those that a statement yields in order, then the rest, the newest first."""
        with self._db.reading() as connection:
            first = _numbers(connection, sql, bindings)
        first = first[first < self.size]
        return self.first(_those(first, mask).astype(np.uint32), mask)

    def first(self, first: Ids, mask: Mask) -> Ids:
        """Return these ids, then the rest of a mask, the newest first."""
        return np.concatenate([first, self.arrange(mask & ~self.mask(first), "-created")])

    def _sorted(self, column: str, mask: Mask) -> Ids:
        if column == "name":
            with self._db.reading() as connection:
                names_order = _numbers(connection, "select id from derived_grid order by name collate nocase, id")
            names_order = names_order[names_order < self.size]
            return _those(names_order, mask).astype(np.uint32)
        ids: Ids = np.flatnonzero(mask).astype(np.uint32)
        for key in ("created", "score") if column == "score" else (column,):
            if key == "created" and mask is self.living:
                ids = self.order("created")
            else:
                ids = ids[np.argsort(self.values(key)[ids], kind="stable")]
        return ids

    def _read(self, column: str) -> NDArray[Any]:
        if column == SHOWN:
            return self._read_shown()
        with self._db.reading() as connection:
            if column in SMALL:
                packed = _numbers(connection, f"select (id << 8) | {column} from derived_grid")
                ids, numbers = packed >> 8, packed & 255
            else:
                pairs = _numbers(connection, f"select id, {column} from derived_grid")
                ids, numbers = pairs[::2], pairs[1::2]
        values = np.zeros(self.size, np.uint8 if column in SMALL else np.int64)
        inside = ids < self.size  # newer pictures are not in this frame
        values[ids[inside]] = numbers[inside]
        return values

    def _read_shown(self) -> NDArray[np.uint32]:
        values = np.zeros(self.size, np.uint32)
        # 8 bits of flags, 16 bits of color.
        sql = f"select group_concat((id << 24) | {SHOWN}) from derived_grid where id >= ? and id < ?"
        with self._db.reading() as connection:
            for low in range(
                0, self.size, PART
            ):  # one text of all would take memory that is not returned to the system
                text: str | None = connection.execute(sql, (low, min(low + PART, self.size))).get
                pairs = np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)
                values[pairs >> 24] = pairs & 0xFF_FFFF
        return values

    # -- the next state ------------------------------------------------------------------------------------------------

    def changed(self, ids: Iterable[int], renamed: bool) -> Frame:
        """Return a new frame in which the rows of these pictures are read again."""
        dirty = distinct(np.sort(np.asarray(array("q", ids), np.int64)))
        with self._lock:
            self.values("created")  # needed to place new pictures
            values, orders, classes = dict(self._values), dict(self._orders), dict(self._classes)
        later = object.__new__(Frame)
        later._db, later._lock = self._db, threading.RLock()
        later.size = max(self.size, int(dirty[-1]) + 1)
        later._values = later._reread(values, dirty)
        later._classes = {} if renamed else classes
        moved = {name for name, old in values.items() if later._values[name] is not old}
        if moved & {"live", "covered"}:
            later._masks()
        else:
            later.living, later.present, later.leaders = self.living, self.present, self.leaders
        later._orders = {
            column: order if column not in moved and "live" not in moved else later._merged(order, dirty, column)
            for column, order in orders.items()
            # The order by score is cheap to sort again; the one by name is valid until pictures are added or renamed.
            if (column != "score" or not moved & {"live", "score", "created"})
            and (column != "name" or not (renamed or "live" in moved))
        }
        return later

    def _reread(self, values: dict[str, NDArray[Any]], dirty: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Return these columns in the frame's size, with the rows of some pictures read again.

        A column without changes is the same array, others are copies.
        """
        sql = f"select id, {', '.join(values)} from derived_grid where id in carray(?)"
        with self._db.reading() as connection:
            rows = _numbers(connection, sql, (bind_ids(dirty.tolist()),)).reshape(-1, len(values) + 1)
        places = np.searchsorted(dirty, rows[:, 0])
        fresh = {}
        for at, (name, old) in enumerate(values.items(), 1):
            absent = ABSENT if name == "live" else 0
            read = np.full(len(dirty), absent, old.dtype)
            read[places] = rows[:, at]
            fresh[name] = old
            if len(old) < self.size or not np.array_equal(old[dirty], read):
                fresh[name] = np.full(self.size, absent, old.dtype)
                fresh[name][: len(old)] = old
                fresh[name][dirty] = read
        return fresh

    def _merged(self, order: Ids, dirty: NDArray[np.int64], column: str) -> Ids:
        """Return an order with these pictures removed and inserted again at their present places."""
        values = self.values(column)
        remaining = _those(order, ~self.mask(dirty))
        new = dirty[self.living[dirty]]
        new = new[np.lexsort((new, values[new]))].astype(np.uint32)
        keys = values[remaining]
        left, right = np.searchsorted(keys, values[new]), np.searchsorted(keys, values[new], "right")
        # Pictures with equal keys are in the order of their ids.
        places = [
            low + np.searchsorted(remaining[low:high], id) for id, low, high in zip(new, left, right, strict=True)
        ]
        return np.insert(remaining, np.asarray(places, np.int64), new)


class Columns:
    """The newest frame of one library, created when it is used."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._frame: Frame | None = None
        self._dirty: set[int] = set()
        self._renamed = False
        self._used = 0.0

    def touch(self, ids: Iterable[int], renamed: bool) -> None:
        """Note changed rows; on the writer's thread, after the commit and before it is acknowledged."""
        with self._lock:
            if self._frame is not None or self._making.locked():
                self._dirty.update(ids)
                self._renamed |= renamed

    def current(self) -> Frame:
        """Return a frame no older than the last acknowledged write."""
        with self._making, threads.shielded():
            with self._lock:
                frame, dirty, renamed = self._frame, self._dirty, self._renamed
                self._dirty, self._renamed, self._used = set(), False, time.monotonic()
                self._frame = None  # if this fails, the next access reads everything again
            if frame is None or len(dirty) > MANY:
                frame = Frame(self._db)
            elif dirty:
                frame = frame.changed(dirty, renamed)
            with self._lock:
                self._frame = frame
            return frame

    def drop(self, unused: float) -> bool:
        """Release the frame if it was not used for so many seconds; return whether it was released."""
        with self._making, self._lock:
            idle = self._frame is not None and self._used < time.monotonic() - unused
            if idle:
                self._frame, self._dirty = None, set()
            return idle


def _those(ids: NDArray[Any], mask: Mask) -> NDArray[Any]:
    """Return the ids that are in a mask, in their order; twice as fast as `ids[mask[ids]]`."""
    return ids.compress(mask.take(ids))


def _numbers(connection: apsw.Connection, sql: str, bindings: Any = None) -> NDArray[np.int64]:
    """Return all numbers of all rows as one array."""
    rows: Iterable[Any] = connection.execute(sql, bindings)
    return np.frombuffer(array("q", chain.from_iterable(rows)), np.int64)


def _shuffled(ids: NDArray[np.int64], seed: int) -> Ids:
    """Return pictures in an order that depends only on the seed: added pictures do not change the order of others."""
    start = np.uint64(seed * 0x9E3779B97F4A7C15 % (1 << 64))
    mixed = (ids.astype(np.uint64) + start) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ids[np.argsort(mixed ^ (mixed >> np.uint64(31)), kind="stable")].astype(np.uint32)
