"""Indoors: a tall window and what its light falls on; and glass without a subject."""

from __future__ import annotations

import math
from random import Random

from PIL import ImageChops

from . import land
from .canvas import Canvas, Colour, Mask, Point, Points, curve, ellipse, mix, noise, ramp, ribbon, scale
from .light import Light


def window(c: Canvas, light: Light, rng: Random) -> None:
    wall = rng.choice(((112, 120, 118), (146, 118, 98), (96, 104, 122), (128, 122, 100)))
    dim = scale(mix(wall, light.shade, 0.45), 0.62)
    left = rng.random() < 0.5
    floor = c.h * rng.uniform(0.72, 0.78)
    c.image = ramp([mix(dim, wall, 0.55), dim] if left else [dim, mix(dim, wall, 0.55)], (c.w, c.h), 0.0)
    boards = mix((118, 82, 58), light.shade, 0.35)
    ground = c.fill(
        [(0, floor), (c.w, floor), (c.w, c.h + 1), (0, c.h + 1)],
        [scale(boards, 0.5), scale(boards, 0.75), scale(boards, 0.4)],
    )
    vanish = c.w * (0.32 if left else 0.68)
    seams: list[Points] = [
        ribbon([(vanish + d * c.w * 0.1, floor), (vanish + d * c.w * 0.42, c.h)], [0.6, 2.0]) for d in range(-6, 7)
    ]
    c.fill(seams, scale(boards, 0.25), 0.7, inside=ground)
    w, h = min(c.w * 0.36, c.h * 0.34), c.h * 0.5
    x0 = c.w * (0.1 if left else 0.9) - (0 if left else w)
    y0 = c.h * rng.uniform(0.1, 0.15)
    _view(c, light, rng, x0, y0, w, h, dim)
    _curtain(c, light, rng, x0, y0, w, h)
    _pool(c, light, rng, x0, y0, w, h, floor, 1 if left else -1)
    _furniture(c, light, rng, floor, 1 if left else -1, x0 + w / 2, dim)
    _sill(c, light, rng, x0, y0, w, h, dim)
    _dust(c, light, rng, x0, y0, w, h, 1 if left else -1)
    c.glow(x0 + w / 2, y0 + h / 2, c.u * 0.8, light.sun, 0.26)


def _view(c: Canvas, light: Light, rng: Random, x: float, y: float, w: float, h: float, dim: Colour) -> None:
    outside = Canvas(max(8, round(w)), max(8, round(h)))
    land.draw_sky(outside, light, outside.h * 0.7)
    land.draw_clouds(outside, light, rng, 0, outside.h * 0.6, 0.5)
    outside.glow(outside.w * rng.uniform(0.2, 0.8), outside.h * 0.5, outside.w, light.sun, 0.8)
    land.draw_ridges(outside, light, rng, outside.h * 0.62, outside.h * 0.9, 3)
    trunk, crown = land.leafy(rng, outside.w * rng.uniform(0.1, 0.9), outside.h * 1.02, outside.h * 0.62)
    outside.fill(trunk + crown, mix(mix((80, 110, 60), light.near, 0.5), light.haze, 0.2))
    outside.blur(max(1.0, outside.w * 0.006))
    c.image.paste(outside.image, (round(x), round(y)))
    frame: list[Points] = []
    t = w * 0.035
    for i in range(4):
        px = x + w * i / 3
        frame.append(ribbon([(px, y - t), (px, y + h + t)], [t * (2.2 if i in (0, 3) else 1)] * 2))
    for j in range(5):
        py = y + h * j / 4
        frame.append(ribbon([(x - t, py), (x + w + t, py)], [t * (2.2 if j in (0, 4) else 0.9)] * 2))
    c.fill(frame, [mix(dim, light.sky[-1], 0.25), scale(dim, 0.7)])


def _curtain(c: Canvas, light: Light, rng: Random, x: float, y: float, w: float, h: float) -> None:
    cloth = mix(rng.choice(((236, 226, 210), (214, 190, 180), (196, 208, 214))), light.key, 0.3)
    for s, edge in ((-1, x), (1, x + w)):
        inner = edge - s * w * rng.uniform(0.14, 0.3)
        outer = edge + s * w * 0.16
        fall = curve(
            [
                (inner - s * w * 0.02, y - h * 0.065),
                (inner, y + h * 0.4),
                (inner + s * w * 0.1, y + h * 0.8),
                (inner + s * w * 0.03, y + h * 1.2),
            ],
            False,
            6,
        )
        shape = [(outer, y - h * 0.065), *fall, (outer + s * w * 0.03, y + h * 1.2)]
        mask = c.fill(shape, [mix(cloth, light.sun, 0.3), mix(cloth, light.shade, 0.35)], 0.82)
        folds = [
            ribbon(
                curve(
                    [
                        (inner + (outer - inner) * k, y - h * 0.1),
                        (inner + (outer - inner) * (k + 0.06), y + h * 0.6),
                        (inner + (outer - inner) * k, y + h * 1.25),
                    ],
                    False,
                ),
                [w * 0.02, w * 0.05],
            )
            for k in (0.15, 0.4, 0.62, 0.85)
        ]
        c.fill(folds, scale(mix(cloth, light.shade, 0.6), 0.6), 0.5, w * 0.02, mask)
    rod = y - h * 0.065
    c.fill(ribbon([(x - w * 0.24, rod), (x + w * 1.24, rod)], [w * 0.03] * 2), (38, 32, 30))


