"""The grid's columns in memory: one array each, by picture id, kept equal to `derived_grid`.

A view is a mask over these arrays and one gather from an order that is sorted once. A frame is never changed: when
rows changed, the next look makes a new one from the old, so that whoever holds one sees one state throughout.
"""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Iterable
from itertools import chain
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from ..database import cancellation
from ..database.arrays import distinct
from ..database.connection import Database, bind_ids
from ..tags import rarity
from .grid import SHOWN

#: More changed rows than this are not picked out: everything is read again.
MANY = 200_000
#: Fewer than one in so many are sorted, rather than picked out of all in order.
FEW = 50
#: What fits a byte.
SMALL = frozenset({"live", "aspect", "score", "flags", "covered"})
#: Sorts that go by something else than the column of their name.
BY = {"pixels": "width * height"}
ABSENT = 255
#: Ids that are read at once.
PART = 1 << 16
Ids = NDArray[np.uint32]
Mask = NDArray[np.bool_]
#: Values; for each of many pictures the index of its value; and their ids.
Classes = tuple[list[str], NDArray[np.unsignedinteger[Any]], Ids]


class Frame:
    """One state of the columns. Arrays are indexed by id; what is asked for the first time is read then."""

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
        #: Not beneath another picture of its stack.
        self.uppermost: Mask = self._values["covered"] == 0

    # -- reading -------------------------------------------------------------------------------------------------------

    def ids(self, connection: apsw.Connection, sql: str, bindings: dict[str, Any]) -> NDArray[np.int64]:
        """The ids a statement yields. One long text of them is read ten times as fast as a row for each."""
        return self.named(
            connection.execute(f"with found(id) as ({sql}) select group_concat(id) from found", bindings).get
        )

    def named(self, text: str | None) -> NDArray[np.int64]:
        """Ids with commas between them, without those that came after this frame."""
        ids = np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)
        return ids[(ids >= 0) & (ids < self.size)]

    def classes(self, connection: apsw.Connection, sql: str, bindings: dict[str, str]) -> Classes:
        """Which pictures have which value. `sql` yields (value, ids with commas between) of what only changes with a
        picture's file: it is read once, and again when pictures came, went or were read anew.
        """
        key = (sql, *bindings.values())
        with self._lock:
            if key not in self._classes:
                labels, owners = [], [np.empty(0, np.uint32)]
                for value, text in connection.execute(sql, bindings):
                    labels.append(value)
                    owners.append(self.named(text).astype(np.uint32))
                code = np.min_scalar_type(len(labels))
                codes = np.repeat(np.arange(len(labels), dtype=code), [len(one) for one in owners[1:]])
                self._classes[key] = labels, codes, np.concatenate(owners)
            return self._classes[key]

    def shown(self, ids: Ids, gone: int) -> NDArray[np.uint32]:
        """`SHOWN` of these pictures, `gone` of those that are not there."""
        found = np.full(len(ids), gone, np.uint32)
        there = ids < self.size
        there[there] = self.present[ids[there]]
        found[there] = self.values(SHOWN)[ids[there]]
        return found

    def mask(self, ids: Iterable[int] | NDArray[np.int64]) -> Mask:
        """One bit for each picture; ids that are not there are left out."""
        found = np.asarray(ids if isinstance(ids, np.ndarray) else array("q", ids), np.int64)
        mask = np.zeros(self.size, np.bool_)
        mask[found[(found >= 0) & (found < self.size)]] = True
        return mask

    def count(self, mask: Mask) -> int:
        """How many pictures a mask has: summed up, it would be widened first."""
        return int(np.count_nonzero(mask))

    def values(self, column: str) -> NDArray[Any]:
        """A whole column; 0 where there is no picture."""
        column = BY.get(column, column)
        with self._lock:
            if column not in self._values:
                self._values[column] = self._read(column)
            return self._values[column]

    def order(self, column: str) -> Ids:
        """The living, ascending by a column, then by id; by score then by date."""
        column = BY.get(column, column)
        with self._lock:
            if column not in self._orders:
                self._orders[column] = self._sorted(column, self.living)
            return self._orders[column]

    def arrange(self, mask: Mask, sort: str) -> Ids:
        """The ids of a mask in order."""
        column, backwards = sort.lstrip("-"), sort.startswith("-")
        if column.startswith("random"):
            return _shuffled(np.flatnonzero(mask), int(column.partition(".")[2] or 0))
        if column == "rarity":
            ordered = self._rarest(mask)
        elif np.any(mask & ~self.living):
            ordered = self._sorted(column, mask)
        elif column != "name" and np.count_nonzero(mask) * FEW < self.size:
            ordered = self._sorted(column, mask)
        else:
            ordered = _those(self.order(column), mask)
        return ordered[::-1] if backwards else ordered

    def ranked(self, mask: Mask, sql: str, bindings: dict[str, Any]) -> Ids:
        """The ids of a mask, those a statement yields first and as it yields them, then the rest, newest first."""
        with self._db.reading() as connection:
            first = _numbers(connection, sql, bindings)
        first = first[first < self.size]
        return self.first(_those(first, mask).astype(np.uint32), mask)

    def first(self, first: Ids, mask: Mask) -> Ids:
        """These ids, then the rest of a mask, newest first."""
        return np.concatenate([first, self.arrange(mask & ~self.mask(first), "-created")])

    def _rarest(self, mask: Mask) -> Ids:
        ids = np.flatnonzero(mask)
        with self._db.reading() as connection:
            return ids[np.argsort(rarity.of(connection, ids), kind="stable")].astype(np.uint32)

    def _sorted(self, column: str, mask: Mask) -> Ids:
        if column == "name":
            with self._db.reading() as connection:
                found = _numbers(connection, "select id from derived_grid order by name collate nocase, id")
            found = found[found < self.size]
            return _those(found, mask).astype(np.uint32)
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
                ids, found = packed >> 8, packed & 255
            else:
                pairs = _numbers(connection, f"select id, {column} from derived_grid")
                ids, found = pairs[::2], pairs[1::2]
        values = np.zeros(self.size, np.uint8 if column in SMALL else np.int64)
        inside = ids < self.size  # what came since is not in this frame
        values[ids[inside]] = found[inside]
        return values

    def _read_shown(self) -> NDArray[np.uint32]:
        values = np.zeros(self.size, np.uint32)
        # 8 bits of flags, 16 of colour.
        sql = f"select group_concat((id << 24) | {SHOWN}) from derived_grid where id >= ? and id < ?"
        with self._db.reading() as connection:
            for low in range(0, self.size, PART):  # the text of all at once would be memory that is not given back
                text: str | None = connection.execute(sql, (low, min(low + PART, self.size))).get
                found = np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)
                values[found >> 24] = found & 0xFF_FFFF
        return values

    # -- the next state ------------------------------------------------------------------------------------------------

    def changed(self, ids: Iterable[int], renamed: bool) -> Frame:
        """A frame in which these pictures are as the database has them now."""
        dirty = distinct(np.sort(np.asarray(array("q", ids), np.int64)))
        with self._lock:
            self.values("created")  # to find the place of what is new
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
            later.living, later.present, later.uppermost = self.living, self.present, self.uppermost
        later._orders = {
            column: order if column not in moved and "live" not in moved else later._merged(order, dirty, column)
            for column, order in orders.items()
            # The one by score (and date) costs little to sort again, the one by name stands while none came or changed.
            if (column != "score" or not moved & {"live", "score", "created"})
            and (column != "name" or not (renamed or "live" in moved))
        }
        return later

    def _reread(self, values: dict[str, NDArray[Any]], dirty: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """These columns, as long as they are now, with the rows of some pictures read again: the same array where that
        changed nothing, else a copy.
        """
        sql = f"select id, {', '.join(values)} from derived_grid where id in carray(?)"
        with self._db.reading() as connection:
            rows = _numbers(connection, sql, (bind_ids(dirty.tolist()),)).reshape(-1, len(values) + 1)
        places = np.searchsorted(dirty, rows[:, 0])
        fresh = {}
        for at, (name, old) in enumerate(values.items(), 1):
            absent = ABSENT if name == "live" else 0
            found = np.full(len(dirty), absent, old.dtype)
            found[places] = rows[:, at]
            fresh[name] = old
            if len(old) < self.size or not np.array_equal(old[dirty], found):
                fresh[name] = np.full(self.size, absent, old.dtype)
                fresh[name][: len(old)] = old
                fresh[name][dirty] = found
        return fresh

    def _merged(self, order: Ids, dirty: NDArray[np.int64], column: str) -> Ids:
        """An order with these taken out, and put in again where they belong now."""
        values = self.values(column)
        kept = _those(order, ~self.mask(dirty))
        new = dirty[self.living[dirty]]
        new = new[np.lexsort((new, values[new]))].astype(np.uint32)
        keys = values[kept]
        left, right = np.searchsorted(keys, values[new]), np.searchsorted(keys, values[new], "right")
        # Those of one moment are in the order of their ids.
        places = [low + np.searchsorted(kept[low:high], one) for one, low, high in zip(new, left, right, strict=True)]
        return np.insert(kept, np.asarray(places, np.int64), new)


class Columns:
    """The newest frame of one library, made when somebody looks."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._frame: Frame | None = None
        self._dirty: set[int] = set()
        self._renamed = False
        self._used = 0.0

    def touch(self, ids: Iterable[int], renamed: bool) -> None:
        """Say that rows changed; on the writer's thread, after the commit and before it is acknowledged."""
        with self._lock:
            if self._frame is not None or self._making.locked():
                self._dirty.update(ids)
                self._renamed |= renamed

    def current(self) -> Frame:
        """A frame no older than the last acknowledged write."""
        with self._making, cancellation.shielded():
            with self._lock:
                frame, dirty, renamed = self._frame, self._dirty, self._renamed
                self._dirty, self._renamed, self._used = set(), False, time.monotonic()
                self._frame = None  # if this fails, the next look begins anew
            if frame is None or len(dirty) > MANY:
                frame = Frame(self._db)
            elif dirty:
                frame = frame.changed(dirty, renamed)
            with self._lock:
                self._frame = frame
            return frame

    def drop(self, unused: float) -> bool:
        """Give the memory back when nobody has looked for so many seconds; whether it was."""
        with self._making, self._lock:
            idle = self._frame is not None and self._used < time.monotonic() - unused
            if idle:
                self._frame, self._dirty = None, set()
            return idle


def _those(ids: NDArray[Any], mask: Mask) -> NDArray[Any]:
    """The ids that are in a mask, in their order: less than half of what `ids[mask[ids]]` takes."""
    return ids.compress(mask.take(ids))


def _numbers(connection: apsw.Connection, sql: str, bindings: Any = None) -> NDArray[np.int64]:
    """All numbers of all rows, one after the other."""
    rows: Iterable[Any] = connection.execute(sql, bindings)
    return np.frombuffer(array("q", chain.from_iterable(rows)), np.int64)


def _shuffled(ids: NDArray[np.int64], seed: int) -> Ids:
    """Pictures in an order that only the seed decides: adding some moves no two others past each other."""
    start = np.uint64(seed * 0x9E3779B97F4A7C15 % (1 << 64))
    mixed = (ids.astype(np.uint64) + start) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ids[np.argsort(mixed ^ (mixed >> np.uint64(31)), kind="stable")].astype(np.uint32)
