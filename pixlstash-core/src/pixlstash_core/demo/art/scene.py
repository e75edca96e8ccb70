"""From a recipe to pixels."""

from __future__ import annotations

import math
from random import Random

from PIL import Image

from ..recipe import Recipe
from . import bottle, city, coast, flowers, glass, heights, outdoors, peopled, rooms, winter
from .canvas import Canvas
from .finish import finish
from .light import light_of

_PLAIN = {
    "dusk": outdoors.dusk,
    "mountains": heights.mountains,
    "sea": coast.sea,
    "snow": winter.snow,
    "desert": outdoors.desert,
    "forest": outdoors.forest,
    "city": city.city,
    "bottle": bottle.bottle,
    "flowers": flowers.flowers,
    "window": rooms.window,
    "glass": glass.glass,
}
#: Pictures are painted at no more than this many pixels and enlarged: what is soft anyway need not be painted twice.
_AREA = 450_000


def draw(recipe: Recipe) -> Image.Image:
    """The upright picture, RGB, at the recipe's size."""
    w, h = recipe.width, recipe.height
    by = min(1.0, math.sqrt(_AREA / (w * h)))
    c = Canvas(round(w * by), round(h * by))
    rng = Random(recipe.seed * 31 + recipe.style)
    light = light_of(recipe.light, recipe.style >> 4)
    night = recipe.light == "night"
    if recipe.scene == "portrait":
        peopled.portrait(c, light, rng, recipe.character or "", recipe.style, night)
    elif recipe.scene == "pair":
        peopled.pair(c, light, rng, recipe.character or "", recipe.second or "", recipe.style, night)
    elif recipe.scene == "walk":
        peopled.walk(c, light, rng, recipe.character or "", recipe.style)
    else:
        _PLAIN[recipe.scene](c, light, rng)
    return finish(c, rng, (w, h), 7 if "winter-film" in recipe.loras else 4)
