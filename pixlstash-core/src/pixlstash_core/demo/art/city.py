"""A street at night: lit windows, signs, wet asphalt."""

from __future__ import annotations

from random import Random

from PIL import Image, ImageFilter, ImageOps

from . import land
from .canvas import Canvas, Colour, Points, curve, ellipse, mix, ribbon, scale
from .light import Light

NEON: tuple[Colour, ...] = (
    (255, 84, 140),
    (72, 210, 255),
    (255, 176, 72),
    (126, 255, 204),
    (190, 120, 255),
    (255, 110, 82),
)
WARM: tuple[Colour, ...] = ((255, 206, 128), (255, 226, 168), (255, 180, 104), (196, 222, 255))


def city(c: Canvas, light: Light, rng: Random) -> None:
    street(c, light, rng)
    if rng.random() < 0.75:
        _walker(c, light, rng, c.w * rng.uniform(0.44, 0.58), c.h * rng.uniform(0.8, 0.88), c.h * rng.uniform(0.2, 0.3))
    _rain(c, rng)


def street(c: Canvas, light: Light, rng: Random) -> None:
    """Houses to both sides, closing in towards a bright gap; the ground mirrors them."""
    ground = c.h * rng.uniform(0.6, 0.68)
    gap = c.w * rng.uniform(0.42, 0.58)
    land.draw_sky(c, light, ground)
    if light.low < 0.8:
        land.draw_stars(c, rng, ground * 0.6, 60)
    a, b = rng.sample(NEON, 2)
    c.glow(gap, ground, c.u * 0.8, mix(light.sky[-1], a, 0.3), 0.7)
    for n in range(3):
        t = n / 2
        tone = mix(mix(light.haze, light.sky[-1], 0.5), scale(light.near, 0.8), 0.25 + 0.72 * t)
        for side in (-1, 1):
            _row(c, light, rng, side, gap, ground, t, tone)
        if n < 2:
            land.draw_mist(c, light, rng, ground - c.h * 0.08, c.h * 0.34, 0.4)
    _signs(c, rng, gap, ground, (a, b))
    _wires(c, rng, ground)
    _wet(c, light, rng, ground, gap)


def _row(c: Canvas, light: Light, rng: Random, side: int, gap: float, ground: float, t: float, tone: Colour) -> None:
    """The houses of one depth on one side, from the gap outwards."""
    near = c.w * (0.045 + 0.13 * t**1.3)
    x = gap + side * near
    while 0 < x < c.w if side > 0 else x > 0:
        w = c.w * (0.07 + 0.17 * t) * rng.uniform(0.7, 1.3)
        h = c.h * (0.2 + 0.34 * t) * rng.uniform(0.65, 1.35)
        x0, x1 = (x, x + w) if side > 0 else (x - w, x)
        top = ground - h
        foot = ground + c.h * 0.03 * t
        roof = [(x0, top), (x1, top)]
        if rng.random() < 0.4:
            k = w * rng.uniform(0.1, 0.3)
            roof = [(x0, top), (x0, top - k * 0.4), (x0 + k, top - k * 0.4), (x0 + k, top), (x1, top)]
        c.fill([*roof, (x1, foot), (x0, foot)], [scale(tone, 0.8), tone, mix(tone, light.sky[-1], 0.22)])
        _windows(c, rng, x0, x1, top, foot, t, tone, light)
        x += side * w * rng.uniform(0.96, 1.15)


def _windows(
    c: Canvas, rng: Random, x0: float, x1: float, top: float, foot: float, t: float, tone: Colour, light: Light
) -> None:
    cell = c.u * (0.014 + 0.028 * t) * rng.uniform(0.85, 1.2)
    columns, rows = max(1, int((x1 - x0) / (cell * 1.5))), max(1, int((foot - top) * 0.86 / (cell * 1.9)))
    step = (x1 - x0) / (columns + 0.4)
    lit: dict[Colour, list[Points]] = {}
    off: list[Points] = []
    busy = rng.uniform(0.2, 0.55)
    warm = rng.choice(WARM)
    for i in range(columns):
        for j in range(rows):
            x, y = x0 + step * (i + 0.45), top + cell * (0.9 + j * 1.9)
            if x < -cell or x > c.w + cell:
                continue
            box = [(x, y), (x + step * 0.5, y), (x + step * 0.5, y + cell * 1.15), (x, y + cell * 1.15)]
            if rng.random() < busy:
                lit.setdefault(warm if rng.random() < 0.8 else rng.choice(WARM), []).append(box)
            else:
                off.append(box)
    c.fill(off, mix(tone, light.sky[2], 0.35), 0.6)
    for colour, boxes in lit.items():
        c.fill(boxes, mix(colour, light.haze, 0.45 * (1 - t)), 0.25 + 0.4 * t, 2 + 3 * t)
        c.fill(boxes, [mix(colour, light.haze, 0.4 * (1 - t)), mix(scale(colour, 0.8), light.haze, 0.4 * (1 - t))], 0.9)


