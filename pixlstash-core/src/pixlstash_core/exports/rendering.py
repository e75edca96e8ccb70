"""Draws exported pictures."""

from __future__ import annotations

import io
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from ..errors import NotFound, NotThere, PixlStashError, StoreUnreachable
from ..media.pool import DecoderPool
from ..plugins.contracts import Opened
from .plan import Box, Item
from .reading import Source

if TYPE_CHECKING:
    from PIL.Image import Image

#: What is decoded has at least so many times the side that is needed, so that the last reduction decides the quality.
FINER = 2


class Renderer(Struct, frozen=True):
    """The parts of a library that draw pictures. `temporary(name)` returns a new path for a short-lived file."""

    pool: DecoderPool
    connect: Callable[[int], Opened]
    temporary: Callable[[str], Path]

    def draw(self, item: Item, quality: int) -> bytes:
        """Return the file of a drawn item. Raises as `DecoderPool.pixels` does."""
        assert item.size is not None and item.format is not None
        image = self._decoded(item.source, item.box, item.size)
        return _encoded(_framed(image, item), item.format, quality)

    def _decoded(self, source: Source, box: Box | None, size: tuple[int, int]) -> Image:
        """The picture as it is stored, or a smaller one that is large enough."""
        from PIL import Image

        problem: PixlStashError = NotThere("Its file is not there.")
        for store, key in source.places:
            copy: Path | None = None
            target = self.temporary("pixels")
            try:
                opened = self.connect(store)
                path = opened.local(key)
                if path is None:
                    path = copy = self._copied(opened, key)
                [(file, width, height), *_] = self.pool.pixels(
                    path,
                    source.name,
                    target,
                    root=None if copy else opened.local_root,
                    sha256=source.sha256 if opened.verbatim else b"",
                    side=_decoded_side(source, box, size),
                )
                return Image.frombytes("RGB", (width, height), file.read_bytes())
            except (NotThere, NotFound, StoreUnreachable) as error:
                problem = error
            finally:
                for left in (*target.parent.glob(f"{target.name}.*"), *([copy] if copy else [])):
                    left.unlink(missing_ok=True)
        raise problem

    def _copied(self, opened: Opened, key: str) -> Path:
        path = self.temporary(Path(key).name)
        with opened.read(key) as file, path.open("wb") as out:
            shutil.copyfileobj(file, out, 1 << 20)
        return path


def _decoded_side(source: Source, box: Box | None, size: tuple[int, int]) -> int | None:
    """The longest side to decode, in pixels; None for all of it."""
    width, height = source.width, source.height
    if box is not None:
        across, down = box[2] - box[0], box[3] - box[1]
        if source.turn % 2:
            across, down = down, across
        width, height = max(1, round(width * across)), max(1, round(height * down))
    scale = max(size[0] / width, size[1] / height) * FINER
    return None if scale >= 1 else math.ceil(max(source.width, source.height) * scale)


def _framed(image: Image, item: Item) -> Image:
    """The part of a decoded picture that an item shows, at its size."""
    from PIL import Image as pil

    width, height = image.size
    part = (0.0, 0.0, float(width), float(height))
    if item.box is not None:
        left, top, right, bottom = item.box
        part = (left * width, top * height, right * width, bottom * height)
    target = item.size or image.size
    if item.source.turn % 2:
        target = target[1], target[0]
    part = _covering(part, target)
    if part != (0.0, 0.0, float(width), float(height)) or target != image.size:
        image = image.resize(target, pil.Resampling.LANCZOS, box=part)
    turns = {1: pil.Transpose.ROTATE_270, 2: pil.Transpose.ROTATE_180, 3: pil.Transpose.ROTATE_90}
    return image.transpose(turns[item.source.turn]) if item.source.turn else image


def _covering(part: tuple[float, float, float, float], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """The middle of a part that has the aspect ratio of a size; differences of a pixel are left to the scaling."""
    left, top, right, bottom = part
    width, height = right - left, bottom - top
    if abs(width * size[1] - height * size[0]) <= max(size) * max(1.0, width / size[0]):
        return part
    wanted = min(width, height * size[0] / size[1]), min(height, width * size[1] / size[0])
    left, top = left + (width - wanted[0]) / 2, top + (height - wanted[1]) / 2
    return left, top, left + wanted[0], top + wanted[1]


def _encoded(image: Image, format: str, quality: int) -> bytes:
    out = io.BytesIO()
    if format == "jpeg":
        image.save(out, "JPEG", quality=quality, subsampling=0 if quality >= 90 else 2)
    elif format == "webp":
        image.save(out, "WEBP", quality=quality, method=4)
    else:
        image.save(out, "PNG", compress_level=6)
    return out.getvalue()
