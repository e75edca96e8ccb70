"""Mountains above a green valley."""

from __future__ import annotations

from random import Random

from . import land
from .canvas import Canvas, Points, curve, ellipse, mix, noise, scale
from .light import Light


def mountains(c: Canvas, light: Light, rng: Random) -> None:
    horizon = c.h * rng.uniform(0.54, 0.62)
    land.draw_sky(c, light, horizon)
    land.draw_clouds(c, light, rng, 0, horizon * 0.9, rng.uniform(0.2, 0.8))
    side = rng.choice((-1, 1))
    c.glow(c.w * (0.5 + side * 0.5), 0, c.u * 1.1, light.sun, 0.4)
    for n, (count, tall, fade) in enumerate(((5, 0.2, 0.66), (4, 0.32, 0.36), (3, 0.42, 0.1))):
        xs = [c.w * (i + rng.uniform(0.2, 0.8)) / count for i in range(count)]
        highs = [c.h * tall * rng.uniform(0.62, 1.12) for _ in xs]
        for high, x in sorted(zip(highs, xs, strict=True), reverse=True):
            _peak(c, light, rng, x, horizon + c.h * 0.05, high, fade, side)
        land.draw_mist(c, light, rng, horizon + c.h * 0.01, c.h * 0.2, 0.8 - 0.25 * n)
    if rng.random() < 0.6:
        land.draw_clouds(c, light, rng, horizon - c.h * 0.26, horizon - c.h * 0.02, 0.0, 0.5)
    _pastures(c, light, rng, horizon)
    _meadow(c, light, rng, c.h * 0.76)


def _peak(c: Canvas, light: Light, rng: Random, x: float, foot: float, high: float, fade: float, side: int) -> None:
    """One mountain: a lit flank, a shaded one behind a jagged spine, snow on top."""
    wide = high * rng.uniform(1.0, 1.35)
    top = (x, foot - high)

    def edge(start: tuple[float, float], end: tuple[float, float], rough: float) -> list[tuple[float, float]]:
        line = [start, end]
        for _ in range(5):
            out = []
            for a, b in zip(line, line[1:], strict=False):
                out += [
                    a,
                    (
                        (a[0] + b[0]) / 2 + rng.uniform(-rough, rough),
                        (a[1] + b[1]) / 2 + rng.uniform(-rough, rough) * 0.7,
                    ),
                ]
            line = [*out, line[-1]]
            rough *= 0.52
        return line

    rock = mix((112, 108, 118), light.haze, fade)
    lit, dim = mix(mix(rock, light.key, 0.3), light.sun, 0.12), mix(mix(rock, light.shade, 0.5), light.haze, fade * 0.5)
    left, right = edge(top, (x - wide, foot), high * 0.07), edge(top, (x + wide, foot), high * 0.07)
    body = c.fill([*left[::-1], *right], [lit, mix(lit, light.haze, 0.15), mix(lit, light.haze, 0.6)])
    spine = edge(top, (x + rng.uniform(-0.3, 0.3) * wide, foot), high * 0.15)
    shaded = c.fill([*spine, *(left if side > 0 else right)[::-1]], [dim, dim, mix(dim, light.haze, 0.6)], inside=body)
    if body is None or shaded is None:
        return
    spurs: list[Points] = []
    for _ in range(7 if fade < 0.5 else 0):
        at = spine[int(len(spine) * rng.uniform(0.1, 0.7))]
        run = high * rng.uniform(0.1, 0.32)
        spurs.append(
            [
                at,
                *edge(
                    (at[0] + side * run * 0.5, at[1] + run), (at[0] + side * run * 0.16, at[1] + run * 1.25), run * 0.1
                ),
            ]
        )
    if spurs:
        c.fill(spurs, dim, 0.8, inside=body)
    line = foot - high * rng.uniform(0.5, 0.64)
    drips = [(x - wide, line - high)]
    n = 23
    for i in range(n + 1):
        drips.append(
            (x - wide + 2 * wide * i / n, line + high * (rng.uniform(0.0, 0.24) if i % 2 else rng.uniform(-0.16, 0.02)))
        )
    drips.append((x + wide, line - high))
    snow = c.mask([drips])
    if snow is not None:
        snow = snow.within(body)
        c.lay(snow, mix(mix((255, 255, 255), light.key, 0.6), light.haze, fade * 0.7), 0.96)
        dark = mix(mix((176, 192, 226), light.shade, 0.35), light.haze, fade * 0.8)
        c.lay(snow.within(shaded), dark, 0.96)
        if spurs:
            c.fill(spurs, dark, 0.8, inside=snow)
    if fade < 0.3:
        field = noise(rng, (max(8, body.image.width // 2), max(8, body.image.height // 2)), (7, 6), 4)
        land.texture(c, body, land.emboss(field, -side * 2, 2, 2.6), 0.55 * (1 - fade))


def _pastures(c: Canvas, light: Light, rng: Random, horizon: float) -> None:
    green = mix((86, 122, 62), light.shade, 0.15)
    for n in range(3):
        t = n / 2
        line = curve(land.ridge(rng, c.w, horizon + c.h * (0.05 + 0.15 * t), c.h * 0.045, 0.45, 3, 2), False, 6)
        tone = mix(mix(green, light.haze, 0.45 * (1 - t)), light.near, 0.1 * t)
        mask = c.fill(land.below(c, line), [mix(tone, light.sun, 0.3), tone, scale(tone, 0.72)])
        land.texture(
            c, mask, noise(rng, (c.w // 3, c.h // 5), (9, 8), 4).point([72 + v * 112 // 255 for v in range(256)]), 0.55
        )
        trees: list[Points] = []
        for _ in range(30 - 9 * n):
            x = rng.choice((rng.gauss(0.12, 0.13), rng.gauss(0.88, 0.13), rng.random())) * c.w
            y = line[min(len(line) - 1, max(0, round(x / c.w * (len(line) - 1))))][1] + c.h * 0.008
            trees += land.pine(rng, x, y, c.h * rng.uniform(0.035, 0.06) * (1 + 1.3 * t))
        c.fill(trees, [mix(mix(tone, light.near, 0.6), light.haze, 0.25 * (1 - t)), mix(tone, light.near, 0.7)])


def _meadow(c: Canvas, light: Light, rng: Random, top: float) -> None:
    for colour in rng.sample([(232, 92, 128), (250, 214, 96), (245, 240, 250), (150, 108, 214), (236, 122, 70)], 3):
        dots: list[Points] = []
        for _ in range(110):
            t = rng.random() ** 0.7
            y = top + (c.h - top) * t
            k = c.u * (0.0014 + 0.0065 * t) * rng.uniform(0.6, 1.3)
            dots.append(ellipse(rng.random() * c.w, y, k, k * 0.75, n=7))
        c.fill(dots, mix(colour, light.shade, 0.18), 0.9)
    base = [(0.0, c.h * 1.01), (float(c.w), c.h * 1.01)]
    land.draw_grass(
        c, rng, base, c.h * 0.09, 90, (mix((70, 104, 50), light.near, 0.3), mix((110, 142, 70), light.sun, 0.15))
    )
