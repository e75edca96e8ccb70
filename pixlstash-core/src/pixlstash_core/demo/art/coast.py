"""The open sea, a boat, perhaps a lighthouse."""

from __future__ import annotations

from random import Random

from PIL import Image, ImageChops

from . import land
from .canvas import Canvas, Mask, Points, curve, ellipse, mix, noise, ramp, ribbon, scale
from .light import Light


def sea(c: Canvas, light: Light, rng: Random) -> None:
    horizon = round(c.h * rng.uniform(0.42, 0.56))
    land.draw_sky(c, light, horizon)
    land.draw_clouds(c, light, rng, c.h * 0.02, horizon * 1.0, rng.uniform(0.35, 0.8))
    sx = c.w * rng.uniform(0.25, 0.75)
    sy = horizon - c.u * (0.07 if light.low > 0.6 else 0.3)
    land.draw_sun(c, light, sx, sy, c.u * 0.03)
    h = c.h - horizon
    deep = mix(mix(light.sky[0], (14, 62, 84), 0.5), light.near, 0.35)
    c.image.paste(
        ramp(
            [
                mix(light.sky[-1], light.haze, 0.4),
                mix(light.sky[3], deep, 0.55),
                mix(light.sky[1], deep, 0.7),
                deep,
                scale(deep, 0.72),
            ],
            (c.w, h),
        ),
        (0, horizon),
    )
    field = land.plane(rng, c.w, h, (64, 190), 3)
    water = c.mask([[(0, horizon), (c.w, horizon), (c.w, c.h), (0, c.h)]])
    if water is not None:
        # Far waves are too fine to draw one by one: they calm down towards the horizon.
        calm = Image.linear_gradient("L").point([min(255, 40 + v * 3) for v in range(256)]).resize(water.image.size)
        land.texture(
            c, Mask(ImageChops.multiply(water.image, calm), water.x, water.y), land.emboss(field, 0, 2, 1.9), 0.8
        )
    _glitter(c, light, rng, sx, horizon)
    c.light(c.mask([[(0, horizon - 1), (c.w, horizon - 1), (c.w, horizon + 3), (0, horizon + 3)]], 2), light.haze, 0.5)
    if rng.random() < 0.45:
        _headland(c, light, rng, horizon, -1 if sx > c.w / 2 else 1)
    boats = rng.randint(1, 2)
    for n in range(boats):
        k = c.u * rng.uniform(0.05, 0.15) / (1 + n)
        _boat(c, light, rng, sx + c.w * rng.uniform(-0.22, 0.22), horizon + k * rng.uniform(0.3, 0.7), k)
    land.draw_birds(
        c,
        rng,
        c.w * rng.uniform(0.2, 0.8),
        horizon * 0.55,
        rng.randint(2, 6),
        c.u * 0.014,
        mix(light.near, light.sky[1], 0.3),
    )


def _glitter(c: Canvas, light: Light, rng: Random, x: float, horizon: int) -> None:
    """The sun's path on the water: flat glints, wider and sparser towards us."""
    h = c.h - horizon
    path = [(x - c.w * 0.02, horizon), (x + c.w * 0.02, horizon), (x + c.w * 0.16, c.h), (x - c.w * 0.16, c.h)]
    c.light(c.mask([path], c.u * 0.05), light.sun, 0.26)
    glints: list[Points] = []
    for _ in range(170):
        t = rng.random() ** 1.7
        y, k = horizon + h * t, c.w * (0.003 + 0.024 * t) * rng.uniform(0.5, 1.2)
        glints.append(
            ellipse(x + rng.gauss(0, 0.022 + 0.075 * t) * c.w, y, k, max(0.5, h * (0.0012 + 0.0065 * t)), n=10)
        )
    c.light(c.mask(glints, 0.6), light.sun, 0.75)


def _boat(c: Canvas, light: Light, rng: Random, x: float, y: float, k: float) -> None:
    dark = mix(light.near, light.haze, 0.1)
    c.shade(c.mask([ellipse(x, y + k * 0.32, k * 0.5, k * 0.2)], k * 0.06), mix(dark, (120, 120, 130), 0.3), 0.55)
    sail = mix((250, 244, 232), light.shade, 0.15)
    c.fill(
        curve(
            [
                (x + k * 0.02, y - k * 1.3),
                (x + k * 0.3, y - k * 0.6),
                (x + k * 0.42, y - k * 0.12),
                (x + k * 0.03, y - k * 0.1),
            ]
        ),
        [sail, mix(sail, light.sun, 0.4)],
    )
    c.fill(
        [(x - k * 0.03, y - k * 1.15), (x - k * 0.34, y - k * 0.1), (x - k * 0.03, y - k * 0.1)],
        [mix(sail, light.shade, 0.25), mix(sail, light.sun, 0.25)],
    )
    c.fill([(x - k * 0.01, y - k * 1.32), (x + k * 0.015, y - k * 1.32), (x + k * 0.015, y), (x - k * 0.01, y)], dark)
    c.fill(
        curve(
            [
                (x - k * 0.46, y - k * 0.06),
                (x + k * 0.5, y - k * 0.08),
                (x + k * 0.36, y + k * 0.12),
                (x - k * 0.32, y + k * 0.12),
            ]
        ),
        [mix(dark, (120, 60, 40), 0.4), dark],
    )
    c.fill(
        ribbon([(x - k * 0.5, y + k * 0.13), (x, y + k * 0.15), (x + k * 0.55, y + k * 0.12)], [1, k * 0.035, 1]),
        light.sun,
        0.5,
    )


def _headland(c: Canvas, light: Light, rng: Random, horizon: float, side: int) -> None:
    edge = 0.0 if side < 0 else float(c.w)
    at = [
        (edge, horizon - c.h * 0.12),
        (edge - side * c.w * 0.14, horizon - c.h * 0.1),
        (edge - side * c.w * 0.27, horizon - c.h * 0.05),
        (edge - side * c.w * 0.36, horizon + c.h * 0.005),
        (edge, horizon + c.h * 0.012),
    ]
    tone = mix(light.near, light.haze, 0.28)
    mask = c.fill(curve(at[:-1], False) + [at[-1]], [mix(tone, light.sun, 0.15), tone])
    land.texture(c, mask, land.emboss(noise(rng, (160, 60), (16, 8), 3), 2, 2, 3), 0.5)
    x, foot, k = edge - side * c.w * 0.17, horizon - c.h * 0.085, c.h * 0.16
    tower = c.fill(
        [(x - k * 0.1, foot), (x - k * 0.065, foot - k), (x + k * 0.065, foot - k), (x + k * 0.1, foot)],
        [mix((244, 238, 230), light.key, 0.4), mix((250, 246, 240), light.shade, 0.45)],
        angle=0.0,
    )
    c.fill(
        [
            [
                (x - k, foot - k * t),
                (x + k, foot - k * t),
                (x + k, foot - k * (t + 0.17)),
                (x - k, foot - k * (t + 0.17)),
            ]
            for t in (0.2, 0.55)
        ],
        mix((190, 60, 54), light.shade, 0.2),
        0.9,
        inside=tower,
    )
    c.fill(
        [
            (x - k * 0.05, foot - k),
            (x - k * 0.05, foot - k * 1.12),
            (x, foot - k * 1.2),
            (x + k * 0.05, foot - k * 1.12),
            (x + k * 0.05, foot - k),
        ],
        light.near,
    )
    c.glow(x, foot - k * 1.06, k * 0.9, (255, 236, 180), 0.9)
