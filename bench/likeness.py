"""Likeness among many pictures: the exact search itself, against reading the bytes once.

    python bench/likeness.py --vectors 1000000

Vectors of 512 numbers in f16 around 3,000 centres, in memory as a library holds them. `inside` gathers a tenth of the
rows first, as a query does. The floor is a pass over the same bytes with as many threads.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import numpy as np
from _measure import Figure, report

from pixlstash_core.ranking import Part, Ranked
from pixlstash_core.search.ranks import Compared, PictureRank
from pixlstash_core.vectors import Matrix, _numkong, top

LENGTH = 512


def made(count: int) -> Matrix:
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((3000, LENGTH), dtype=np.float32) + rng.standard_normal((1, LENGTH), dtype=np.float32)
    rows = np.empty((count, LENGTH), np.float16)
    for start in range(0, count, 20_000):
        part = centres[rng.integers(0, 3000, min(20_000, count - start))]
        part = part + 0.6 * rng.standard_normal(part.shape, dtype=np.float32)
        rows[start : start + len(part)] = part / np.linalg.norm(part, axis=1, keepdims=True)
    return Matrix(np.arange(count, dtype=np.int64), rows)


def median(work: Callable[[], Any], rounds: int = 15) -> float:
    """Milliseconds."""
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return 1000 * statistics.median(took)


def reading(matrix: Matrix) -> Callable[[], Any]:
    """A pass over all bytes, with as many threads as the search has."""
    words = matrix.rows.view(np.uint64).ravel()
    parts = np.array_split(words, 8 * (os.cpu_count() or 1))
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    return lambda: list(pool.map(np.bitwise_or.reduce, parts))


def ranking(matrix: Matrix) -> Callable[[Any], Any]:
    """What a view does with a mask of pictures: all but looking up the mask itself."""
    part = Part("picture", "0")
    rank = PictureRank(Ranked("like", (part,)), matrix, [Compared(part, matrix.rows[0].astype("f4"))], (), "", [])
    frame = SimpleNamespace(size=len(matrix.ids), living=np.ones(len(matrix.ids), np.bool_))
    return lambda mask: rank.order(SimpleNamespace(frame=frame), mask, None)  # type: ignore[arg-type]


def recall(matrix: Matrix, query: Any) -> float:
    """Of the exact fifty, how many are found."""
    exact = np.empty(len(matrix.rows))
    for start in range(0, len(exact), 50_000):
        exact[start : start + 50_000] = matrix.rows[start : start + 50_000].astype(np.float32) @ query.astype(
            np.float32
        )
    wanted = set(np.argsort(-exact, kind="stable")[:50].tolist())
    return len(wanted & set(top(matrix.scores(query), 50).tolist())) / 50


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--vectors", type=int, default=1_000_000)
    options = ask.parse_args()
    matrix = made(options.vectors)
    query = matrix.rows[options.vectors // 2]
    small = Matrix(matrix.ids[: options.vectors // 10], matrix.rows[: options.vectors // 10])
    inside = np.sort(np.random.default_rng(2).choice(options.vectors, options.vectors // 10, replace=False))
    floor = median(reading(matrix))
    mask = np.zeros(options.vectors, np.bool_)
    mask[inside] = True
    view = ranking(matrix)
    whole = median(lambda: top(matrix.scores(query), 50))
    tenth = median(lambda: top(small.scores(query), 50))
    gathered = median(lambda: top(matrix.scores(query, inside), 50))
    viewed = median(lambda: view(np.ones(options.vectors, np.bool_)))
    chosen = median(lambda: view(mask))
    fast = "numkong" if _numkong() else "numpy alone"
    what = f"{options.vectors:,} vectors of {LENGTH}"
    return report(
        [
            Figure(
                f"Likeness among {what}",
                "<= 1.5 times reading the bytes once, recall 1",
                f"{whole:.0f} ms ({whole / floor:.2f} times), recall {recall(matrix, query):.2f}, {fast}",
                f"reading {matrix.rows.nbytes / 1e6:.0f} MB: {floor:.0f} ms",
                whole <= 1.5 * floor and recall(matrix, query) == 1,
            ),
            Figure(
                f"Likeness among {len(small.ids):,} vectors of {LENGTH}",
                "< 15 ms",
                f"{tenth:.1f} ms, {fast}",
                "",
                tenth < 15,
            ),
            Figure(
                f"Likeness among {len(inside):,} chosen of {what}",
                "< 25 ms",
                f"{gathered:.1f} ms, {fast}",
                "rows gathered first",
                gathered < 25,
            ),
            Figure(
                f"Ranking a view of {what} by likeness",
                "<= 2.5 times reading the bytes once",
                f"{viewed:.0f} ms ({viewed / floor:.2f} times)",
                f"reading them: {floor:.0f} ms",
                viewed <= 2.5 * floor,
            ),
            Figure(
                f"Ranking a view of {len(inside):,} of {what} by likeness",
                "< 25 ms",
                f"{chosen:.1f} ms",
                "with what is usual, and the best 500 in order",
                chosen < 25,
            ),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
