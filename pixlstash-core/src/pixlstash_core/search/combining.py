"""Arithmetic of likeness: several scores made one, one scale for all engines, and ranks of two kinds made one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Scores = NDArray[np.float32]
#: Of what is compared with anything, so much is looked at to know what is usual.
SAMPLE = 1024
#: How much the first ranks count, in reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009).
FUSION = 60


class Usual(Struct, frozen=True):
    """The cosine that is usual among pictures at random, and by how much it differs from that."""

    middle: float
    spread: float

    def likeness(self, scores: Scores) -> Scores:
        """Cosines on the scale of all engines: 0 is usual or less, 1 the same; 0.6 stands out as few by chance do."""
        beyond = np.maximum(0, (scores - self.middle) / self.spread)
        share = (scores - self.middle) / max(1e-3, 1 - self.middle)
        likeness: Scores = np.clip(np.maximum(1 - np.exp(-beyond / 4), share), 0, 1).astype(np.float32)
        return likeness

    def cosine(self, likeness: float) -> float:
        """The least cosine that has this likeness."""
        low, high = self.middle, 1.0
        for _ in range(40):
            at = (low + high) / 2
            enough = float(self.likeness(np.asarray([at], np.float32))[0]) >= likeness
            low, high = (low, at) if enough else (at, high)
        return high


def usual(scores: Scores) -> Usual:
    """Of the scores of a sample: the median, and the deviation from it that outliers hardly move."""
    if not len(scores):
        return Usual(0.0, 0.1)
    middle = float(np.median(scores))
    return Usual(middle, max(0.01, 1.4826 * float(np.median(np.abs(scores - middle)))))


def sample(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Some of them, evenly spread."""
    return places[:: max(1, len(places) // SAMPLE)]


def combined(scores: Sequence[Scores], weights: Sequence[float], how: str) -> Scores:
    """The scores of several things as one. A weight counts against the greatest of them.

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
    """Ids that are in any of some rankings (each with its weight), by the sum of their reciprocal ranks."""
    total = np.zeros(size, np.float64)
    for ids, weight in rankings:
        total[ids] += weight / (FUSION + 1 + np.arange(len(ids)))
    ranked = np.flatnonzero(total)
    return ranked[np.lexsort((-ranked, -total[ranked]))].astype(np.uint32)
