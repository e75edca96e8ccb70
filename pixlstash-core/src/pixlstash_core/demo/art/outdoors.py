"""Landscapes: hills at dusk, mountains, the sea, a winter field, dunes, a forest."""

from __future__ import annotations

from random import Random

from PIL import Image, ImageChops

from . import land
from .canvas import Canvas, Colour, Mask, Points, curve, mix, noise, ramp, ribbon, scale
from .light import Light


def dusk(c: Canvas, light: Light, rng: Random) -> None:
    horizon = c.h * rng.uniform(0.46, 0.58)
    land.draw_sky(c, light, horizon + c.h * 0.06)
    land.draw_clouds(c, light, rng, -c.h * 0.05, horizon * 0.95, rng.uniform(0.3, 0.75))
    sun = (c.w * rng.uniform(0.2, 0.8), horizon - c.u * rng.uniform(0.03, 0.14))
    land.draw_sun(c, light, *sun, c.u * 0.035)
    lake = rng.random() < 0.7
    if lake:
        shore = horizon + c.h * 0.1
        land.draw_ridges(c, light, rng, horizon, shore - c.h * 0.02, 3)
        land.draw_mist(c, light, rng, shore - c.h * 0.03, c.h * 0.12, 0.7)
        land.draw_reflection(c, rng, shore, mix(light.sky[0], light.near, 0.5), 0.82)
        c.glow(sun[0], shore + c.h * 0.08, c.u * 0.1, light.sun, 0.6, ry=c.h * 0.3)
        land.draw_mist(c, light, rng, shore, c.h * 0.05, 0.5)
        front = curve(land.ridge(rng, c.w, c.h * 1.0, c.h * 0.05, 0.5, 2, 2), False, 6)
    else:
        land.draw_ridges(c, light, rng, horizon, c.h * 0.86, 5)
        land.draw_mist(c, light, rng, horizon + c.h * 0.14, c.h * 0.14, 0.55)
        land.draw_mist(c, light, rng, horizon + c.h * 0.27, c.h * 0.12, 0.4)
        front = curve(land.ridge(rng, c.w, c.h * 0.97, c.h * 0.05, 0.5, 2, 2), False, 6)
    dark = scale(light.near, 0.6)
    c.fill(land.below(c, front), [mix(dark, light.near, 0.6), scale(dark, 0.6)])
    trees: list[Points] = []
    side = -1 if sun[0] > c.w / 2 else 1
    for _ in range(rng.randint(3, 8)):
        x = c.w * (0.5 + side * rng.uniform(0.16, 0.52))
        trees += land.pine(rng, x, c.h * 0.99, c.h * rng.uniform(0.16, 0.42))
    c.fill(trees, [mix(dark, light.near, 0.5), scale(dark, 0.7)])
    land.draw_grass(c, rng, front, c.h * 0.06, 110, (mix(dark, light.near, 0.5), dark))
    c.glow(*sun, c.u * 0.7, light.sun, 0.18)
    if rng.random() < 0.6:
        land.draw_birds(c, rng, c.w * rng.uniform(0.2, 0.8), horizon * 0.5, rng.randint(4, 9), c.u * 0.016, light.near)


def desert(c: Canvas, light: Light, rng: Random) -> None:
    horizon = c.h * rng.uniform(0.42, 0.56)
    land.draw_sky(c, light, horizon + 4)
    side = rng.choice((-1, 1))
    if light.low > 0.95 or rng.random() < 0.3:
        land.draw_stars(c, rng, horizon, 160)
        land.draw_moon(
            c,
            light,
            c.w * (0.5 + side * rng.uniform(0.1, 0.3)),
            horizon * rng.uniform(0.3, 0.62),
            c.u * rng.uniform(0.08, 0.17),
            rng,
        )
    else:
        land.draw_clouds(c, light, rng, 0, horizon, 0.15, 0.5)
        land.draw_sun(
            c, light, c.w * (0.5 + side * rng.uniform(0.1, 0.35)), horizon - c.u * rng.uniform(0.05, 0.2), c.u * 0.036
        )
    sand = mix((226, 160, 98), light.key, 0.25)
    land.draw_ridges(
        c,
        Light(
            light.sky,
            light.sun,
            light.haze,
            mix(sand, light.shade, 0.6),
            light.key,
            light.shade,
            light.rim,
            light.cloud,
            light.low,
        ),
        rng,
        horizon,
        horizon + c.h * 0.05,
        2,
        smooth=True,
    )
    for n in range(4):
        t = n / 3
        _dune(
            c,
            light,
            rng,
            horizon + c.h * (0.05 + 0.36 * t**1.2),
            c.h * (0.05 + 0.13 * t),
            mix(sand, light.haze, 0.5 * (1 - t)),
            side,
            t,
        )
        if n == 1 and rng.random() < 0.7:
            _caravan(c, light, rng, horizon + c.h * 0.09)


