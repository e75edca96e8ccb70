"""Reads the derived rows of tags as arrays, and writes those that differ.

A key is `index of the picture in its chunk << 32 | tag id`; keys ascend. The lower 32 bits of a value are as in
`entries`. If the value will change (see `switch`), the upper bits are the new value plus 1; otherwise 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import apsw
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ..database.arrays import distinct, union
from ..database.connection import bind_ids, fetch
from .entries import BLOCK_BITS, EFFECTIVE, ENGINE, IMPLIED, NEVER, NO, YES

Keys = NDArray[np.uint64]
Values = NDArray[np.int64]
Ints = NDArray[np.int64]

LOW = np.uint64(0xFFFF_FFFF)
HIGH = np.uint64(32)
NEXT = 32
#: The number of rows from which it is worth checking whether they are all equal.
ALIKE = 500
SAID = YES | NO


class Rows(Struct):
    keys: Keys
    values: Values


class Derived(Struct):
    """The rows that are stored by picture: computed ones, and annotated ones, which replace computed ones."""

    computed: Rows
    annotated: Rows

    def all(self) -> Rows:
        """Return the rows as they are in `derived_tag`."""
        if not len(self.annotated.keys):
            return self.computed
        not_annotated = looked_up(self.annotated, self.computed.keys) == 0
        keys = np.concatenate([self.computed.keys[not_annotated], self.annotated.keys])
        order = np.argsort(keys)
        return Rows(keys[order], np.concatenate([self.computed.values[not_annotated], self.annotated.values])[order])


class Shown(Struct):
    """Tags of pictures in no order: arrays of the index of the picture, the tag's id, and its value."""

    owners: Ints
    tags: Ints
    values: Values


def ints(rows: Sequence[Sequence[Any]], column: int) -> Ints:
    """Return a column of rows as an array."""
    return np.fromiter(map(itemgetter(column), rows), np.int64, len(rows))


def tags_of(keys: Keys) -> Ints:
    return (keys & LOW).astype(np.int64)


def owners(keys: Keys) -> Ints:
    return (keys >> HIGH).astype(np.int64)


def counts(values: Values) -> NDArray[np.bool_]:
    """Return whether each tag is effective."""
    engine = values & (ENGINE | NEVER) == ENGINE
    effective: NDArray[np.bool_] = (engine | (values & (YES | IMPLIED) != 0)) & (values & NO == 0)
    return effective


def settled(values: Values) -> Values:
    """Return the values with `EFFECTIVE` set correctly; 0 where no bit is left."""
    plain = values & ~EFFECTIVE
    return plain | np.where(counts(plain), EFFECTIVE, 0)


# --- current values, and values being prepared ------------------------------------------------------------------------


def halves(values: Values) -> tuple[Values, Values]:
    """Return (the current values, those that a bulk update is preparing), from the two halves of packed values."""
    now, then = values & int(LOW), values >> NEXT
    return now, np.where(then != 0, then - 1, now)


def join(now: Values, then: Values) -> Values:
    return now | np.where(now != then, then + 1, 0) << NEXT


def merged(now: Rows, then: Rows) -> Rows:
    """Combine current rows and rows being prepared."""
    keys = union(now.keys, then.keys)
    return Rows(keys, join(looked_up(now, keys), looked_up(then, keys)))


def split(rows: Rows) -> Derived:
    """Split rows into those that are stored by picture."""
    now, then = halves(rows.values)
    annotated = (now | then) & SAID != 0
    if not annotated.any():
        return Derived(rows, Rows(rows.keys[:0], rows.values[:0]))
    computed = np.where(annotated, join(settled(now & ~SAID), settled(then & ~SAID)), rows.values)
    present = computed != 0
    return Derived(Rows(rows.keys[present], computed[present]), Rows(rows.keys[annotated], rows.values[annotated]))


# --- reading ----------------------------------------------------------------------------------------------------------


def read(connection: apsw.Connection, ids: Ints, bound: object) -> Derived:
    return Derived(
        read_table(connection, "derived_tags", ids, bound), read_table(connection, "derived_said", ids, bound)
    )


def read_table(connection: apsw.Connection, table: str, ids: Ints, bound: object) -> Rows:
    sql = f"select picture_id, body, next from carray(?) i cross join {table} t on t.picture_id = i.value"
    rows = fetch(connection, sql, (bound,))
    places = np.searchsorted(ids, ints(rows, 0))
    now = _unpacked(places, [row[1] for row in rows])
    if all(row[2] is None for row in rows):
        return now
    return merged(now, _unpacked(places, [body if then is None else then for _, body, then in rows]))


