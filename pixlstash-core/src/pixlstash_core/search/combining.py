"""Combines similarities to several sources, and finds the pictures that are most similar to others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from .matrix import Matrix, top

Scores = NDArray[np.float32]
#: Number of vectors in a sample, with which usual scores are determined.
SAMPLE = 1024
#: The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009).
FUSION = 60


class Usual(Struct, frozen=True):
    """The median and the spread of cosines between random pictures."""

    middle: float
    spread: float

    def likeness(self, scores: Scores) -> Scores:
        """Convert cosines to similarities from 0 (usual or less) to 1 (equal), which are comparable between engines."""
        beyond = np.maximum(0, (scores - self.middle) / self.spread)
        share = (scores - self.middle) / max(1e-3, 1 - self.middle)
        likeness: Scores = np.clip(np.maximum(1 - np.exp(-beyond / 4), share), 0, 1).astype(np.float32)
        return likeness

    def cosine(self, likeness: float) -> float:
        """Return the lowest cosine with a similarity."""
        low, high = self.middle, 1.0
        for _ in range(40):
            at = (low + high) / 2
            enough = float(self.likeness(np.asarray([at], np.float32))[0]) >= likeness
            low, high = (low, at) if enough else (at, high)
        return high


def usual(scores: Scores) -> Usual:
    """Return the median of a sample of scores, and their spread by median absolute deviation."""
    if not len(scores):
        return Usual(0.0, 0.1)
    middle = float(np.median(scores))
    return Usual(middle, max(0.01, 1.4826 * float(np.median(np.abs(scores - middle)))))


def sample(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a sample of at most about `SAMPLE` rows, evenly spread."""
    return places[:: max(1, len(places) // SAMPLE)]


def combined(scores: Sequence[Scores], weights: Sequence[float], how: str) -> Scores:
    """Combine the scores of several references. Weights are relative to the greatest one.

    `harmonic` and `geometric` are means of (1 + score) / 2, as scores may be below 0.
    """
    parts = np.asarray(weights, np.float32) / np.float32(max(weights))
    return _WAYS[how](np.stack(list(scores)), parts[:, None])


def _halved(scores: Scores) -> Scores:
    return np.maximum((scores + 1) / 2, np.float32(1e-6))


_WAYS: Mapping[str, Callable[[Scores, Scores], Scores]] = {
    "mean": lambda scores, parts: (scores * parts).sum(axis=0) / parts.sum(),
    "max": lambda scores, parts: (scores * parts).max(axis=0),
    "min": lambda scores, parts: (1 - (1 - scores) * parts).min(axis=0),
    "harmonic": lambda scores, parts: 2 * parts.sum() / (parts / _halved(scores)).sum(axis=0) - 1,
    "geometric": lambda scores, parts: 2 * np.exp((parts * np.log(_halved(scores))).sum(axis=0) / parts.sum()) - 1,
}


def fused(rankings: Sequence[tuple[NDArray[np.uint32], float]], size: int) -> NDArray[np.uint32]:
    """Merge rankings (ids, weight) by the weighted sum of reciprocal ranks. `size`: the highest id + 1."""
    total = np.zeros(size, np.float64)
    for ids, weight in rankings:
        total[ids] += weight / (FUSION + 1 + np.arange(len(ids)))
    ranked = np.flatnonzero(total)
    return ranked[np.lexsort((-ranked, -total[ranked]))].astype(np.uint32)


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


def nearest(matrix: Matrix, to: int, among: Sequence[int], limit: int) -> list[tuple[int, float]]:
    """Return the pictures `among` some that are most similar to one, each with its cosine, the most similar first."""
    queries, places = matrix.places(np.array([to])), matrix.places(np.asarray(among, np.int64))
    if not len(queries) or not len(places):
        return []
    scores = matrix.scores(matrix.rows[queries[0]], places)
    return [(int(matrix.ids[places[n]]), float(scores[n])) for n in top(scores, limit).tolist()]