def _pool(c: Canvas, light: Light, rng: Random, x: float, y: float, w: float, h: float, floor: float, way: int) -> None:
    """The window's panes, slanted, on the floor."""
    panes: list[Points] = []
    run = c.w * rng.uniform(0.18, 0.3) * way
    deep = c.h - floor
    for i in range(3):
        for j in range(3):
            a, b = j / 3 + 0.03, (j + 1) / 3 - 0.03
            l, r = x + w * (i / 3 + 0.03), x + w * ((i + 1) / 3 - 0.03)
            ya, yb = floor + deep * (0.14 + 0.72 * a), floor + deep * (0.14 + 0.72 * b)
            sa, sb = run * (0.5 + a * 1.3), run * (0.5 + b * 1.3)
            panes.append([(l + sa, ya), (r + sa, ya), (r + sb * 1.04, yb), (l + sb * 1.04, yb)])
    c.light(c.mask(panes, c.u * 0.006), mix(light.sun, light.key, 0.3), 0.62)
    c.light(c.mask(panes, c.u * 0.05), light.sun, 0.3)
    beam = [(x, y), (x + w, y), (x + w + run * 1.8, c.h * 0.97), (x + run * 0.6, c.h * 0.97)]
    mask = c.mask([beam], c.u * 0.03)
    if mask is not None:
        veil = noise(rng, mask.image.size, (3, 4), 3).point([60 + v // 2 for v in range(256)])
        c.light(Mask(ImageChops.multiply(mask.image, veil), mask.x, mask.y), light.sun, 0.26)


def _furniture(c: Canvas, light: Light, rng: Random, floor: float, way: int, lit_x: float, dim: Colour) -> None:
    """An armchair or a table with a lamp, and a tall plant, on the side away from the window."""
    x, k = c.w * (0.5 + way * 0.24), min(c.h * 0.3, c.w * 0.34)
    foot = floor + (c.h - floor) * 0.34
    cloth = mix(rng.choice(((164, 92, 70), (84, 110, 104), (188, 148, 84), (92, 88, 126))), light.shade, 0.35)
    c.shade(c.mask([ellipse(x + way * k * 0.15, foot, k * 0.75, k * 0.14)], k * 0.06), (30, 26, 34), 0.7)

    def at(*points: Point) -> list[Point]:
        return [(x - way * px * k, foot - py * k) for px, py in points]

    legs: list[Points] = [at((a, 0.0), (a + 0.04, 0.0), (a + 0.06, 0.22), (a - 0.03, 0.22)) for a in (-0.46, 0.42)]
    c.fill(legs, (30, 22, 20))
    lit, low = mix(cloth, light.sun, 0.35), scale(cloth, 0.5)
    c.fill(
        curve(at((-0.5, 0.16), (-0.58, 0.7), (-0.5, 1.18), (-0.2, 1.3), (0.2, 1.26), (0.34, 1.05), (0.3, 0.16))),
        [low, cloth, mix(lit, cloth, 0.4)] if way > 0 else [mix(lit, cloth, 0.4), cloth, low],
        angle=180.0 if way < 0 else 0.0,
    )
    c.fill(curve(at((-0.36, 0.4), (0.46, 0.38), (0.56, 0.52), (0.44, 0.6), (-0.34, 0.62))), [lit, cloth])
    c.fill(
        curve(at((0.2, 0.12), (0.16, 0.68), (0.3, 0.78), (0.5, 0.76), (0.6, 0.62), (0.56, 0.12))),
        [mix(lit, light.sun, 0.25), cloth, low],
    )
    c.fill(curve(at((-0.62, 0.12), (-0.66, 0.6), (-0.5, 0.74), (-0.34, 0.66), (-0.36, 0.12))), [cloth, low])
    pillow = mix(rng.choice(((230, 206, 160), (200, 206, 204), (206, 130, 110))), light.shade, 0.25)
    c.fill(
        curve(at((-0.3, 0.56), (-0.34, 0.9), (0.0, 0.98), (0.06, 0.62))),
        [mix(pillow, light.sun, 0.3), scale(pillow, 0.7)],
    )
    _plant(c, light, rng, c.w * (0.5 + way * 0.46), floor + (c.h - floor) * 0.2, min(c.h * 0.46, c.w * 0.6), lit_x)
    if rng.random() < 0.7:
        px, py, pw, ph = c.w * (0.5 + way * 0.24) - c.w * 0.1, c.h * 0.2, c.w * 0.2, c.h * 0.16
        c.fill([(px, py), (px + pw, py), (px + pw, py + ph), (px, py + ph)], scale(dim, 0.45))
        art = rng.choice(((196, 120, 90), (96, 130, 150), (180, 160, 110)))
        inner = c.fill(
            [
                (px + pw * 0.07, py + ph * 0.09),
                (px + pw * 0.93, py + ph * 0.09),
                (px + pw * 0.93, py + ph * 0.91),
                (px + pw * 0.07, py + ph * 0.91),
            ],
            [mix(art, (240, 230, 214), 0.3), scale(art, 0.55)],
        )
        c.fill(
            curve(
                [
                    (px, py + ph * 0.8),
                    (px + pw * 0.3, py + ph * 0.5),
                    (px + pw * 0.6, py + ph * 0.7),
                    (px + pw, py + ph * 0.4),
                    (px + pw, py + ph),
                    (px, py + ph),
                ]
            ),
            scale(art, 0.4),
            0.8,
            inside=inner,
        )


def _plant(c: Canvas, light: Light, rng: Random, x: float, foot: float, tall: float, lit_x: float) -> None:
    pot = mix((176, 108, 78), light.shade, 0.4)
    k = tall * 0.12
    side = 1 if lit_x > x else -1
    green = mix((64, 96, 62), light.shade, 0.25)
    for tone in (scale(green, 0.55), green, mix(green, light.sun, 0.3)):
        shapes: list[Points] = []
        for _ in range(9):
            a, r = rng.gauss(0, 0.55) + (0.12 * side if tone != green else 0), tall * rng.uniform(0.5, 0.95)
            ex, ey = x + math.sin(a) * r * 0.62, foot - k * 1.6 - math.cos(a) * r * 0.86
            bx, by = x + math.sin(a) * r * 0.22, foot - k * 1.6 - r * 0.5
            w = tall * 0.045
            dx, dy = ex - bx, ey - by
            d = math.hypot(dx, dy) or 1
            nx, ny = -dy / d * w, dx / d * w
            shapes.append(
                ribbon(curve([(x, foot - k * 1.5), (bx, by), (ex, ey)], False, 5), [tall * 0.012, tall * 0.008, 1])
            )
            shapes.append(
                curve(
                    [
                        (bx, by),
                        (bx + dx * 0.5 + nx, by + dy * 0.5 + ny),
                        (ex, ey),
                        (bx + dx * 0.5 - nx, by + dy * 0.5 - ny),
                    ],
                    True,
                    5,
                )
            )
        c.fill(shapes, tone)
    c.fill(
        [(x - k, foot - k * 1.7), (x + k, foot - k * 1.7), (x + k * 0.72, foot), (x - k * 0.72, foot)],
        [mix(pot, light.sun, 0.4), pot, scale(pot, 0.5)]
        if side < 0
        else [scale(pot, 0.5), pot, mix(pot, light.sun, 0.4)],
        angle=0.0,
    )


def _sill(c: Canvas, light: Light, rng: Random, x: float, y: float, w: float, h: float, dim: Colour) -> None:
    base = y + h
    c.fill(
        [
            (x - w * 0.1, base - w * 0.01),
            (x + w * 1.1, base - w * 0.01),
            (x + w * 1.12, base + w * 0.06),
            (x - w * 0.12, base + w * 0.06),
        ],
        [mix(light.sun, dim, 0.4), dim],
    )
    for n in range(rng.randint(2, 3)):
        px, k = x + w * (0.2 + 0.3 * n + rng.uniform(-0.05, 0.05)), w * rng.uniform(0.05, 0.08)
        colour = mix(rng.choice(((70, 120, 120), (170, 96, 60), (60, 80, 130), (120, 140, 80))), light.sun, 0.25)
        tall = k * rng.uniform(2.4, 4)
        c.fill(
            curve(
                [
                    (px - k, base),
                    (px - k, base - tall * 0.6),
                    (px - k * 0.35, base - tall * 0.75),
                    (px - k * 0.35, base - tall),
                    (px + k * 0.35, base - tall),
                    (px + k * 0.35, base - tall * 0.75),
                    (px + k, base - tall * 0.6),
                    (px + k, base),
                ],
                True,
                4,
            ),
            [mix(colour, light.sun, 0.5), colour],
            0.88,
        )


def _dust(c: Canvas, light: Light, rng: Random, x: float, y: float, w: float, h: float, way: int) -> None:
    motes: list[Points] = []
    for _ in range(60):
        t = rng.random()
        k = c.u * rng.uniform(0.001, 0.003)
        motes.append(ellipse(x + w * rng.random() + way * t * c.w * 0.34, y + h * 0.2 + t * h, k, k, n=8))
    c.fill(motes, mix(light.sun, (255, 255, 255), 0.5), 0.5, 0.7)
