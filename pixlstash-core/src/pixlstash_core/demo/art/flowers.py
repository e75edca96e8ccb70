"""Flowers in a vase by a window."""

from __future__ import annotations

import math
from random import Random

from . import land
from .canvas import Canvas, Colour, Point, Points, curve, ellipse, mix, noise, ramp, ribbon, scale
from .light import Light
from .still import moved, outline, table

PETALS: tuple[tuple[Colour, Colour], ...] = (
    ((248, 172, 190), (206, 82, 122)),
    ((252, 226, 150), (232, 152, 60)),
    ((238, 236, 248), (176, 176, 216)),
    ((196, 160, 236), (116, 74, 182)),
    ((252, 160, 116), (206, 76, 56)),
    ((168, 196, 246), (84, 112, 204)),
)


def flowers(c: Canvas, light: Light, rng: Random) -> None:
    wall = rng.choice(((120, 132, 128), (158, 128, 112), (92, 104, 126), (168, 156, 136), (70, 82, 80)))
    side = rng.choice((-1, 1))
    lit, dim = mix(wall, light.key, 0.45), scale(mix(wall, light.shade, 0.4), 0.55)
    c.image = ramp([lit, wall, dim] if side < 0 else [dim, wall, lit], (c.w, c.h), 20.0 if side < 0 else 160.0)
    panes: list[Points] = []
    for i in range(2):
        for j in range(3):
            px, py = c.w * (0.34 + side * 0.1 + i * 0.2), c.h * (0.06 + j * 0.17)
            panes.append(
                [
                    (px, py),
                    (px + c.w * 0.17, py + c.h * 0.03),
                    (px + c.w * 0.17, py + c.h * 0.17),
                    (px, py + c.h * 0.14),
                ]
            )
    c.light(c.mask(panes, c.u * 0.018), mix(light.sun, light.key, 0.3), 0.42)
    edge = c.h * rng.uniform(0.76, 0.82)
    table(c, light, rng, edge, rng.choice(((150, 112, 78), (110, 76, 58), (206, 190, 170))))
    x, foot = c.w * rng.uniform(0.45, 0.55), edge + (c.h - edge) * 0.42
    tall = min(c.h * 0.36, c.w * 0.5)
    c.shade(
        c.mask(
            [
                [
                    (x - tall * 0.2, foot),
                    (x + tall * 0.2, foot),
                    (x - side * tall * 1.0, foot + tall * 0.16),
                    (x - side * tall * 1.3, foot + tall * 0.02),
                ]
            ],
            tall * 0.05,
        ),
        scale(light.near, 1.6),
        0.6,
    )
    top = foot - tall
    stems, heads = _bouquet(rng, x, top, min(c.h * 0.38, c.w * 0.55))
    green = mix((70, 104, 62), light.shade, 0.15)
    _leaves(c, light, rng, x, top, min(c.h * 0.3, c.w * 0.42), green)
    _vase(c, light, rng, x, foot, tall, side, stems, green)
    palette = rng.sample(PETALS, 2)
    heads.sort(key=lambda h: h[2])
    for hx, hy, k in heads:
        pair = palette[0] if rng.random() < 0.68 else palette[1]
        draw_flower(c, light, rng, hx, hy, k, pair, side)
    fallen = [
        curve([(fx - 7, fy), (fx, fy - 4), (fx + 8, fy - 1), (fx + 1, fy + 4)])
        for fx, fy in (
            (x + rng.uniform(-0.5, 0.5) * c.w * 0.7, foot + rng.uniform(0.0, 0.35) * (c.h - foot)) for _ in range(4)
        )
    ]
    c.fill(fallen, mix(palette[0][0], light.shade, 0.2))


def _bouquet(
    rng: Random, x: float, top: float, spread: float
) -> tuple[list[list[Point]], list[tuple[float, float, float]]]:
    stems, heads = [], []
    count = rng.randint(7, 11)
    for n in range(count):
        a = (n / (count - 1) - 0.5) * 2.3 + rng.uniform(-0.12, 0.12)
        reach = spread * rng.uniform(0.6, 1.0)
        hx, hy = x + math.sin(a) * reach * 0.78, top - math.cos(a) * reach * 0.8 - spread * 0.06
        stems.append(
            [
                (x + math.sin(a) * spread * 0.05, top + spread * 0.5),
                (x + math.sin(a) * spread * 0.1, top),
                ((x + hx) / 2, (top + hy) / 2 - spread * 0.04),
                (hx, hy),
            ]
        )
        heads.append((hx, hy, spread * rng.uniform(0.13, 0.21)))
    return stems, heads


def _leaves(c: Canvas, light: Light, rng: Random, x: float, top: float, reach: float, green: Colour) -> None:
    for tone in (scale(green, 0.6), mix(green, light.sun, 0.16), mix(green, light.sun, 0.34)):
        shapes: list[Points] = []
        for _ in range(7):
            a, k = rng.uniform(-1.5, 1.5), reach * rng.uniform(0.45, 0.95)
            ex, ey = x + math.sin(a) * k, top - math.cos(a) * k * 0.8
            mx, my = (x + ex) / 2, (top + ey) / 2 - k * 0.06
            nx, ny = math.cos(a) * k * 0.12, math.sin(a) * k * 0.12
            shapes.append(curve([(x, top), (mx - nx, my - ny), (ex, ey), (mx + nx, my + ny)], True, 6))
        c.fill(shapes, tone)


