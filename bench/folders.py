"""How long a scan of an unchanged reference folder takes, against a bare walk, and how soon a new file is announced.

    python bench/folders.py [--files 100000] [--drops 10]

The folder holds hard links of a few pictures, all of which are in the index. The bare walk is a loop over `os.scandir`
with one `stat` per file, in the same process; both are repeated, alternating, and the medians are compared. For the
second figure, files are dropped in a watched folder, and the time until `PicturesAdded` counts from when each had
settled, that is two seconds after it was written.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

from _measure import KEPT, Figure, report
from folder import SLICE, link
from PIL import Image

from pixlstash_core.database.writer import Write
from pixlstash_core.folders.watching import SETTLE
from pixlstash_core.imports import picture_rows
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, AddFolder, EditFolder, Event, ImportPaths, Job, PicturesAdded

RUNS = 5


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--files", type=int, default=100_000)
    ask.add_argument("--drops", type=int, default=10)
    options = ask.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT) as place:
        bare, scan = rescan(Path(place), options.files)
    with tempfile.TemporaryDirectory(dir=KEPT) as place:
        waits = drop(Path(place), options.drops)
    return report(
        [
            Figure(
                f"scan of {options.files:,} unchanged files in a reference folder",
                "≤ 3 × a bare walk with `os.scandir` and `stat`",
                f"{scan:.2f} s, {scan / bare:.1f} ×",
                f"bare walk: {bare:.2f} s",
                scan <= 3 * bare,
            ),
            Figure(
                "a file dropped in a watched folder: until it is announced, after it had settled",
                "< 4 s",
                f"median {statistics.median(waits):.2f} s, slowest {max(waits):.2f} s of {len(waits)}",
                "settling: 2 s",
                max(waits) < 4,
            ),
        ]
    )


def rescan(place: Path, count: int) -> tuple[float, float]:
    """Medians in seconds: (a bare walk, a scan of the same files, all of which are indexed)."""
    names = link(place / "folder", count)
    Library.create(place / "library")
    with Library.open(place / "library") as library:
        ended(library, library.import_paths(OWNER, ImportPaths([str(place / "folder" / names[0])])))
        (picture,) = library.db.read("select id from picture")[0]
        store = library.add_store(OWNER, "folder", "Folder", {"path": str(place / "folder")})
        library.edit_folder(OWNER, store, EditFolder(watch=False))
        for at in range(0, count, SLICE):
            rows = [(name, (place / "folder" / name).stat()) for name in names[at : at + SLICE]]
            library.writer.submit(partial(_locate, store, picture, rows)).result()
        bare, scans = [], []
        for _ in range(RUNS):
            start = time.perf_counter()
            if walk(place / "folder") != count:
                raise SystemExit("The walk saw another number of files.")
            bare.append(time.perf_counter() - start)
            start = time.perf_counter()
            job = ended(library, library.scan(OWNER, store))
            scans.append(time.perf_counter() - start)
            if job.report is None or job.report.imported or job.report.duplicates:
                raise SystemExit("The scan did more than look.")
    return statistics.median(bare), statistics.median(scans)


def _locate(store: int, picture: int, rows: list[tuple[str, os.stat_result]], write: Write) -> None:
    for key, status in rows:
        picture_rows.locate(write, picture, store, key, status.st_size, status.st_mtime_ns)


def walk(folder: Path) -> int:
    """Visit every file with its size and time; return their number."""
    count, pending = 0, [str(folder)]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif entry.stat(follow_symlinks=False).st_size >= 0:
                    count += 1
    return count


def drop(place: Path, count: int) -> list[float]:
    """Seconds from when each dropped file had settled until it was announced."""
    folder, announced = place / "folder", threading.Event()
    folder.mkdir()
    Image.new("RGB", (640, 480), (1, 2, 3)).save(folder / "first.png")
    Library.create(place / "library")
    waits = []
    with Library.open(place / "library") as library:
        added = library.add_folder(OWNER, AddFolder(str(folder)))
        while added.job is not None and library.job(OWNER, added.job).state != "done":
            time.sleep(0.05)
        time.sleep(2)

        def hear(event: Event) -> None:
            if isinstance(event, PicturesAdded):
                announced.set()

        library.subscribe(hear)
        for number in range(count):
            announced.clear()
            Image.effect_noise((640, 480), 60 + number).save(folder / f"{number}.png")
            written = time.perf_counter()
            if not announced.wait(60):
                raise SystemExit("A file was not announced within a minute.")
            waits.append(time.perf_counter() - written - SETTLE)
    return waits


def ended(library: Library, job: Job) -> Job:
    while (job := library.job(OWNER, job.id)).state in ("waiting", "running"):
        time.sleep(0.005)
    if job.error:
        raise SystemExit(job.error)
    return job


if __name__ == "__main__":
    sys.exit(main())
