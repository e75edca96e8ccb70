"""An export of originals to a folder, and to a zip file, beside a bare copy of the same files.

    python bench/export.py --pictures 300

Both end when everything is on the disk (`sync`). Each is done in turn, a few times, and medians are compared. The bare
copy is `shutil.copyfile` of each file; the export also verifies the SHA-256 of each, and writes captions and a
manifest.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from _measure import Figure, report
from PIL import Image

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, ExportOptions, MakeExport

SIDE = 700
SHARE = 0.7


def fill(library: Library, folder: Path, count: int) -> int:
    """Import so many pictures of noise, of about 1.5 MB each; the bytes of all."""
    rng = random.Random(1)
    size = 0
    for number in range(count):
        path = folder / f"noise-{number}.png"
        Image.frombytes("RGB", (SIDE, SIDE), rng.randbytes(SIDE * SIDE * 3)).save(path, compress_level=1)
        size += path.stat().st_size
        library.upload(OWNER, path.name, path)
    return size


def seconds(work: Callable[[], object]) -> float:
    os.sync()
    started = time.monotonic()
    work()
    os.sync()
    return time.monotonic() - started


def copy(files: list[Path], target: Path) -> None:
    target.mkdir()
    for file in files:
        shutil.copyfile(file, target / file.name)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where to work; a few times the size of the pictures must fit")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        Library.create(folder / "library")
        with Library.open(folder / "library", work=False) as library:
            library.restore_points.set_automatic(False)
            size = fill(library, folder, args.pictures)
            files = [path for path in (folder / "library" / "media").rglob("*.png") if path.is_file()]

            def export(target: Path) -> None:
                ask = MakeExport(path=str(target), q="", options=ExportOptions(template="{name}"))
                assert library.export(OWNER, ask).pictures == args.pictures

            times: dict[str, list[float]] = {"copy": [], "folder": [], "zip": []}
            for _ in range(args.rounds):
                for what, work in (
                    ("copy", lambda: copy(files, folder / "copy")),
                    ("folder", lambda: export(folder / "out")),
                    ("zip", lambda: export(folder / "out.zip")),
                ):
                    times[what].append(seconds(work))
                for left in ("copy", "out"):
                    shutil.rmtree(folder / left)
                (folder / "out.zip").unlink()
    return report(figures(times, size, args.pictures))


def figures(times: dict[str, list[float]], size: int, count: int) -> list[Figure]:
    speed = {what: size / 1e6 / statistics.median(taken) for what, taken in times.items()}
    floor = f"copying the files: {speed['copy']:,.0f} MB/s"
    rows = []
    for what, name in (("folder", "to a folder"), ("zip", "to a zip file")):
        share = speed[what] / speed["copy"]
        measured = f"{speed[what]:,.0f} MB/s, {share:.0%} ({count} files, {size / 1e6:,.0f} MB, with captions)"
        promised = f"≥ {SHARE:.0%} of the bare copy" if what == "folder" else "none"
        rows.append(Figure(f"export of originals {name}", promised, measured, floor, what == "zip" or share >= SHARE))
    return rows


if __name__ == "__main__":
    sys.exit(main())
