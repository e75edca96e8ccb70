"""Pictures about people: portraits, pairs, and someone small in a wide landscape."""

from __future__ import annotations

from random import Random

from . import land
from .bodies import draw_person
from .canvas import Canvas, Colour, Points, curve, mix, noise, ramp, scale
from .city import NEON, WARM
from .light import Light
from .looks import LOOKS
from .people import draw_bust
from .still import bokeh


def backdrop(c: Canvas, light: Light, rng: Random, style: int, night: bool) -> None:
    """What is out of focus behind a portrait; the run's style chooses the place, the seed its details."""
    place = style % 4
    if night:
        c.image = ramp(
            [scale(light.sky[0], 0.8), light.sky[2], mix(light.sky[4], light.sky[3], 0.5), light.near], (c.w, c.h)
        )
        colours = (*rng.sample(NEON, 2), *WARM[:2])
        for _ in range(3):
            c.glow(c.w * rng.random(), c.h * rng.uniform(0.2, 0.7), c.u * 0.5, rng.choice(colours), 0.5)
        bokeh(c, rng, 22, colours, 0.1, 0.8, 0.085)
    elif place == 0:
        horizon = c.h * rng.uniform(0.52, 0.62)
        land.draw_sky(c, light, horizon)
        land.draw_clouds(c, light, rng, 0, horizon, 0.5)
        c.glow(c.w * rng.uniform(0.1, 0.9), horizon * 0.8, c.u * 0.7, light.sun, 0.7)
        land.draw_ridges(c, light, rng, horizon, c.h * 0.9, 3)
        c.blur(c.u * 0.012)
        bokeh(c, rng, 6, (light.sun, light.rim), 0.45, 0.9)
    elif place == 1:
        green = mix((84, 124, 74), light.shade, 0.2)
        shade = mix(green, light.haze, 0.35)
        c.image = ramp(
            [mix(shade, light.sun, 0.3), shade, mix(shade, light.near, 0.35), mix(shade, light.near, 0.65)], (c.w, c.h)
        )
        leaves = noise(rng, (c.w // 3, c.h // 3), (5, 6), 3)
        land.texture(c, c.whole(), leaves.point([min(190, max(60, 124 + (v - 128))) for v in range(256)]), 0.8)
        c.glow(c.w * rng.uniform(0.1, 0.9), c.h * 0.15, c.u * 0.8, light.sun, 0.6)
        bokeh(c, rng, 20, (light.sun, mix(light.sun, green, 0.45), light.rim), 0.0, 0.75, 0.075)
    elif place == 2:
        wall: Colour = ((120, 136, 140), (166, 130, 110), (112, 108, 136), (146, 144, 116))[style // 4 % 4]
        lit = mix(wall, light.key, 0.5)
        c.image = ramp(
            [lit, wall, scale(mix(wall, light.shade, 0.5), 0.6)], (c.w, c.h), rng.choice((30.0, 150.0, 90.0))
        )
        land.texture(
            c, c.whole(), noise(rng, (c.w, c.h), (3, 4), 4).point([88 + v * 80 // 255 for v in range(256)]), 0.7
        )
        c.glow(c.w * 0.5, c.h * 0.36, c.u * 0.8, lit, 0.4)
    else:
        c.image = ramp([light.sky[1], light.sky[3], light.sky[4], mix(light.haze, light.near, 0.4)], (c.w, c.h))
        shapes: list[Points] = []
        for _ in range(7):
            x, w = c.w * rng.random(), c.w * rng.uniform(0.08, 0.2)
            top = c.h * rng.uniform(0.12, 0.5)
            shapes.append([(x - w, top), (x + w, top), (x + w, c.h), (x - w, c.h)])
        c.fill(shapes, mix(light.haze, light.near, 0.3), 0.6)
        c.glow(c.w * rng.uniform(0.2, 0.8), c.h * 0.4, c.u * 0.6, light.sun, 0.6)
        c.blur(c.u * 0.03)
        bokeh(c, rng, 16, (light.sun, light.rim, WARM[0]), 0.2, 0.8, 0.08)


def portrait(c: Canvas, light: Light, rng: Random, who: str, style: int, night: bool) -> None:
    backdrop(c, light, rng, style, night)
    close = rng.random()
    r = c.u * (0.19 + 0.09 * close)
    side = rng.choice((-1, 1))
    yaw = rng.choice((-1, 1)) * rng.uniform(0.05, 0.8)
    x = c.w * 0.5 - yaw * c.w * 0.06 + rng.uniform(-0.03, 0.03) * c.w
    y = c.h * (0.36 + 0.06 * close) + r * 0.15
    c.glow(x + side * r, y, r * 3.2, light.sun, 0.28)
    draw_bust(
        c,
        LOOKS[who],
        light,
        rng,
        x,
        y,
        r,
        yaw,
        yaw * 0.07 + rng.uniform(-0.06, 0.06),
        side,
        yaw * rng.uniform(-0.5, 0.5),
    )
    _drift(c, light, rng)


def pair(c: Canvas, light: Light, rng: Random, first: str, second: str, style: int, night: bool) -> None:
    backdrop(c, light, rng, style, night)
    r = min(c.h * 0.2, c.w * 0.13)
    side = rng.choice((-1, 1))
    gap = r * rng.uniform(1.75, 2.1)
    middle = c.w * rng.uniform(0.46, 0.54)
    y = c.h * 0.44
    toward = rng.uniform(0.2, 0.75)
    people = [(first, middle - gap, toward, -1), (second, middle + gap, -toward, 1)]
    if rng.random() < 0.5:
        people.reverse()
    for n, (who, x, yaw, lean) in enumerate(people):
        size = r * LOOKS[who].build ** 0.4
        c.glow(x + side * r, y, r * 2.8, light.sun, 0.2)
        draw_bust(
            c,
            LOOKS[who],
            light,
            rng,
            x,
            y - r * (0.12 if LOOKS[who].build > 1 else 0) + n * r * 0.06,
            size,
            yaw,
            -lean * 0.06 + rng.uniform(-0.05, 0.05),
            side,
            yaw * 0.6,
        )
    _drift(c, light, rng)


def _drift(c: Canvas, light: Light, rng: Random) -> None:
    """Unfocused specks of light in front."""
    bokeh(c, rng, 5, (light.sun, light.rim), 0.78, 1.02, 0.05)
    c.glow(c.w * rng.choice((0.0, 1.0)), c.h * 0.1, c.u * 0.8, light.sun, 0.2)


def walk(c: Canvas, light: Light, rng: Random, who: str, style: int) -> None:
    """Somebody in a wide landscape, from behind or coming nearer."""
    place = style % 3
    horizon = c.h * rng.uniform(0.48, 0.6)
    land.draw_sky(c, light, horizon + c.h * 0.05)
    land.draw_clouds(c, light, rng, -c.h * 0.05, horizon * 0.95, rng.uniform(0.3, 0.8))
    side = rng.choice((-1, 1))
    sx = c.w * (0.5 + side * rng.uniform(0.1, 0.35))
    land.draw_sun(c, light, sx, horizon - c.h * (0.08 if light.low > 0.5 else 0.3), c.u * 0.035)
    foot = c.h * rng.uniform(0.86, 0.92)
    green = mix((98, 122, 66), light.shade, 0.25)
    if place == 0:
        land.draw_ridges(c, light, rng, horizon, c.h * 0.74, 4)
        land.draw_mist(c, light, rng, horizon + c.h * 0.12, c.h * 0.12, 0.6)
    elif place == 1:
        land.draw_ridges(c, light, rng, horizon, horizon + c.h * 0.06, 3)
        land.draw_mist(c, light, rng, horizon + c.h * 0.06, c.h * 0.08, 0.6)
        land.draw_reflection(c, rng, horizon + c.h * 0.09, mix(light.sky[0], light.near, 0.4), 0.8)
        c.glow(sx, horizon + c.h * 0.14, c.u * 0.12, light.sun, 0.5, ry=c.h * 0.16)
    else:
        land.draw_ridges(c, light, rng, horizon, horizon + c.h * 0.08, 3)
        green = mix((196, 160, 88), light.shade, 0.2)
    hill = curve(
        [
            (-4.0, foot - c.h * rng.uniform(0.0, 0.1)),
            (c.w * 0.3, foot - c.h * 0.03),
            (c.w * 0.6, foot - c.h * rng.uniform(0.0, 0.04)),
            (c.w + 4.0, foot - c.h * rng.uniform(-0.02, 0.1)),
        ],
        False,
        8,
    )
    near = mix(green, light.near, 0.35)
    mask = c.fill(land.below(c, hill), [mix(green, light.sun, 0.42), green, mix(near, light.near, 0.4)])
    land.texture(
        c, mask, noise(rng, (c.w // 2, c.h // 4), (20, 12), 4).point([70 + v * 116 // 255 for v in range(256)]), 0.6
    )
    land.draw_grass(c, rng, hill, c.h * 0.035, 150, (mix(green, light.sun, 0.3), near))
    _tree(c, light, rng, side, foot, near)
    tall = c.h * rng.uniform(0.32, 0.5) * min(1.0, c.w / c.h * 1.3)
    draw_person(
        c,
        LOOKS[who],
        light,
        rng,
        c.w * (0.5 - side * rng.uniform(0.0, 0.14)),
        foot + c.h * 0.015,
        tall,
        side,
        rng.random() < 0.62,
        rng.choice((0.0, 0.0, 0.7)),
    )
    front = [(0.0, c.h * 1.01), (float(c.w), c.h * 1.01)]
    land.draw_grass(
        c, rng, front, c.h * 0.15, 150, (mix(near, light.near, 0.5), mix(green, light.sun, 0.16)), -0.15 * side
    )
    if light.low > 0.5:
        c.glow(sx, horizon, c.u * 0.9, light.sun, 0.22)
    if rng.random() < 0.5:
        land.draw_birds(
            c,
            rng,
            c.w * rng.uniform(0.2, 0.8),
            horizon * 0.45,
            rng.randint(3, 8),
            c.u * 0.014,
            mix(light.near, light.sky[1], 0.3),
        )


def _tree(c: Canvas, light: Light, rng: Random, side: int, foot: float, near: Colour) -> None:
    kind = rng.random()
    x = c.w * (0.5 - side * rng.uniform(0.32, 0.46))
    dark = mix(near, light.near, 0.6)
    if kind < 0.4:
        trunk, crown = land.leafy(rng, x, foot, c.h * rng.uniform(0.3, 0.5))
        c.fill(trunk, scale(dark, 0.8))
        mask = c.fill(crown, [mix(dark, light.sun, 0.4), mix(dark, light.sun, 0.12), dark])
        if mask is not None:
            land.texture(
                c, mask, noise(rng, (80, 80), (18, 18), 2).point([60 + v * 140 // 255 for v in range(256)]), 0.7
            )
    elif kind < 0.7:
        shapes: list[Points] = []
        for _ in range(3):
            shapes += land.pine(rng, x + rng.uniform(-0.1, 0.1) * c.w, foot, c.h * rng.uniform(0.2, 0.4))
        c.fill(shapes, [mix(dark, light.haze, 0.25), dark])
    elif kind < 0.85:
        c.fill(land.bare_tree(rng, x, foot, c.h * rng.uniform(0.3, 0.5)), [mix(dark, light.haze, 0.2), dark])
