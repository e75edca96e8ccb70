"""What snapshots cost: the first, the next days, a year of them, restoring, and the writers meanwhile.

    python bench/snapshots.py [--pictures 100000]

The library has 30 tags for each picture (`organised.py`), and 1 kB of noise for each, as much as a vector of 512
numbers, in a table of a plugin. A day is 1,000 edits all over it and 500 additions. Floors are measured in the same
run: for taking, a bare loop that reads, hashes, compresses (zstd 3) and writes the file, and a whole compressed copy
(SQLite's backup, zstd 3, fsync); for restoring, decompressing that copy to a file and having SQLite check it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import zstandard
from _measure import KEPT, Figure, mb, ms, percentile, report, timed
from organised import organised

from pixlstash_core.database.features import Table
from pixlstash_core.database.writer import Write
from pixlstash_core.engines.outputs import Output
from pixlstash_core.imports import picture_rows
from pixlstash_core.library import Library
from pixlstash_core.media.reading import of_known
from pixlstash_core.query.views import BLOCK
from pixlstash_core.types import (
    OWNER,
    AddTags,
    Resource,
    RestoreResources,
    RestoreSnapshot,
    ScorePictures,
    SetCaption,
    TakeSnapshot,
)
from pixlstash_demo.metadata import metadata
from pixlstash_demo.recipe import recipe

VECTOR = 1024
VECTORS = (
    "create table bench_vector(picture_id integer primary key not null references picture(id) on delete cascade,"
    " body blob not null)"
)
EDITS, ADDED = 1_000, 500
ANYWAY = RestoreSnapshot(allow_missing_files=True)


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=100_000)
    options = ask.parse_args()
    with _copied(organised(options.pictures)) as path, Library.open(path, work=False) as library:
        _vectors(library)
        life = _Life(library)
        steps = (lambda: _first(library, path), lambda: _days(life, path), lambda: _restores(life))
        missed = [report(_sized(step(), options.pictures)) for step in steps]
        return max([*missed, report(_year(life))])


def _sized(figures: list[Figure], pictures: int) -> list[Figure]:
    """The figures, named with the size of their library."""
    return [one._replace(what=f"{one.what}, {pictures:,} pictures") for one in figures]


# --- the library ------------------------------------------------------------------------------------------------------


@contextmanager
def _copied(source: Path) -> Iterator[Path]:
    """A copy of a library, so that the kept one stays as it was made."""
    folder = Path(tempfile.mkdtemp(dir=KEPT))
    try:
        yield Path(shutil.copytree(source, folder / "library"))
    finally:
        shutil.rmtree(folder)


def _vectors(library: Library) -> None:
    """A vector for each picture, as engines will store them."""
    library.adopt("bench", [VECTORS], [Table("bench_vector", "bench", 0, "vectors")])
    ids = library.find(OWNER, "", "created").ids
    for first in range(0, len(ids), 2_000):
        _store(library, ids[first : first + 2_000])


def _store(library: Library, ids: list[int]) -> None:
    body = [(id, os.urandom(VECTOR)) for id in ids]
    library.derive(lambda write: write.many("insert into bench_vector values (?, ?)", body))


class _Life:
    """What happens to a library day after day."""

    def __init__(self, library: Library) -> None:
        self.library, self.rng = library, random.Random(1)
        self.ids = library.find(OWNER, "", "created").ids
        self.next = 10_000_000
        self.store = library.db.value("select store_id from location limit 1")
        self.producer = library.db.value("select producer_id from active where kind = 'tag'")

    def day(self, days: int = 1) -> None:
        """As much as so many days bring, in a hundred acts and then one import."""
        for turn in range(100):
            some = self.rng.sample(self.ids, EDITS * days // 100)
            if turn % 3 == 0:
                self.library.score(OWNER, ScorePictures(ids=some, score=1 + turn % 5))
            elif turn % 3 == 1:
                self.library.add_tags(OWNER, AddTags(ids=some, tags=[f"tag {self.rng.randrange(20_000):05}"]))
            else:
                self.library.set_caption(OWNER, SetCaption(ids=some, text=f"a picture of {turn} things"))
        for _ in range(days):
            self.add(ADDED)

    def add(self, count: int) -> None:
        made = [(recipe(self.next + n), of_known(metadata(recipe(self.next + n)))) for n in range(count)]
        self.next += count

        def work(write: Write) -> list[int]:
            new = []
            for picture, reading in made:
                new.append(picture_rows.add(write, reading, picture.name, fallback=picture.created))
                picture_rows.locate(write, new[-1], self.store, f"bench/{new[-1]}", reading.size, 1)
            return new

        new = self.library.derive(work)
        _store(self.library, new)
        found = [Output(id, [(f"tag {self.rng.randrange(20_000):05}", 0.9) for _ in range(30)]) for id in new]
        for future in self.library.outputs.store(self.producer, found):
            future.result()
        self.ids += new


# --- floors -----------------------------------------------------------------------------------------------------------


def _bare(path: Path, out: Path) -> float:
    """Seconds to read, hash, compress and write the file, and to have it on the disk."""

    def loop() -> None:
        compress = zstandard.ZstdCompressor(level=3).compress
        with path.open("rb") as file, out.open("wb") as to:
            while block := file.read(64 * 4096):
                for at in range(0, len(block), 4096):
                    hashlib.sha256(block[at : at + 4096]).digest()
                to.write(compress(block))
            to.flush()
            os.fsync(to.fileno())

    seconds = timed(loop)
    out.unlink()
    return seconds


def _whole(library: Library, out: Path) -> tuple[float, int]:
    """(seconds, bytes) of a whole compressed copy; it is left there."""

    def copy() -> None:
        plain = out.with_suffix(".db")
        with closing(library.db.connect()) as source, closing(apsw.Connection(str(plain))) as target:
            with target.backup("main", source, "main") as backup:
                backup.step(-1)
        with plain.open("rb") as file, out.open("wb") as to:
            zstandard.ZstdCompressor(level=3).copy_stream(file, to)
            to.flush()
            os.fsync(to.fileno())
        plain.unlink()

    return timed(copy), out.stat().st_size


def _back(packed: Path) -> float:
    """Seconds to decompress a copy to a file and have SQLite check it."""
    plain = packed.with_suffix(".out")

    def restore() -> None:
        with packed.open("rb") as file, plain.open("wb") as to:
            zstandard.ZstdDecompressor().copy_stream(file, to)
            to.flush()
            os.fsync(to.fileno())
        with closing(apsw.Connection(str(plain))) as database:
            assert database.execute("pragma integrity_check").fetchall() == [("ok",)]

    seconds = timed(restore)
    for left in plain.parent.glob(f"{plain.name}*"):
        left.unlink()
    return seconds


# --- figures ----------------------------------------------------------------------------------------------------------


def _first(library: Library, path: Path) -> list[Figure]:
    """Taken twice from nothing: how long, without and with reading it back; and writers meanwhile."""
    library.db.writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    floor = _bare(path / "library.db", path / "floor.zst")
    stored, whole = _taking(library)
    idle, (busy, grown) = _writers(library, None), _during(library)
    size = (path / "library.db").stat().st_size
    return [
        Figure(
            f"first snapshot of {mb(size)}",
            "≥ 70 % as fast as the floor",
            f"{ms(stored)} to store it, {ms(whole)} with reading it back and `integrity_check`",
            f"{ms(floor)}: read, hash, zstd 3, write, fsync",
            floor / stored >= 0.7,
        ),
        Figure(
            "scores while a first snapshot is taken",
            "p99 < 15 ms, max < 100 ms",
            f"p99 {ms(percentile(busy, 0.99))}, max {ms(max(busy))} of {len(busy):,}; the log grew by {mb(grown)}",
            f"no snapshot: p99 {ms(percentile(idle, 0.99))}, max {ms(max(idle))} of {len(idle):,}",
            percentile(busy, 0.99) < 0.015 and max(busy) < 0.1,
        ),
    ]


def _taking(library: Library) -> tuple[float, float]:
    """(seconds until all is stored, seconds until it is a snapshot), from nothing, which it leaves again."""
    shelf, times = library.restore_points.repository, []
    verify = shelf.verify

    def noted(*given: object) -> None:
        times.append(time.perf_counter())
        verify(*given)  # type: ignore[arg-type]

    shelf.verify = noted  # type: ignore[method-assign]
    start = time.perf_counter()
    taken = library.take_snapshot(OWNER, TakeSnapshot())
    end = time.perf_counter()
    shelf.verify = verify  # type: ignore[method-assign]
    library.delete_snapshot(OWNER, taken.id)
    return times[0] - start, end - start


def _during(library: Library) -> tuple[list[float], int]:
    """Seconds of scores while a snapshot is taken from nothing; and how far the log grew meanwhile, in bytes."""
    done = threading.Event()
    log = library.path / "library.db-wal"
    library.db.writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    found: list[float] = []
    thread = threading.Thread(target=lambda: found.extend(_writers(library, done)))
    thread.start()
    library.take_snapshot(OWNER, TakeSnapshot())
    done.set()
    thread.join()
    return found, log.stat().st_size


def _writers(library: Library, done: threading.Event | None) -> list[float]:
    """Seconds of one score after the other: for three seconds, or until it is done."""
    ids, found = library.find(OWNER, "", "created").ids, []
    pick, until = random.Random(2), time.monotonic() + 3
    while not done.is_set() if done else time.monotonic() < until:
        ask = ScorePictures(ids=[pick.choice(ids)], score=pick.randrange(1, 6))
        found.append(timed(lambda ask=ask: library.score(OWNER, ask)))
        time.sleep(0.002)
    return found


def _days(life: _Life, path: Path) -> list[Figure]:
    library, shares, times = life.library, [], []
    for day in range(5):
        life.day()
        before = library.snapshot_status(OWNER).size
        stored, whole = _next(library)
        grown = library.snapshot_status(OWNER).size - before
        seconds, size = _whole(library, path / "whole.zst")
        shares.append(grown / size)
        times.append((stored / seconds, whole / seconds))
        print(
            f"day {day + 1}: {mb(grown)} of {mb(size)}, {ms(stored)} ({ms(whole)}) against {ms(seconds)}",
            file=sys.stderr,
            flush=True,
        )
    middle = statistics.median(share for share, _ in times)
    verified = statistics.median(share for _, share in times)
    return [
        Figure(
            f"a day later ({EDITS:,} edits, {ADDED} more pictures)",
            "≤ 7 % of the bytes of a whole compressed copy, ≤ 5.5 % from the third day",
            ", ".join(f"{share:.1%}" for share in shares),
            "a whole copy: 100 %",
            shares[0] <= 0.07 and max(shares[2:]) <= 0.055,
        ),
        Figure(
            "time of a day's snapshot",
            "≤ 35 % of that of a whole compressed copy",
            f"{middle:.0%} to store it; {verified:.0%} with reading all of it back, which the copy is not",
            "backup, zstd 3, fsync",
            middle <= 0.35,
        ),
    ]


def _next(library: Library) -> tuple[float, float]:
    shelf, times = library.restore_points.repository, []
    verify = shelf.verify

    def noted(*given: object) -> None:
        times.append(time.perf_counter())
        verify(*given)  # type: ignore[arg-type]

    shelf.verify = noted  # type: ignore[method-assign]
    start = time.perf_counter()
    library.take_snapshot(OWNER, TakeSnapshot())
    end = time.perf_counter()
    shelf.verify = verify  # type: ignore[method-assign]
    return times[0] - start, end - start


def _restores(life: _Life) -> list[Figure]:
    library = life.library
    taken = library.take_snapshot(OWNER, TakeSnapshot()).id
    packed = library.path / "whole.zst"
    floor = _back(packed)
    life.day()
    preview = timed(lambda: library.preview_restore(OWNER, taken))
    chosen = [Resource("picture", id) for id in life.rng.sample(life.ids[: -2 * ADDED], 100)]
    some = timed(lambda: library.restore_resources(OWNER, taken, RestoreResources(chosen, True)))
    library.restores.drop_idle(0)
    cold = timed(lambda: library.restore_resources(OWNER, taken, RestoreResources(chosen[:99], True)))
    look = timed(lambda: _look(library, taken))
    diff = timed(lambda: library.diff_snapshot(OWNER, taken))
    again = timed(lambda: library.diff_snapshot(OWNER, taken))
    life.day()
    safety, _ = _next(library)
    whole = timed(lambda: library.restore_snapshot(OWNER, taken, ANYWAY))
    packed.unlink()
    return [
        Figure(
            "preview of a restore of everything",
            "< 2 s",
            ms(preview),
            f"{ms(floor)}: decompress, write, `integrity_check`",
            preview < 2,
        ),
        Figure(
            "100 pictures restored",
            "< 1 s",
            f"{ms(some)} after a preview; {ms(cold)} without one",
            f"{ms(floor)}, as above",
            max(some, cold) < 1,
        ),
        Figure(
            "what differs since a snapshot; the first look at the library as of it",
            "the floor at most, and < 2 s again; < 2 s",
            f"{ms(diff)} the first time, {ms(again)} again; {ms(look)} for the view of all, its blocks and a search",
            f"{ms(floor)}, as above",
            diff <= floor and max(again, look) < 2,
        ),
        Figure(
            "everything restored, safety snapshot included",
            "≤ 2 × the floor",
            f"{ms(whole)}, {whole / floor:.2f} ×; a snapshot alone takes {ms(safety)} to store",
            f"{ms(floor)}, as above",
            whole <= 2 * floor,
        ),
    ]


def _look(library: Library, id: int) -> None:
    """Open the past, and see all of it: the view, every block, and what a word finds."""
    with library.as_of(OWNER, id) as then:
        header = then.view(OWNER).header
        for block in range(-(-header.count // BLOCK)):
            then.block(OWNER, header.view, block)
        then.view(OWNER, "picture")


def _year(life: _Life) -> list[Figure]:
    """Eleven months, three weeks and seven days, each with as many edits and additions as it has days."""
    library = life.library
    for one in library.snapshots(OWNER):
        library.delete_snapshot(OWNER, one.id)
    clock = [datetime(2026, 1, 1, 12, tzinfo=UTC)]
    library.restore_points.clock = lambda: int(clock[0].timestamp() * 1000)
    for days in (*[30] * 11, *[7] * 4, *[1] * 8):
        life.day(days)
        clock[0] += timedelta(days=days)
        library.restore_points.run()
    size, found = library.snapshot_status(OWNER).size, library.snapshots(OWNER)
    newest = found[0].byte_size
    return [
        Figure(
            f"{len(found)} snapshots over a year, growing to {len(life.ids):,} pictures",
            "23 of them ≤ 2.3 × one of the newest state",
            f"{mb(size)}, {size / newest:.2f} ×",
            f"{mb(newest)}: the newest alone",
            size <= 2.3 * newest,
        )
    ]


if __name__ == "__main__":
    sys.exit(main())
