"""A winter field: frost, birches, sometimes a fox."""

from __future__ import annotations

from random import Random

from . import land
from .canvas import Canvas, Colour, Points, curve, ellipse, mix, ribbon
from .light import Light


def snow(c: Canvas, light: Light, rng: Random) -> None:
    horizon = c.h * rng.uniform(0.44, 0.56)
    land.draw_sky(c, light, horizon)
    land.draw_clouds(c, light, rng, 0, horizon * 0.9, rng.uniform(0.1, 0.5), 0.6)
    side = rng.choice((-1, 1))
    sun = (c.w * (0.5 + side * rng.uniform(0.05, 0.3)), horizon - c.u * rng.uniform(0.04, 0.12))
    land.draw_sun(c, light, *sun, c.u * 0.03)
    far: list[Points] = []
    for n in range(46):
        far += land.pine(rng, c.w * (n + rng.random()) / 46, horizon + c.h * 0.03, c.h * rng.uniform(0.06, 0.14))
    c.fill(far, [mix(light.haze, light.near, 0.28), mix(light.haze, light.near, 0.14)])
    land.draw_mist(c, light, rng, horizon, c.h * 0.1, 0.7)
    pale = mix(mix((240, 244, 255), light.key, 0.4), light.sky[2], 0.25)
    blue = mix((150, 172, 220), light.shade, 0.35)
    line = curve(land.ridge(rng, c.w, horizon + c.h * 0.03, c.h * 0.015, 0.4, 3, 1), False, 8)
    ground = c.fill(
        land.below(c, line), [mix(pale, light.sun, 0.45), pale, mix(pale, blue, 0.45), mix(blue, pale, 0.35)]
    )
    land.texture(
        c, ground, land.emboss(land.plane(rng, c.w, round(c.h - horizon), (16, 34), 4), side * 3, 3, 2.4), 0.75
    )
    _birches(c, light, rng, horizon, sun, blue)
    if rng.random() < 0.55:
        _fox(
            c,
            light,
            c.w * (0.5 - side * rng.uniform(0.0, 0.18)),
            c.h * rng.uniform(0.74, 0.82),
            c.u * rng.uniform(0.1, 0.15),
            side,
            blue,
        )
    c.glow(*sun, c.u * 0.8, light.sun, 0.25)
    flakes: list[Points] = []
    for _ in range(70):
        k = c.u * rng.uniform(0.0012, 0.004)
        flakes.append(ellipse(rng.random() * c.w, rng.random() * c.h, k, k, n=8))
    c.fill(flakes, (255, 255, 255), 0.75, 0.6)
    c.fill(
        [ellipse(rng.random() * c.w, rng.random() * c.h, c.u * 0.009, c.u * 0.009, n=12) for _ in range(9)],
        (255, 255, 255),
        0.4,
        c.u * 0.004,
    )


def _birches(c: Canvas, light: Light, rng: Random, horizon: float, sun: tuple[float, float], blue: Colour) -> None:
    for _ in range(rng.randint(4, 7)):
        t = rng.random() ** 1.6
        x = c.w * rng.choice((rng.uniform(-0.02, 0.34), rng.uniform(0.66, 1.02)))
        foot, tall = horizon + c.h * (0.05 + 0.3 * t), c.h * (0.34 + 0.45 * t)
        w = tall * 0.026
        away = (x - sun[0]) / c.w
        shadow = [
            (x - w, foot),
            (x + w, foot),
            (x + away * c.w * 0.9 + w * 3, foot + c.h * 0.34),
            (x + away * c.w * 0.9 - w * 3, foot + c.h * 0.34),
        ]
        c.shade(c.mask([shadow], 1 + w * 0.3), blue, 0.5)
        branches = land.bare_tree(rng, x, foot - tall * 0.5, tall * 0.52, 0.6, 4)
        twig = mix(mix((90, 74, 78), light.near, 0.4), light.haze, 0.4 * (1 - t))
        c.fill(branches, twig, 0.85)
        c.fill(
            [
                ellipse(
                    x + rng.gauss(0, 0.09) * tall, foot - tall * rng.uniform(0.6, 1.0), tall * 0.016, tall * 0.012, n=8
                )
                for _ in range(80)
            ],
            mix((250, 250, 255), light.key, 0.5),
            0.5,
            1,
        )
        bark = mix((236, 230, 230), light.haze, 0.3 * (1 - t))
        trunk = ribbon(
            curve(
                [
                    (x, foot + 2),
                    (x + w * rng.uniform(-0.6, 0.6), foot - tall * 0.4),
                    (x + w * rng.uniform(-1, 1), foot - tall * 0.9),
                ],
                False,
            ),
            [w * 2, w * 1.3, w * 0.4],
        )
        lit, dim = mix(bark, light.key, 0.4), mix(bark, light.shade, 0.65)
        mask = c.fill(trunk, [dim, bark, lit] if x < sun[0] else [lit, bark, dim], angle=0.0)
        marks: list[Points] = []
        for _ in range(14):
            y, k = foot - tall * rng.uniform(0.0, 0.8), w * rng.uniform(0.5, 1.1)
            mx = x + rng.choice((-1, 1)) * w * 0.7
            marks.append([(mx - k, y), (mx, y - w * 0.2), (mx + k, y), (mx, y + w * 0.16)])
        c.fill(marks, mix((50, 40, 46), light.haze, 0.25 * (1 - t)), 0.8, inside=mask)


