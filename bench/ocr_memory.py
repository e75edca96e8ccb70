"""Whether the memory of the plugin `ocr` grows: it reads many small pictures of different sizes, and prints the memory
of the process at every thousand.

    python bench/ocr_memory.py [--pictures 10000]

Every third picture has no text. Sizes and texts differ, because a runtime that keeps buffers by their shapes would grow
by them. The first thousand pictures warm it up; the figure is what is added after that.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import sys
import time
from collections.abc import Iterator

from _measure import Figure, mb, report, resident, unmeasured
from PIL import Image as pil
from PIL import ImageDraw, ImageFont

WORDS = "STOP Harbour 1984 Exit SALE Welcome coffee Platform January closed Bakery Museum ticket Library".split()
STEP = 1000
#: Growth after the first step that still counts as none, in bytes.
SLACK = 40e6


def pictures(count: int) -> Iterator[pil.Image]:
    dice = random.Random(1)
    fonts = [ImageFont.load_default(pixels) for pixels in (16, 20, 24)]
    for n in range(count):
        color = tuple(dice.randint(60, 255) for _ in range(3))
        picture = pil.new("RGB", (dice.randint(80, 192), dice.randint(48, 96)), color)
        draw = ImageDraw.Draw(picture)
        if n % 3 != 2:
            draw.text((dice.randint(4, 20), 8), dice.choice(WORDS), "black", dice.choice(fonts))
        yield picture


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=10_000)
    options = ask.parse_args()
    what = f"memory added while {options.pictures:,} pictures are read"
    if importlib.util.find_spec("rapidocr") is None or importlib.util.find_spec("pixlstash_ocr") is None:
        return unmeasured(what, "pixlstash-ocr is not installed")
    if sys.platform != "linux":
        return unmeasured(what, "memory is read from /proc, which only Linux has")
    import pixlstash_ocr
    from pixlstash_core import Image, Pictured

    engine, settings = pixlstash_ocr.PpOcr(), pixlstash_ocr.Settings()
    model = engine.load("cpu", None, settings)
    sizes, lines, began = [], 0, time.monotonic()
    for n, picture in enumerate(pictures(options.pictures), 1):
        image = Image(Pictured(n, "image", picture.size), *picture.size, picture.tobytes())
        (found,) = engine.run(model, [image], settings)
        lines += len(found)
        if n % STEP == 0:
            sizes.append(resident(os.getpid()))
            seconds, load = time.monotonic() - began, os.getloadavg()[0]
            print(f"{n:>7,} pictures  {mb(sizes[-1])}  {lines:,} lines  {seconds:.0f} s  load {load:.1f}", flush=True)
    if len(sizes) < 2:
        return unmeasured(what, f"it takes at least {2 * STEP:,} pictures")
    growth = max(sizes[1:]) - sizes[0]
    return report([Figure(what, f"at most {mb(SLACK)}", mb(growth), mb(sizes[0]), growth <= SLACK)])


if __name__ == "__main__":
    raise SystemExit(main())
