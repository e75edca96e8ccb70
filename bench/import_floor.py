"""How close the decoder pool comes to the bare loop: read, hash, decode, resize, encode, with nothing around it.

    python bench/import_floor.py [--pictures 600] [--folder /tmp/pixlstash-bench]

The loop runs in two processes, the pool with two workers asked by four threads, over the same files, in turns: on a
machine that does other things as well, the median of the ratios says more than any time. Promise: at least 0.9.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from PIL import Image

from pixlstash_core.media.draw import LONG, SHORT, drawn, upright
from pixlstash_core.media.pool import DecoderPool

PROCESSES = 2
THREADS = 4
TURNS = 5


def make_pictures(folder: Path, n: int, seed: int = 1) -> list[Path]:
    """`n` JPEG and PNG files (3 in 10) of 0.5 to 9 megapixels, 1.6 on average; made once per folder, count and seed."""
    folder = folder / f"{n}-{seed}"
    done = folder.with_suffix(".done")
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
            pool.map(_make, [(folder, at, seed) for at in range(n)], chunksize=8)
        done.touch()
    return sorted(path for path in folder.iterdir() if path.suffix in (".jpg", ".png"))


def floor(folder: Path | Iterable[Path], copies: Path | None = None) -> float:
    """Seconds for the bare loop over a folder's files (or these) in two processes, starting them not counted.

    With `copies` each file is also copied into that folder, and is durable there before the next one is begun.
    """
    paths = sorted(folder.iterdir()) if isinstance(folder, Path) else list(folder)
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        bare = partial(_bare, copies=copies)
        pool.map(bare, paths[:4], chunksize=1)
        start = time.perf_counter()
        for _ in pool.imap_unordered(bare, paths, chunksize=4):
            pass
        return time.perf_counter() - start


def pooled(paths: list[Path], pool: DecoderPool, copies: Path | None = None) -> float:
    """Seconds for the decoder pool over these files, asked by four threads; `copies` is a folder to copy each to."""
    left = iter(enumerate(paths))
    lock = threading.Lock()

    def ask() -> None:
        while True:
            with lock:
                at, path = next(left, (0, None))
            if path is None:
                return
            target = None if copies is None else copies / f"{at:06}"
            pool.read(path, path.name, decide=lambda sha256: True, copy_to=target)

    start = time.perf_counter()
    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


def _bare(path: Path, copies: Path | None = None) -> int:
    data = path.read_bytes()
    hashlib.sha256(data).digest()
    if copies is not None:
        with (copies / path.name).open("wb", buffering=0) as copy:
            copy.write(data)
            os.fsync(copy.fileno())
    image = Image.open(io.BytesIO(data), formats=["JPEG", "PNG"])
    return len(drawn(upright(image, 1, SHORT, LONG)).webp)


def _make(what: tuple[Path, int, int]) -> None:
    folder, at, seed = what
    pick = random.Random(f"{seed}/{at}")
    pixels = min(9.0, 0.5 + pick.expovariate(1 / 1.12)) * 1e6
    shape = pick.choice((2 / 3, 3 / 4, 1.0, 4 / 3, 3 / 2, 16 / 9))
    width, height = round((pixels * shape) ** 0.5), round((pixels / shape) ** 0.5)
    image = _paint(width, height, pick)
    if at % 10 < 3:
        image.save(folder / f"{at:06}.png", compress_level=4)
    else:
        image.save(folder / f"{at:06}.jpg", quality=pick.choice((80, 90, 95)), progressive=pick.random() < 0.1)


def _paint(width: int, height: int, pick: random.Random) -> Image.Image:
    """Soft shapes with detail and a little grain: as hard to compress as photographs are."""
    channels = []
    shapes = [Image.frombytes("L", (n, n), pick.randbytes(n * n)) for n in (4, 23)]
    coarse, fine = (shape.resize((width, height), Image.Resampling.BICUBIC) for shape in shapes)
    grain = Image.effect_noise((width, height), 25)
    for _ in range(3):
        tint = Image.frombytes("L", (3, 3), pick.randbytes(9)).resize((width, height), Image.Resampling.BICUBIC)
        mixed = Image.blend(Image.blend(coarse, fine, 0.25), tint, 0.5)
        channels.append(Image.blend(mixed, grain, 0.2))
    return Image.merge("RGB", channels)


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--pictures", type=int, default=600)
    ask.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "pixlstash-bench")
    options = ask.parse_args()
    paths = make_pictures(options.folder, options.pictures)
    size = sum(path.stat().st_size for path in paths)
    pixels = sum(w * h for w, h in (Image.open(path).size for path in paths)) / 1e6
    print(f"{len(paths)} pictures, {pixels / len(paths):.2f} MP and {size / len(paths) / 1e6:.2f} MB on average")
    bare, plain, copying = [], [], []
    with DecoderPool(PROCESSES) as pool:
        pooled(paths[:8], pool)
        for turn in range(TURNS):
            part = paths[turn::TURNS]
            bare.append(floor(part))
            plain.append(pooled(part, pool))
            with tempfile.TemporaryDirectory(dir=options.folder) as copies:
                copying.append(pooled(part, pool, Path(copies)))
    for label, seconds in (("bare loop", bare), ("decoder pool", plain), ("decoder pool, copying", copying)):
        ratio = statistics.median(floor / ours for floor, ours in zip(bare, seconds, strict=True))
        print(f"{label:24} {len(paths) / sum(seconds):6.1f} pictures/s  {ratio:5.2f} of the floor")
    return 0 if statistics.median(b / p for b, p in zip(bare, plain, strict=True)) >= 0.9 else 1


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    sys.exit(main())
