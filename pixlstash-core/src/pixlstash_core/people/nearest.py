"""Whose faces may be that are nobody's: who each is most like, and who next. Exact, for all of them in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Faces that are compared with all references at once.
BLOCK = 1024
Ints = NDArray[np.int64]
Cosines = NDArray[np.float32]


class Whose(NamedTuple):
    """Of each face, by its place among those that were asked about.

    `first` and `second`: which of the known it is most and next most like, with the cosines; `like`: the row of the
    reference that it is most like. A `second` of the one and only known has a cosine of -2.
    """

    first: Ints
    second: Ints
    like: Ints
    best: Cosines
    next: Cosines


def whose(rows: NDArray[np.float16], asked: Ints, known: Sequence[Ints], denied: Mapping[int, Sequence[int]]) -> Whose:
    """Compare the rows `asked` with the reference rows of each of the `known`, of whom none has none.

    `denied`: by row, those of the known that it is not.
    """
    columns = np.concatenate(known)
    owners = np.repeat(np.arange(len(known)), [len(one) for one in known])
    starts = np.concatenate([[0], np.cumsum([len(one) for one in known])[:-1]])
    references = rows[columns].astype(np.float32)
    found = [
        _compared(rows, asked[at : at + BLOCK], references, owners, starts, denied)
        for at in range(0, len(asked), BLOCK)
    ]
    joined: list[Any] = [np.concatenate(parts) for parts in zip(*found)] or [np.empty(0, np.int64)] * 5
    like, first, second, best, following = joined
    return Whose(first, second, columns[like], best, following)


def _compared(
    rows: NDArray[np.float16],
    part: Ints,
    references: Cosines,
    owners: Ints,
    starts: Ints,
    denied: Mapping[int, Sequence[int]],
) -> tuple[Any, ...]:
    """Column of the likest reference, first, second and their cosines."""
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
