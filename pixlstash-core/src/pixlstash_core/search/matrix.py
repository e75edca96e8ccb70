"""`Matrix`: exact search among vectors, which are stored as f16, little-endian, of length 1. Imports numpy on use."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

LONGEST = 16_384


def unit(result: Any, about: dict[str, Any]) -> bytes:
    """Convert an engine's vector to its stored form. Raises `ValueError` if it is invalid."""
    import numpy as np

    try:
        vector = np.frombuffer(result, np.float32) if isinstance(result, bytes) else np.asarray(result, np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"a vector of float32 was expected, and {type(result).__name__} was given") from error
    if vector.ndim != 1 or not 1 <= len(vector) <= LONGEST:
        raise ValueError(f"a vector of 1 to {LONGEST} numbers was expected, and one of shape {vector.shape} was given")
    wide = vector.astype(np.float64)
    if not np.isfinite(wide).all():
        raise ValueError("a vector with NaN or infinity in it was given")
    length = float(np.linalg.norm(wide))
    if not length:
        raise ValueError("a vector of zeros was given")
    if about.setdefault("length", len(vector)) != len(vector):
        raise ValueError(f"a vector of {len(vector)} numbers was given, where others have {about['length']}")
    return (wide / length).astype("<f2").tobytes()


def mean(vectors: Sequence[bytes]) -> bytes:
    """Return the mean of stored vectors, of length 1; the first one if they cancel out."""
    import numpy as np

    total = np.sum([np.frombuffer(vector, "<f2").astype(np.float64) for vector in vectors], axis=0)
    length = float(np.linalg.norm(total))
    return (total / length).astype("<f2").tobytes() if length > 1e-6 else vectors[0]


# --- exact search -----------------------------------------------------------------------------------------------------

#: Rows that are compared at once, which fit into a core's cache.
BLOCK = 8192
#: If more than one row in so many is wanted, all rows are compared.
DENSE = 2.5


class Matrix:
    """Vectors of one space by picture id, ascending. Search is exact, over all or over chosen rows."""

    def __init__(self, ids: Any, rows: Any) -> None:
        """`ids`: int64 of shape (n,), ascending; `rows`: f16 of shape (n, length), each of length 1."""
        self.ids, self.rows = ids, rows

    @classmethod
    def of(cls, vectors: Sequence[tuple[int, bytes]]) -> Matrix:
        """Create a matrix from (id, stored vector), in order of ids. Raises `ValueError` if lengths differ."""
        import numpy as np

        ids = np.fromiter((picture for picture, _ in vectors), np.int64, len(vectors))
        data = np.frombuffer(b"".join(body for _, body in vectors), "<f2")
        return cls(ids, data.reshape(len(vectors), -1) if len(vectors) else data.reshape(0, 1))

    @property
    def size(self) -> int:
        """The size in bytes."""
        return int(self.rows.nbytes + self.ids.nbytes)

    def places(self, pictures: Any) -> Any:
        """Return the rows of pictures (int64), without those that have none."""
        import numpy as np

        if not len(self.ids):
            return np.zeros(0, np.int64)
        at = np.minimum(np.searchsorted(self.ids, pictures), len(self.ids) - 1)
        return at[self.ids[at] == pictures]

    def scores(self, query: Any, places: Any = None) -> Any:
        """Return the cosines (f32) of a vector (f16 or f32, of length 1) with all rows, or with those at `places`."""
        import numpy as np

        if places is not None and DENSE * len(places) > len(self.rows):
            return self.scores(query)[places]  # gathering so many takes longer than comparing with all
        out = np.empty(len(self.rows) if places is None else len(places), np.float32)
        blocks = range(0, len(out), BLOCK)
        compare = _comparer(np.asarray(query, np.float16 if _numkong() else np.float32))

        def compare_block(start: int) -> None:
            part = slice(start, start + BLOCK)
            # `take`, unlike an index, lets other threads work.
            out[part] = compare(self.rows[part] if places is None else np.take(self.rows, places[part], axis=0))

        if len(blocks) < 4:
            for start in blocks:
                compare_block(start)
        else:
            list(_threads().map(compare_block, blocks))
        return out


def top(scores: Any, count: int) -> Any:
    """Return the indexes of the highest scores, the highest first; of equal ones, the first."""
    import numpy as np

    count = min(count, len(scores))
    if not count:
        return np.zeros(0, np.int64)
    # Sort only the few rows above a threshold, which a sample provides if there are many rows.
    chosen = np.arange(len(scores))
    if len(scores) > 4 * count:
        sample = scores[::64] if len(scores) > 256 * count else scores
        high = np.flatnonzero(scores >= np.partition(sample, -count)[-count])
        chosen = high if len(high) >= count else chosen  # NaN is never among them
    order = np.lexsort((chosen, -scores[chosen]))
    return chosen[order[:count]]


def _comparer(query: Any) -> Callable[[Any], Any]:
    import numpy as np

    numkong = _numkong()
    if numkong is not None:
        return lambda rows: np.asarray(numkong.cdist(query[None], np.ascontiguousarray(rows), "dot")).ravel()
    return lambda rows: rows.astype(np.float32) @ query


@lru_cache(maxsize=1)
def _numkong() -> Any:
    """Return the library for arithmetic on f16, if it is installed; it is 50 times as fast as numpy."""
    try:
        import numkong  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    return numkong


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="vectors")
