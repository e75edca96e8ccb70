"""A world in a bottle."""

from __future__ import annotations

from random import Random

from PIL import Image, ImageChops

from . import land
from .canvas import Canvas, Colour, Mask, Point, Points, curve, ellipse, mix, noise, ribbon, scale
from .light import Light, light_of
from .still import blurred_land, moved, outline, table


def bottle(c: Canvas, light: Light, rng: Random) -> None:
    edge = c.h * rng.uniform(0.74, 0.8)
    sun = blurred_land(c, light, rng, edge * rng.uniform(0.62, 0.8))
    table(c, light, rng, edge, rng.choice(((126, 82, 52), (104, 70, 56), (142, 104, 70))))
    tall = min(c.h * 0.66, c.w * 0.98)
    x, foot = c.w * rng.uniform(0.46, 0.54), edge + (c.h - edge) * 0.5
    kind = rng.choice(("flask", "bottle", "jar"))
    body, neck, wide = _glass_shape(kind, x, foot, tall)
    side = -1 if sun < c.w / 2 else 1
    shadow = [
        (x - wide * 0.9, foot - 2),
        (x + wide * 0.9, foot - 2),
        (x - side * wide * 1.4 + wide, foot + tall * 0.16),
        (x - side * wide * 1.4 - wide, foot + tall * 0.16),
    ]
    c.shade(c.mask([shadow], wide * 0.22), scale(light.near, 1.2), 0.6)
    c.shade(c.mask([ellipse(x, foot, wide * 1.02, wide * 0.16)], wide * 0.06), scale(light.near, 0.8), 0.85)
    inner = c.mask([body])
    if inner is None:
        return
    world = _world(rng, inner.image.size)
    c.lay(inner, world)
    red, green, blue = world.resize((1, 1), Image.Resampling.BOX).tobytes()  # its colour falls on the table
    c.glow(x, foot - tall * 0.02, wide * 1.5, (red, green, blue), 0.35, ry=wide * 0.5)
    _glass(c, light, inner, body, neck, x, foot, tall, wide, side, kind)


def _glass_shape(kind: str, x: float, foot: float, tall: float) -> tuple[list[Point], tuple[float, float], float]:
    """The outline, the half width and top of the neck, and the half width of the body."""
    if kind == "flask":
        w, n = tall * 0.36, tall * 0.085
        half = [
            (n, -0.99),
            (n * 0.96, -0.86),
            (n * 1.06, -0.74),
            (w * 0.72, -0.62),
            (w, -0.36),
            (w * 0.9, -0.12),
            (w * 0.62, -0.01),
        ]
    elif kind == "jar":
        w, n = tall * 0.29, tall * 0.22
        half = [(n, -0.88), (n, -0.83), (n * 1.08, -0.79), (w, -0.72), (w * 1.02, -0.4), (w, -0.06), (w * 0.9, -0.005)]
        return outline(half, x, foot, tall), (n, 0.88), w
    else:
        w, n = tall * 0.215, tall * 0.075
        half = [
            (n, -1.05),
            (n * 0.96, -0.9),
            (n, -0.8),
            (w * 0.55, -0.72),
            (w * 0.98, -0.6),
            (w, -0.35),
            (w, -0.06),
            (w * 0.9, -0.005),
        ]
    return outline(half, x, foot, tall), (n, -half[0][1]), w


def _world(rng: Random, size: tuple[int, int]) -> Image.Image:
    """A small landscape to put into glass: a night full of stars, or an evening."""
    inner = Canvas(*size)
    kind = rng.random()
    light = light_of("night" if kind < 0.6 else "dusk", rng.randint(0, 3))
    horizon = inner.h * 0.72
    land.draw_sky(inner, light, horizon)
    hue: Colour = rng.choice(((90, 130, 255), (200, 90, 230), (60, 200, 200), (255, 120, 130)))
    for _ in range(4):
        inner.glow(
            inner.w * rng.uniform(0.2, 0.8),
            inner.h * rng.uniform(0.2, 0.6),
            inner.w * rng.uniform(0.25, 0.5),
            mix(hue, rng.choice(((255, 140, 200), (80, 160, 255), hue)), 0.5),
            0.4,
        )
    veil = noise(rng, size, (4, 5), 5).point([min(255, max(0, (v - 132) * 5)) for v in range(256)])
    inner.light(Mask(veil, 0, 0), hue, 0.45)
    land.draw_stars(inner, rng, horizon, 190)
    if rng.random() < 0.5:
        land.draw_moon(inner, light, inner.w * rng.uniform(0.36, 0.64), inner.h * 0.42, inner.w * 0.08, rng)
    land.draw_ridges(inner, light, rng, horizon - inner.h * 0.06, inner.h * 0.82, 3)
    land.draw_reflection(inner, rng, inner.h * 0.83, mix(light.near, hue, 0.2), 0.75)
    pines: list[Points] = []
    for _ in range(9):
        pines += land.pine(
            rng, inner.w * rng.random(), inner.h * rng.uniform(0.84, 0.88), inner.h * rng.uniform(0.08, 0.2)
        )
    inner.fill(pines, scale(light.near, 0.8))
    inner.fill(
        curve(land.ridge(rng, inner.w, inner.h * 0.97, inner.h * 0.02, 0.5, 3, 2), False, 5)
        + [(inner.w, inner.h), (0, inner.h)],
        scale(light.near, 0.6),
    )
    return inner.image


