"""Derives the tags of pictures: engine tags above their thresholds except never-listed ones, plus tags that people
accepted, minus those that they rejected, through aliases and implications.

Each chunk of pictures is read, computed as arrays and compared with the derived rows; only differences are written. The
same function serves changes, undo, redo, engines, and a new setting that is being prepared.
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import numpy as np
from numpy.typing import NDArray

from ..database.connection import bind_ids, fetch
from .entries import EFFECTIVE, ENGINE, IMPLIED, IMPLIES, NEVER, NEVERMORE, NO, YES
from .rows import HIGH, LOW, Ints, Keys, Rows, Values, counts, ints, merged, read, tags_of, write

#: Pictures per chunk: some 100 MB at 30 tags each.
CHUNK = 20_000
OUTPUT = np.dtype([("tag", "<u4"), ("confidence", "<u2")])


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
