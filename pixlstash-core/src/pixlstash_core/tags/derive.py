"""Derives the tags of pictures: engine tags above their thresholds except never-listed ones, plus tags that people
accepted, minus those that they rejected, through aliases and implications.

Each chunk of pictures is read, computed as arrays and compared with the derived rows; only differences are written. The
same function serves changes, undo, redo, engines, and a new setting that is being prepared.

`refresh_said` and `follow_said` are for pictures of which only annotations have changed, and fast for a hundred
thousand at once: the derived rows already contain the engines' tags. If the changed tags imply no others, a new row
follows from the old row and the annotation. Otherwise, and while new settings are being prepared, the full derivation
is used.
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import numpy as np
from numpy.typing import NDArray

from ..database.arrays import distinct, union
from ..database.changesets import Whole
from ..database.connection import bind_ids, fetch
from .entries import EFFECTIVE, ENGINE, IMPLIED, IMPLIES, NEVER, NEVERMORE, NO, YES
from .rows import (
    HIGH,
    LOW,
    SAID,
    Ints,
    Keys,
    Rows,
    Values,
    counts,
    in_order,
    ints,
    looked_up,
    merged,
    read,
    read_table,
    settled,
    tags_of,
    write,
    write_bodies,
    write_counts,
    write_index,
)

#: Pictures per chunk: some 100 MB at 30 tags each.
CHUNK = 20_000
OUTPUT = np.dtype([("tag", "<u4"), ("confidence", "<u2")])
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


def refresh(connection: apsw.Connection, ids: Sequence[int]) -> int:
    """Update the derived tags of these pictures (ascending); return how many changed."""
    return sum(refresh_chunk(connection, ids[at : at + CHUNK]) for at in range(0, len(ids), CHUNK))


def refresh_chunk(connection: apsw.Connection, pictures: Sequence[int]) -> int:
    ids = np.asarray(pictures, np.int64)
    bound = bind_ids(pictures)
    (phase,) = fetch(connection, "select phase from derived_tagging where version = 0")[0]
    truth = _Truth(connection, ids, bound)
    had = read(connection, ids, bound)
    if not (len(truth.tags) or len(truth.annotations.tags) or len(had.computed.keys) or len(had.annotated.keys)):
        return 0
    has = Rows(*truth.entries(0))
    if phase == 1:
        has = merged(has, Rows(*truth.entries(1)))
    return write(connection, ids, had, has, phase)


# --- computing --------------------------------------------------------------------------------------------------------


class _Truth:
    """The engine tags and annotations of one chunk of pictures."""

    def __init__(self, connection: apsw.Connection, ids: Ints, bound: object) -> None:
        self._connection = connection
        rows = fetch(
            connection,
            """
            select picture_id, producer_id, body from tag_output
            where picture_id in carray(?) and producer_id in (select producer_id from derived_active)
            """,
            (bound,),
        )
        bodies = [row[2] for row in rows]
        self.producers = ints(rows, 1)
        self.pictures = np.searchsorted(ids, ints(rows, 0))
        counts = np.fromiter(map(len, bodies), np.int64, len(rows)) // OUTPUT.itemsize
        outputs = np.frombuffer(b"".join(bodies), OUTPUT)
        self.tags = outputs["tag"].astype(np.int64)
        self.confidences = outputs["confidence"].astype(np.int64)
        self.rows = np.repeat(np.arange(len(rows)), counts)
        self.annotations = Annotations(connection, ids, bound)

    def entries(self, version: int) -> tuple[Keys, Values]:
        """Return (keys, values) of the chunk under the current settings (0), or those being prepared (1)."""
        meaning = Meaning(self._connection, version, (self.tags, self.annotations.tags))
        keys, confidences, bits = self._computed(version, meaning)
        bits |= np.where(meaning.never[tags_of(keys)], NEVER, 0)
        keys, confidences, bits = self._annotate(meaning, keys, confidences, bits)
        effective = counts(bits)
        sources, implied = meaning.implied(tags_of(keys[effective]))
        if len(sources):
            above = keys[effective][sources] & ~LOW
            implied_keys = above | implied.astype(np.uint64)
            keys, confidences, bits = _group(
                np.concatenate([keys, implied_keys]),
                np.concatenate([confidences, confidences[effective][sources]]),
                np.concatenate([bits, np.full(len(implied_keys), IMPLIED, np.int64)]),
            )
            effective = counts(bits)
        return keys, confidences << 8 | bits | np.where(effective, EFFECTIVE, 0)

    def _computed(self, version: int, meaning: Meaning) -> tuple[Keys, Values, Values]:
        """Return the tags of the active engines, each once a picture, with `ENGINE` if they count."""
        connection = self._connection
        active = fetch(
            connection,
            "select producer_id, threshold, rank from derived_active where version = ? order by producer_id",
            (version,),
        )
        ((combine,),) = fetch(connection, "select combine from derived_tagging where version = ?", (version,))
        producers, thresholds, ranks = (ints(active, column) for column in range(3))
        place = np.searchsorted(producers, self.producers)
        counts = np.append(producers, -1)[place] == self.producers  # for each row, whether its engine is active
        rank = np.append(ranks, 0)[place]
        if combine == "preferred" and len(rank):
            best = np.full(int(self.pictures.max()) + 1, np.iinfo(np.int64).max)
            np.minimum.at(best, self.pictures[counts], rank[counts])
            counts = counts & (rank == best[self.pictures])
        used = counts[self.rows] & (self.confidences > 0)
        rows, confidences = self.rows[used], self.confidences[used]
        keys = self.pictures[rows].astype(np.uint64) << HIGH | meaning.tag[self.tags[used]].astype(np.uint64)
        above = confidences >= np.append(thresholds, 0)[place][rows]
        if combine == "vote" and len(keys):
            return _vote(keys, confidences, above, place[rows], np.bincount(self.pictures[counts]))
        return _group(keys, confidences, np.where(above, ENGINE, 0))

    def _annotate(self, meaning: Meaning, keys: Keys, confidences: Values, bits: Values) -> tuple[Keys, Values, Values]:
        """Add people's annotations; of two about one tag, the later counts."""
        if not len(self.annotations.tags):
            return keys, confidences, bits
        annotated, annotated_bits = self.annotations.latest(meaning)
        none = np.zeros(len(annotated), np.int64)
        return _group(
            np.concatenate([keys, annotated]),
            np.concatenate([confidences, none]),
            np.concatenate([bits, annotated_bits]),
        )