def _fox(c: Canvas, light: Light, x: float, y: float, k: float, side: int, blue: Colour) -> None:
    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x + px * k * side, y + py * k) for px, py in points]

    c.shade(c.mask([ellipse(x - side * k * 0.1, y + k * 0.02, k * 1.3, k * 0.13)], k * 0.06), blue, 0.7)
    red, deep = mix((214, 112, 48), light.shade, 0.12), mix((96, 46, 30), light.shade, 0.2)
    c.fill(
        [
            curve(at((0.42, -0.5), (0.5, -0.2), (0.46, 0.02), (0.4, 0.02), (0.36, -0.4))),
            curve(at((-0.36, -0.5), (-0.32, -0.2), (-0.4, 0.02), (-0.46, 0.02), (-0.5, -0.4))),
        ],
        deep,
    )
    c.fill(
        curve(at((-0.5, -0.62), (-0.9, -0.5), (-1.3, -0.12), (-1.22, -0.02), (-0.85, -0.16), (-0.5, -0.4))),
        [mix(red, light.sun, 0.3), red],
    )
    c.fill(
        curve(at((-1.12, -0.26), (-1.3, -0.12), (-1.22, -0.02), (-1.04, -0.1))), mix((250, 244, 240), light.shade, 0.15)
    )
    c.fill(
        curve(at((-0.55, -0.6), (0.0, -0.7), (0.5, -0.76), (0.62, -0.52), (0.4, -0.3), (-0.1, -0.28), (-0.5, -0.34))),
        [mix(red, light.sun, 0.4), red, mix(red, deep, 0.5)],
    )
    c.fill(
        [
            curve(at((0.5, -0.5), (0.62, -0.2), (0.56, 0.02), (0.5, 0.02), (0.48, -0.3))),
            curve(at((-0.46, -0.5), (-0.54, -0.2), (-0.6, 0.02), (-0.66, 0.02), (-0.6, -0.35))),
        ],
        mix(deep, (20, 14, 14), 0.4),
    )
    c.fill([at((0.56, -0.95), (0.6, -1.24), (0.72, -0.98)), at((0.7, -0.98), (0.8, -1.22), (0.86, -0.92))], deep)
    c.fill(
        curve(
            at(
                (0.46, -0.74),
                (0.54, -0.98),
                (0.74, -1.04),
                (0.92, -0.9),
                (1.16, -0.74),
                (1.12, -0.68),
                (0.86, -0.64),
                (0.62, -0.52),
            )
        ),
        [mix(red, light.sun, 0.45), red],
    )
    c.fill(
        curve(at((0.66, -0.7), (0.9, -0.76), (1.12, -0.7), (0.86, -0.62), (0.64, -0.54), (0.52, -0.44))),
        mix((252, 246, 240), light.shade, 0.1),
    )
    c.fill(
        [ellipse(*at((1.15, -0.73))[0], k * 0.035, k * 0.03), ellipse(*at((0.84, -0.86))[0], k * 0.026, k * 0.03)],
        (20, 14, 14),
    )
