"""A library worth looking at: a few real pictures with facts, and two blocks of the grid of cheap ones."""

from __future__ import annotations

import hashlib
import math
from io import BytesIO
from pathlib import Path

import libraries
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, Reading

#: Pictures with originals, newest first in the usual order.
PAINTED = 16
#: Pictures with no more than a thumbnail: enough for a second block of the grid.
INVENTED = 2_184
COUNT = PAINTED + INVENTED
SHAPES = ((96, 64), (64, 96), (80, 80), (128, 72), (60, 100), (100, 75), (75, 100), (160, 60))
MODELS = ("flux1-dev", "sdxl-turbo", "aurora-xl")
PROMPT = "picture {}: a lighthouse above the sea, <b>not bold</b>, evening light"


def paint(number: int, format: str = "png") -> bytes:
    """A small picture whose shape, colour and facts its number decides. Numbers differ in their bytes, too."""
    width, height = SHAPES[number % len(SHAPES)]
    image = Image.new("RGB", (width, height), _colour(number))
    ImageDraw.Draw(image).ellipse((width // 4, height // 4, width // 2, height // 2), fill=_colour(number + 5))
    text = PngInfo()
    said = f"{PROMPT.format(number)}\nNegative prompt: blurry\nSteps: {20 + number}, Sampler: Euler, Seed: {number},"
    text.add_text("parameters", f"{said} Model: {MODELS[number % len(MODELS)]}, Size: {width}x{height}")
    out = BytesIO()
    image.save(out, format, **({"pnginfo": text} if format == "png" else {}))
    return out.getvalue()


def add(library: Library, first: int, count: int) -> list[int]:
    """Take in painted pictures of these numbers, each newer than all before; their ids."""
    ids = []
    for number in range(first, first + count):
        path = library.incoming / f"paint-{number:03}.png"
        path.write_bytes(paint(number))
        answer = library.upload(OWNER, path.name, path)
        assert answer.id is not None, answer
        ids.append(answer.id)
    return ids


def invent(library: Library, count: int, *, newest: bool = False) -> None:
    """Add pictures that have a thumbnail and no file, in one go; older or newer than all others."""
    stills = [_still(number) for number in range(len(SHAPES))]
    readings = [_reading(number) for number in range(20_000 * newest, 20_000 * newest + count)]
    libraries.add(library, *readings, names="invented-{:04}.png".format)
    library.thumbnails.put([(one.sha256, stills[number % len(stills)]) for number, one in enumerate(readings)])


def make(folder: Path) -> Path:
    """A library of `COUNT` pictures in a new folder."""
    Library.create(folder, name="Gallery")
    with Library.open(folder) as library:
        invent(library, INVENTED)
        add(library, 0, PAINTED)
        library.restore_points.set_automatic(False)
    return folder


def _reading(number: int) -> Reading:
    width, height = SHAPES[number % len(SHAPES)]
    return libraries.invented(
        number,
        sha256=hashlib.sha256(b"gallery %d" % number).digest(),
        width=width,
        height=height,
        created=1_500_000_000_000 + number * 6 * 3_600_000,
        aspect=round(128 + 48 * math.log2(width / height)),
        colour=number * 37 % 65_536,
    )


def _still(number: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", SHAPES[number], _colour(number * 3)).save(out, "webp")
    return out.getvalue()


def _colour(number: int) -> tuple[int, int, int]:
    return number * 53 % 200 + 30, number * 31 % 200 + 30, number * 17 % 200 + 30
