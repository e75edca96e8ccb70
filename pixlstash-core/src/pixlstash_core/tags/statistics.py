"""Statistics of the tags of some pictures: frequencies, pairs, and the rarity of the rarest."""

from __future__ import annotations

import apsw
import numpy as np
from numpy.typing import NDArray

from ..database.connection import bind_ids, fetch
from ..database.features import Counted
from ..query.language import exactly
from ..types import Bar, Panel, TagPair
from .entries import EFFECTIVE
from .rows import shown

Ids = NDArray[np.int64]
#: Bars of a panel; the number of tags whose pairs are counted, and of pairs.
BARS, TOGETHER = 40, 20
#: The rarity of a picture without tags, higher than all others.
NONE = 1 << 40
CHUNK = 50_000


def of(connection: apsw.Connection, ids: Ids) -> Counted:
    """Return the panel of tags, the most frequent pairs, how many pictures have tags, and how many tags they have."""
    engine = _missing(connection)
    rows = shown(connection, ids)
    effective = rows.values & EFFECTIVE != 0
    tags, owners = rows.tags[effective], rows.owners[effective]
    counts = np.bincount(tags)
    top = np.argsort(counts, kind="stable")[::-1][:BARS]
    top = top[counts[top] > 0]
    names: dict[int, str] = dict(
        fetch(connection, "select id, name from tag where id in carray(?)", (bind_ids(top.tolist()),))
    )
    bars = [Bar(names[tag], f"tag:{exactly(names[tag])}", int(counts[tag])) for tag in top.tolist()]
    pairs = _pairs(tags, owners, top[:TOGETHER], names)
    tagged = int(np.count_nonzero(np.bincount(owners)))
    return Counted([Panel("tag", "Tags", bars, engine)], pairs, tagged, len(tags))


def _pairs(tags: Ids, owners: Ids, top: Ids, names: dict[int, str]) -> list[TagPair]:
    """Return pairs of the most frequent tags that are on the same pictures."""
    if not len(top):
        return []
    column = np.full(int(tags.max()) + 1, -1)
    column[top] = np.arange(len(top))
    used = column[tags] >= 0
    has = np.zeros((int(owners.max()) + 1, len(top)), np.float32)
    has[owners[used], column[tags[used]]] = 1
    together = (has.T @ has).astype(np.int64)
    pairs = [
        TagPair(names[int(top[a])], names[int(top[b])], int(together[a, b]))
        for a in range(len(top))
        for b in range(a + 1, len(top))
        if together[a, b]
    ]
    return sorted(pairs, key=lambda pair: -pair.count)[:TOGETHER]


def _missing(connection: apsw.Connection) -> str | None:
    """Return what the panel needs if no tagger is in use."""
    used = fetch(connection, "select 1 from active where kind = 'tag'")
    return None if used else "an engine that tags pictures"


def rarity_of(connection: apsw.Connection, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return, for each picture, how many pictures have the rarest of its tags; `NONE` without tags."""
    pairs = fetch(connection, "select tag_id, pictures from derived_tag_count")
    counts = np.full(max((tag for tag, _ in pairs), default=0) + 1, NONE, np.int64)
    for tag, pictures in pairs:
        counts[tag] = pictures
    rarest = np.full(len(ids), NONE, np.int64)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        rows = shown(connection, chunk)
        effective = rows.values & EFFECTIVE != 0
        owners, tags = rows.owners[effective], rows.tags[effective]
        np.minimum.at(rarest, start + owners, counts[np.minimum(tags, len(counts) - 1)])
    return rarest