class Annotations:
    """People's annotations of the tags of one chunk of pictures."""

    def __init__(self, connection: apsw.Connection, ids: Ints, bound: object) -> None:
        sql = """
            select s.picture_id, s.tag_id, s.yes, s.at from carray(?) i cross join said_tag s on s.picture_id = i.value
            """
        rows = fetch(connection, sql, (bound,))
        self._pictures = np.searchsorted(ids, ints(rows, 0))
        self.tags, self._yes, self._at = ints(rows, 1), ints(rows, 2), ints(rows, 3)

    def latest(self, meaning: Meaning) -> tuple[Keys, Values]:
        """Return (keys, `YES` or `NO`), each key once: of two annotations of one tag, the later."""
        keys = self._pictures.astype(np.uint64) << HIGH | meaning.tag[self.tags].astype(np.uint64)
        order = np.lexsort((self._at, keys))
        keys, yes = keys[order], self._yes[order]
        last = np.append(keys[1:] != keys[:-1], True)[: len(keys)]
        return keys[last], np.where(yes[last] == 1, YES, NO)


def _vote(
    keys: Keys, confidences: Values, above: NDArray[np.bool_], producers: Ints, voters: Ints
) -> tuple[Keys, Values, Values]:
    """Set `ENGINE` where more than half of the engines that processed the picture assign the tag."""
    order = np.lexsort((producers, keys))
    keys, confidences, above, producers = keys[order], confidences[order], above[order], producers[order]
    first = np.append(True, (keys[1:] != keys[:-1]) | (producers[1:] != producers[:-1]))
    starts = np.flatnonzero(first)
    votes = np.maximum.reduceat(above.astype(np.int64), starts)
    confidences = np.maximum.reduceat(confidences, starts)
    keys = keys[starts]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    total = np.add.reduceat(votes, starts)
    keys = keys[starts]
    means = total * 2 > voters[(keys >> HIGH).astype(np.int64)]
    return keys, np.maximum.reduceat(confidences, starts), np.where(means, ENGINE, 0)


