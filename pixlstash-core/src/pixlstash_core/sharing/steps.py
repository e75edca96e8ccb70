"""The built-in steps of renditions: making pictures smaller, and marking them with a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from ..plugins.contracts import Params
from ..plugins.sharers import RenditionStep

if TYPE_CHECKING:
    from PIL.Image import Image

#: Pixels from a mark to the edges, in heights of its text.
MARGIN = 0.6


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
    position: Literal["center", "top-left", "top-right", "bottom-left", "bottom-right", "tile"] = "bottom-right"
    opacity: Annotated[float, Meta(ge=0.05, le=1)] = 0.5
    size: Annotated[float, Meta(ge=0.01, le=0.5)] = 0.05


class Watermark(RenditionStep):
    """Draws a text over a picture, in white with a dark outline, so that it shows on any picture."""

    id = "watermark"
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
