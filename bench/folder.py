"""How much memory a library needs to look through a reference folder of a million files, against ten thousand.

    python bench/folder.py [--files 1000000] [--few 10000] [--new 2000]

What has to be bounded is the walk, the question which files are known, and the job's bookkeeping; decoding a million
different pictures would take hours and show the same, as each is done with before the next. So the folder holds hard
links of a few pictures under as many names as asked. Half of the names are in the index already, as after an import of
all of them; half were refused at the last look; and `--new` names are met for the first time, whose bytes are read by
the decoders, hashed, and found to be known. The index and the refusals are written by this script, through the same
doors as by an import. Each look is a fresh process with its decoders; peaks are looked for ten times a second. The
temporary tables lie in files, which are not counted, nor is what the system keeps of them in memory it could give back.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from _measure import KEPT, Figure, mb, python, report, resident, watching_memory
from PIL import Image

from pixlstash_core.database.writer import Write
from pixlstash_core.imports import picture_rows
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, ImportPaths

#: File systems give a file no more than some 65,000 names.
LINKS = 50_000
SLICE = 20_000
#: MB that a million files may cost above ten thousand.
PROMISED = 64


class Look(NamedTuple):
    """Bytes at the start and at most, without decoders; at most with them; seconds; files taken in."""

    before: int
    alone: int
    together: int
    seconds: float
    new: int


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--files", type=int, default=1_000_000)
    ask.add_argument("--few", type=int, default=10_000)
    ask.add_argument("--new", type=int, default=2_000)
    ask.add_argument("--child", nargs=2, metavar=("LIBRARY", "STORE"), help=argparse.SUPPRESS)
    options = ask.parse_args()
    if options.child:
        print(json.dumps(look(Path(options.child[0]), int(options.child[1]))))
        return 0
    KEPT.mkdir(parents=True, exist_ok=True)
    few, many = (measure(count, options.new) for count in (options.few, options.files))
    more = many.alone - few.alone
    return report(
        [
            Figure(
                f"memory of a look through a folder of {options.files:,} files",
                f"< {PROMISED} MB more than for {options.few:,}",
                f"{mb(many.alone)}, with decoders {mb(many.together)}, in {many.seconds:.0f} s;"
                f" {options.few:,} files: {mb(few.alone)}, {mb(few.together)}, {few.seconds:.0f} s",
                f"the library opened: {mb(many.before)}",
                more < PROMISED * 1_000_000,
            )
        ]
    )


def measure(count: int, new: int) -> Look:
    """A folder of so many files and a library that knows them, looked through once."""
    with tempfile.TemporaryDirectory(dir=KEPT) as place:
        folder, path = Path(place, "folder"), Path(place, "library")
        print(f"linking {count:,} files …", file=sys.stderr, flush=True)
        names = link(folder, count)
        store = index(path, folder, names, new)
        found = Look(*json.loads(python(__file__, "--child", str(path), str(store)).stdout))
        if found.new != new:
            raise SystemExit(f"{found.new} files were new instead of {new}.")
        print(f"  {found}", file=sys.stderr, flush=True)
        return found


def link(folder: Path, count: int) -> list[str]:
    """Hard links in folders of every size, half of them in one; their keys."""
    (folder / "all").mkdir(parents=True)
    names: list[str] = []
    while len(names) < count:
        source = folder / f"source-{len(names)}.png"
        Image.new("RGB", (64, 48), (len(names) // LINKS * 7 % 256, 90, 90)).save(source)
        for number in range(len(names), min(len(names) + LINKS, count)):
            inside = "all" if number % 2 else f"some/{number % 997}"
            if number < 2 * 997:
                (folder / inside).mkdir(parents=True, exist_ok=True)
            names.append(f"{inside}/IMG_{number:07}.png")
            os.link(source, folder / names[-1])
        source.unlink()
    return names


def index(path: Path, folder: Path, names: list[str], new: int) -> int:
    """A library that knows half of the files, has refused half, and has never seen some; the folder's store."""
    Library.create(path)
    with Library.open(path) as library:
        first = [folder / names[at] for at in range(0, len(names), LINKS)]
        for one in first:
            job = library.import_paths(OWNER, ImportPaths([str(one)]))
            while library.job(OWNER, job.id).state in ("waiting", "running"):
                time.sleep(0.02)
        ids = [row[0] for row in library.db.read("select id from picture order by id")]
        if len(ids) != len(first):
            raise SystemExit(f"{len(ids)} of {len(first)} pictures were imported.")
        store = library.add_store(OWNER, "folder", "Folder", {"path": str(folder)})
        for rows in _sliced(folder, names, range(0, len(names) - new, 2)):
            library.writer.submit(partial(_locate, store, rows, ids)).result()
        public = library.db.value("select public_id from store where id = ?", (store,))
        for rows in _sliced(folder, names, range(1, len(names) - new, 2)):
            with library.hub.writing() as connection:
                connection.executemany(
                    "insert into refusal values (?, ?, ?, ?, 'It is damaged.', 0)",
                    [(public, key, size, mtime) for _, key, size, mtime in rows],
                ).fetchall()
    return store


def _sliced(folder: Path, names: list[str], numbers: range) -> Iterator[list[tuple[int, str, int, int]]]:
    for at in range(0, len(numbers), SLICE):
        found = [(number, names[number], (folder / names[number]).stat()) for number in numbers[at : at + SLICE]]
        yield [(number, key, about.st_size, about.st_mtime_ns) for number, key, about in found]


def _locate(store: int, rows: list[tuple[int, str, int, int]], ids: list[int], write: Write) -> None:
    for number, key, size, mtime in rows:
        picture_rows.locate(write, ids[number // LINKS], store, key, size, mtime)


def look(path: Path, store: int) -> Look:
    """In a process of its own: open the library and bring the index of the store up to date."""
    with Library.open(path) as library:
        before = resident(os.getpid())
        with watching_memory() as peak:
            start = time.perf_counter()
            job = library.scan(OWNER, store)
            while (job := library.job(OWNER, job.id)).state in ("waiting", "running"):
                time.sleep(0.05)
            seconds = time.perf_counter() - start
        if job.error or job.report is None:
            raise SystemExit(job.error)
        missing = library.db.value("select count(*) from location where state != 'present'")
        if missing or job.report.refused:
            raise SystemExit(f"{missing} files are said to be missing, {len(job.report.refused)} were refused anew.")
        return Look(before, peak.alone, peak.together, seconds, job.report.imported + job.report.duplicates)


if __name__ == "__main__":
    sys.exit(main())
