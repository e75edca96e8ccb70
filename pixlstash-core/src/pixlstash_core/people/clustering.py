"""The arithmetic of face vectors: clusters of similar ones, and the nearest characters. Deterministic.

Each round samples some vectors as centers, partitions all vectors into cells by the nearest center, and groups similar
vectors within a cell. The next round does the same with other centers for the vectors that are not in a group. Then
groups are merged if their mean vectors are as close as their members are, and remaining vectors, and those far from
the mean of their group, join the nearest group. Vectors that fit into one cell are all compared with each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Target and maximum size of a cell in vectors; rounds, and rounds for more than `MANY` vectors.
CELL, LARGEST, TURNS, TURNS_OF_MANY, MANY = 1024, 2048, 6, 3, 32_768
#: Vectors that are compared with all others at once.
BLOCK = 512
Ints = NDArray[np.int64]
Rows = NDArray[np.float16]
Middles = NDArray[np.float32]
#: Faces that are compared with all references at once.
FACES = 1024
Cosines = NDArray[np.float32]


def clusters(rows: Rows, least: float) -> list[Ints]:
    """Return the indexes of the vectors in each group of two or more, the largest group first.

    `rows` are vectors of length 1. A vector belongs to a group if its cosine with the group's mean is at least `least`.
    Each group begins with the vectors closest to its mean.
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
    # The means of large groups are closer to each other than their members are.
    typical = float(cosines[owners >= 0].mean())
    merged = _merged(middles, sizes, min(1.0, least / typical))
    owners[owners >= 0] = merged[owners[owners >= 0]]
    middles, cosines = _middles(rows, owners, int(merged.max()) + 1)
    doubtful = np.flatnonzero((owners < 0) | (cosines < (least + typical) / 2))
    nearest, near = _nearest(rows, doubtful, middles)
    owners[doubtful] = np.where(near >= least, nearest, -1)
    return _sorted(rows, owners, len(middles), least)


def _cells(rows: Rows, among: Ints, turn: int) -> Iterator[Ints]:
    """Partition vectors by the nearest of a few sampled vectors, which differ in each round."""
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
    """Return groups of two or more around the vectors with the most close neighbors."""
    vectors = part.astype(np.float32)
    near = vectors @ vectors.T >= least
    np.fill_diagonal(near, True)
    count = near.sum(axis=1)
    free = count > 1
    for row in np.argsort(-count, kind="stable")[: int(free.sum())].tolist():
        if free[row]:
            group = np.flatnonzero(near[row] & free)
            free[group] = False
            if len(group) > 1:
                yield group


def _merged(middles: Middles, sizes: Ints, least: float) -> Ints:
    """Return the number of the merged group for each group; merged groups are numbered from 0, the largest first."""
    numbers = np.full(len(middles), -1, np.int64)
    order = np.argsort(-sizes, kind="stable")
    count = 0
    for at in range(0, len(order), BLOCK):
        leaders = order[at : at + BLOCK]
        leaders = leaders[numbers[leaders] < 0]
        near = middles[leaders] @ middles.T >= least
        for leader, close in zip(leaders.tolist(), near):
            if numbers[leader] < 0:
                numbers[(numbers < 0) & close] = count
                numbers[leader] = count
                count += 1
    return numbers


def _middles(rows: Rows, owners: Ints, count: int) -> tuple[Middles, NDArray[np.float32]]:
    """Return the mean vector of each group, and the cosine of each vector with the mean of its own group."""
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
    """Return the index of the nearest mean vector for each of some vectors, and the cosine with it."""
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
    several = [group for group in groups if len(group) > 1]
    return sorted(several, key=lambda group: (-len(group), int(group[0])))


class Nearest(NamedTuple):
    """The most similar characters of each face, as arrays in the order of the request.

    `first` and `second`: indexes of the most and second most similar character; `best` and `next`: their cosines, -2 if
    there is no second character; `like`: the row of the most similar reference.
    """

    first: Ints
    second: Ints
    like: Ints
    best: Cosines
    next: Cosines


def nearest_owner(
    rows: NDArray[np.float16], targets: Ints, characters: Sequence[Ints], denied: Mapping[int, Sequence[int]]
) -> Nearest:
    """Return the two most similar characters for each row in `targets`.

    `characters` has the reference rows of each character, at least one each. `denied` has the indexes of the characters
    that are rejected for a row.
    """
    columns = np.concatenate(characters)
    owners = np.repeat(np.arange(len(characters)), [len(rows) for rows in characters])
    starts = np.concatenate([[0], np.cumsum([len(rows) for rows in characters])[:-1]])
    references = rows[columns].astype(np.float32)
    compared = [
        _compared(rows, targets[at : at + FACES], references, owners, starts, denied)
        for at in range(0, len(targets), FACES)
    ]
    joined: list[Any] = [np.concatenate(parts) for parts in zip(*compared)] or [np.empty(0, np.int64)] * 5
    like, first, second, best, following = joined
    return Nearest(first, second, columns[like], best, following)


def _compared(
    rows: NDArray[np.float16],
    part: Ints,
    references: Cosines,
    owners: Ints,
    starts: Ints,
    denied: Mapping[int, Sequence[int]],
) -> tuple[Any, ...]:
    """Return the column of the most similar reference, the first and second character, and their cosines."""
    scores = rows[part].astype(np.float32) @ references.T
    for at in np.flatnonzero(np.isin(part, list(denied))).tolist() if denied else ():
        scores[at, np.isin(owners, denied[int(part[at])])] = -2
    every = np.arange(len(part))
    like = scores.argmax(axis=1)
    first, best = owners[like], scores[every, like]
    of_each = np.maximum.reduceat(scores, starts, axis=1)
    of_each[every, first] = -2
    second = of_each.argmax(axis=1)
    return like, first, second, best, of_each[every, second]
