"""Combines similarity scores: of several references, to one scale for all engines, and with word ranks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

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