def _group(keys: Keys, confidences: Values, bits: Values) -> tuple[Keys, Values, Values]:
    """Return each key once, with its highest confidence and all its bits."""
    if not len(keys):
        return keys, confidences, bits
    if not (keys[1:] > keys[:-1]).all():
        order = np.argsort(keys, kind="stable")
        keys, confidences, bits = keys[order], confidences[order], bits[order]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    if len(starts) == len(keys):
        return keys, confidences, bits
    return keys[starts], np.maximum.reduceat(confidences, starts), np.bitwise_or.reduceat(bits, starts)


class Meaning:
    """The aliases and implications of the tags of a chunk."""

    def __init__(self, connection: apsw.Connection, version: int, used: Sequence[Ints]) -> None:
        size = 1 + max((int(tags.max()) for tags in used if len(tags)), default=0)
        seen = np.zeros(size, np.bool_)
        for tags in used:
            seen[tags] = True
        rows = self._rows(connection, version, np.flatnonzero(seen))
        stands = [(tag, means, how) for tag, means, how in rows if how != IMPLIES]
        size = max(size, 1 + max((means for _, means, _ in stands), default=0))
        self.tag: Ints = np.arange(size)
        self.never: NDArray[np.bool_] = np.zeros(size, np.bool_)
        for tag, means, how in stands:
            self.tag[tag] = means
            self.never[means] = how == NEVERMORE
        others = {means for _, means, _ in stands} - set(np.flatnonzero(seen).tolist())
        rows += self._rows(connection, version, np.array(sorted(others), np.int64))
        implies = sorted({(tag, means) for tag, means, how in rows if how == IMPLIES})
        self._sources, self._implied = ints(implies, 0), ints(implies, 1)

    def implied(self, tags: Ints) -> tuple[Ints, Ints]:
        """Return (indexes into `tags`, implied tags), one entry for each implication."""
        if not len(self._sources) or not len(tags):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        first = np.searchsorted(self._sources, tags, "left")
        count = np.searchsorted(self._sources, tags, "right") - first
        sources = np.repeat(np.arange(len(tags)), count)
        within = np.arange(len(sources)) - np.repeat(np.cumsum(count) - count, count)
        return sources, self._implied[first[sources] + within]

    @staticmethod
    def _rows(connection: apsw.Connection, version: int, tags: Ints) -> list[tuple[int, int, int]]:
        if not len(tags):
            return []
        sql = "select tag_id, means_id, how from derived_meaning where version = ? and tag_id in carray(?)"
        return fetch(connection, sql, (version, bind_ids(tags.tolist())))


def refresh_said(connection: apsw.Connection, ids: Sequence[int]) -> None:
    """Update the derived tags of these pictures (ascending) when only `said_tag` changed."""
    for at in range(0, len(ids), CHUNK):
        _refresh(connection, ids[at : at + CHUNK])


def follow_said(connection: apsw.Connection, ids: Sequence[int], whole: Whole) -> None:
    """Update as `refresh` does, when the changes of `said_tag` are known as arrays."""
    tags = distinct(np.sort(whole.column(TAG))).tolist()
    if fetch(connection, _SETTLED) != [(0,)] or fetch(connection, _MEANT, {"tags": bind_ids(tags)}):
        refresh_said(connection, ids)
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
