"""Groups of vectors that lie close together, found in one pass: the same every time, and fast enough for 100,000."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Vectors that are compared with all groups at once.
BLOCK = 1024


def clusters(rows: NDArray[np.float16], least: float) -> list[NDArray[np.int64]]:
    """The indexes of each group of two or more, the largest first; the most typical of each first.

    Each vector joins the group whose middle is nearest, if its cosine with that is `least` or more, and begins one
    otherwise; then each is given once more to the nearest of the groups there are, so that the order hardly matters.
    """
    if not len(rows):
        return []
    middles = _led(rows, least)
    nearest, cosines = _nearest(rows, middles)
    middles = _means(rows, nearest, len(middles))
    nearest, cosines = _nearest(rows, middles)
    order = np.lexsort((-cosines, nearest))
    order = order[cosines[order] >= least]
    groups = np.split(order, np.flatnonzero(np.diff(nearest[order])) + 1)
    found = [group for group in groups if len(group) > 1]
    return sorted(found, key=lambda group: (-len(group), int(group[0])))


def _led(rows: NDArray[np.float16], least: float) -> NDArray[np.float32]:
    """Middles of groups, as they came up. Only within a block are vectors compared one by one."""
    sums = np.zeros((64, rows.shape[1]), np.float32)
    units = np.zeros_like(sums)
    count = 0
    for at in range(0, len(rows), BLOCK):
        part = rows[at : at + BLOCK].astype(np.float32)
        known = count
        scores = part @ units[:known].T if known else np.full((len(part), 1), -2, np.float32)
        best = scores.argmax(axis=1)
        joined = scores[np.arange(len(part)), best] >= least
        np.add.at(sums, best[joined], part[joined])
        for vector in part[~joined]:
            fresh = units[known:count] @ vector
            one = known + int(fresh.argmax()) if count > known else -1
            if one < 0 or fresh[one - known] < least:
                one = count
                if count == len(sums):
                    sums, units = _doubled(sums), _doubled(units)
                count += 1
            sums[one] += vector
            units[one] = sums[one] / np.linalg.norm(sums[one])
        units[:known] = sums[:known] / np.linalg.norm(sums[:known], axis=1, keepdims=True)
    return units[:count]


def _nearest(rows: NDArray[np.float16], middles: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    nearest, cosines = np.empty(len(rows), np.int64), np.empty(len(rows), np.float32)
    for at in range(0, len(rows), BLOCK):
        scores = rows[at : at + BLOCK].astype(np.float32) @ middles.T
        nearest[at : at + BLOCK] = best = scores.argmax(axis=1)
        cosines[at : at + BLOCK] = scores[np.arange(len(best)), best]
    return nearest, cosines


def _means(rows: NDArray[np.float16], nearest: NDArray[np.int64], count: int) -> NDArray[np.float32]:
    sums = np.zeros((count, rows.shape[1]), np.float32)
    for at in range(0, len(rows), BLOCK):
        np.add.at(sums, nearest[at : at + BLOCK], rows[at : at + BLOCK].astype(np.float32))
    sums = sums[np.bincount(nearest, minlength=count) > 0]
    found: NDArray[np.float32] = sums / np.maximum(1e-9, np.linalg.norm(sums, axis=1, keepdims=True))
    return found


def _doubled(rows: Any) -> Any:
    return np.concatenate([rows, np.zeros_like(rows)])
