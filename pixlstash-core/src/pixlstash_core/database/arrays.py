"""Sets of numbers as arrays. `np.unique` and `np.union1d` of NumPy 2.4 hash each number: a hundred times as long."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

N = TypeVar("N", np.uint64, np.int64)


def distinct(ascending: NDArray[N]) -> NDArray[N]:
    """Each number once, of an array that ascends."""
    return ascending[np.append(True, ascending[1:] != ascending[:-1])] if len(ascending) else ascending


def union(first: NDArray[N], second: NDArray[N]) -> NDArray[N]:
    """What is in either of two arrays that ascend and hold each number once."""
    return distinct(np.sort(np.concatenate([first, second])))
