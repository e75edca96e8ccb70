"""The smart score: how much you will like a picture, from 1 to 5, learned from your scores.

The model is a ridge regression over the vector of the active embedder, random cosine features of it, which approximate
a Gaussian kernel, and the measures of other engines. The strength of the regularization is chosen by leaving out each
example in turn, which has a closed form. These predictions also calibrate the model: a straight line maps them to the
scores that people gave. The state has weights only, no vectors.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from ...plugins.engines import Measurer
from ...plugins.image import Image
from ...plugins.training import Examples, Trained

#: Random features, the width of the kernel they approximate, and the weight of a measure beside a vector of length 1.
FEATURES, WIDTH, MEASURE = 256, 0.7, 0.25
#: Strengths of the regularization to choose from, for vectors of length 1.
STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
LOW, HIGH = 1.0, 5.0
#: Steps of the chart of scores against smart scores, per point.
STEPS = 2


class SmartScore(Measurer[Any]):
    """The measure `smart`."""

    id, revision, label, lane = "smart-score", "1", "Smart score", "cpu"
    measure, low, high, pixels, batch_size = "smart", LOW, HIGH, False, 256
    learns, fewest = "scores", 20

    def train(self, examples: Examples, params: Any) -> Trained:
        return train(examples)

    def restore(self, model: Any, state: bytes, params: Any) -> Any:
        import numpy as np

        with np.load(io.BytesIO(state), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in ("weights", "center", "line", "measures", "scale")}

    def run(self, model: Any, images: Sequence[Image], params: Any) -> Iterator[float]:
        import numpy as np

        slope, offset = model["line"].tolist()
        names = model["measures"].tolist()
        for image in images:
            if "vector" not in image.given:
                raise ValueError("it has no vector, or a damaged one: run the embedder again")
            measures = image.given.get("measures", {})
            numbers = np.array([[measures.get(name, np.nan) for name in names]], np.float32)
            row = _features(np.asarray(image.given["vector"], np.float32)[None], numbers, model["scale"])[0]
            value = slope * float((row - model["center"]) @ model["weights"]) + offset
            yield round(min(HIGH, max(LOW, value)), 3)


def train(examples: Examples) -> Trained:
    """Fit the model. Raises `ValueError` if all scores are equal."""
    import numpy as np

    values = np.asarray(examples.values, np.float64)
    if not np.ptp(values):
        raise ValueError(f"all pictures that you scored have {values[0]:g} stars: give other scores, too")
    names = sorted(examples.measures)
    numbers = np.stack([examples.measures[name] for name in names], axis=1) if names else np.zeros((len(values), 0))
    scale = _scale(numbers)
    rows = _features(np.asarray(examples.vectors, np.float32), numbers, scale)
    center, mean = rows.mean(axis=0), float(values.mean())
    rows -= center
    examples.progress(0.1)
    basis, levels = _decomposed(rows)
    examples.progress(0.7)
    strength, held_out = _choose(basis, levels, values - mean)
    slope, offset = _line(held_out, values - mean)
    part = basis @ ((basis.T @ (values - mean)) / (levels + strength))
    line = [slope, offset + mean]
    file = io.BytesIO()
    np.savez(
        file,
        weights=(rows.T @ part).astype(np.float32),
        center=center.astype(np.float32),
        line=np.array(line),
        measures=np.array(names, str),
        scale=scale,
    )
    examples.progress(1.0)
    return Trained(file.getvalue(), _report(np.clip(slope * held_out + line[1], LOW, HIGH), values))


def _scale(numbers: Any) -> Any:
    """Return mean and deviation of each column as f64 of shape (2, columns), without missing ones (NaN)."""
    import numpy as np

    there = np.isfinite(numbers)
    counts = np.maximum(there.sum(axis=0), 1)
    means = np.where(there, numbers, 0).sum(axis=0) / counts
    spread = np.sqrt(np.where(there, (numbers - means) ** 2, 0).sum(axis=0) / counts)
    return np.stack([means, np.maximum(spread, 1e-6)]).astype(np.float64)


def _features(vectors: Any, numbers: Any, scale: Any) -> Any:
    """Return vectors with random cosine features of them, the same ones for each length, and scaled measures.

    A missing measure (NaN) counts as the mean.
    """
    import numpy as np

    ways, shifts = _random(vectors.shape[1])
    cosines = np.cos(vectors @ ways + shifts) * np.float32((2 / FEATURES) ** 0.5)
    measures = np.clip(np.nan_to_num((numbers - scale[0]) / scale[1], nan=0.0), -4, 4) * MEASURE
    return np.hstack([vectors, cosines, measures.astype(np.float32)])


@cache
def _random(length: int) -> tuple[Any, Any]:
    """Return the directions and shifts of the random features of vectors of a length; drawing them takes long."""
    import numpy as np

    random = np.random.default_rng(length)
    ways = random.standard_normal((length, FEATURES)).astype(np.float32) / WIDTH
    return ways, random.uniform(0, 2 * np.pi, FEATURES).astype(np.float32)


def _decomposed(rows: Any) -> tuple[Any, Any]:
    """Return the left singular vectors and the squared singular values of centered rows."""
    import numpy as np

    wide = rows.shape[0] < rows.shape[1]
    levels, basis = np.linalg.eigh(rows @ rows.T if wide else rows.T @ rows)
    used = levels > 1e-5 * levels[-1]
    levels, basis = levels[used], basis[:, used]
    return (basis if wide else (rows @ basis) / np.sqrt(levels)), levels.astype(np.float64)


def _choose(basis: Any, levels: Any, values: Any) -> tuple[float, Any]:
    """Return the best strength, and the prediction for each example by a model of all others (of centered values)."""
    import numpy as np

    target, squares = basis.T @ values, basis**2
    best: tuple[float, float, Any] | None = None
    for strength in STRENGTHS:
        damped = levels / (levels + strength)
        lever = np.minimum(squares @ damped + 1 / len(values), 0.999)
        held_out = values - (values - basis @ (damped * target)) / (1 - lever)
        error = float((held_out - values) @ (held_out - values))
        if best is None or error < best[0]:
            best = error, strength, held_out
    assert best is not None
    return best[1], best[2]


def _line(predicted: Any, values: Any) -> tuple[float, float]:
    """Return slope and offset of the line that maps predictions to scores; flat if they do not rise together."""
    spread = float(predicted.var())
    slope = float(((predicted - predicted.mean()) * (values - values.mean())).mean()) / spread if spread > 1e-9 else 0.0
    slope = min(max(slope, 0.0), 2.0)
    return slope, float(values.mean() - slope * predicted.mean())


def _report(predicted: Any, values: Any) -> dict[str, Any]:
    """Return how predictions for examples that were left out of the training agree with the scores.

    `rank`: Spearman's correlation, `error`: the mean absolute error in points, `prior`: that of always giving the mean;
    `cells`: the number of examples by score (1 to 5) and step of half a point of the prediction (from 1 on).
    """
    import numpy as np

    stars = np.clip(np.rint(values), 1, 5).astype(int) - 1
    steps = np.minimum(((predicted - LOW) * STEPS).astype(int), int((HIGH - LOW) * STEPS) - 1)
    cells = np.zeros((5, int((HIGH - LOW) * STEPS)), int)
    np.add.at(cells, (stars, steps), 1)
    return {
        "rank": round(correlation(predicted, values), 3),
        "error": round(float(np.abs(predicted - values).mean()), 3),
        "prior": round(float(np.abs(values.mean() - values).mean()), 3),
        "cells": cells.tolist(),
    }


def correlation(first: Any, second: Any) -> float:
    """Return Spearman's rank correlation of two arrays; 0 if one is constant."""
    import numpy as np

    ranks, others = _ranks(first), _ranks(second)
    if not np.ptp(ranks) or not np.ptp(others):
        return 0.0
    return float(np.corrcoef(ranks, others)[0, 1])


def _ranks(values: Any) -> Any:
    """Return the ranks of values; equal ones have the mean of their ranks."""
    import numpy as np

    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[place]
