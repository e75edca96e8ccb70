"""The pictures that are most like some others, among any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from .combining import combined
from .matrix import Matrix, top


class Near(Struct, frozen=True):
    """A picture, how alike it is (cosine), and the picture it is most like."""

    picture: int
    score: float
    like: int


def near(matrix: Matrix, to: Sequence[int], among: Sequence[int], combine: str, limit: int) -> list[Near]:
    """The pictures among these that are most like some (which are left out), the likest first."""
    queries = matrix.places(np.unique(np.asarray(to, np.int64)))
    places = matrix.places(np.setdiff1d(np.asarray(among, np.int64), np.asarray(to, np.int64)))
    if not len(queries) or not len(places):
        return []
    scores: list[Any] = [matrix.scores(matrix.rows[query], places) for query in queries.tolist()]
    nearest = queries[np.argmax(scores, axis=0)]
    total = combined(scores, [1.0] * len(scores), combine)
    return [
        Near(int(matrix.ids[places[n]]), float(total[n]), int(matrix.ids[nearest[n]]))
        for n in top(total, limit).tolist()
    ]
