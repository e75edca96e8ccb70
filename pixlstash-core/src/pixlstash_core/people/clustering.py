"""Groups of vectors that lie close together: the same every time, and in seconds for 100,000.

Vectors are parted into cells, by which of some of them each is nearest to, and compared with all others of their cell.
What is alone is parted again, by others. Groups whose middles lie as close together as their members do are one;
what is still alone, or far from the middle of its group, joins the nearest. What fits into one cell is compared with
all the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

#: Vectors of a cell, about and at most; how often they are parted, and of more than so many.
CELL, LARGEST, TURNS, TURNS_OF_MANY, MANY = 1024, 2048, 6, 3, 32_768
#: Vectors that are compared at once with as many as there are.
BLOCK = 512
Ints = NDArray[np.int64]
Rows = NDArray[np.float16]
Middles = NDArray[np.float32]


def clusters(rows: Rows, least: float) -> list[Ints]:
    """The indexes of each group of two or more, the largest first; the most typical of each first.

    `rows` are of length 1. A vector is in the group whose middle it has a cosine of `least` or more with.
    """
    owners = np.full(len(rows), -1, np.int64)
    count = 0
    for turn in range(TURNS if len(rows) <= MANY else TURNS_OF_MANY):
        for cell in _cells(rows, np.flatnonzero(owners < 0), turn):
            for group in _close(rows[cell], least):
                owners[cell[group]] = count
                count += 1
    if not count:
        return []
    middles, cosines = _middles(rows, owners, count)
    sizes = np.bincount(owners[owners >= 0], minlength=count)
    # The middle of many lies closer to another than any of them does to one of the other's.
    typical = float(cosines[owners >= 0].mean())
    merged = _merged(middles, sizes, min(1.0, least / typical))
    owners[owners >= 0] = merged[owners[owners >= 0]]
    middles, cosines = _middles(rows, owners, int(merged.max()) + 1)
    doubtful = np.flatnonzero((owners < 0) | (cosines < (least + typical) / 2))
    nearest, near = _nearest(rows, doubtful, middles)
    owners[doubtful] = np.where(near >= least, nearest, -1)
    return _sorted(rows, owners, len(middles), least)


def _cells(rows: Rows, among: Ints, turn: int) -> Iterator[Ints]:
    """These vectors, parted by the nearest of some of them; those of a turn are others than before."""
    count = -(-len(among) // CELL)
    if count <= 1:
        yield among
        return
    centres = among[turn :: len(among) // count][:count]
    nearest, _ = _nearest(rows, among, rows[centres].astype(np.float32))
    order = np.argsort(nearest, kind="stable")
    for cell in np.split(among[order], np.flatnonzero(np.diff(nearest[order])) + 1):
        yield from np.array_split(cell, -(-len(cell) // LARGEST))


def _close(part: Rows, least: float) -> Iterator[Ints]:
    """Groups of two or more around those that have the most others close to them."""
    vectors = part.astype(np.float32)
    near = vectors @ vectors.T >= least
    np.fill_diagonal(near, True)
    count = near.sum(axis=1)
    free = count > 1
    for one in np.argsort(-count, kind="stable")[: int(free.sum())].tolist():
        if free[one]:
            group = np.flatnonzero(near[one] & free)
            free[group] = False
            if len(group) > 1:
                yield group


def _merged(middles: Middles, sizes: Ints, least: float) -> Ints:
    """The number of the group that each of these becomes a part of: a larger one that is so close, or its own."""
    found = np.full(len(middles), -1, np.int64)
    order = np.argsort(-sizes, kind="stable")
    count = 0
    for at in range(0, len(order), BLOCK):
        leaders = order[at : at + BLOCK]
        leaders = leaders[found[leaders] < 0]
        near = middles[leaders] @ middles.T >= least
        for one, close in zip(leaders.tolist(), near):
            if found[one] < 0:
                found[(found < 0) & close] = count
                found[one] = count
                count += 1
    return found


def _middles(rows: Rows, owners: Ints, count: int) -> tuple[Middles, NDArray[np.float32]]:
    """The middle of each group, and the cosine of each vector with that of its own."""
    sums = np.zeros((count, rows.shape[1]), np.float32)
    for at in range(0, len(rows), BLOCK):
        own = owners[at : at + BLOCK]
        np.add.at(sums, own[own >= 0], rows[at : at + BLOCK][own >= 0].astype(np.float32))
    middles = sums / np.maximum(1e-9, np.linalg.norm(sums, axis=1, keepdims=True))
    cosines = np.zeros(len(rows), np.float32)
    for at in range(0, len(rows), BLOCK):
        own = owners[at : at + BLOCK]
        cosines[at : at + BLOCK] = np.einsum("ij,ij->i", rows[at : at + BLOCK].astype(np.float32), middles[own])
    return middles, cosines


def _nearest(rows: Rows, among: Ints, middles: Middles) -> tuple[Ints, NDArray[np.float32]]:
    """Of each of some vectors the nearest middle, and the cosine with it."""
    nearest, cosines = np.empty(len(among), np.int64), np.empty(len(among), np.float32)
    for at in range(0, len(among), BLOCK):
        scores = rows[among[at : at + BLOCK]].astype(np.float32) @ middles.T
        nearest[at : at + BLOCK] = best = scores.argmax(axis=1)
        cosines[at : at + BLOCK] = scores[np.arange(len(best)), best]
    return nearest, cosines


def _sorted(rows: Rows, owners: Ints, count: int, least: float) -> list[Ints]:
    _, cosines = _middles(rows, owners, count)
    order = np.lexsort((-cosines, owners))
    order = order[(owners[order] >= 0) & (cosines[order] >= least)]
    groups: Sequence[Ints] = np.split(order, np.flatnonzero(np.diff(owners[order])) + 1)
    found = [group for group in groups if len(group) > 1]
    return sorted(found, key=lambda group: (-len(group), int(group[0])))
