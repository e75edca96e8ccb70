"""Readable signs, so that there is text to find in the demo."""

from __future__ import annotations

from functools import cache
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from .canvas import Canvas, Color, Mask, mix, scale

WORDS = ("HOTEL", "CINEMA", "OPEN LATE", "NOODLES", "JAZZ CLUB", "PHARMACY")


def draw_neon(c: Canvas, rng: Random, x: float, y: float, color: Color) -> None:
    """A word in neon on a dark board, with its center at a point."""
    word, size = rng.choice(WORDS), c.u * rng.uniform(0.075, 0.1)
    left, top, right, bottom = _font(round(size)).getbbox(word)
    w, h = round(right - left + size), round(bottom - top + size)
    x = min(max(x, w * 0.6), c.w - w * 0.6)
    at = (round(x - w / 2), round(y - h / 2))
    letters = Image.new("L", (w, h))
    ImageDraw.Draw(letters).text((size / 2 - left, size / 2 - top), word, 255, _font(round(size)))
    board = [(at[0], at[1]), (at[0] + w, at[1]), (at[0] + w, at[1] + h), (at[0], at[1] + h)]
    c.glow(x, y, w * 0.75, color, 0.5, ry=h * 1.3)
    c.fill(board, [scale(color, 0.16), scale(color, 0.08)])
    c.light(Mask(letters.filter(ImageFilter.GaussianBlur(size * 0.12)), *at), color)
    c.light(Mask(letters, *at), mix(color, (255, 255, 255), 0.7))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