def _dune(c: Canvas, light: Light, rng: Random, y: float, tall: float, sand: Colour, side: int, t: float) -> None:
    peak = c.w * rng.uniform(0.2, 0.8)
    left = [
        (-4.0, y + tall * rng.uniform(0.1, 0.7)),
        (peak * 0.45, y + tall * rng.uniform(0.0, 0.35)),
        (peak, y - tall),
    ]
    right = [
        (peak + (c.w - peak) * 0.5, y + tall * rng.uniform(-0.25, 0.25)),
        (c.w + 4.0, y + tall * rng.uniform(0.1, 0.6)),
    ]
    crest = curve([*left, *right], False, 8)
    dark = mix(mix(sand, light.shade, 0.62), light.near, 0.12)
    lit = mix(sand, light.sun, 0.34)
    body = c.fill(land.below(c, crest), [lit, sand, mix(sand, dark, 0.45)])
    # The slip face: from the crest down its lee side, bounded by one long S.
    s = side
    lee = [p for p in crest if (p[0] - peak) * s <= 0.5]
    lee = lee if s > 0 else lee[::-1]
    foot = curve(
        [
            (peak, y - tall),
            (peak - s * c.w * 0.05, y + tall * 0.4),
            (peak + s * c.w * 0.1, y + tall * 1.3),
            (peak - s * c.w * 0.08, y + tall * 3.2),
            (peak + s * c.w * 0.06, y + tall * 7),
        ],
        False,
        8,
    )
    edge = -4.0 if s > 0 else c.w + 4.0
    c.fill([*foot, (edge, y + tall * 7), *lee], [dark, mix(dark, sand, 0.3)], 0.92, inside=body)
    h = max(8, round(min(c.h - y, tall * 5)))
    if t > 0.5:
        ripples = land.plane(rng, c.w, h, (90, 190), 2)
        land.texture(c, body, land.emboss(ripples, 1, 1, 1.3), 0.4)
    near = [p for p in crest if abs(p[0] - peak) < c.w * 0.22]
    if len(near) > 2:
        c.light(c.mask([ribbon(near, [0.3, c.u * 0.005, 0.3])]), light.rim, 0.55)


def _caravan(c: Canvas, light: Light, rng: Random, y: float) -> None:
    shapes: list[Points] = []
    k = c.u * 0.026
    x = c.w * rng.uniform(0.25, 0.6)
    for n in range(rng.randint(3, 6)):
        bx, by = x + n * k * 2.1, y + rng.uniform(-0.1, 0.1) * k
        shapes.append(
            curve(
                [
                    (bx - k * 0.6, by - k * 0.7),
                    (bx - k * 0.2, by - k * 1.05),
                    (bx, by - k * 0.9),
                    (bx + k * 0.25, by - k * 1.1),
                    (bx + k * 0.55, by - k * 0.7),
                    (bx + k * 0.8, by - k * 1.15),
                    (bx + k * 1.0, by - k * 1.12),
                    (bx + k * 0.7, by - k * 0.5),
                    (bx - k * 0.5, by - k * 0.5),
                ],
                True,
                4,
            )
        )
        for leg in (-0.5, -0.3, 0.3, 0.48):
            shapes.append(
                [
                    (bx + leg * k - k * 0.05, by - k * 0.6),
                    (bx + leg * k + k * 0.06, by - k * 0.6),
                    (bx + leg * k + k * 0.02, by),
                    (bx + leg * k - k * 0.03, by),
                ]
            )
    c.fill(shapes, mix(light.near, light.shade, 0.2), 0.9)


