"""What people see while an engine stores 5,000 pictures a second: a date-sorted view, and the view of a tag.

    python bench/storing.py [--pictures 1000000] [--seconds 20]

A second tagger finds 30 tags for each picture of a library in order (`organised.py`, a copy). The floor is the same
two views while nothing is stored.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import threading
import time
from collections import deque
from itertools import accumulate
from typing import Any

from _measure import Figure, ms, percentile, report, timed
from organised import SLICE, WAITING, organised, output
from tags import copied

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER

NAMES = [f"tag {n:05}" for n in range(20_000)]
RATE = 5_200  # pictures a second; it can do more
QUERIES = ("", 'tag:"twentieth"')


class Engine:
    """Stores 30 tags for one picture after the other at `RATE`, until told to stop."""

    def __init__(self, library: Library, ids: list[int]) -> None:
        self._library, self._ids = library, ids
        self._producer = library.outputs.register("tag", "another", "1", {})
        library.outputs.activate(self._producer, 0.35)
        self._weights = list(accumulate(1 / (n + 10) for n in range(len(NAMES))))
        # Made beforehand: an engine works in a process of its own.
        self._ready = [output(NAMES, self._weights, picture) for picture in ids]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.stored = 0

    def __enter__(self) -> Engine:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        waiting: deque[Any] = deque()
        begun = time.perf_counter()
        for first in range(0, len(self._ready), SLICE):
            if self._stop.is_set():
                break
            waiting.extend(self._library.outputs.store(self._producer, self._ready[first : first + SLICE]))
            while len(waiting) > WAITING * SLICE // 128:
                waiting.popleft().result()
            self.stored = first + SLICE
            self._stop.wait(max(0.0, begun + self.stored / RATE - time.perf_counter()))
        for future in waiting:
            future.result()


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=1_000_000)
    ask.add_argument("--seconds", type=float, default=20)
    options = ask.parse_args()
    with copied(organised(options.pictures)) as path, Library.open(path, work=False) as library:
        return report(_figures(library, options.pictures, options.seconds))


def _figures(library: Library, count: int, seconds: float) -> list[Figure]:
    ids = random.Random(1).sample(library.find(OWNER).ids, min(count, int(seconds * RATE * 1.5)))
    engine = Engine(library, sorted(ids))
    alone = _looks(library, 3)
    start = time.perf_counter()
    before = _order(library)
    with engine:
        meanwhile = _looks(library, seconds)
        rate = engine.stored / (time.perf_counter() - start)
        same = _order(library) == before
    figures = []
    for query, promised, name in zip(QUERIES, (0.030, 0.300), ("a date-sorted view", "a tag's view"), strict=True):
        middle, worst = statistics.median(meanwhile[query]), percentile(meanwhile[query], 0.95)
        figures.append(
            Figure(
                f"{name} while an engine stores, {count:,} pictures",
                f"median < {ms(promised)}" + (", from cache" if not query else "") + ", at 5,000 pictures/s or more",
                f"{ms(middle)}, p95 {ms(worst)}, at {rate:,.0f} pictures/s",
                f"nothing stored: {ms(statistics.median(alone[query]))}",
                middle < promised and rate >= 5_000 and (same or bool(query)),
            )
        )
    return figures


def _order(library: Library) -> str:
    """Names the order that the first view is shown in: another one would have been built anew."""
    return library.view(OWNER).header.view.partition(".")[0]


def _looks(library: Library, seconds: float) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {query: [] for query in QUERIES}
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        for query in QUERIES:
            times[query].append(timed(lambda query=query: library.view(OWNER, query)))
        time.sleep(0.1)
    return times


if __name__ == "__main__":
    sys.exit(main())
