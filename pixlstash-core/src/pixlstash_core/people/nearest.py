"""Finds the two most similar characters of each unassigned face. Exact, for all faces in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Faces that are compared with all references at once.
BLOCK = 1024
Ints = NDArray[np.int64]
Cosines = NDArray[np.float32]


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
        _compared(rows, targets[at : at + BLOCK], references, owners, starts, denied)
        for at in range(0, len(targets), BLOCK)
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
