"""Likeness among many pictures: the exact search itself, against reading the bytes once.

    python bench/likeness.py --vectors 1000000

Vectors of 512 numbers in f16 around 3,000 centres, in memory as a library holds them. `inside` gathers a tenth of the
rows first, as a query does. The floor is a pass over the same bytes with as many threads. Each search is measured with
numkong, which the promises need, and without it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from _measure import Figure, report, unmeasured

from pixlstash_core.query.ranking import Part, Ranked
from pixlstash_core.search import matrix as vectors
from pixlstash_core.search.matrix import Matrix, top
from pixlstash_core.search.rankers import Compared, PictureRank

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


class Measured(NamedTuple):
    """Milliseconds of each search, and the share of the exact fifty that was found."""

    whole: float
    tenth: float
    gathered: float
    viewed: float
    chosen: float
    recall: float


def measure(matrix: Matrix, inside: Any, rounds: int) -> Measured:
    """Search all vectors, a tenth of them alone, and the tenth at `inside`; then rank a view of all and of `inside`."""
    query = matrix.rows[len(matrix.ids) // 2]
    small = Matrix(matrix.ids[: len(inside)], matrix.rows[: len(inside)])
    everything = np.ones(len(matrix.ids), np.bool_)
    mask = np.zeros(len(matrix.ids), np.bool_)
    mask[inside] = True
    view = ranking(matrix)
    return Measured(
        median(lambda: top(matrix.scores(query), 50), rounds),
        median(lambda: top(small.scores(query), 50), rounds),
        median(lambda: top(matrix.scores(query, inside), 50), rounds),
        median(lambda: view(everything), rounds),
        median(lambda: view(mask), rounds),
        recall(matrix, query),
    )


@contextmanager
def without_numkong() -> Iterator[None]:
    """As in an installation without the extra `search`."""
    installed = vectors._numkong
    vectors._numkong = lambda: None  # type: ignore[assignment]
    try:
        yield
    finally:
        vectors._numkong = installed


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--vectors", type=int, default=1_000_000)
    count = ask.parse_args().vectors
    if vectors._numkong() is None:
        return unmeasured(
            "likeness", "numkong is missing, which the promises need: pip install 'pixlstash-core[search]'"
        )
    matrix = made(count)
    inside = np.sort(np.random.default_rng(2).choice(count, count // 10, replace=False))
    floor = median(reading(matrix))
    fast = measure(matrix, inside, 15)
    with without_numkong():
        plain = measure(matrix, inside, 3)
    what = f"{count:,} vectors of {LENGTH}"
    all_bytes = f"reading {matrix.rows.nbytes / 1e6:.0f} MB: {floor:.0f} ms"

    def figure(name: str, promised: str, now: float, slow: float, kept: bool, note: str, baseline: str) -> Figure:
        shown = f"{now:.1f} ms" if now < 20 else f"{now:.0f} ms"
        return Figure(
            name, f"{promised}, with numkong", f"{shown}{note}; without numkong {slow:,.0f} ms", baseline, kept
        )

    def times(milliseconds: float) -> str:
        return f" ({milliseconds / floor:.2f} times)"

    return report(
        [
            figure(
                f"Likeness among {what}",
                "<= 1.5 times reading the bytes once, recall 1",
                *(fast.whole, plain.whole, fast.whole <= 1.5 * floor and fast.recall == 1),
                f"{times(fast.whole)}, recall {fast.recall:.2f}",
                all_bytes,
            ),
            figure(
                f"Likeness among {len(inside):,} vectors of {LENGTH}",
                *("< 15 ms", fast.tenth, plain.tenth, fast.tenth < 15, "", ""),
            ),
            figure(
                f"Likeness among {len(inside):,} chosen of {what}",
                *("< 25 ms", fast.gathered, plain.gathered, fast.gathered < 25, "", "rows gathered first"),
            ),
            figure(
                f"Ranking a view of {what} by likeness",
                "<= 2.5 times reading the bytes once",
                *(fast.viewed, plain.viewed, fast.viewed <= 2.5 * floor, times(fast.viewed), all_bytes),
            ),
            figure(
                f"Ranking a view of {len(inside):,} of {what} by likeness",
                *("< 25 ms", fast.chosen, plain.chosen, fast.chosen < 25),
                *("", "with what is usual, and the best 500 in order"),
            ),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
