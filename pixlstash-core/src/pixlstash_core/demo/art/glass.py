"""Glass without a subject: panes and pebbles that bend what lies behind them."""

from __future__ import annotations

import math
from random import Random

from PIL import Image, ImageChops

from .canvas import Canvas, Colour, Mask, Point, curve, ellipse, mix, ramp
from .light import Light

GLASS: tuple[tuple[Colour, ...], ...] = (
    ((18, 24, 60), (62, 86, 190), (120, 200, 240), (250, 170, 140), (250, 230, 200)),
    ((36, 14, 52), (140, 50, 130), (240, 110, 120), (255, 190, 120), (255, 236, 200)),
    ((8, 40, 50), (20, 110, 120), (110, 200, 180), (230, 230, 180), (250, 160, 110)),
    ((24, 26, 34), (70, 80, 110), (150, 160, 190), (220, 214, 220), (255, 206, 160)),
)


def glass(c: Canvas, light: Light, rng: Random) -> None:
    """Panes and pebbles of glass over a soft field of colour; each bends and brightens what lies behind it."""
    palette = rng.choice(GLASS)
    c.image = ramp(palette[:4], (c.w, c.h), rng.choice((35.0, 145.0, 60.0)))
    for _ in range(5):
        c.glow(c.w * rng.random(), c.h * rng.random(), c.u * rng.uniform(0.4, 0.8), rng.choice(palette[1:]), 0.5)
    for n in range(rng.randint(6, 9)):
        x, y, k = c.w * rng.uniform(0.1, 0.9), c.h * rng.uniform(0.1, 0.9), c.u * rng.uniform(0.1, 0.34)
        kind = n % 3
        if kind == 0:
            shape = ellipse(x, y, k, k, n=72)
        elif kind == 1:
            a, long = rng.uniform(0, math.pi), rng.uniform(1.2, 2.4)
            corners = [
                (-long, -0.42),
                (-long + 0.12, -0.5),
                (long - 0.12, -0.5),
                (long, -0.42),
                (long, 0.42),
                (long - 0.12, 0.5),
                (-long + 0.12, 0.5),
                (-long, 0.42),
            ]
            shape = [
                (x + (u * math.cos(a) - v * math.sin(a)) * k, y + (u * math.sin(a) + v * math.cos(a)) * k)
                for u, v in corners
            ]
        else:
            shape = curve(
                [
                    (
                        x + math.cos(i * math.tau / 6) * k * rng.uniform(0.7, 1.15),
                        y + math.sin(i * math.tau / 6) * k * rng.uniform(0.7, 1.15),
                    )
                    for i in range(6)
                ],
                True,
                10,
            )
        _pane(c, light, rng, shape, k, palette)


def _pane(c: Canvas, light: Light, rng: Random, shape: list[Point], k: float, palette: tuple[Colour, ...]) -> None:
    mask = c.mask([shape])
    if mask is None:
        return
    x0, y0, x1, y1 = mask.box
    shadow = c.mask([[(x + k * 0.06, y + k * 0.14) for x, y in shape]], k * 0.1)
    c.shade(shadow, palette[0], 0.35)
    w, h = x1 - x0, y1 - y0
    mx, my, dx, dy = w * 0.14, h * 0.14, k * 0.12, -k * 0.1
    # What lies behind, drawn together as a lens does; at the picture's rim it sees a little less.
    seen = (
        max(0.0, x0 - mx - dx),
        max(0.0, y0 - my - dy),
        min(float(c.w), x1 + mx - dx),
        min(float(c.h), y1 + my - dy),
    )
    behind = c.image.resize((w, h), Image.Resampling.BILINEAR, box=seen)
    tone = rng.choice(palette[1:])
    c.lay(
        mask,
        Image.blend(
            behind, ramp([mix(tone, (255, 255, 255), 0.35), tone, mix(tone, palette[0], 0.4)], (w, h), 60.0), 0.3
        ),
    )
    step = max(2, round(k * 0.05))
    bright = Mask(
        ImageChops.multiply(mask.without(mask, step, step).blurred(k * 0.03).image, mask.image), mask.x, mask.y
    )
    c.light(bright, (255, 255, 255), 0.7)
    low = Mask(
        ImageChops.multiply(mask.without(mask, -step * 2, -step * 2).blurred(k * 0.07).image, mask.image),
        mask.x,
        mask.y,
    )
    c.light(low, mix(tone, palette[-1], 0.5), 0.55)
    c.shade(
        Mask(
            ImageChops.multiply(mask.without(mask, -step * 4, -step * 3).blurred(k * 0.14).image, mask.image),
            mask.x,
            mask.y,
        ),
        mix(palette[0], tone, 0.4),
        0.35,
    )
    c.fill(ellipse(x0 + w * 0.34, y0 + h * 0.28, w * 0.16, h * 0.08, -0.5), (255, 255, 255), 0.4, k * 0.05, mask)
