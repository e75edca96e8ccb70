"""Tags of many pictures at once, taken back and done again; completion; a threshold moved for a whole library.

    python bench/tags.py [--pictures 1000000] [--selected 100000]

The library has 30 tags for each picture (`organised.py`), and a vocabulary of 200,000. Pictures are chosen at random
all over it. The floor of tagging is the same rows written, and the same derived, without history: no changeset, no log.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from _measure import KEPT, Figure, ms, percentile, report, timed
from organised import organised

from pixlstash_core.database.connection import Database
from pixlstash_core.database.writer import Write
from pixlstash_core.library import Library
from pixlstash_core.tags import derive as resay
from pixlstash_core.tags import feature as tags
from pixlstash_core.tags import rules
from pixlstash_core.types import OWNER, AddTags, ImportTags

VOCABULARY, ROUNDS = 200_000, 5
TYPED = ("t", "ta", "tag", "tag 01", "q", "wo", "word 1", "word 199", "a")


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=1_000_000)
    ask.add_argument("--selected", type=int, default=100_000)
    options = ask.parse_args()
    chosen = sorted(random.Random(1).sample(range(1, options.pictures + 1), min(options.selected, options.pictures)))
    with copied(organised(options.pictures)) as path:
        floor = _bare(path, chosen)
        with Library.open(path, work=False) as library:
            return report([*_bulk(library, chosen, floor), _completion(library), _threshold(library)])


def _bare(path: Path, chosen: list[int]) -> float:
    """Seconds of the same write without history, in the median."""
    db = Database(path / "library.db", "library")
    tag = db.writer.execute("select max(tag_id) from derived_tag_count").fetchall()[0][0]

    def write(yes: bool) -> None:
        with db.writer:
            tags.annotate(Write(db.writer), chosen, [tag], yes)
            resay.refresh_said(db.writer, chosen)

    times = [timed(lambda turn=turn: write(turn % 2 == 0)) for turn in range(ROUNDS)]
    with db.writer:
        db.writer.execute("delete from said_tag where tag_id = ?", (tag,)).fetchall()
        resay.refresh_said(db.writer, chosen)
    db.close()
    return statistics.median(times)


def _bulk(library: Library, chosen: list[int], floor: float) -> list[Figure]:
    times: dict[str, list[float]] = {"tagged": [], "undone": [], "done again": []}
    for turn in range(ROUNDS):
        ask = AddTags(ids=chosen, tags=[f"bulk {turn}"])
        times["tagged"].append(timed(lambda ask=ask: library.add_tags(OWNER, ask)))
        times["undone"].append(timed(lambda: library.undo(OWNER)))
        times["done again"].append(timed(lambda: library.redo(OWNER)))
    figures = []
    for what, seconds in times.items():
        middle = statistics.median(seconds)
        promise = "< 1 s" + ("; ≤ 3 × the same write without history" if what == "tagged" else "")
        kept = middle < 1 and (what != "tagged" or middle <= 3 * floor)
        figures.append(Figure(f"{len(chosen):,} pictures {what}", promise, ms(middle), ms(floor), kept))
    return figures


def _completion(library: Library) -> Figure:
    for first in range(0, VOCABULARY, 50_000):
        text = "".join(f"word {n}\n" for n in range(first, first + 50_000))
        library.import_tags(OWNER, ImportTags(text))
    each = {
        typed: [timed(lambda typed=typed: library.complete_tags(OWNER, typed)) for _ in range(30)] for typed in TYPED
    }
    medians = {typed: statistics.median(times) for typed, times in each.items()}
    worst = max(medians, key=lambda typed: medians[typed])
    return Figure(
        f"completion of a tag, {VOCABULARY:,} known",
        "< 5 ms",
        f"{ms(statistics.median(medians.values()))}, the slowest ({worst!r}) {ms(medians[worst])}",
        "none",
        medians[worst] < 0.005,
    )


def _threshold(library: Library) -> Figure:
    """A new threshold for all, while a person tags one picture after the other and somebody looks for a tag."""
    before = library.find(OWNER, 'tag:"quarter"').ids
    acts: list[float] = []
    done = threading.Event()

    def person() -> None:
        for turn in range(1_000_000):
            if done.wait(0.05):
                return
            ask = AddTags(ids=[1 + turn % len(before)], tags=[f"meanwhile {turn // len(before)}"])
            acts.append(timed(lambda ask=ask: library.add_tags(OWNER, ask)))

    thread = threading.Thread(target=person)
    thread.start()
    producer = library.db.value("select producer_id from active where kind = 'tag'")
    start = time.perf_counter()
    library.outputs.activate(producer, 0.6)
    stood, slices = True, []
    while True:
        begun = time.perf_counter()
        if rules.refresh_slice(library.writer) is None:
            break
        slices.append(time.perf_counter() - begun)
        if len(slices) == 20 and rules.slices_pending(library.writer):
            stood = library.find(OWNER, 'tag:"quarter"').ids == before
    seconds = time.perf_counter() - start
    done.set()
    thread.join()
    changed = library.find(OWNER, 'tag:"quarter"').ids != before
    entries = library.db.value("select sum(length(body)) / 6 from tag_output")
    return Figure(
        f"a threshold moved over {entries / 1e6:.1f} M tags",
        "in slices, the old answer stands",
        f"{seconds:.0f} s in {len(slices):,} slices (p99 {ms(percentile(slices, 0.99))}); a person's tag meanwhile"
        f" {ms(statistics.median(acts))}, p99 {ms(percentile(acts, 0.99))}",
        "none",
        stood and changed,
    )


@contextmanager
def copied(source: Path) -> Iterator[Path]:
    """A copy of a library, so that the kept one stays as it was made."""
    folder = Path(tempfile.mkdtemp(dir=KEPT))
    try:
        yield Path(shutil.copytree(source, folder / "library"))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