def _vase(
    c: Canvas,
    light: Light,
    rng: Random,
    x: float,
    foot: float,
    tall: float,
    side: int,
    stems: list[list[Point]],
    green: Colour,
) -> None:
    w = tall * 0.3
    kind = rng.random()
    glassy = kind < 0.5
    half = (
        [(w * 0.5, -1.0), (w * 0.42, -0.86), (w * 0.8, -0.55), (w, -0.3), (w * 0.86, -0.08), (w * 0.6, -0.005)]
        if kind < 0.75
        else [(w * 0.62, -1.0), (w * 0.6, -0.9), (w * 0.66, -0.5), (w * 0.7, -0.1), (w * 0.64, -0.005)]
    )
    shape = outline(half, x, foot, tall)
    drawn = [ribbon(curve(s, False, 5), [tall * 0.02, tall * 0.016]) for s in stems]
    c.fill(drawn, [mix(green, light.sun, 0.2), scale(green, 0.7)])
    c.shade(c.mask([ellipse(x, foot, w * 0.8, w * 0.14)], w * 0.06), scale(light.near, 0.8), 0.8)
    if glassy:
        mask = c.fill(shape, mix(light.haze, (255, 255, 255), 0.3), 0.28)
        water = [
            (x - w * 1.2, foot - tall * 0.5),
            (x + w * 1.2, foot - tall * 0.5),
            (x + w * 1.2, foot),
            (x - w * 1.2, foot),
        ]
        c.fill(water, mix(light.sky[2], green, 0.4), 0.35, inside=mask)
        c.fill(ellipse(x, foot - tall * 0.5, w * 0.86, w * 0.1), (255, 255, 255), 0.3, inside=mask)
    else:
        clay = rng.choice(((206, 196, 184), (74, 96, 116), (170, 98, 72), (60, 64, 62)))
        a, b, d = scale(mix(clay, light.shade, 0.4), 0.5), mix(clay, light.key, 0.2), mix(clay, light.sun, 0.4)
        mask = c.fill(shape, [d, b, a] if side < 0 else [a, b, d], angle=0.0)
        land.texture(c, mask, noise(rng, (60, 60), (10, 14), 3).point([96 + v // 4 for v in range(256)]), 0.5)
    if mask is None:
        return
    gloss = curve(
        [
            (x + side * w * 0.62, foot - tall * 0.56),
            (x + side * w * 0.74, foot - tall * 0.34),
            (x + side * w * 0.6, foot - tall * 0.12),
        ],
        False,
    )
    c.fill(ribbon(gloss, [1, w * 0.13, 1]), (255, 255, 255), 0.55 if glassy else 0.3, w * 0.03, mask)
    edge = mask.without(moved(mask, -side * max(2, round(w * 0.06))))
    c.light(edge, light.rim, 0.5)
    c.shade(mask.without(moved(mask, side * max(2, round(w * 0.25)))).blurred(w * 0.06).within(mask), light.shade, 0.6)
    c.fill(ribbon([*ellipse(x, foot - tall, half[0][0], half[0][0] * 0.2)], [1.6, 1.6]), (255, 255, 255), 0.4)


def draw_flower(
    c: Canvas, light: Light, rng: Random, x: float, y: float, k: float, pair: tuple[Colour, Colour], side: int
) -> None:
    """Two rings of petals about a small centre, seen a little from the side."""
    pale, deep = mix(pair[0], light.key, 0.25), mix(pair[1], light.shade, 0.2)
    flat, turn = rng.uniform(0.66, 0.95), rng.uniform(0, math.tau)
    c.shade(
        c.mask([ellipse(x + k * 0.1 * -side, y + k * 0.2, k * 0.9, k * 0.8, n=16)], k * 0.16),
        scale(light.near, 1.8),
        0.4,
    )
    rings = (
        (7, 1.0, deep, mix(deep, pale, 0.55)),
        (7, 0.8, mix(deep, pale, 0.5), pale),
        (5, 0.5, mix(deep, pale, 0.65), mix(pale, (255, 255, 255), 0.35)),
    )
    for n, (count, reach, low, high) in enumerate(rings):
        petals: list[Points] = []
        for i in range(count):
            a = turn + n * 0.45 + i * math.tau / count + rng.uniform(-0.1, 0.1)
            r = k * reach * rng.uniform(0.9, 1.08)
            w = 0.42 if count == 7 else 0.55
            petals.append(
                curve(
                    [
                        (x + math.cos(a + d) * r * q, y + math.sin(a + d) * r * q * flat)
                        for d, q in ((0, 0.05), (-w, 0.55), (-w * 0.55, 0.95), (0, 1.0), (w * 0.55, 0.95), (w, 0.55))
                    ],
                    True,
                    4,
                )
            )
        c.fill(petals, [high, low] if side < 0 else [low, high], angle=20.0 if side < 0 else 160.0)
        if n == 1:
            c.fill([ribbon([p[0], p[len(p) // 2]], [k * 0.02, k * 0.01]) for p in petals], deep, 0.35)
    c.fill(
        ellipse(x, y, k * 0.16, k * 0.14 * flat),
        [mix((250, 214, 110), light.sun, 0.3), mix((190, 120, 50), light.shade, 0.2)],
    )
    c.light(c.mask([ellipse(x + side * k * 0.3, y - k * 0.35, k * 0.5, k * 0.36, n=16)], k * 0.2), light.sun, 0.16)
