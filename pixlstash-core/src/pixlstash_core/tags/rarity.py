"""The rarity of a picture: the number of pictures that have the rarest of its tags."""

from __future__ import annotations

import apsw
import numpy as np
from numpy.typing import NDArray

from ..database.connection import fetch
from .entries import EFFECTIVE
from .rows import shown

#: The rarity of a picture without tags, higher than all others.
NONE = 1 << 40
CHUNK = 50_000


def of(connection: apsw.Connection, ids: NDArray[np.int64]) -> NDArray[np.int64]:
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