def shown(connection: apsw.Connection, ids: Ints) -> Shown:
    """Return the current tags of these pictures (ascending)."""
    ((phase,),) = fetch(connection, "select phase from derived_tagging where version = 0")
    sql = "select i.value from carray(?) i cross join derived_said s on s.picture_id = i.value"
    mixed = np.ones(len(ids), np.bool_) if phase else np.zeros(len(ids), np.bool_)
    if not phase:  # only pictures with annotations have two bodies
        mixed[np.searchsorted(ids, ints(fetch(connection, sql, (bind_ids(ids.tolist()),)), 0))] = True
    parts = [_computed(connection, ids, np.flatnonzero(~mixed)), _mixed(connection, ids, np.flatnonzero(mixed), phase)]
    return Shown(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _computed(connection: apsw.Connection, ids: Ints, some: Ints) -> tuple[Ints, Ints, Ints]:
    """Return owners, tags and values of pictures without annotations."""
    sql = "select t.picture_id, t.body from carray(?) i cross join derived_tags t on t.picture_id = i.value"
    rows = fetch(connection, sql, (bind_ids(ids[some].tolist()),))
    bodies = [row[1] for row in rows]
    entries = np.frombuffer(b"".join(bodies), "<u4").reshape(-1, 2)
    sizes = np.fromiter(map(len, bodies), np.int64, len(bodies)) // 8
    return (
        np.repeat(np.searchsorted(ids, ints(rows, 0)), sizes),
        entries[:, 1].astype(np.int64),
        entries[:, 0].astype(np.int64),
    )


def _mixed(connection: apsw.Connection, ids: Ints, some: Ints, phase: int) -> tuple[Ints, Ints, Ints]:
    """Return owners, tags and values of any pictures."""
    rows = read(connection, ids[some], bind_ids(ids[some].tolist())).all()
    values = halves(rows.values)[1 if phase == 2 else 0]
    present = values != 0
    keys = rows.keys[present]
    return some[owners(keys)], tags_of(keys), values[present]


def _unpacked(places: Ints, bodies: Sequence[bytes]) -> Rows:
    entries = np.frombuffer(b"".join(bodies), "<u8").astype(np.uint64)
    sizes = np.fromiter(map(len, bodies), np.int64, len(bodies)) // 8
    owners_of_entries = np.repeat(places, sizes).astype(np.uint64)
    return Rows(owners_of_entries << HIGH | entries >> HIGH, (entries & LOW).astype(np.int64))


def looked_up(rows: Rows, keys: Keys) -> Values:
    """Return the values of these keys; 0 for missing ones."""
    if not len(rows.keys):
        return np.zeros(len(keys), np.int64)
    place = np.minimum(np.searchsorted(rows.keys, keys), len(rows.keys) - 1)
    return np.where(rows.keys[place] == keys, rows.values[place], 0)


# --- writing ----------------------------------------------------------------------------------------------------------


def write(connection: apsw.Connection, ids: Ints, had: Derived, has: Rows, phase: int) -> int:
    """Write the rows that differ; return the number of changed pictures."""
    before = had.all()
    put = looked_up(before, has.keys) != has.values
    gone = before.keys[looked_up(has, before.keys) == 0]
    write_index(connection, ids, has.keys[put], has.values[put], gone)
    write_counts(connection, before, has, np.concatenate([has.keys[put], gone]), phase)
    parts = split(has)
    write_bodies(connection, "derived_tags", ids, had.computed, parts.computed)
    write_bodies(connection, "derived_said", ids, had.annotated, parts.annotated, parts.computed)
    return len(union(distinct(owners(has.keys[put])), distinct(owners(gone))))


def write_index(connection: apsw.Connection, ids: Ints, put: Keys, values: Values, gone: Keys) -> None:
    blocks, tags, pictures, _ = in_order(ids, gone, np.zeros(len(gone), np.int64))
    connection.executemany(
        "delete from derived_tag where block = ? and tag_id = ? and picture_id = ?",
        zip(blocks.tolist(), tags.tolist(), pictures.tolist(), strict=True),
    ).fetchall()
    blocks, tags, pictures, values = in_order(ids, put, values)
    connection.executemany(
        "insert or ignore into derived_block values (?)", [(block,) for block in distinct(blocks).tolist()]
    ).fetchall()
    if not (values >> NEXT).any():
        _write_present(connection, blocks, tags, pictures, values)
        return
    now, then = values & int(LOW), values >> NEXT
    connection.executemany(
        "insert or replace into derived_tag values (?, ?, ?, ?, nullif(?, 0) - 1)",
        zip(blocks.tolist(), tags.tolist(), pictures.tolist(), now.tolist(), then.tolist(), strict=True),
    ).fetchall()


def _write_present(connection: apsw.Connection, blocks: Ints, tags: Ints, pictures: Ints, values: Values) -> None:
    """Write rows for which nothing is being prepared; one tag of very many pictures takes one statement."""
    if len(tags) > ALIKE and (tags == tags[0]).all() and (values == values[0]).all():
        sql = f"insert or replace into derived_tag select value >> {BLOCK_BITS}, ?, value, ?, null from carray(?)"
        connection.execute(sql, (int(tags[0]), int(values[0]), bind_ids(pictures.tolist()))).fetchall()
        return
    connection.executemany(
        "insert or replace into derived_tag values (?, ?, ?, ?, null)",
        zip(blocks.tolist(), tags.tolist(), pictures.tolist(), values.tolist(), strict=True),
    ).fetchall()


def in_order(ids: Ints, keys: Keys, values: Values) -> tuple[Ints, Ints, Ints, Values]:
    """Return (blocks, tags, pictures, values) in the order of the table's primary key."""
    pictures, tags = ids[owners(keys)], tags_of(keys)
    blocks = pictures >> BLOCK_BITS
    order = np.lexsort((pictures, tags, blocks))
    return blocks[order], tags[order], pictures[order], values[order]


def write_bodies(
    connection: apsw.Connection, table: str, ids: Ints, had: Rows, has: Rows, beneath: Rows | None = None
) -> None:
    """Write the bodies that differ. `beneath`: the computed rows that they override, if any."""
    put = looked_up(had, has.keys) != has.values
    gone = looked_up(has, had.keys) == 0
    touched = union(distinct(owners(has.keys[put])), distinct(owners(had.keys[gone])))
    if not len(touched):
        return
    now, then = halves(has.values)
    bodies, following = _bodies(has.keys, now, touched), [None] * len(touched)
    if (now != then).any():
        becoming = _bodies(has.keys, then, touched)
        following = [b if b != a else None for a, b in zip(bodies, becoming, strict=True)]  # type: ignore[misc]
    effective = now & EFFECTIVE
    if beneath is not None:
        effective = effective - (halves(looked_up(beneath, has.keys))[0] & EFFECTIVE)
    totals = np.bincount(owners(has.keys), effective, len(ids)).astype(np.int64)[touched].tolist()
    rows = zip(ids[touched].tolist(), bodies, following, totals, strict=True)
    empty = [picture for picture, body, then_body, _ in rows if not body and not then_body]
    if empty:
        connection.execute(f"delete from {table} where picture_id in carray(?)", (bind_ids(empty),)).fetchall()
    rows = zip(ids[touched].tolist(), bodies, following, totals, strict=True)
    connection.executemany(
        f"insert or replace into {table} values (?, ?, ?, ?)", (row for row in rows if row[1] or row[2])
    ).fetchall()


def _bodies(keys: Keys, values: Values, touched: Ints) -> list[bytes]:
    """Return the bodies of these pictures (indexes in the chunk)."""
    present = values != 0
    keys = keys[present]
    packed = ((keys & LOW) << HIGH | values[present].astype(np.uint64)).astype("<u8").tobytes()
    pictures = owners(keys)
    starts = (np.searchsorted(pictures, touched, "left") * 8).tolist()
    ends = (np.searchsorted(pictures, touched, "right") * 8).tolist()
    return [packed[start:end] for start, end in zip(starts, ends, strict=True)]


def write_counts(connection: apsw.Connection, had: Rows, has: Rows, keys: Keys, phase: int) -> None:
    """Update the number of pictures of each tag, and by how much the change being prepared will alter it."""
    was, was_then = (half & EFFECTIVE for half in halves(looked_up(had, keys)))
    is_, is_then = (half & EFFECTIVE for half in halves(looked_up(has, keys)))
    if phase == 2:  # the new values already count
        was, is_ = was_then, is_then
    now, change = is_ - was, (is_then - is_) - (was_then - was)
    moved = (now != 0) | (change != 0)
    tags, place = np.unique(tags_of(keys[moved]), return_inverse=True)
    totals = np.bincount(place, now[moved], len(tags)).astype(np.int64)
    changes = np.bincount(place, change[moved], len(tags)).astype(np.int64)
    connection.executemany(
        "insert into derived_tag_count values (?, ?, ?) on conflict(tag_id) do update set"
        " pictures = pictures + excluded.pictures, change = change + excluded.change",
        zip(tags.tolist(), totals.tolist(), changes.tolist(), strict=True),
    ).fetchall()