def forest(c: Canvas, light: Light, rng: Random) -> None:
    green = mix((92, 128, 70), light.haze, 0.2)
    glowing = mix(light.sun, mix(light.sky[-1], green, 0.25), 0.4)
    c.image = ramp(
        [mix(glowing, green, 0.35), glowing, mix(glowing, green, 0.2), mix(green, light.near, 0.5)], (c.w, c.h)
    )
    gx, gy = c.w * rng.uniform(0.35, 0.65), c.h * rng.uniform(0.3, 0.45)
    c.glow(gx, gy, c.u * 0.9, light.sun, 0.55)
    ground = c.h * rng.uniform(0.66, 0.74)
    for n in range(4):
        t = n / 3
        tone = mix(mix(glowing, green, 0.2), mix(light.near, (24, 28, 20), 0.5), 0.14 + 0.86 * t**1.2)
        size = (c.w // 2, c.h // 3)  # leaves hang in the upper two thirds
        leaves = noise(rng, size, (7 + n, 6), 4).point([min(255, max(0, (v - 126 - 10 * n) * 5)) for v in range(256)])
        fade = (
            Image.linear_gradient("L")
            .point([max(0, 255 - round(v * (1.0 + 0.25 * n))) for v in range(256)])
            .resize(size)
        )
        crown = ImageChops.multiply(leaves, fade).resize((c.w, c.h * 2 // 3), Image.Resampling.BILINEAR)
        c.lay(Mask(crown, 0, 0), mix(tone, green, 0.5), 0.35 + 0.35 * t)
        trunks: list[Points] = []
        for _ in range((13, 9, 6, 3)[n]):
            x = c.w * rng.random() if n < 2 else c.w * rng.choice((rng.uniform(-0.02, 0.34), rng.uniform(0.66, 1.02)))
            w = c.u * (0.012 + 0.075 * t**1.6) * rng.uniform(0.7, 1.25)
            foot = ground + c.h * (0.02 + 0.2 * t)
            lean = rng.uniform(-0.03, 0.03) * c.w
            trunks.append(
                [
                    (x - w * 0.75, foot + w * 0.2),
                    (x - w * 0.48, foot - w * 0.9),
                    (x - w * 0.36 + lean, -5),
                    (x + w * 0.36 + lean, -5),
                    (x + w * 0.48, foot - w * 0.9),
                    (x + w * 0.8, foot + w * 0.2),
                ]
            )
        bark = c.fill(trunks, [mix(tone, light.sun, 0.1 * (1 - t)), tone, mix(tone, green, 0.2)])
        if n >= 2:
            land.texture(c, bark, land.emboss(noise(rng, (c.w // 2, c.h // 2), (60, 8), 3), 2, 1, 2.2), 0.6)
        line = curve(land.ridge(rng, c.w, ground + c.h * (0.03 + 0.19 * t), c.h * 0.02, 0.5, 4, 2), False, 4)
        floor = mix(mix(green, tone, 0.6), light.sun, 0.16 * (1 - t))
        mask = c.fill(land.below(c, line), [mix(floor, light.sun, 0.14), floor, scale(floor, 0.6)])
        land.texture(
            c, mask, noise(rng, (c.w // 2, c.h // 3), (22, 16), 3).point([64 + v // 2 for v in range(256)]), 0.4
        )
        land.draw_grass(c, rng, line, c.h * (0.015 + 0.035 * t), 80, (floor, mix(floor, light.sun, 0.2)), 0.1)
        if n == 1:
            _shafts(c, light, rng, gx, 0.5)
            land.draw_mist(c, light, rng, ground + c.h * 0.02, c.h * 0.2, 0.45)
    c.glow(gx, ground + c.h * 0.08, c.w * 0.3, mix(light.sun, green, 0.3), 0.5, ry=c.h * 0.12)
    _shafts(c, light, rng, gx, 0.22)
    _ferns(c, rng, mix(green, light.near, 0.35), mix(green, light.sun, 0.35))


def _shafts(c: Canvas, light: Light, rng: Random, x: float, alpha: float) -> None:
    lean = rng.choice((-1, 1)) * c.w * rng.uniform(0.15, 0.35)
    beams: list[Points] = []
    for _ in range(6):
        top, w = x + rng.gauss(0, 0.28) * c.w - lean * 0.5, c.w * rng.uniform(0.015, 0.06)
        beams.append(
            [
                (top - w * 0.4, -10),
                (top + w * 0.4, -10),
                (top + lean + w * 1.6, c.h * 0.85),
                (top + lean - w * 1.6, c.h * 0.85),
            ]
        )
    mask = c.mask(beams, c.u * 0.012)
    if mask is not None:
        fade = (
            Image.linear_gradient("L")
            .point([max(0, 255 - round(v * 1.05)) for v in range(256)])
            .resize(mask.image.size)
        )
        c.light(Mask(ImageChops.multiply(mask.image, fade), mask.x, mask.y), light.sun, alpha)


def _ferns(c: Canvas, rng: Random, dark: Colour, bright: Colour) -> None:
    for colour in (dark, bright):
        leaves: list[Points] = []
        for _ in range(9):
            x = c.w * rng.choice((rng.uniform(-0.05, 0.36), rng.uniform(0.64, 1.05)))
            y, k = c.h * rng.uniform(0.94, 1.05), c.h * rng.uniform(0.1, 0.2)
            for _ in range(5):
                a = rng.uniform(-1.0, 1.0)
                stem = curve(
                    [(x, y), (x + a * k * 0.35, y - k * 0.75), (x + a * k * 0.95, y - k * (0.95 - 0.4 * abs(a)))],
                    False,
                    7,
                )
                for i, (px, py) in enumerate(stem):
                    reach = k * 0.15 * (1 - i / len(stem)) + 1
                    for s in (-1, 1):
                        leaves.append([(px, py - 1.2), (px + s * reach, py + reach * 0.15), (px, py + 1.6)])
        c.fill(leaves, colour, 0.95)
