"""Paints the picture of a recipe."""

from __future__ import annotations

import math
from functools import cache
from random import Random

from PIL import Image, ImageChops, ImageFilter

from ..recipe import Recipe
from . import city, landscapes, people, still
from .canvas import Canvas
from .light import light_of

#: Scenes without people.
_PLAIN = {
    "dusk": landscapes.dusk,
    "mountains": landscapes.mountains,
    "sea": landscapes.sea,
    "snow": landscapes.snow,
    "forest": landscapes.forest,
    "city": city.city,
    "bottle": still.bottle,
    "flowers": still.flowers,
}
#: Pictures are painted at no more than this many pixels and enlarged: what is soft anyway need not be painted twice.
_AREA = 450_000
_TILE = 512


def draw(recipe: Recipe) -> Image.Image:
    """The upright picture, RGB, at the recipe's size."""
    w, h = recipe.width, recipe.height
    by = min(1.0, math.sqrt(_AREA / (w * h)))
    c = Canvas(round(w * by), round(h * by))
    rng = Random(recipe.seed * 31 + recipe.style)
    light = light_of(recipe.light, recipe.style >> 4)
    if recipe.character is not None:
        people.SCENES[recipe.scene](c, light, rng, recipe)
    else:
        _PLAIN.get(recipe.scene, landscapes.dusk)(c, light, rng)
    return _finish(c.image, rng, (w, h), 7 if "winter-film" in recipe.loras else 4)


def _finish(image: Image.Image, rng: Random, size: tuple[int, int], film: int) -> Image.Image:
    """As a lens and film see it: bright places spill over, corners are darker, and there is grain."""
    spill = image.reduce(8).point([round(max(0, v - 150) * 255 / 105 * 0.5) for v in range(256)] * 3)
    spill = spill.filter(ImageFilter.GaussianBlur(3)).resize(image.size, Image.Resampling.BILINEAR)
    image = ImageChops.screen(image, spill)
    corners = Image.radial_gradient("L").point([min(255, round(102 * (v / 181) ** 3)) for v in range(256)])
    shade = corners.resize(image.size, Image.Resampling.BILINEAR, box=(64, 64, 192, 192))
    image.paste(Image.new("RGB", image.size), (0, 0), shade)
    if image.size != size:
        image = image.resize(size, Image.Resampling.BICUBIC)
    field, dx, dy = Image.new("L", size), int(rng.random() * _TILE), int(rng.random() * _TILE)
    for y in range(-dy, size[1], _TILE):
        for x in range(-dx, size[0], _TILE):
            field.paste(_grain(film), (x, y))
    return ImageChops.add(image, Image.merge("RGB", (field, field, field)), 1, -128)


@cache
def _grain(amplitude: int) -> Image.Image:
    """Return a cached tile of film grain with a mean of 128. It is shared, so callers must not draw on it."""
    rng = Random(0xF11)
    fine = Image.frombytes("L", (_TILE, _TILE), rng.randbytes(_TILE * _TILE))
    half = Image.frombytes("L", (_TILE // 2, _TILE // 2), rng.randbytes(_TILE * _TILE // 4))
    mixed = Image.blend(fine, half.resize((_TILE, _TILE), Image.Resampling.BICUBIC), 0.5)
    return mixed.point([min(255, max(0, round(128 + (v - 128) / 127 * amplitude * 1.6))) for v in range(256)])