def _glass(
    c: Canvas,
    light: Light,
    inner: Mask,
    body: list[Point],
    neck: tuple[float, float],
    x: float,
    foot: float,
    tall: float,
    wide: float,
    side: int,
    kind: str,
) -> None:
    rim = inner.without(moved(inner, -side * max(2, round(wide * 0.09))))
    c.light(
        Mask(ImageChops.multiply(rim.blurred(wide * 0.05).image, inner.image), inner.x, inner.y),
        mix(light.sun, (255, 255, 255), 0.4),
        0.75,
    )
    far = inner.without(moved(inner, side * max(2, round(wide * 0.16))))
    c.shade(
        Mask(ImageChops.multiply(far.blurred(wide * 0.08).image, inner.image), inner.x, inner.y),
        scale(light.near, 1.4),
        0.6,
    )
    c.light(
        Mask(
            ImageChops.multiply(far.without(moved(inner, side * max(1, round(wide * 0.03)))).image, inner.image),
            inner.x,
            inner.y,
        ),
        light.rim,
        0.5,
    )
    gloss = curve(
        [
            (x + side * wide * 0.74, foot - tall * 0.52),
            (x + side * wide * 0.8, foot - tall * 0.35),
            (x + side * wide * 0.72, foot - tall * 0.14),
        ],
        False,
    )
    c.fill(ribbon(gloss, [1, wide * 0.1, wide * 0.09, 1]), (255, 255, 255), 0.6, wide * 0.015, inner)
    c.fill(
        ellipse(x - side * wide * 0.4, foot - tall * 0.5, wide * 0.09, tall * 0.07, -side * 0.3),
        (255, 255, 255),
        0.22,
        wide * 0.03,
        inner,
    )
    c.fill(ribbon([*body, body[0]], [max(1.2, wide * 0.02)] * 2), mix(light.rim, (255, 255, 255), 0.4), 0.35)
    n, top = neck
    cork = mix((176, 126, 82), light.key, 0.2)
    y1 = foot - top * tall
    if kind == "jar":
        lid = [
            (x - n * 1.12, y1 - tall * 0.07),
            (x + n * 1.12, y1 - tall * 0.07),
            (x + n * 1.14, y1 + tall * 0.045),
            (x - n * 1.14, y1 + tall * 0.045),
        ]
        metal = mix((150, 130, 104), light.key, 0.2)
        c.fill(
            lid,
            [scale(metal, 0.5), mix(metal, light.sun, 0.6), metal, scale(metal, 0.45)]
            if side < 0
            else [scale(metal, 0.45), metal, mix(metal, light.sun, 0.6), scale(metal, 0.5)],
            angle=0.0,
        )
        c.fill(ellipse(x, y1 - tall * 0.07, n * 1.12, n * 0.1), [mix(metal, light.sun, 0.4), metal])
        return
    plug = [
        (x - n * 1.02, y1 - tall * 0.075),
        (x + n * 1.02, y1 - tall * 0.075),
        (x + n * 0.84, y1 + tall * 0.09),
        (x - n * 0.84, y1 + tall * 0.09),
    ]
    c.fill(
        plug,
        [scale(cork, 0.62), cork, mix(cork, light.sun, 0.5)]
        if side > 0
        else [mix(cork, light.sun, 0.5), cork, scale(cork, 0.62)],
        angle=0.0,
    )
    c.fill(ellipse(x, y1 - tall * 0.075, n * 1.02, n * 0.2), mix(cork, light.sun, 0.3))
    lip = ellipse(x, y1 + n * 0.1, n * 1.12, n * 0.24)
    c.fill(lip, mix(light.haze, (255, 255, 255), 0.4), 0.4)
    c.fill(ribbon([*lip, lip[0]], [1.2, 1.2]), (255, 255, 255), 0.7)
