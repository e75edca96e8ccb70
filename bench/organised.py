"""Puts a filled library in order: 30 tags for each picture, 500 sets, 200 characters, 50 projects.

    python bench/organised.py [--pictures 100000]

The tags go through `library.outputs`, as any engine's results will; what pictures are gathered in through the same use
cases as a person's. Some tags, sets and characters are of a known size, which the other benchmarks ask for.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import sys
import time
from collections import deque
from importlib.resources import files
from itertools import accumulate
from pathlib import Path
from typing import Any

from _measure import KEPT, Figure, report
from fill import filled

from pixlstash_core.engines.outputs import Output
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, Create, DropOnProject, Selection

TAGS, EACH = 20_000, 30
SETS, CHARACTERS, PROJECTS = 500, 200, 50
#: Tags of a known share of all pictures; and sets that hold that share.
SHARES = {"quarter": 4, "twentieth": 20, "rare": 5_000}
#: Each large set shares 55 % of its pictures with the next one, and all three share a tenth.
LARGE_SETS, SHIFT = 3, 0.45
#: Raise this when `organise` writes something else, so that a library kept from before is made again.
SHAPE = 2
SLICE, WAITING = 2_000, 6


def organised(count: int, folder: Path = KEPT) -> Path:
    """A library in order with so many pictures, made once, and again when the tables are others."""
    path = folder / f"organised-{count}"
    schema = files("pixlstash_core.database") / "schema" / "library"
    tables = hashlib.sha256(b"".join((schema / f"000{n}.sql").read_bytes() for n in (1, 2, 3)))
    made_from = f"{tables.hexdigest()} {SHAPE}"
    mark = path / "organised"
    if not mark.exists() or mark.read_text() != made_from:
        source = filled(count, folder)
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(source, path)
        print(f"putting {path} in order …", file=sys.stderr, flush=True)
        organise(path)
        mark.write_text(made_from)
    return path


def organise(path: Path) -> float:
    """Put a library in order; seconds its tags took."""
    with Library.open(path, work=False) as library:
        ids = library.find(OWNER, "", "created").ids
        seconds = _tag(library, ids)
        _gather(library, ids)
    return seconds


def _tag(library: Library, ids: list[int]) -> float:
    producer = library.outputs.register("tag", "synthetic", "1", {})
    library.outputs.activate(producer, 0.35)
    names = [f"tag {n:05}" for n in range(TAGS)]
    weights = list(accumulate(1 / (n + 10) for n in range(TAGS)))
    start = time.perf_counter()
    waiting: deque[Any] = deque()
    for first in range(0, len(ids), SLICE):
        found = [output(names, weights, picture) for picture in ids[first : first + SLICE]]
        waiting.extend(library.outputs.store(producer, found))
        while len(waiting) > WAITING * SLICE // 128:
            waiting.popleft().result()
    for future in waiting:
        future.result()
    return time.perf_counter() - start


def output(names: list[str], weights: list[float], picture: int) -> Output:
    pick = random.Random(picture)
    tags = dict.fromkeys(pick.choices(names, cum_weights=weights, k=EACH - len(SHARES)))
    tags |= {name: None for name, share in SHARES.items() if picture % share == 0}
    return Output(picture, [(name, 0.3 + 0.7 * pick.random()) for name in tags])


def _gather(library: Library, ids: list[int]) -> None:
    pick = random.Random(1)
    large, small = len(ids) // 20, max(1, len(ids) // 5_000)
    sets = [library.create_set(OWNER, Create(name=f"Folder {n % 20}/Set {n}")).id for n in range(SETS)]
    for n, one in enumerate(sets):
        start = pick.randrange(len(ids))
        shifted = round(n * SHIFT * large)
        members = ids[::7][shifted : shifted + large] if n < LARGE_SETS else ids[start : start + small]
        library.add_to_set(OWNER, one, Selection(ids=members))
    people = [library.create_character(OWNER, Create(name=f"Character {n}")).id for n in range(CHARACTERS)]
    for one in people:
        start = pick.randrange(len(ids))
        library.add_to_character(OWNER, one, Selection(ids=ids[start : start + 5 * small]))
    for n in range(PROJECTS):
        project = library.create_project(OWNER, Create(name=f"Project {n}")).id
        drop = DropOnProject(sets=sets[10 + n * 5 : 15 + n * 5], characters=people[n * 3 : n * 3 + 3], add=True)
        library.drop_on_project(OWNER, project, drop)


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=20_000)
    options = ask.parse_args()
    path = KEPT / "fresh-organised"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(filled(options.pictures), path)
    seconds = organise(path)
    rate = options.pictures / seconds
    size = (path / "library.db").stat().st_size / options.pictures
    shutil.rmtree(path)
    return report(
        [
            Figure(
                f"an engine's results kept, {EACH} tags each",
                "≥ 5,000 pictures/s",
                f"{rate:,.0f} pictures/s, library {size:,.0f} B a picture",
                "none",
                rate >= 5_000,
            )
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