def _signs(c: Canvas, rng: Random, gap: float, ground: float, colours: tuple[Colour, Colour]) -> None:
    for n in range(rng.randint(4, 6)):
        colour = colours[n % 2] if n < 4 else rng.choice(NEON)
        side = 1 if n % 2 else -1
        k = rng.uniform(0.13, 0.46)
        x = gap + side * c.w * k
        h, w = c.h * rng.uniform(0.08, 0.2) * (0.4 + k * 1.6), c.u * 0.045 * (0.4 + k * 1.5)
        y = ground - c.h * rng.uniform(0.12, 0.3) * (0.6 + k)
        if rng.random() < 0.3:
            w, h = h * 0.8, w * 0.9
        c.glow(x, y + h / 2, max(w, h) * 2.4, colour, 0.75)
        c.fill(
            [(x - w / 2, y), (x + w / 2, y), (x + w / 2, y + h), (x - w / 2, y + h)],
            [scale(colour, 0.28), scale(colour, 0.18)],
        )
        bars: list[Points] = []
        vertical = h > w
        count = max(2, round((h if vertical else w) / (min(w, h) * 1.05)))
        for i in range(count):
            cx = x if vertical else x - w / 2 + w * (i + 0.5) / count
            cy = y + h * (i + 0.5) / count if vertical else y + h / 2
            bars += _glyph(rng, cx, cy, min(w, h) * 0.32)
        c.fill(bars, colour, 0.8, w * 0.05)
        c.fill(bars, mix(colour, (255, 255, 255), 0.75))
        frame = [(x - w / 2, y), (x + w / 2, y), (x + w / 2, y + h), (x - w / 2, y + h), (x - w / 2, y)]
        c.fill(ribbon(frame, [c.u * 0.003] * 2), mix(colour, (255, 255, 255), 0.3))


def _glyph(rng: Random, x: float, y: float, k: float) -> list[Points]:
    """A made-up character: a few strokes."""
    out: list[Points] = []
    w = k * 0.24
    for _ in range(3):
        if rng.random() < 0.5:
            at = y + rng.choice((-0.9, -0.3, 0.3, 0.9)) * k
            out.append(ribbon([(x - k * 0.8, at), (x + k * 0.8, at)], [w, w]))
        else:
            at = x + rng.choice((-0.7, 0.0, 0.7)) * k
            out.append(ribbon([(at, y - k), (at, y + k)], [w, w]))
    return out


def _wires(c: Canvas, rng: Random, ground: float) -> None:
    lines: list[Points] = []
    for _ in range(3):
        y = ground * rng.uniform(0.15, 0.5)
        sag = c.h * rng.uniform(0.03, 0.08)
        d = c.h * rng.uniform(-0.1, 0.1)
        lines.append(
            ribbon([(c.w * i / 12, y + d * i / 12 + sag * (1 - (i / 6 - 1) ** 2)) for i in range(13)], [1.3, 1.3])
        )
    c.fill(lines, (8, 8, 16), 0.6)


