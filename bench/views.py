"""How fast a view answers in a library of 200,000 and of 1,000,000 pictures, next to a bare scan of the same index.

    python bench/views.py [--pictures 1000000]

Each cold figure is the median over fresh processes: the library is opened, then the view is asked for once. `from
cache` repeats it there. `from disk` asks again after the file has left the operating system's cache. The floor is the
same rows in the same order, fetched by bare SQLite from a covering index in the same process.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import apsw
from _measure import Figure, mb, median, ms, python, report, resident, timed
from fill import filled

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER
from pixlstash_demo.recipe import recipe

SIZES = (200_000, 1_000_000)
ROUNDS = 5
#: What is asked: its name on the page, query text, sort. No index serves the last, and nothing is promised of it.
VIEWS = (
    ("first view", "", None),
    ("by score", "", "-score"),
    ("model:", "model:aurora-xl-v4", None),
    ("two words", "copper hair", None),
    ("words, model: and score:", '"copper hair" model:aurora score:>=3', "-score"),
    ("one seed", f"seed:{recipe(12_350).seed}", None),
    ("steps:30", "steps:30", None),
    ("by name", "", "name"),
)
#: Seconds promised cold, by size.
PROMISED = {200_000: 0.2, 1_000_000: 1.0}
CACHED, BLOCK = 0.030, 0.010
FLOOR = "select id, aspect from derived_grid where live = 1 order by created desc, id desc"

Times = dict[str, float]


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, action="append")
    ask.add_argument("--child", nargs=2, metavar=("LIBRARY", "VIEW"), help=argparse.SUPPRESS)
    options = ask.parse_args()
    if options.child:
        print(json.dumps(_child(Path(options.child[0]), int(options.child[1]))))
        return 0
    return max([report(list(_figures(size))) for size in options.pictures or SIZES])


def _figures(size: int) -> Iterator[Figure]:
    path = filled(size)
    promised = PROMISED.get(size, 1.0)
    for number, (name, _, _) in enumerate(VIEWS):
        runs: list[Times] = [
            json.loads(python(__file__, "--child", str(path), str(number)).stdout) for _ in range(ROUNDS)
        ]
        middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        cold, cached, floor = middle["cold"], middle["cached"], middle["floor"]
        count = f"{middle['count']:,.0f}"
        told = f"{ms(cold)} cold, {ms(cached)} from cache, {count} pictures, process {mb(middle['memory'])}"
        if number == 0:
            told += f", {ms(_from_disk(path))} from disk"
        yield Figure(
            f"{name}, {size:,} pictures",
            f"< {ms(promised)} cold, < {ms(CACHED)} from cache" if name != "by name" else "none",
            told,
            f"bare scan of all {ms(floor)}",
            name == "by name" or (cold < promised and cached < CACHED),
        )
        if number == 0:
            yield Figure(
                f"a block of 2,048, {size:,} pictures",
                f"< {ms(BLOCK)}",
                f"{ms(middle['block'])} median, {ms(middle['worst'])} worst; 256 details {ms(middle['details'])}",
                f"bare look-ups {ms(middle['block floor'])}",
                middle["worst"] < BLOCK,
            )


def _child(path: Path, number: int) -> Times:
    """One view in this fresh process."""
    _, text, sort = VIEWS[number]
    with Library.open(path, work=False) as library:
        times: Times = {"cold": timed(lambda: library.view(OWNER, text, sort))}
        times["cached"] = median(lambda: library.view(OWNER, text, sort), 5)
        header = library.view(OWNER, text, sort).header
        times["count"] = header.count
        if number == 0:
            blocks = random.Random(1).sample(range(max(1, header.count // 2048)), min(40, max(1, header.count // 2048)))
            each = [timed(lambda b=b: library.block(OWNER, header.view, b)) for b in blocks]
            times["block"], times["worst"] = statistics.median(each), max(each)
            times["details"] = median(lambda: library.details(OWNER, header.view, blocks[0]), 9)
            times["block floor"] = _bare_block(path, blocks[0])
        times["memory"] = resident(os.getpid())
    times["floor"] = timed(lambda: _bare(path))
    return times


def _bare(path: Path) -> None:
    connection = apsw.Connection(str(path / "library.db"), flags=apsw.SQLITE_OPEN_READONLY)
    deque(connection.execute(FLOOR), maxlen=0)


def _bare_block(path: Path, block: int) -> float:
    connection = apsw.Connection(str(path / "library.db"), flags=apsw.SQLITE_OPEN_READONLY)
    ids = [row[0] for row in connection.execute(f"{FLOOR} limit 2048 offset {block * 2048}")]
    sql = f"select id, colour, flags from derived_grid where id in ({','.join(map(str, ids))})"
    return median(lambda: deque(connection.execute(sql), maxlen=0), 5)


def _from_disk(path: Path) -> float:
    """The first view after the file's pages were dropped from the operating system's cache."""
    if not hasattr(os, "posix_fadvise"):
        return float("nan")
    number = os.open(path / "library.db", os.O_RDONLY)
    os.fsync(number)
    os.posix_fadvise(number, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(number)
    seconds: float = json.loads(python(__file__, "--child", str(path), "0").stdout)["cold"]
    return seconds


if __name__ == "__main__":
    sys.exit(main())
