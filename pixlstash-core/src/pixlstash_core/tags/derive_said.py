"""Derives the tags of pictures of which only annotations have changed; fast for a hundred thousand at once.

The derived rows already contain the engines' tags. If the changed tags imply no others, a new row follows from the old
row and the annotation. Otherwise, and while new settings are being prepared, the full derivation is used.
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import numpy as np

from ..database.arrays import distinct, union
from ..database.changesets import Whole
from ..database.connection import bind_ids, fetch
from .derive import CHUNK, Annotations, Meaning, refresh_chunk
from .entries import NO, YES
from .rows import (
    HIGH,
    SAID,
    Ints,
    Keys,
    Rows,
    Values,
    in_order,
    ints,
    looked_up,
    read_table,
    settled,
    tags_of,
    write_bodies,
    write_counts,
    write_index,
)

#: Columns of `said_tag`.
PICTURE, TAG, YES_OR_NO = 0, 1, 2
_SETTLED = "select phase from derived_tagging where version = 0"
#: Whether any of these tags has an alias, is one, or is part of an implication.
_MEANT = """
    select 1 from carray(:tags) t where exists (select 1 from derived_meaning where version = 0 and tag_id = t.value)
      or exists (select 1 from derived_meaning where version = 0 and means_id = t.value) limit 1
    """
_PRESENT = """
    select k.value, t.now from carray(?) k cross join derived_tag t on t.block = k.value >> 43
      and t.tag_id = k.value & 0x7fffffff and t.picture_id = k.value >> 31
    """


def refresh(connection: apsw.Connection, ids: Sequence[int]) -> None:
    """Update the derived tags of these pictures (ascending) when only `said_tag` changed."""
    for at in range(0, len(ids), CHUNK):
        _refresh(connection, ids[at : at + CHUNK])


def follow(connection: apsw.Connection, ids: Sequence[int], whole: Whole) -> None:
    """Update as `refresh` does, when the changes of `said_tag` are known as arrays."""
    tags = distinct(np.sort(whole.column(TAG))).tolist()
    if fetch(connection, _SETTLED) != [(0,)] or fetch(connection, _MEANT, {"tags": bind_ids(tags)}):
        refresh(connection, ids)
        return
    order = np.lexsort((whole.column(TAG), whole.column(PICTURE)))
    pictures = whole.column(PICTURE)[order]
    bits = np.where(whole.inserted, np.where(whole.column(YES_OR_NO) == 1, YES, NO), 0)[order]
    for at in range(0, len(ids), CHUNK):
        part = ids[at : at + CHUNK]
        first, after = np.searchsorted(pictures, part[0], "left"), np.searchsorted(pictures, part[-1], "right")
        chunk = np.asarray(part, np.int64)
        rows = np.searchsorted(chunk, pictures[first:after]).astype(np.uint64)
        keys = rows << HIGH | whole.column(TAG)[order[first:after]].astype(np.uint64)
        had = read_table(connection, "derived_said", chunk, bind_ids(part))
        _change(connection, chunk, had, keys, bits[first:after])


def _refresh(connection: apsw.Connection, pictures: Sequence[int]) -> None:
    ids = np.asarray(pictures, np.int64)
    bound = bind_ids(pictures)
    if fetch(connection, _SETTLED) != [(0,)]:
        refresh_chunk(connection, pictures)
        return
    annotations, had = Annotations(connection, ids, bound), read_table(connection, "derived_said", ids, bound)
    meaning = Meaning(connection, 0, (annotations.tags, tags_of(had.keys)))
    latest = Rows(*annotations.latest(meaning))
    keys = union(latest.keys, had.keys)
    bits = looked_up(latest, keys)
    changed = looked_up(had, keys) & SAID != bits
    if len(meaning.implied(tags_of(keys[changed]))[0]):
        refresh_chunk(connection, pictures)
        return
    _change(connection, ids, had, keys[changed], bits[changed])


def _change(connection: apsw.Connection, ids: Ints, had: Rows, keys: Keys, bits: Values) -> None:
    """Write the annotations `bits` (`YES`, `NO` or 0) of these keys; `had`: all annotated rows of the pictures."""
    if not len(keys):
        return
    before = looked_up(had, keys)
    new = before == 0
    before[new] = _present(connection, ids, keys[new])
    computed = settled(before & ~SAID)
    values = settled(computed | bits)
    present, annotated = values != 0, bits != 0
    had_rows, has_rows = Rows(keys, before), Rows(keys, values)
    write_index(connection, ids, keys[present], values[present], keys[~present])
    write_counts(connection, had_rows, has_rows, keys, 0)
    unchanged = looked_up(Rows(keys, np.ones(len(keys), np.int64)), had.keys) == 0
    keys_after = np.concatenate([had.keys[unchanged], keys[annotated]])
    order = np.argsort(keys_after, kind="stable")
    has = Rows(keys_after[order], np.concatenate([had.values[unchanged], values[annotated]])[order])
    others = Rows(had.keys[unchanged], settled(had.values[unchanged] & ~SAID))
    write_bodies(connection, "derived_said", ids, had, has, _united(Rows(keys, computed), others))


def _united(first: Rows, second: Rows) -> Rows:
    keys = np.concatenate([first.keys, second.keys])
    order = np.argsort(keys, kind="stable")
    return Rows(keys[order], np.concatenate([first.values, second.values])[order])


def _present(connection: apsw.Connection, ids: Ints, keys: Keys) -> Values:
    """Return the values of rows without annotations; 0 where there is no row."""
    _, tags, pictures, places = in_order(ids, keys, np.arange(len(keys)))
    packed = pictures << 31 | tags
    rows = fetch(connection, _PRESENT, (bind_ids(packed.tolist()),))
    values = np.zeros(len(keys), np.int64)
    if rows:
        order = np.argsort(packed)
        targets = places[order][np.searchsorted(packed[order], ints(rows, 0))]
        values[targets] = ints(rows, 1)
    return values
