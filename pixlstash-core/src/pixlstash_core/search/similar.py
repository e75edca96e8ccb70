"""Finds the pictures that are most similar to others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from .combining import combined
from .matrix import Matrix, top


class Near(Struct, frozen=True):
    """A similar picture, its cosine, and the picture that it is most similar to."""

    picture: int
    score: float
    like: int


def near(matrix: Matrix, to: Sequence[int], among: Sequence[int], combine: str, limit: int) -> list[Near]:
    """Return the pictures `among` some that are most similar to others (which are left out), the most similar first."""
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
