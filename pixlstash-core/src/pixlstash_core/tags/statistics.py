"""Statistics of the tags of some pictures: frequencies, pairs that occur together, and confidences."""

from __future__ import annotations

import apsw
import numpy as np
from numpy.typing import NDArray

from ..database.connection import bind_ids, fetch
from ..database.features import Counted
from ..query.quoting import exactly
from ..types import Bar, Panel, TagPair
from .entries import EFFECTIVE, ENGINE
from .rows import shown

Ids = NDArray[np.int64]
#: Bars of a panel; the number of tags whose pairs are counted, and of pairs.
BARS, TOGETHER = 40, 20
#: Bars of the histogram of confidences.
FIFTHS = 5


def of(connection: apsw.Connection, ids: Ids) -> Counted:
    """Return the panels of tags and confidences, the most frequent pairs, and how many pictures have tags."""
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
    histogram = _confidence(rows.values[rows.values & ENGINE != 0] >> 8)
    tagged = int(np.count_nonzero(np.bincount(owners)))
    panels = [Panel("tag", "Tags", bars, engine), Panel("confidence", "Confidence", histogram, engine)]
    return Counted(panels, pairs, tagged)


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


def _confidence(confidences: Ids) -> list[Bar]:
    counts = np.bincount(np.minimum(confidences * FIFTHS // 65_536, FIFTHS - 1), minlength=FIFTHS).tolist()
    width = 100 // FIFTHS
    return [Bar(f"{n * width}–{(n + 1) * width} %", None, count) for n, count in enumerate(counts) if len(confidences)]


def _missing(connection: apsw.Connection) -> str | None:
    """Return what the panels need if no tagger is in use."""
    used = fetch(connection, "select 1 from active where kind = 'tag'")
    return None if used else "an engine that tags pictures"
