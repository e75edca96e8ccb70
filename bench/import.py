"""How close an import comes to the bare loop that reads, hashes, decodes, resizes and encodes the same stills.

    python bench/import.py [--pictures 1000] [--rounds 3]

Each import is a fresh process and a fresh library: from asking for the job to its end, decoder processes and all. The
floor (`import_floor.py`) runs in two processes just before and just after it, in the same run, and the faster counts.
Where the import copies, the floor copies too: each file durable before the next. The bare loop without that is named.
Everything is held to two cores. CPU time is given as well, because it is fair on a machine that is not idle.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from _measure import KEPT, Figure, mb, python, report, watching_memory
from import_floor import floor, make_pictures

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, ImportPaths

PROMISED = 0.80


class Cost(NamedTuple):
    """Seconds of wall time, and of CPU time with all children."""

    wall: float
    cpu: float


class Run(NamedTuple):
    cost: Cost
    together: int
    alone: int
    imported: int


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=1000)
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--child", nargs=2, metavar=("PICTURES", "HOW"), help=argparse.SUPPRESS)
    options = ask.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    if options.child:
        print(json.dumps(_child(Path(options.child[0]), options.child[1] == "in place")))
        return 0
    paths = make_pictures(KEPT, options.pictures)
    return report([_figure(paths, how, options.rounds) for how in ("in place", "copied")])


def _figure(paths: list[Path], how: str, rounds: int) -> Figure:
    ratios, cpus, runs = [], [], []
    copied = how == "copied"
    before = _floor(paths, copied)
    floors = [before]
    for _ in range(rounds):
        run = Run(*json.loads(python(__file__, "--child", str(paths[0].parent), how).stdout))
        run = run._replace(cost=Cost(*run.cost))
        if run.imported != len(paths):
            raise SystemExit(f"{run.imported} of {len(paths)} pictures were imported.")
        after = _floor(paths, copied)
        ratios.append(min(before.wall, after.wall) / run.cost.wall)
        cpus.append(min(before.cpu, after.cpu) / run.cost.cpu)
        runs.append(run)
        floors.append(after)
        before = after
        print(f"  {how}: {run.cost}, floor {after}, {ratios[-1]:.2f}", file=sys.stderr, flush=True)
    ratio, rate = statistics.median(ratios), len(paths) / statistics.median(run.cost.wall for run in runs)
    peak = max(runs, key=lambda run: run.together)
    return Figure(
        f"import, {how}",
        f"≥ {PROMISED:.0%} of the floor",
        f"{rate:.0f} pictures/s, {ratio:.0%} of the floor ({statistics.median(cpus):.0%} by CPU time);"
        f" peak {mb(peak.together)} with decoders, {mb(peak.alone)} without",
        f"{len(paths) / statistics.median(one.wall for one in floors):.0f} pictures/s"
        + (f", {len(paths) / _floor(paths).wall:.0f} pictures/s without copying" if copied else ""),
        ratio >= PROMISED,
    )


def _floor(paths: list[Path], copied: bool = False) -> Cost:
    before = _cpu()
    with tempfile.TemporaryDirectory(dir=KEPT) as copies:
        wall = floor(paths, Path(copies) if copied else None)
    return Cost(wall, _cpu() - before)


def _cpu() -> float:
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, _WHOSE))


_WHOSE = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def _child(folder: Path, in_place: bool) -> Run:
    """One import into a fresh library beside the pictures, on the same disk."""
    path = Path(tempfile.mkdtemp(dir=KEPT)) / "library"
    Library.create(path)
    before = _cpu()
    try:
        with watching_memory() as peak, Library.open(path) as library:
            start = time.perf_counter()
            job = library.import_paths(OWNER, ImportPaths([str(folder)], in_place=in_place))
            while (job := library.job(OWNER, job.id)).state in ("waiting", "running"):
                time.sleep(0.02)
            wall = time.perf_counter() - start
            if job.error or job.report is None:
                raise SystemExit(job.error)
        # The marker file `done` beside the pictures is refused, as it should be.
        return Run(Cost(wall, _cpu() - before), peak.together, peak.alone, job.report.imported)
    finally:
        shutil.rmtree(path.parent)


if __name__ == "__main__":
    sys.exit(main())
