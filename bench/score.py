"""How soon a score is acknowledged, idle and while an import runs at full speed, next to a bare durable commit.

    python bench/score.py [--pictures 200000] [--incoming 400]

Scores are given one at a time, to another picture each, and every one is on the disk when it is acknowledged: in this
process, and over HTTP to a server in its own. The floor is a bare SQLite commit of one row (WAL, synchronous=FULL) on
the same disk, also idle and during the import.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
from _measure import KEPT, Figure, ms, percentile, report, timed
from _server import serving
from fill import filled
from import_floor import make_pictures

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, ImportPaths, ScorePictures

IDLE, BUSY = 0.010, 0.060
ROUNDS = 200
#: Seconds between two scores of a person who culls fast.
PAUSE = 0.02

Call = Callable[[], object]


class Times:
    """Seconds of each acknowledgement, idle and during an import."""

    def __init__(self) -> None:
        self.idle: list[float] = []
        self.busy: list[float] = []


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=200_000)
    ask.add_argument("--incoming", type=int, default=400)
    options = ask.parse_args()
    folder = make_pictures(KEPT, options.incoming)[0].parent
    source = filled(options.pictures)
    return report([_figure(how, source, folder, options.pictures) for how in ("direct", "over HTTP")])


def _figure(how: str, source: Path, folder: Path, pictures: int) -> Figure:
    with _copied(source) as path, _bare(path) as bare:
        ours, floor = Times(), Times()
        with (_direct if how == "direct" else _served)(path, pictures, folder) as (score, start_import, running):
            score()
            ours.idle = [timed(score) for _ in range(ROUNDS)]
            floor.idle = [timed(bare) for _ in range(ROUNDS)]
            start_import()
            while running():
                ours.busy.append(timed(score))
                time.sleep(PAUSE)
                floor.busy.append(timed(bare))
                time.sleep(PAUSE)
    idle, p99 = statistics.median(ours.idle), percentile(ours.busy, 0.99)
    return Figure(
        f"a score acknowledged, {how}",
        f"idle < {ms(IDLE)}; during an import p99 < {ms(BUSY)}",
        f"{ms(idle)} idle (p99 {ms(percentile(ours.idle, 0.99))}); during an import {ms(statistics.median(ours.busy))},"
        f" p99 {ms(p99)}, worst {ms(max(ours.busy))} of {len(ours.busy)}",
        f"bare commit {ms(statistics.median(floor.idle))} idle; during it {ms(statistics.median(floor.busy))},"
        f" p99 {ms(percentile(floor.busy, 0.99))}, worst {ms(max(floor.busy))}",
        idle < IDLE and p99 < BUSY,
    )


def _asks(pictures: int) -> Iterator[tuple[int, int]]:
    """(picture, score), never the same score twice for a picture in a row."""
    ids = random.Random(1).sample(range(1, pictures + 1), min(pictures, 5000))
    for turn in itertools.count():
        for id in ids:
            yield id, 1 + (turn + id) % 5


@contextlib.contextmanager
def _direct(path: Path, pictures: int, folder: Path) -> Iterator[tuple[Call, Call, Callable[[], bool]]]:
    asks = _asks(pictures)
    jobs: list[int] = []
    with Library.open(path) as library:

        def score() -> None:
            id, stars = next(asks)
            library.score(OWNER, ScorePictures(ids=[id], score=stars))

        def start() -> None:
            jobs.append(library.import_paths(OWNER, ImportPaths([str(folder)], in_place=False)).id)

        def running() -> bool:
            job = library.job(OWNER, jobs[-1])
            return _unfinished(job.state, job.report.imported if job.report else 0)

        yield score, start, running


@contextlib.contextmanager
def _served(path: Path, pictures: int, folder: Path) -> Iterator[tuple[Call, Call, Callable[[], bool]]]:
    asks = _asks(pictures)
    jobs: list[int] = []
    with serving(path) as server:

        def score() -> None:
            id, stars = next(asks)
            server.ask("POST", "/api/v1/pictures/score", {"ids": [id], "score": stars})

        def start() -> None:
            asked = server.ask("POST", "/api/v1/imports", {"paths": [str(folder)], "in_place": False})
            jobs.append(json.loads(asked)["id"])

        def running() -> bool:
            job = next(job for job in json.loads(server.get("/api/v1/jobs")) if job["id"] == jobs[-1])
            return _unfinished(job["state"], job["report"]["imported"] if job["report"] else 0)

        yield score, start, running


def _unfinished(state: str, imported: int) -> bool:
    if state not in ("waiting", "running") and not imported:
        raise SystemExit(f"The import is {state} and took nothing in.")
    return state in ("waiting", "running")


@contextlib.contextmanager
def _bare(path: Path) -> Iterator[Call]:
    """A durable commit of one row of a table like `score`, in a file beside the library's."""
    connection = apsw.Connection(str(path / "bare.db"))
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    connection.execute("create table score(picture_id integer primary key not null, score integer not null)")
    numbers = itertools.count()

    def commit() -> None:
        connection.execute("insert or replace into score values (?, ?)", (next(numbers) % 5000, next(numbers) % 5))

    yield commit
    connection.close()


@contextlib.contextmanager
def _copied(source: Path) -> Iterator[Path]:
    """A copy of a library, so that the kept one stays as it was made."""
    folder = Path(tempfile.mkdtemp(dir=KEPT))
    try:
        yield Path(shutil.copytree(source, folder / "library"))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
