"""The rule of tags for pictures of which only what people say has changed: a hundred thousand at once, in a moment.

What engines found is in the derived rows already. So long as the tags in question imply no others, a row follows from
itself and from what is said; otherwise, and while something new is being prepared, the whole rule is asked.
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import numpy as np

from ..database.arrays import distinct, union
from ..database.changesets import Whole
from ..database.connection import bind_ids, fetch
from .derive import CHUNK, Meaning, Said, refresh_chunk
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
#: Whether any of these tags stands for another or another for it, or one implies the other.
_MEANT = """
    select 1 from carray(:tags) t where exists (select 1 from derived_meaning where version = 0 and tag_id = t.value)
      or exists (select 1 from derived_meaning where version = 0 and means_id = t.value) limit 1
    """
_PRESENT = """
    select k.value, t.now from carray(?) k cross join derived_tag t on t.block = k.value >> 43
      and t.tag_id = k.value & 0x7fffffff and t.picture_id = k.value >> 31
    """


def refresh(connection: apsw.Connection, ids: Sequence[int]) -> None:
    """Make the derived tags of these pictures (ascending) equal to truth, when nothing but `said_tag` changed."""
    for at in range(0, len(ids), CHUNK):
        _refresh(connection, ids[at : at + CHUNK])


def follow(connection: apsw.Connection, ids: Sequence[int], whole: Whole) -> None:
    """The same, where what changed in `said_tag` is known as arrays."""
    tags = distinct(np.sort(whole.column(TAG))).tolist()
    if fetch(connection, _SETTLED) != [(0,)] or fetch(connection, _MEANT, {"tags": bind_ids(tags)}):
        refresh(connection, ids)
        return
    order = np.lexsort((whole.column(TAG), whole.column(PICTURE)))
    pictures = whole.column(PICTURE)[order]
    said = np.where(whole.inserted, np.where(whole.column(YES_OR_NO) == 1, YES, NO), 0)[order]
    for at in range(0, len(ids), CHUNK):
        given = ids[at : at + CHUNK]
        first, after = np.searchsorted(pictures, given[0], "left"), np.searchsorted(pictures, given[-1], "right")
        chunk = np.asarray(given, np.int64)
        mine = np.searchsorted(chunk, pictures[first:after]).astype(np.uint64)
        keys = mine << HIGH | whole.column(TAG)[order[first:after]].astype(np.uint64)
        had = read_table(connection, "derived_said", chunk, bind_ids(given))
        _change(connection, chunk, had, keys, said[first:after])


def _refresh(connection: apsw.Connection, given: Sequence[int]) -> None:
    ids = np.asarray(given, np.int64)
    bound = bind_ids(given)
    if fetch(connection, _SETTLED) != [(0,)]:
        refresh_chunk(connection, given)
        return
    said, had = Said(connection, ids, bound), read_table(connection, "derived_said", ids, bound)
    meaning = Meaning(connection, 0, (said.tags, tags_of(had.keys)))
    spoken = Rows(*said.latest(meaning))
    keys = union(spoken.keys, had.keys)
    bits = looked_up(spoken, keys)
    changed = looked_up(had, keys) & SAID != bits
    if len(meaning.implied(tags_of(keys[changed]))[0]):
        refresh_chunk(connection, given)
        return
    _change(connection, ids, had, keys[changed], bits[changed])


def _change(connection: apsw.Connection, ids: Ints, had: Rows, keys: Keys, bits: Values) -> None:
    """Have these bits say what is said of these keys; `had`: all that was said of these pictures."""
    if not len(keys):
        return
    before = looked_up(had, keys)
    new = before == 0
    before[new] = _present(connection, ids, keys[new])
    beneath = settled(before & ~SAID)
    values = settled(beneath | bits)
    stay, told = values != 0, bits != 0
    had_rows, has_rows = Rows(keys, before), Rows(keys, values)
    write_index(connection, ids, keys[stay], values[stay], keys[~stay])
    write_counts(connection, had_rows, has_rows, keys, 0)
    kept = looked_up(Rows(keys, np.ones(len(keys), np.int64)), had.keys) == 0
    every = np.concatenate([had.keys[kept], keys[told]])
    order = np.argsort(every, kind="stable")
    has = Rows(every[order], np.concatenate([had.values[kept], values[told]])[order])
    others = Rows(had.keys[kept], settled(had.values[kept] & ~SAID))
    write_bodies(connection, "derived_said", ids, had, has, _united(Rows(keys, beneath), others))


def _united(one: Rows, other: Rows) -> Rows:
    keys = np.concatenate([one.keys, other.keys])
    order = np.argsort(keys, kind="stable")
    return Rows(keys[order], np.concatenate([one.values, other.values])[order])


def _present(connection: apsw.Connection, ids: Ints, keys: Keys) -> Values:
    """The values of rows of which nothing was said so far; 0 where there is none."""
    _, tags, pictures, places = in_order(ids, keys, np.arange(len(keys)))
    packed = pictures << 31 | tags
    found = fetch(connection, _PRESENT, (bind_ids(packed.tolist()),))
    values = np.zeros(len(keys), np.int64)
    if found:
        order = np.argsort(packed)
        mine = places[order][np.searchsorted(packed[order], ints(found, 0))]
        values[mine] = ints(found, 1)
    return values
