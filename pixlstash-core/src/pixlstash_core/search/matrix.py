"""Vectors as they are kept: f16, little-endian, of length 1; and exact search among them. Loads no numpy by itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

LONGEST = 16_384


def unit(result: Any, about: dict[str, Any]) -> bytes:
    """A vector of an engine as it is kept. Raises ValueError with what is wrong with it."""
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
    """The mean of vectors, of length 1; where they cancel out, the first."""
    import numpy as np

    total = np.sum([np.frombuffer(vector, "<f2").astype(np.float64) for vector in vectors], axis=0)
    length = float(np.linalg.norm(total))
    return (total / length).astype("<f2").tobytes() if length > 1e-6 else vectors[0]


# --- exact search -----------------------------------------------------------------------------------------------------

#: Rows that are compared at once: what fits into a core's cache.
BLOCK = 8192
#: Of more rows than one in so many, all are read.
DENSE = 2.5


class Matrix:
    """Vectors of one space by picture id, ascending. Search is exact, over all or over chosen rows."""

    def __init__(self, ids: Any, rows: Any) -> None:
        """`ids`: int64 of shape (n,), ascending; `rows`: f16 of shape (n, length), each of length 1."""
        self.ids, self.rows = ids, rows

    @classmethod
    def of(cls, vectors: Sequence[tuple[int, bytes]]) -> Matrix:
        """From (picture, vector as it is kept), in order of ids. Raises ValueError where lengths differ."""
        import numpy as np

        ids = np.fromiter((picture for picture, _ in vectors), np.int64, len(vectors))
        data = np.frombuffer(b"".join(body for _, body in vectors), "<f2")
        return cls(ids, data.reshape(len(vectors), -1) if len(vectors) else data.reshape(0, 1))

    @property
    def size(self) -> int:
        """Bytes it takes."""
        return int(self.rows.nbytes + self.ids.nbytes)

    def places(self, pictures: Any) -> Any:
        """The rows of those pictures (int64) that are in it."""
        import numpy as np

        if not len(self.ids):
            return np.zeros(0, np.int64)
        at = np.minimum(np.searchsorted(self.ids, pictures), len(self.ids) - 1)
        return at[self.ids[at] == pictures]

    def scores(self, query: Any, places: Any = None) -> Any:
        """The cosine (f32) of a vector (f16 or f32, of length 1) with every row, or with the rows at `places`."""
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
    """The indexes of the greatest scores, greatest first; of equal ones the first."""
    import numpy as np

    count = min(count, len(scores))
    if not count:
        return np.zeros(0, np.int64)
    # Only few rows are put in order: those above what enough of them reach, or of a sample where it is large enough.
    chosen = np.arange(len(scores))
    if len(scores) > 4 * count:
        sample = scores[::64] if len(scores) > 256 * count else scores
        high = np.flatnonzero(scores >= np.partition(sample, -count)[-count])
        chosen = high if len(high) >= count else chosen  # what is not a number is never reached
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
    """Arithmetic on f16, where it is installed: fifty times as fast as numpy's."""
    try:
        import numkong  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    return numkong


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="vectors")
