"""A street at night: lit windows, signs, rain on wet asphalt, somebody under an umbrella."""

from __future__ import annotations

from random import Random

from PIL import Image, ImageFilter, ImageOps

from . import land
from .canvas import Canvas, Color, Points, mix, scale
from .frame import Frame
from .lettering import draw_neon
from .light import Light

NEON = ((255, 84, 140), (72, 210, 255), (255, 176, 72), (126, 255, 204), (190, 120, 255), (255, 110, 82))
WARM = ((255, 206, 128), (255, 226, 168), (255, 180, 104), (196, 222, 255))
UMBRELLAS = ((206, 62, 70), (230, 170, 60), (70, 110, 170))


def city(c: Canvas, light: Light, rng: Random) -> None:
    """Houses to both sides, closing in towards a bright gap; the ground mirrors them."""
    ground, gap = c.h * rng.uniform(0.6, 0.68), c.w * rng.uniform(0.42, 0.58)
    land.draw_sky(c, light, rng, ground, 0.1)
    if light.low < 0.8:
        land.draw_stars(c, rng, ground * 0.6, 60)
    neon = rng.sample(NEON, 3)
    c.glow(gap, ground, c.u * 0.8, mix(light.sky[-1], neon[0], 0.3), 0.7)
    for t in (0.0, 0.5, 1.0):
        tone = mix(mix(light.haze, light.sky[-1], 0.5), scale(light.near, 0.8), 0.25 + 0.72 * t)
        for side in (-1, 1):
            _houses(c, light, rng, side, gap, ground, t, tone)
        if t < 1:
            land.draw_mist(c, light, rng, ground - c.h * 0.08, c.h * 0.34, 0.4)
    for n in range(rng.randint(4, 6)):
        _sign(c, rng, gap, ground, 1 if n % 2 else -1, neon[n % 3])
    heights = [ground * rng.uniform(0.15, 0.4) for _ in range(3)]
    c.fill([Frame(c, 0, y, c.w).stroke("0,0 .5,.08 1,.02", [0.002] * 2) for y in heights], (8, 8, 16), 0.6)
    _wet(c, light, rng, ground, gap)
    if rng.random() < 0.75:
        at = (c.w * rng.uniform(0.44, 0.58), c.h * rng.uniform(0.8, 0.88), c.h * rng.uniform(0.028, 0.043))
        _walker(c, light, rng, Frame(c, *at))
    drops = [Frame(c, rng.random() * c.w, rng.random() * c.h, c.h * rng.uniform(0.012, 0.035)) for _ in range(70)]
    c.fill([drop.corners("0,0 .05,0 -.07,1 -.12,1") for drop in drops], (210, 220, 255), 0.28)
    draw_neon(c, rng, c.w * rng.choice((0.2, 0.8)), ground * rng.uniform(0.35, 0.6), rng.choice(neon))


