"""How fast an ordered library of a million pictures finds, counts, completes and sums up, while somebody writes to it.

    python bench/find.py [--pictures 1000000]

30 tags for each picture, 500 sets, 200 characters, 50 projects (`organised.py`). Every answer is built anew: between
two of them one picture's tags, sets and stars change, by a writer with 150 commits a second where the figure says so.
The floor of a view is the same ids read by bare SQLite from a table that holds nothing else, in no order, in the same
run; that of a count is the tag's rows counted by bare SQLite.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import apsw
from _measure import Figure, ms, percentile, report
from organised import organised

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, AddTags, RemoveTags, ScorePictures

TIMES, COMMITS = 40, 150
#: Name, query, seconds promised: at the 95th percentile, of a rare tag in the median.
VIEWS = (
    ("a tag of a twentieth", 'tag:"twentieth"', 0.025),
    ("a tag of a quarter", 'tag:"quarter"', 0.050),
    ("a rare tag", 'tag:"rare"', 0.005),
    ("tag, score, date", 'tag:"quarter" score:>=1 created:>=2025', 0.050),
    ("three large sets overlap", "overlap(set:1, set:2, set:3)", 0.050),
    ("three large sets unique", "unique(set:1, set:2, set:3)", 0.050),
    ("tag, score, date and three sets", 'tag:"quarter" score:>=1 created:>=2025 union(set:1, set:2, set:3)', 0.050),
    ("free words", "copper hair", 0.100),
)


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=1_000_000)
    count = ask.parse_args().pictures
    with Library.open(organised(count), work=False) as library:
        return report(list(_figures(library, count)))


def _figures(library: Library, count: int) -> Iterator[Figure]:
    of = f"{count:,} pictures in order"
    library.view(OWNER, "created:2025")  # the columns are in memory, as after the first look of anybody
    library.view(OWNER, "", "-score")
    writer: list[float] = []
    for name, query, promised in VIEWS:
        alone = _times(lambda q=query: library.view(OWNER, q), lambda: library.views._orders.clear())  # type: ignore[misc]
        with _writing(library, writer):
            times = _times(lambda q=query: library.view(OWNER, q), lambda: None)  # type: ignore[misc]
        found = library.count(OWNER, query).total
        if not found:
            raise SystemExit(f"{query} finds nothing, so its time would say nothing: is the library in order?")
        middle, worst = statistics.median(times), percentile(times, 0.95)
        rare, floor = name == "a rare tag", _floor(library.find(OWNER, query).ids)
        yield Figure(
            f"{name}, {of}",
            f"{'median' if rare else 'p95'} < {ms(promised)} while somebody writes",
            f"{ms(middle)}, {ms(worst)} p95 while somebody writes, {ms(statistics.median(alone))} alone with its terms"
            f" kept, {found:,} pictures",
            f"{ms(floor)}, so {middle / floor:.2f} ×; the writer beside it is below",
            (middle if rare else worst) < promised,
        )
    worst = percentile(writer, 0.95)
    yield Figure(
        f"the writer beside those, {of}",
        "p95 < 5 ms",
        f"{ms(statistics.median(writer))} median, {ms(worst)} p95, {len(writer):,} commits",
        "none",
        worst < 0.005,
    )
    whole = library.find(OWNER, "created:2025").ids[:100_000]
    stats = f"created:{library.picture(OWNER, whole[-1]).created:%Y-%m-%d}..2025-12-31"

    def forget() -> None:
        library.views._caches.get().masks.drop()

    def forget_one() -> None:
        library.views._caches.get().masks.drop()
        library.count(OWNER, 'tag:"quarter"')

    quarter, both = 'tag:"quarter"', 'tag:"quarter" tag:"twentieth"'
    twentieth = 'tag:"twentieth"'
    for name, call, promised, between, floor in (
        ("count of a tag of a twentieth", lambda: library.count(OWNER, twentieth), 0.020, forget, "twentieth"),
        (
            *("count of a tag of a quarter, asked for the first time", lambda: library.count(OWNER, quarter), None),
            *(forget, "quarter"),
        ),
        ("count of a tag of a quarter", lambda: library.count(OWNER, quarter), 0.020, lambda: None, "quarter"),
        (
            "count of two tags, one of them seen before",
            lambda: library.count(OWNER, both),
            0.020,
            forget_one,
            "quarter",
        ),
        ("completion of a tag", lambda: library.complete_tags(OWNER, "tag 01"), 0.005, lambda: None, ""),
        ("statistics of about 100,000", lambda: library.statistics(OWNER, stats), 0.300, lambda: None, ""),
        ("the sidebar", lambda: library.sidebar(OWNER), 0.020, lambda: None, ""),
    ):
        times = _times(call, between)
        bare = _counted(library, floor) if floor else 0
        yield Figure(
            f"{name}, {of}",
            f"median < {ms(promised)}" if promised else "none: the first time its terms are not kept",
            f"{ms(statistics.median(times))} median, {ms(percentile(times, 0.95))} p95",
            f"{ms(bare)}, so {statistics.median(times) / bare:.2f} ×" if floor else "none",
            promised is None or statistics.median(times) < promised,
        )


def _floor(ids: list[int]) -> float:
    """Seconds in which bare SQLite reads these ids, as one text, which is the fastest way."""
    with closing(apsw.Connection(":memory:")) as connection:
        connection.execute("create table found(id integer primary key)")
        connection.executemany("insert into found values (?)", [(id,) for id in ids])
        return statistics.median(
            _times(lambda: connection.execute("select group_concat(id) from found").get, lambda: None)
        )


def _counted(library: Library, tag: str) -> float:
    """Seconds in which bare SQLite counts the pictures with a tag."""
    sql = "select count(*) from derived_tag t join derived_block b on b.block = t.block where t.tag_id = ?"
    number = library.db.value("select id from tag where name = ?", (tag,))
    with library.db.reading() as connection:
        return statistics.median(_times(lambda: connection.execute(sql, (number,)).get, lambda: None))


def _times(call: Callable[[], object], between: Callable[[], None]) -> list[float]:
    times = []
    for _ in range(TIMES):
        between()
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
        time.sleep(0.01)
    return times


@contextmanager
def _writing(library: Library, times: list[float]) -> Iterator[None]:
    """Somebody who tags, untags and scores one picture after the other, at so many commits a second."""
    stop = threading.Event()
    tag = f"written {time.time_ns()}"  # one that no earlier run has left: each of these writes changes something

    def write() -> None:
        n = 0
        while not stop.is_set():
            start = time.perf_counter()
            ids = [n // 3 % 1000 + 1]
            if n % 3 == 0:
                done = library.add_tags(OWNER, AddTags(ids=ids, tags=[tag]))
            elif n % 3 == 1:
                done = library.remove_tags(OWNER, RemoveTags(ids=ids, tags=[tag]))
            else:
                done = library.score(OWNER, ScorePictures(ids=[1], score=1 + n % 2))
            times.append(time.perf_counter() - start)
            assert done.changed == 1 or n == 2  # it may have had that score before
            n += 1
            stop.wait(max(0.0, 1 / COMMITS - times[-1]))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
