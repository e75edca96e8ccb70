"""An engine of 10 ms for each batch of 16: decoding, running and storing, against the bare loop on the same pixels.

    python bench/engine.py --pictures 8000 --side 96

The bare loop is the same engine in this process, on pictures that were decoded before; the end-to-end time begins when
the model is loaded, and ends when the last result is durable. Decoding runs beside it: how fast that could be at most
on this machine is printed, too, since a picture cannot be looked at before it was read.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

from _measure import KEPT, Figure, report

ENGINE = """
import time
from pixlstash_core import Tag, Tagger, hookimpl
class Bench(Tagger):
    id, revision, lane, batch_size, image_side = "bench/synthetic", "1", "cpu", 16, {side}
    def run(self, model, images, params):
        time.sleep(0.010 * len(images) / 16)
        for image in images:
            yield [Tag("seen", 0.5 + image.buffer[0] / 512)]
@hookimpl
def taggers():
    yield Bench()
"""


def make(folder: Path, count: int, side: int) -> Path:
    """Plain pictures, as JPEG; made once."""
    from PIL import Image

    place = folder / f"engine-pictures-{count}-{side}"
    if not place.exists():
        made = place.with_name(f"{place.name}.new")
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        for n in range(count):
            image = Image.new("RGB", (side, side), (n % 251, n // 251 % 251, 99))
            (made / f"{n // 100:04}").mkdir(exist_ok=True)
            image.save(made / f"{n // 100:04}" / f"{n:06}.jpg", quality=85, comment=str(n).encode())
        made.rename(place)
    return place


def wait(library, job):  # type: ignore[no-untyped-def]
    while library.queue.get(job.id).state not in ("done", "failed", "cancelled"):
        time.sleep(0.005)
    ended = library.queue.get(job.id)
    assert ended.state == "done", ended.error
    return ended


def bare(ids: list[int], side: int) -> float:
    """Seconds of the engine itself."""
    from bench_engine import Bench  # type: ignore[import-not-found]

    from pixlstash_core import Image, Pictured

    pixels = bytes(3 * side * side)
    images = [Image(Pictured(id, "image", (side, side)), side, side, pixels) for id in ids]
    engine, start = Bench(), time.perf_counter()
    for at in range(0, len(images), 16):
        list(engine.run(None, images[at : at + 16], None))
    return time.perf_counter() - start


def decoding(library, ids: list[int], side: int) -> float:  # type: ignore[no-untyped-def]
    """Seconds to decode alone, with nothing beside it."""
    from pixlstash_core.engines.prefetch import Prefetch, Sources

    sources = Sources(library.db, library.pool, library.stores.connect, library.intake.temporary)
    engine = library.host.catalogue.offered("bench/synthetic").engine
    feeding = Prefetch(sources, engine, iter(ids), lambda page: {}, library.host._scratch.path())
    start = time.perf_counter()
    for ready in feeding:
        ready.drop()
    seconds = time.perf_counter() - start
    feeding.close()
    return seconds


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=8_000)
    ask.add_argument("--side", type=int, default=96)
    options = ask.parse_args()
    from pixlstash_core import OWNER
    from pixlstash_core.library import Library
    from pixlstash_core.plugins.registry import Plugins
    from pixlstash_core.types import ImportPaths, RunEngine

    place = KEPT / "fresh-engine"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    (place / "bench_engine.py").write_text(ENGINE.format(side=options.side), "utf-8")
    sys.path.insert(0, str(place))
    pictures = make(KEPT, options.pictures, options.side)
    Library.create(place / "library")
    with Library.open(place / "library", plugins=Plugins.load(extra=("bench_engine",))) as library:
        wait(library, library.import_paths(OWNER, ImportPaths([str(pictures)], True)))
        ids = library.views.ids(OWNER, "", "-created")
        wait(library, library.run_engine(OWNER, RunEngine(engine="bench/synthetic", ids=ids[:16])))
        floor = bare(ids[16:], options.side)
        alone = decoding(library, ids[16:], options.side)
        start = time.perf_counter()
        wait(library, library.run_engine(OWNER, RunEngine(engine="bench/synthetic")))
        whole = time.perf_counter() - start
        assert library.find(OWNER, "tag:seen").total == options.pictures
    shutil.rmtree(place, ignore_errors=True)
    count = options.pictures - 16
    share = floor / whole
    return report(
        [
            Figure(
                "An engine of 10 ms for 16 pictures, decoded, run and stored",
                ">= 90 % of the bare loop",
                f"{share:.0%} ({count / whole:,.0f} pictures/s of {options.side} px, {os.cpu_count()} cores)",
                f"bare loop {count / floor:,.0f}/s; decoding alone {count / alone:,.0f}/s",
                share >= 0.9,
            )
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