def _houses(c: Canvas, light: Light, rng: Random, side: int, gap: float, ground: float, t: float, tone: Color) -> None:
    """The houses of one depth on one side, from the gap outwards."""
    x = gap + side * c.w * (0.045 + 0.13 * t**1.3)
    while 0 < x < c.w:
        w, h = c.w * (0.07 + 0.17 * t) * rng.uniform(0.7, 1.3), c.h * (0.2 + 0.34 * t) * rng.uniform(0.65, 1.35)
        left, top, foot = x if side > 0 else x - w, ground - h, ground + c.h * 0.03 * t
        roof = Frame(c, left, top, w).corners(rng.choice(("0,0 1,0", "0,0 0,-.1 .25,-.1 .25,0 1,0")))
        c.fill([*roof, (left + w, foot), (left, foot)], [scale(tone, 0.8), tone, mix(tone, light.sky[-1], 0.22)])
        cell = c.u * (0.014 + 0.028 * t) * rng.uniform(0.85, 1.2)
        columns, rows = max(1, int(w / (cell * 1.5))), max(1, int((foot - top) * 0.86 / (cell * 1.9)))
        step, busy = w / (columns + 0.4), rng.uniform(0.2, 0.55)
        lit: list[Points] = []
        dark: list[Points] = []
        for n in range(columns * rows):
            pane = Frame(c, left + step * (n % columns + 0.45), top + cell * (0.9 + n // columns * 1.9), cell)
            (lit if rng.random() < busy else dark).append(pane.corners("0,0 .7,0 .7,1.15 0,1.15"))
        c.fill(dark, mix(tone, light.sky[2], 0.35), 0.6)
        color = mix(rng.choice(WARM), light.haze, 0.4 * (1 - t))
        c.fill(lit, color, 0.25 + 0.4 * t, 2 + 3 * t)
        c.fill(lit, [color, scale(color, 0.85)], 0.9)
        x += side * w * rng.uniform(0.96, 1.15)


def _sign(c: Canvas, rng: Random, gap: float, ground: float, side: int, color: Color) -> None:
    """A glowing board with made-up characters, one above the other or side by side."""
    k = rng.uniform(0.13, 0.46)
    size, count, flat = c.u * 0.045 * (0.4 + k * 1.5), rng.randint(2, 4), rng.random() < 0.3
    x, y = gap + side * c.w * k, ground - c.h * rng.uniform(0.12, 0.3) * (0.6 + k)
    f = Frame(c, x, y, size)
    w, h = (count, 1) if flat else (1, count)
    board = [f.at(-w / 2, 0), f.at(w / 2, 0), f.at(w / 2, h), f.at(-w / 2, h)]
    c.glow(*f.at(0, h / 2), size * count * 2.2, color, 0.75)
    c.fill(board, [scale(color, 0.28), scale(color, 0.18)])
    strokes: list[Points] = []
    for n in range(count):
        at = f.at(n + 0.5 - w / 2, 0.5) if flat else f.at(0, n + 0.5)
        letter = Frame(c, *at, size * 0.34)
        bars = ["-.8,-.9 .8,-.9", "-.8,0 .8,0", "-.8,.9 .8,.9", "-.7,-1 -.7,1", "0,-1 0,1", ".7,-1 .7,1"]
        strokes += [letter.stroke(bar, [0.24, 0.24]) for bar in rng.sample(bars, 3)]
    c.fill(strokes, color, 0.8, size * 0.05)
    c.fill(strokes, mix(color, land.WHITE, 0.75))


def _wet(c: Canvas, light: Light, rng: Random, ground: float, gap: float) -> None:
    """What lies above, upside down and smeared downwards, on dark asphalt."""
    y = round(ground + c.h * 0.025)
    h = c.h - y
    above = ImageOps.flip(c.image.crop((0, max(0, y - round(h * 1.3)), c.w, y)))
    small = above.resize((max(8, c.w // 5), max(4, h // 14)), Image.Resampling.BOX)
    mirror = small.filter(ImageFilter.GaussianBlur(0.6)).resize((c.w, h), Image.Resampling.BICUBIC)
    c.image.paste(mirror, (0, y))
    land.ripple(c, rng, mirror, y, 6)
    field = land.plane(rng, c.w, h, (50, 60))
    under = c.image.crop((0, y, c.w, c.h))
    dry = field.point([min(225, max(70, 60 + (v - 70) * 2)) for v in range(256)])
    c.image.paste(Image.composite(Image.new("RGB", under.size, scale(light.near, 0.8)), under, dry), (0, y))
    c.relief(c.mask([[(0, y), (c.w, y), (c.w, c.h), (0, c.h)]], 2), land.emboss(field, 1, 2, 2.0), 0.6)
    c.glow(gap, y, c.u * 0.35, mix(light.sky[-1], (255, 220, 180), 0.5), 0.5, ry=c.h * 0.18)


def _walker(c: Canvas, light: Light, rng: Random, f: Frame) -> None:
    """Somebody under an umbrella, from behind; seven units tall."""
    dark = mix((18, 18, 28), light.sky[1], 0.2)
    color = mix(rng.choice(UMBRELLAS), light.shade, 0.25)
    c.shade(c.mask([f.spot(0, 0.1, 1.7, 0.3), f.spot(0, 2, 0.8, 2)], f.k * 0.4), (24, 22, 36), 0.55)
    c.fill([f.stroke("-.3,-2.6 -.36,0", [0.5, 0.34]), f.stroke(".28,-2.6 .5,-.1", [0.5, 0.3])], scale(dark, 0.6))
    coat = f.corners("-.34,-5.5 -.86,-5.1 -.9,-3.6 -1,-2|")
    c.fill(coat, [mix(dark, light.rim, 0.5), dark, mix(dark, light.rim, 0.18)], angle=0.0)
    c.fill(
        f.shape("0,-6.8 -.42,-6.5 -.5,-5.8 -.4,-5.2|"), [mix(dark, light.rim, 0.35), scale(dark, 0.5), dark], angle=0.0
    )
    c.fill(f.shape("0,-5.5 -.52,-5.35 -.5,-4.95|"), [color, scale(color, 0.5)])
    c.fill(f.stroke(".5,-7.6 .6,-4.2", [0.1, 0.1]), (16, 16, 22))
    top = Frame(c, *f.at(0.5, -8.15), f.k)
    canopy = top.corners("0,0 -.8,.15 -1.75,.85 -2.1,1.8 -1.58,1.64 -1.05,1.8 -.53,1.64 0,1.8|")
    c.fill(canopy, [mix(color, light.key, 0.3), color, scale(color, 0.5)])
