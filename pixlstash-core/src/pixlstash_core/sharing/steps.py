"""The built-in steps of renditions: making pictures smaller, and marking them with a text or an image."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from ..errors import Invalid
from ..plugins.contracts import Params, RenditionStep

if TYPE_CHECKING:
    from PIL.Image import Image

Position = Literal["center", "top-left", "top-right", "bottom-left", "bottom-right", "tile"]
#: Pixels from a mark to the edges, in heights of its text; for an image, that height in shorter sides of a picture.
MARGIN, UNIT = 0.6, 0.03
#: The size of a watermark's file in bytes, which is part of the settings of a share; its sides and pixels.
LARGEST_FILE, LONGEST_SIDE, MOST_PIXELS = 700_000, 4096, 4_000_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))
_DAMAGED = "This watermark is damaged, or no PNG file."


class ResizeParams(Params, frozen=True):
    """`side`: the longest side in pixels."""

    side: Annotated[int, Meta(ge=64, le=8192)] = 2048


class Resize(RenditionStep):
    """Makes a picture smaller, never larger."""

    id = "resize"
    Params = ResizeParams

    def apply(self, image: Image, params: Any) -> Image:
        from PIL import Image as pil

        longest = max(image.size)
        if longest <= params.side:
            return image
        width, height = (max(1, round(length * params.side / longest)) for length in image.size)
        return image.resize((width, height), pil.Resampling.LANCZOS, reducing_gap=3.0)


class WatermarkParams(Params, frozen=True):
    """`size`: the height of the text as a part of the picture's shorter side. `tile` repeats it all over."""

    text: Annotated[str, Meta(min_length=1, max_length=100)] = "©"
    position: Position = "bottom-right"
    opacity: Annotated[float, Meta(ge=0.05, le=1)] = 0.5
    size: Annotated[float, Meta(ge=0.01, le=0.5)] = 0.05


class Watermark(RenditionStep):
    """Draws a text over a picture, in white with a dark outline, so that it shows on any picture."""

    id = "watermark"
    marks = True
    Params = WatermarkParams

    def apply(self, image: Image, params: Any) -> Image:
        from PIL import Image as pil
        from PIL import ImageDraw, ImageFont

        height = max(8, round(min(image.size) * params.size))
        font = ImageFont.load_default(height)
        overlay = pil.new("RGBA", image.size)
        draw = ImageDraw.Draw(overlay)
        stroke = max(1, height // 12)
        left, top, right, bottom = draw.textbbox((0, 0), params.text, font=font, stroke_width=stroke)
        if right - left > image.width * 0.9:  # a long text, made to fit
            font = ImageFont.load_default(max(6, int(height * image.width * 0.9 / (right - left))))
            left, top, right, bottom = draw.textbbox((0, 0), params.text, font=font, stroke_width=stroke)
        alpha = round(255 * params.opacity)
        for x, y in places(image.size, (int(right - left), int(bottom - top)), height, params.position):
            draw.text(
                (x - left, y - top),
                params.text,
                font=font,
                fill=(255, 255, 255, alpha),
                stroke_width=stroke,
                stroke_fill=(0, 0, 0, alpha),
            )
        image.paste(overlay, (0, 0), overlay)
        return image


class ImageMarkParams(Params, frozen=True):
    """`png`: the file, in base64 in JSON. `size`: the mark's longer side as a part of the picture's shorter side."""

    png: Annotated[bytes, Meta(min_length=1, max_length=LARGEST_FILE)]
    position: Position = "bottom-right"
    opacity: Annotated[float, Meta(ge=0.05, le=1)] = 0.5
    size: Annotated[float, Meta(ge=0.02, le=1)] = 0.25


class ImageMark(RenditionStep):
    """Lays a PNG with transparency over a picture."""

    id = "image-watermark"
    marks = True
    Params = ImageMarkParams

    def check(self, params: Any) -> None:
        if open_mark(params.png).getchannel("A").getextrema()[1] == 0:
            raise Invalid("Nothing can be seen of this watermark: all its pixels are transparent.")

    def apply(self, image: Image, params: Any) -> Image:
        from PIL import Image as pil

        mark = open_mark(params.png)
        side = max(4.0, min(image.size) * params.size) / max(mark.size)
        width, height = (max(1, round(length * side)) for length in mark.size)
        mark = mark.resize((width, height), pil.Resampling.LANCZOS, reducing_gap=3.0)
        mark.putalpha(mark.getchannel("A").point(lambda value: round(value * params.opacity)))
        unit = max(8, round(min(image.size) * UNIT))
        for place in places(image.size, mark.size, unit, params.position):
            image.paste(mark, place, mark)
        return image


@lru_cache(maxsize=4)
def open_mark(png: bytes) -> Image:
    """Decode a PNG as RGBA. `Invalid` if it is none, or too large; its size is checked before it is decoded.

    Only the chunks with pixels are read: the others may be compressed, and of any size.
    """
    from PIL import Image as pil

    if not png.startswith(_SIGNATURE):
        raise Invalid("The watermark must be a PNG file.")
    chunks = list(_chunks(png))
    if [kind for kind, _ in chunks[:1]] != [b"IHDR"] or len(chunks[0][1]) < 21:
        raise Invalid(_DAMAGED)
    width, height = struct.unpack(">II", chunks[0][1][8:16])
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE) or width * height > MOST_PIXELS:
        raise Invalid(
            f"This watermark has {width:,} x {height:,} pixels. It may have {LONGEST_SIDE:,} a side, and"
            f" {MOST_PIXELS / 1e6:g} million in all."
        )
    plain = _SIGNATURE + b"".join(chunk for kind, chunk in chunks if kind in _PIXELS)
    try:
        with pil.open(io.BytesIO(plain), formats=["PNG"]) as image:
            return image.convert("RGBA")
    except Exception as error:  # Pillow raises anything for a damaged file
        raise Invalid(_DAMAGED) from error


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and the bytes of each chunk."""
    at = len(_SIGNATURE)
    while at + 12 <= len(png):
        end = at + 12 + int.from_bytes(png[at : at + 4], "big")
        if end > len(png):
            return
        yield png[at + 4 : at + 8], png[at:end]
        at = end


def places(size: tuple[int, int], text: tuple[int, int], height: int, position: str) -> list[tuple[int, int]]:
    """Return the top left corners of a mark of this size, (width, height) in pixels, on a picture."""
    margin = round(height * MARGIN)
    if position == "tile":
        step_x, step_y = text[0] + 3 * height, text[1] + 3 * height
        return [
            (x - (row % 2) * step_x // 2, y)
            for row, y in enumerate(range(margin, size[1], step_y))
            for x in range(margin, size[0] + step_x // 2, step_x)
        ]
    x = {"l": margin, "r": size[0] - text[0] - margin}.get(position.partition("-")[2][:1], (size[0] - text[0]) // 2)
    y = {"t": margin, "b": size[1] - text[1] - margin}.get(position[:1], (size[1] - text[1]) // 2)
    return [(max(0, x), max(0, y))]
