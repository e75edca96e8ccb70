"""Pictures of people: portraits, pairs, and somebody small in a wide landscape."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from ..recipe import Recipe
from . import land
from .canvas import Canvas, mix, ramp, scale
from .city import NEON, WARM
from .figure import Figure, Place
from .head import draw_face, draw_hair, draw_hair_behind
from .light import Light, tint
from .still import bokeh

_WALLS = ((120, 136, 140), (166, 130, 110), (112, 108, 136), (146, 144, 116))
_BEHIND = {
    "long": "0,-1.15 -.75,-.85 -.92,0 -1,1.3 -.95,2.6,1 -.4,3.6,1|",
    "bob": "0,-1.15 -.78,-.85 -.96,0 -.9,1 0,1.15|",
    "ponytail": "0,-1.15 -.72,-.85 -.82,0 -.5,.8 -.3,.9 -.42,2.4,1 0,3.4,1|",
    "curls": "0,-1.25 -1,-.8 -1.2,.1 -.9,.9 0,1.1|",
}
_SHORT = "0,-1.12 -.72,-.85 -.82,-.1 -.6,.62 0,.8|"
_COATS = {
    "dress": "0,9 -1.9,8.9,1 -1.15,5.6 -1,4.4 -1.38,2.9 -1.25,1.95 -.4,1.45|",
    "long": "0,8.4 -1.55,8.2,1 -1.15,5.6 -1,4.4 -1.38,2.9 -1.25,1.95 -.4,1.45|",
    "short": "0,6.4 -1.3,6.3,1 -1.3,5.6 -1.15,4.4 -1.55,2.9 -1.4,1.95 -.4,1.45|",
}


def _backdrop(c: Canvas, light: Light, rng: Random, recipe: Recipe) -> None:
    """What is out of focus behind a portrait; the run's style chooses the place, the seed its details."""
    place, everything = recipe.style % 3, c.mask([land.below(c, [(-4.0, -4.0), (c.w + 4.0, -4.0)])])
    if recipe.light == "night":
        c.image = ramp(
            [scale(light.sky[0], 0.8), light.sky[2], mix(light.sky[4], light.sky[3], 0.5), light.near], (c.w, c.h)
        )
        colors = (*rng.sample(NEON, 2), *WARM[:2])
        for _ in range(3):
            c.glow(c.w * rng.random(), c.h * rng.uniform(0.2, 0.7), c.u * 0.5, rng.choice(colors), 0.5)
        bokeh(c, rng, 22, colors, 0.1, 0.8, 0.085)
    elif place == 0:
        land.draw_view(c, light, rng, c.h * rng.uniform(0.46, 0.56), lake=False)
        c.blur(c.u * 0.012)
        bokeh(c, rng, 6, (light.sun, light.rim), 0.45, 0.9, 0.06)
    elif place == 1:
        green = mix((84, 124, 74), light.shade, 0.2)
        tone = mix(green, light.haze, 0.35)
        c.image = ramp([mix(tone, light.sun, 0.3), tone, mix(tone, light.near, 0.5)], (c.w, c.h))
        land.mottle(c, rng, everything, (5, 6), 0.8, 0.8)
        c.glow(c.w * rng.uniform(0.1, 0.9), c.h * 0.15, c.u * 0.8, light.sun, 0.6)
        bokeh(c, rng, 20, (light.sun, mix(light.sun, green, 0.45), light.rim), 0.0, 0.75, 0.075)
    else:
        wall = _WALLS[recipe.style // 4 % 4]
        lit = mix(wall, light.key, 0.5)
        c.image = ramp(
            [lit, wall, scale(mix(wall, light.shade, 0.5), 0.6)], (c.w, c.h), rng.choice((30.0, 150.0, 90.0))
        )
        land.mottle(c, rng, everything, (3, 4), 0.4, 0.7)
        c.glow(c.w * 0.5, c.h * 0.36, c.u * 0.8, lit, 0.4)


def _bust(f: Figure, gaze: float) -> None:
    """A person to the chest."""
    f.canvas.glow(f.x + f.side * f.k, f.y, f.k * 3, f.light.sun, 0.25)
    draw_hair_behind(f)
    f.draw_trunk()
    draw_face(f, gaze)
    draw_hair(f)
    f.relight()


def portrait(c: Canvas, light: Light, rng: Random, recipe: Recipe) -> None:
    _backdrop(c, light, rng, recipe)
    close, yaw = rng.random(), rng.choice((-1, 1)) * rng.uniform(0.05, 0.8)
    r = c.u * (0.19 + 0.09 * close)
    x, y = c.w * (0.5 - yaw * 0.06 + rng.uniform(-0.03, 0.03)), c.h * (0.36 + 0.06 * close) + r * 0.15
    place = Place(x, y, r, yaw, yaw * 0.07 + rng.uniform(-0.06, 0.06), rng.choice((-1, 1)))
    _bust(Figure(c, light, rng, recipe.character, place), yaw * rng.uniform(-0.5, 0.5))
    bokeh(c, rng, 5, (light.sun, light.rim), 0.78, 1.02, 0.05)


def pair(c: Canvas, light: Light, rng: Random, recipe: Recipe) -> None:
    _backdrop(c, light, rng, recipe)
    r, side, toward = min(c.h * 0.2, c.w * 0.13), rng.choice((-1, 1)), rng.uniform(0.2, 0.75)
    gap = r * rng.uniform(1.75, 2.1)
    people = [(recipe.character, -1), (recipe.second, 1)]
    for who, s in people if rng.random() < 0.5 else people[::-1]:
        place = Place(c.w / 2 + s * gap, c.h * 0.44 + rng.uniform(-0.1, 0.1) * r, r, -s * toward, s * -0.06, side)
        _bust(Figure(c, light, rng, who, place), -s * toward * 0.6)
    bokeh(c, rng, 5, (light.sun, light.rim), 0.78, 1.02, 0.05)


def walk(c: Canvas, light: Light, rng: Random, recipe: Recipe) -> None:
    """Somebody on a hill in a wide landscape, from behind."""
    place = recipe.style % 3
    sun = land.draw_view(c, light, rng, c.h * rng.uniform(0.46, 0.58), lake=place == 1)
    side = 1 if sun[0] > c.w / 2 else -1
    green = mix((196, 160, 88) if place == 2 else (98, 122, 66), light.shade, 0.22)
    foot, near = c.h * rng.uniform(0.86, 0.92), mix(green, light.near, 0.35)
    hill = land.ridge(rng, c.w, foot - c.h * 0.02, c.h * 0.03, 0.5, 2, 1)
    land.draw_ground(c, rng, hill, [mix(green, light.sun, 0.42), green, mix(near, light.near, 0.4)])
    land.draw_grass(c, rng, hill, c.h * 0.035, 150, (mix(green, light.sun, 0.3), near))
    x, tall = c.w * (0.5 - side * rng.uniform(0.32, 0.46)), c.h * rng.uniform(0.3, 0.5)
    dark = mix(near, light.near, 0.6)
    if rng.random() < 0.5:
        land.draw_leafy(c, rng, x, foot, tall, [mix(dark, light.sun, 0.4), mix(dark, light.sun, 0.12), dark])
    else:
        firs = land.pine(rng, x, foot, tall) + land.pine(rng, x + tall * 0.2, foot, tall * rng.uniform(0.5, 0.8))
        c.fill(firs, [mix(dark, light.haze, 0.25), dark])
    r = c.h * rng.uniform(0.32, 0.5) * min(1.0, c.w / c.h * 1.3) / 13.4
    at = Place(c.w * (0.5 - side * rng.uniform(0.0, 0.14)), foot + c.h * 0.015 - 12.2 * r, r, 0.0, 0.0, side)
    _from_behind(Figure(c, light, rng, recipe.character, at))
    blades = (mix(near, light.near, 0.5), mix(green, light.sun, 0.16))
    land.draw_meadow(c, rng, c.h * 0.15, 150, blades)
    if light.low > 0.5:
        c.glow(*sun, c.u * 0.9, light.sun, 0.22)


def _from_behind(f: Figure) -> None:
    """A whole person, some thirteen units tall."""
    c, look, light, rng, (main, second) = f.canvas, f.look, f.light, f.rng, f.look.cloth
    sway, step = rng.uniform(-0.5, 0.5), rng.choice((0.0, 0.0, 0.4))
    c.shade(c.mask([f.stroke("0,12.2 -7,13.5", [1.5, 1.5], flip=f.side)], f.k * 0.3), scale(light.near, 1.3), 0.5)
    c.shade(c.mask([f.spot(0, 12.2, 1.5, 0.34)], f.k * 0.15), scale(light.near, 0.8), 0.6)
    for s in (-1, 1):
        leg = f.stroke("-.42,5.4 -.44,8.6,.4 -.46,11.9,1", [1.0, 0.82, 0.5], -step, -s)
        f.solid(leg, f.across(scale((46, 44, 58), 1.0 if s > 0 else 0.8)), 0)
        f.solid(f.shape(".18,10.9,1 .74,10.9,1 .78,11.9,1 .8,12.25,1 .1,12.2,1", step, s), f.across((58, 38, 30)), 0)
        sleeve = look.skin if look.garment == "dress" else main
        lit = 0.85 if s == f.side else 0.4
        f.solid(f.spot(s * 1.45, 6.3, 0.24, 0.36), f.skin(lit * 0.8))
        arm = f.stroke("1.2,2.2 1.58,4 1.45,6", [0.8, 0.74, 0.52], flip=s)
        f.solid(arm, [tint(sleeve, light, lit), tint(sleeve, light, lit * 0.6)])
    kind = "dress" if look.garment == "dress" else "long" if look.garment in ("coat", "collar") else "short"
    coat = f.solid(f.shape(_COATS[kind], sway), f.across(main), 0)
    falls = ("-.35,4.4 -.7,6 -1,8.5,1", "-.1,4.4 -.25,6 -.4,8.5,1", ".1,4.4 .2,6 .3,8.5,1", ".3,4.4 .65,6 1,8.5,1")
    folds = [f.stroke(fall, [0.02, 0.12, 0.22], sway) for fall in falls]
    c.fill(folds, tint(scale(main, 0.6), light, 0.1), 0.55, 0.06 * f.k, coat)
    belt = f.stroke("-1.2,4.5 0,4.62 1.2,4.5", [0.28, 0.28])
    if kind != "short":
        c.fill(belt, tint(second if kind == "dress" else scale(main, 0.7), light, 0.55), 0.8, inside=coat)
    f.solid(f.corners("-.3,.6 .3,.6 .36,1.7 -.36,1.7"), f.skin(0.45))
    if kind != "dress":
        tail = f.stroke("0,1.5 -.8,1.7 -1.6,1.35 -2.2,1.75", [0.5, 0.5, 0.62], flip=f.side)
        f.solid(tail, [tint(second, light, 0.8), tint(second, light, 0.5)])
        f.solid(f.shape("0,1.3 -.62,1.15 -.7,1.7 0,1.95|"), f.across(second), 0)
    hair = [tint(tone, light, lit) for tone, lit in zip(look.hair, (0.2, 0.5, 0.7), strict=True)][:: f.side]
    f.solid(f.shape(_BEHIND.get(look.cut, _SHORT), sway * 0.5), hair, 0)
    f.relight()


SCENES: dict[str, Callable[[Canvas, Light, Random, Recipe], None]] = {"portrait": portrait, "pair": pair, "walk": walk}
