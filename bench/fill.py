"""Fills a library with made-up pictures, and says how fast: facts and prompts as the tools write them, no pixels.

    python bench/fill.py [--pictures 200000] [--folder FOLDER]

They go through the library's one writer like any import's: same checks, same log, same derived tables. A fifth of
them get stars. Other benchmarks call `filled`, which keeps the library for the next run.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import time
from collections import deque
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from _measure import KEPT, Figure, report

from pixlstash_core.database.writer import Write
from pixlstash_core.imports import locations as stores
from pixlstash_core.imports import picture_rows
from pixlstash_core.library import Library
from pixlstash_core.media.reading import of_known
from pixlstash_core.types import OWNER, ScorePictures
from pixlstash_demo.metadata import metadata
from pixlstash_demo.recipe import key, recipe

#: Pictures a transaction, and transactions waiting at a time.
SLICE, WAITING = 500, 4


def filled(count: int, folder: Path = KEPT) -> Path:
    """A library with so many pictures, made once, and again when the first tables are others."""
    path = folder / f"library-{count}"
    first = files("pixlstash_core.database") / "schema" / "library" / "0001.sql"
    tables = hashlib.sha256(first.read_bytes()).hexdigest()
    mark = path / "filled"
    if not mark.exists() or mark.read_text() != tables:
        shutil.rmtree(path, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        print(f"filling {path} with {count:,} pictures …", file=sys.stderr, flush=True)
        fill(path, count)
        mark.write_text(tables)
    return path


def fill(path: Path, count: int) -> float:
    """Make a library of so many pictures; seconds the pictures took."""
    Library.create(path, name=f"{count:,} pictures")
    with Library.open(path, work=False) as library:
        store = stores.add(library.writer, "demo", "Demo", {"pictures": max(count, 1)})
        start = time.perf_counter()
        waiting: deque[Any] = deque()
        for first in range(0, count, SLICE):
            waiting.append(library.writer.submit(_adding(range(first, min(first + SLICE, count)), store)))
            if len(waiting) > WAITING:
                waiting.popleft().result()
        for future in waiting:
            future.result()
        seconds = time.perf_counter() - start
        for score in range(1, 6):
            library.score(OWNER, ScorePictures(ids=list(range(score, count + 1, 25)), score=score))
    return seconds


def _adding(indexes: range, store: int) -> Callable[[Write], None]:
    made = [(recipe(index), of_known(metadata(recipe(index)))) for index in indexes]

    def work(write: Write) -> None:
        for picture, reading in made:
            id = picture_rows.add(write, reading, picture.name, fallback=picture.created)
            picture_rows.locate(write, id, store, key(picture), reading.size, picture.created * 1_000_000)

    return work


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=20_000)
    ask.add_argument("--folder", type=Path, default=KEPT / "fresh")
    options = ask.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.parent.mkdir(parents=True, exist_ok=True)
    cpu = time.process_time()
    seconds = fill(options.folder, options.pictures)
    cpu = time.process_time() - cpu
    size = (options.folder / "library.db").stat().st_size / options.pictures
    each = f"{cpu / options.pictures * 1e6:.0f} µs of CPU and {size:,.0f} B each"
    rate = f"{options.pictures / seconds:,.0f} pictures/s, {each}"
    return report([Figure("pictures written, without reading files", "none", rate, "none")])


if __name__ == "__main__":
    sys.exit(main())