def _wet(c: Canvas, light: Light, rng: Random, ground: float, gap: float) -> None:
    """What lies above, upside down and smeared downwards, on dark asphalt."""
    y = round(ground + c.h * 0.025)
    h = c.h - y
    mirror = ImageOps.flip(c.image.crop((0, max(0, y - round(h * 1.3)), c.w, y))).resize(
        (max(8, c.w // 5), max(4, h // 14)), Image.Resampling.BOX
    )
    mirror = mirror.filter(ImageFilter.GaussianBlur(0.6)).resize((c.w, h), Image.Resampling.BICUBIC)
    c.image.paste(mirror, (0, y))
    at = 0.0
    while at < h:
        band = 1 + at / h * 5
        top, bottom = round(at), min(h, round(at + band) + 1)
        c.image.paste(mirror.crop((0, top, c.w, bottom)), (round(rng.gauss(0, 1.4 + at / h * 5)), y + top))
        at += band
    field = land.plane(rng, c.w, h, (50, 60), 3)
    under = c.image.crop((0, y, c.w, c.h))
    dry = field.point([min(225, max(70, 60 + (v - 70) * 2)) for v in range(256)])
    c.image.paste(Image.composite(Image.new("RGB", under.size, scale(light.near, 0.8)), under, dry), (0, y))
    land.texture(c, c.mask([[(0, y), (c.w, y), (c.w, c.h), (0, c.h)]], 2), land.emboss(field, 1, 2, 2.0), 0.6)
    kerb: list[Points] = []
    for s in (-1, 1):
        kerb.append(
            [
                (gap + s * c.w * 0.06, y),
                (gap + s * c.w * 0.075, y),
                (gap + s * c.w * 0.8, c.h + 2),
                (gap + s * c.w * 0.72, c.h + 2),
            ]
        )
    c.light(c.mask(kerb, 1.5), mix(light.sky[-1], light.rim, 0.4), 0.16)
    c.glow(gap, y, c.u * 0.35, mix(light.sky[-1], (255, 220, 180), 0.5), 0.5, ry=c.h * 0.18)


def _walker(c: Canvas, light: Light, rng: Random, x: float, foot: float, tall: float) -> None:
    """Somebody under an umbrella, from behind."""
    dark = mix((18, 18, 28), light.sky[1], 0.2)
    colour = rng.choice(((206, 62, 70), (230, 170, 60), (70, 110, 170), (40, 40, 52)))
    k = tall / 7
    c.shade(
        c.mask([ellipse(x, foot + k * 0.1, k * 1.7, k * 0.3), ellipse(x, foot + k * 2, k * 0.8, k * 2)], k * 0.4),
        (24, 22, 36),
        0.55,
    )
    legs = [
        ribbon([(x - k * 0.3, foot - k * 2.6), (x - k * 0.36, foot)], [k * 0.5, k * 0.34]),
        ribbon([(x + k * 0.28, foot - k * 2.6), (x + k * 0.5, foot - k * 0.1)], [k * 0.5, k * 0.3]),
    ]
    c.fill(legs, scale(dark, 0.6))
    coat = [
        (x - k * 0.34, foot - k * 5.5),
        (x - k * 0.86, foot - k * 5.1),
        (x - k * 0.9, foot - k * 3.6),
        (x - k * 1.0, foot - k * 2.0),
        (x + k * 1.0, foot - k * 2.0),
        (x + k * 0.9, foot - k * 3.6),
        (x + k * 0.86, foot - k * 5.1),
        (x + k * 0.34, foot - k * 5.5),
    ]
    c.fill(coat, [mix(dark, light.rim, 0.5), dark, mix(dark, light.rim, 0.18)], angle=0.0)
    c.fill(
        curve(
            [
                (x - k * 0.42, foot - k * 6.5),
                (x, foot - k * 6.8),
                (x + k * 0.42, foot - k * 6.5),
                (x + k * 0.5, foot - k * 5.8),
                (x + k * 0.4, foot - k * 5.2),
                (x - k * 0.4, foot - k * 5.2),
                (x - k * 0.5, foot - k * 5.8),
            ]
        ),
        [mix(dark, light.rim, 0.35), scale(dark, 0.5), dark],
        angle=0.0,
    )
    c.fill(
        curve(
            [
                (x - k * 0.52, foot - k * 5.35),
                (x, foot - k * 5.5),
                (x + k * 0.52, foot - k * 5.35),
                (x + k * 0.5, foot - k * 4.95),
                (x - k * 0.5, foot - k * 4.95),
            ]
        ),
        [mix(colour, light.shade, 0.3), scale(mix(colour, light.shade, 0.5), 0.6)],
    )
    top = foot - k * 7.6
    c.fill(ribbon([(x + k * 0.5, top), (x + k * 0.6, foot - k * 4.2)], [k * 0.1, k * 0.1]), (16, 16, 22))
    rim = [(x + k * 2.6 - i * k * 0.525, top + k * 1.25 - (k * 0.16 if i % 2 else 0)) for i in range(9)]
    canopy = [
        (x - k * 1.6, top + k * 1.2),
        (x - k * 1.25, top + k * 0.3),
        (x - k * 0.3, top - k * 0.4),
        (x + k * 0.5, top - k * 0.55),
        (x + k * 1.3, top - k * 0.4),
        (x + k * 2.25, top + k * 0.3),
        *rim,
    ]
    mask = c.fill(
        canopy, [mix(colour, light.key, 0.3), mix(colour, light.shade, 0.35), scale(mix(colour, light.shade, 0.5), 0.6)]
    )
    ribs = [
        ribbon(
            [
                (x + k * 0.5, top - k * 0.55),
                (x + k * (0.5 + d * 0.7), top + k * 0.3),
                (x + k * (0.5 + d), top + k * 1.2),
            ],
            [k * 0.03, k * 0.05],
        )
        for d in (-1.1, -0.4, 0.4, 1.1)
    ]
    c.fill(ribs, scale(colour, 0.4), 0.6, inside=mask)


def _rain(c: Canvas, rng: Random) -> None:
    drops: list[Points] = []
    for _ in range(70):
        x, y, k = rng.random() * c.w, rng.random() * c.h, c.h * rng.uniform(0.012, 0.035)
        drops.append([(x, y), (x + 0.9, y), (x + 0.9 - k * 0.12, y + k), (x - k * 0.12, y + k)])
    c.fill(drops, (210, 220, 255), 0.28)
    for _ in range(7):
        colour = rng.choice(NEON)
        k = c.u * rng.uniform(0.02, 0.05)
        x, y = rng.random() * c.w, rng.random() * c.h * 0.75
        disc = c.mask([ellipse(x, y, k, k)], 1.2)
        c.light(disc, scale(colour, 0.5), 0.3)
