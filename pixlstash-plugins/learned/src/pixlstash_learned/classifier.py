"""Logistic regression with L2 regularization on principal components of vectors, calibrated by cross-validation.

The classes have equal weight in the regression. A logistic function of two parameters (Platt scaling), which is fitted
to predictions for examples that were left out, maps its margins to probabilities.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import quality

#: Principal components, at most, and additional random directions to find them by.
COMPONENTS, SPARE = 128, 16
#: Strengths of the regularization to choose from, strongest first, for rows whose mean square is 1.
STRENGTHS = (10.0, 1.0, 0.1, 0.02)
FOLDS = 5
#: Decisions about one tag that are used, at most: those about the pictures that were added last.
MOST = 2_000


class Space(NamedTuple):
    """Principal components: `mean` f32 of shape (length,), and `axes` f32 of shape (length, components)."""

    mean: Any
    axes: Any

    def rows(self, vectors: Any) -> Any:
        """Return the components of f32 vectors of shape (n, length), and a last column of 1 for the offset."""
        parts = (vectors - self.mean) @ self.axes
        return np.hstack([parts, np.ones((len(parts), 1), np.float32)])


class Learned(NamedTuple):
    """`weights`: f32 of shape (components + 1,), of which `probabilities` are computed; `quality`: plain data."""

    weights: Any
    quality: dict[str, Any]


def space(vectors: Any) -> Space:
    """Return the principal components of f32 vectors of shape (n, length), scaled so that their mean square is 1."""
    mean = vectors.mean(axis=0)
    centered = vectors - mean
    count = min(*centered.shape, COMPONENTS)
    if min(centered.shape) > COMPONENTS + SPARE:  # most directions do not matter, and all would take long
        random = np.random.default_rng(0).standard_normal((centered.shape[1], COMPONENTS + SPARE)).astype(np.float32)
        for _ in range(2):
            random = centered.T @ (centered @ np.linalg.qr(random)[0])
        ways = np.linalg.qr(random)[0]
        axes = ways @ np.linalg.svd(centered @ ways, full_matrices=False)[2].T
    else:
        axes = np.linalg.svd(centered, full_matrices=False)[2].T
    axes = axes[:, :count]
    size = float(np.sqrt(np.mean(np.sum((centered @ axes) ** 2, axis=1))))
    return Space(mean.astype(np.float32), (axes / max(size, 1e-6)).astype(np.float32))


def probabilities(rows: Any, weights: Any) -> Any:
    """Return the probability of each tag for each row, of shape (rows, tags)."""
    return quality.logistic(rows @ np.atleast_2d(weights).T)


def learn(rows: Any, among: Any, yes: Any) -> Learned:
    """Learn a tag from decisions: `yes`, bool of shape (m,), is about the rows with the indexes `among`."""
    used = newest(yes)
    rows, yes = rows[among[used]], yes[used]
    folds = folded(yes)
    strength, margins = _choose(rows, yes, folds)
    held_out = np.empty(len(yes))
    for fold in range(FOLDS):
        out = folds == fold
        slope, offset = quality.platt(margins[~out], yes[~out])
        held_out[out] = quality.logistic(slope * margins[out] + offset)
    slope, offset = quality.platt(margins, yes)
    weights = slope * _fit(rows, yes, strength, np.zeros(rows.shape[1]))
    weights[-1] += offset
    return Learned(weights.astype(np.float32), quality.measured(held_out, yes))


def newest(yes: Any) -> Any:
    """Return the indexes of the last decisions, so many for and against as their share among all."""
    if len(yes) <= MOST:
        return np.arange(len(yes))
    most = max(FOLDS, round(MOST * float(yes.mean())))
    most = min(most, MOST - FOLDS)
    return np.sort(np.concatenate([np.flatnonzero(yes)[-most:], np.flatnonzero(~yes)[most - MOST :]]))


def folded(yes: Any) -> Any:
    """Return the fold of each example, the same ones for the same decisions, each with its share of both kinds."""
    random = np.random.default_rng(len(yes))
    folds = np.empty(len(yes), np.int64)
    for kind in (True, False):
        of_kind = np.flatnonzero(yes == kind)
        folds[random.permutation(of_kind)] = np.arange(len(of_kind)) % FOLDS
    return folds


def _choose(rows: Any, yes: Any, folds: Any) -> tuple[float, Any]:
    """Return the best strength, and the margin of each example by a regression without its fold."""
    margins = np.empty((len(STRENGTHS), len(yes)))
    for fold in range(FOLDS):
        out = folds == fold
        weights = np.zeros(rows.shape[1])
        for n, strength in enumerate(STRENGTHS):
            weights = _fit(rows[~out], yes[~out], strength, weights)
            margins[n, out] = rows[out] @ weights
    losses = np.logaddexp(0, np.where(yes, -margins, margins)) @ _balanced(yes)
    best = int(np.argmin(losses))
    return STRENGTHS[best], margins[best]


def _balanced(yes: Any) -> Any:
    """Return weights of examples, so that both classes weigh the same; their mean is 1."""
    share = float(yes.mean())
    return np.where(yes, 0.5 / share, 0.5 / (1 - share))


def _fit(rows: Any, yes: Any, strength: float, start: Any) -> Any:
    """Return the weights of a regression by Newton's method from a start; the offset is not regularized."""
    balance, sign = _balanced(yes), np.where(yes, 1.0, -1.0)
    damping = np.full(rows.shape[1], strength)
    damping[-1] = 1e-6

    def cost(weights: Any, margins: Any) -> float:
        return float(balance @ np.logaddexp(0, -sign * margins) + 0.5 * damping @ weights**2)

    weights, margins = start, rows @ start
    now = cost(weights, margins)
    for _ in range(25):
        sure = quality.logistic(margins)
        slope = rows.T @ (balance * (sure - yes)).astype(np.float32) + damping * weights
        curve = (rows.T * (balance * sure * (1 - sure)).astype(np.float32)) @ rows
        step = np.linalg.solve(curve + np.diag(damping + 1e-6), slope)
        part = 1.0
        while (after := cost(weights - part * step, rows @ (weights - part * step))) > now and part > 1e-3:
            part /= 2
        if after >= now:
            break
        gained, now = now - after, after
        weights = weights - part * step
        margins = rows @ weights
        if gained < 1e-4 * len(yes) ** 0.5:
            break
    return weights
