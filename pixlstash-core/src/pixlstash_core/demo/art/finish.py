"""From canvas to file-sized picture: bloom, vignette, enlargement, grain."""

from __future__ import annotations

from functools import cache
from random import Random

from PIL import Image, ImageChops, ImageFilter

from .canvas import Canvas

_TILE = 512


@cache
def _grain(amplitude: int) -> Image.Image:
    """One square of film grain, 128 in the middle, the same for ever. Shared: never draw on it."""
    rng = Random(0xF11)
    fine = Image.frombytes("L", (_TILE, _TILE), rng.randbytes(_TILE * _TILE))
    coarse = Image.frombytes("L", (_TILE // 2, _TILE // 2), rng.randbytes(_TILE * _TILE // 4)).resize(
        (_TILE, _TILE), Image.Resampling.BICUBIC
    )
    mixed = Image.blend(fine, coarse, 0.5)
    return mixed.point([min(255, max(0, round(128 + (v - 128) / 127 * amplitude * 1.6))) for v in range(256)])


def bloom(image: Image.Image, strength: float) -> Image.Image:
    """Bright places spill over, as in a lens."""
    w, h = image.size
    small = image.reduce(8).point([round(max(0, v - 150) * 255 / 105 * strength) for v in range(256)] * 3)
    return ImageChops.screen(image, small.filter(ImageFilter.GaussianBlur(3)).resize((w, h), Image.Resampling.BILINEAR))


def vignette(image: Image.Image, strength: float) -> None:
    """Darken the corners."""
    table = [min(255, round(255 * strength * (v / 181) ** 3)) for v in range(256)]  # 181: the corner of the box
    light = Image.radial_gradient("L").point(table)
    shade = light.resize(image.size, Image.Resampling.BILINEAR, box=(64, 64, 192, 192))
    image.paste(Image.new("RGB", image.size), (0, 0), shade)


def grain(image: Image.Image, rng: Random, amplitude: int) -> Image.Image:
    w, h = image.size
    tile = _grain(amplitude)
    dx, dy = int(rng.random() * _TILE), int(rng.random() * _TILE)
    field = Image.new("L", (w, h))
    for y in range(-dy, h, _TILE):
        for x in range(-dx, w, _TILE):
            field.paste(tile, (x, y))
    return ImageChops.add(image, Image.merge("RGB", (field, field, field)), 1, -128)


def finish(c: Canvas, rng: Random, size: tuple[int, int], film: int) -> Image.Image:
    """The canvas at the size asked for. `film` is how much grain, 0 to 10."""
    image = bloom(c.image, 0.5)
    vignette(image, 0.4)
    if image.size != size:
        image = image.resize(size, Image.Resampling.BICUBIC)
    return grain(image, rng, film)
