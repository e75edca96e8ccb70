"""How good probabilities are for decisions that were not learned from, and their calibration."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Bins of the calibration have at least so many decisions each, and are between so many.
IN_BIN, BINS = 100, (3, 10)
#: The confidence from which a tag counts.
COUNTS = 0.5
#: Samples for the interval of the calibration error, and the normal quantile of intervals of 95 %.
SAMPLES, NORMAL = 200, 1.96
#: A tag is learned if the squared error is at most this part of that of always giving the share of accepted ones.
BETTER = 0.95


def logistic(margins: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(margins, -40, 40)))


def platt(margins: Any, yes: Any) -> tuple[float, float]:
    """Return the slope (not negative) and the offset of the logistic function that maps margins to probabilities.

    As Platt proposed, the targets are not 0 and 1 but what Laplace's rule gives, so that few decisions are never sure.
    """
    count = float(yes.sum())
    goal = np.where(yes, (count + 1) / (count + 2), 1 / (len(yes) - count + 2))
    rows = np.stack([margins, np.ones(len(margins))])
    line = np.array([0.0, np.log((count + 1) / (len(yes) - count + 1))])
    for _ in range(30):
        sure = logistic(line @ rows)
        curve = (rows * (sure * (1 - sure))) @ rows.T + np.diag([1e-6, 1e-6])
        step = np.linalg.solve(curve, rows @ (sure - goal))
        line = line - np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-6:
            break
    if not line[0] > 0:  # the margins tell nothing
        return 0.0, float(np.log((count + 1) / (len(yes) - count + 1)))
    return float(line[0]), float(line[1])


def measured(sure: Any, yes: Any) -> dict[str, Any]:
    """Return the quality of probabilities for decisions, as plain data.

    `yes`, `no`: the number of decisions. `precision`, `recall` (where the probability is at least 0.5) and `error` (the
    expected calibration error): a share with the ends of its interval of 95 %, or None. `brier`, `prior`: the mean
    squared error, and that of always giving the share of accepted ones. `learned`: it is clearly better than that.
    `bins`: of examples with similar probabilities, the mean probability, the share of accepted ones, and the number.
    """
    counts = sure >= COUNTS
    hits, share = int((counts & yes).sum()), float(yes.mean())
    brier, prior = float(np.mean((sure - yes) ** 2)), share * (1 - share)
    bins = binned(sure)
    sizes = np.bincount(bins)
    means = np.bincount(bins, sure) / sizes
    shares = np.bincount(bins, yes) / sizes
    return {
        "yes": int(yes.sum()),
        "no": int((~yes).sum()),
        "learned": bool(brier <= BETTER * prior),
        "precision": interval(hits, int(counts.sum())),
        "recall": interval(hits, int(yes.sum())),
        "error": _error(sure, yes, bins),
        "brier": round(brier, 4),
        "prior": round(prior, 4),
        "bins": [[round(float(p), 3), round(float(s), 3), int(n)] for p, s, n in zip(means, shares, sizes)],
    }


def binned(sure: Any) -> Any:
    """Return the bin of each probability; bins have nearly the same number of examples, in ascending order."""
    count = min(max(len(sure) // IN_BIN, BINS[0]), BINS[1])
    bins = np.empty(len(sure), np.int64)
    bins[np.argsort(sure, kind="stable")] = np.arange(len(sure)) * count // len(sure)
    return bins


def interval(hits: int, count: int) -> list[float] | None:
    """Return a share and Wilson's interval; None if there is none."""
    if not count:
        return None
    share, square = hits / count, NORMAL**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    reach = NORMAL * (share * (1 - share) / count + square / (4 * count**2)) ** 0.5 / (1 + square / count)
    return [round(share, 4), round(max(0.0, middle - reach), 4), round(min(1.0, middle + reach), 4)]


def calibration(sure: Any, yes: Any, bins: Any) -> float:
    """Return the expected calibration error: between probability and share of accepted ones, weighted by examples."""
    return float(np.abs(np.bincount(bins, sure - yes)).sum() / len(sure))


def _error(sure: Any, yes: Any, bins: Any) -> list[float]:
    """Return the calibration error and its interval by resampling the examples."""
    value = calibration(sure, yes, bins)
    random, count = np.random.default_rng(0), int(bins.max()) + 1
    drawn = random.integers(len(sure), size=(SAMPLES, len(sure)))
    places = (bins[drawn] + count * np.arange(SAMPLES)[:, None]).ravel()
    apart = np.bincount(places, (sure - yes)[drawn].ravel(), count * SAMPLES).reshape(SAMPLES, count)
    low, high = np.quantile(np.abs(apart).sum(axis=1) / len(sure), [0.025, 0.975])
    return [round(value, 4), round(min(value, float(low)), 4), round(max(value, float(high)), 4)]
