"""The parts of outdoor scenes: sky, clouds, ridges, water, ground, trees."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageOps

from .canvas import Canvas, Color, Mask, Point, Points, curve, ellipse, mix, noise, ramp, ribbon
from .frame import Frame
from .light import Light

WHITE = (255, 255, 255)
#: From 0 at both ends to 255 in the middle.
_BUMP = [math.sin(math.pi * v / 255) for v in range(256)]


def draw_sky(c: Canvas, light: Light, rng: Random, horizon: float, cover: float = 0.5) -> None:
    """The sky down to the horizon, with clouds: stretched noise, bright where it faces the low sun."""
    h = max(8, round(horizon))
    c.image.paste(ramp(light.sky, (c.w, h)), (0, 0))
    c.image.paste(light.sky[-1], (0, h, c.w, c.h))
    small = (max(8, c.w // 2), h // 2)
    field = noise(rng, small, (3, 5), 5)
    shape = field.point([min(255, max(0, round((v - 150 + 50 * cover) * 4.2))) for v in range(256)])
    fade = Image.linear_gradient("L").point([round(255 * v**0.6) for v in _BUMP]).resize(small)
    lit = ImageChops.subtract(field, ImageChops.offset(field, 0, -max(2, h // 24)), 0.35, 128)
    bright = ramp([mix(light.cloud, WHITE, 0.35), mix(light.cloud, light.sun, 0.5)], (c.w, h))
    dim = ramp([mix(light.sky[0], light.cloud, 0.45), mix(light.sky[2], light.cloud, 0.35)], (c.w, h))
    body = Image.composite(bright, dim, lit.resize((c.w, h), Image.Resampling.BILINEAR))
    c.lay(Mask(ImageChops.multiply(shape, fade).resize((c.w, h), Image.Resampling.BICUBIC), 0, 0), body, 0.85)


def draw_sun(c: Canvas, light: Light, x: float, y: float, r: float) -> None:
    c.glow(x, y, r * 13, light.sun, 0.42, power=2.2)
    c.glow(x, y, r * 4.5, light.sun, 0.7)
    c.fill(ellipse(x, y, r, r), mix(light.sun, WHITE, 0.45), 0.95, r * 0.06)


def draw_stars(c: Canvas, rng: Random, bottom: float, count: int) -> None:
    draw = ImageDraw.Draw(c.image)
    for _ in range(count):
        x, y = rng.random() * c.w, rng.random() ** 1.4 * bottom
        bright = (0.25 + 0.75 * rng.random() ** 3) * (1 - y / bottom * 0.7)
        draw.point((x, y), fill=(round(235 * bright), round(239 * bright), round(255 * bright)))
        if bright > 0.78:
            c.glow(x, y, 4, (230, 238, 255), 0.9)


def ridge(
    rng: Random, w: int, y: float, amplitude: float, rough: float = 0.5, parts: int = 4, detail: int = 5
) -> Points:
    """A skyline from left to right by midpoint displacement; of little `detail`, a smooth one."""
    heights = [rng.uniform(-1, 1) for _ in range(parts + 1)]
    for n in range(detail):
        middles = [(a + b) / 2 + rng.uniform(-1, 1) * rough ** (n + 1) for a, b in pairwise(heights)]
        heights = [v for pair in zip(heights, middles) for v in pair] + [heights[-1]]
    last = len(heights) - 1
    line = [(-4 + (w + 8) * i / last, y - v * amplitude) for i, v in enumerate(heights)]
    return line if detail > 3 else curve(line, False, 6)


def below(c: Canvas, line: Points) -> list[Point]:
    return [*line, (c.w + 4.0, c.h + 4.0), (-4.0, c.h + 4.0)]


def draw_ridges(c: Canvas, light: Light, rng: Random, top: float, bottom: float, count: int) -> None:
    """Layers of hills, each nearer one darker and clearer; mist lies in between."""
    for n in range(count):
        t = n / max(1, count - 1)
        y = top + (bottom - top) * t**1.25
        line = ridge(rng, c.w, y, c.h * (0.05 + 0.035 * t), 0.48, rng.randint(2, 4), 6)
        color = mix(light.haze, light.near, 0.12 + 0.88 * t**1.1)
        foot = mix(color, light.haze, 0.55 * (1 - t) + 0.12)
        end = min(c.h, y + (bottom - top) / count * 2.2 + c.h * 0.08)
        mask = c.fill([*line, (c.w + 4.0, end), (-4.0, end)], [mix(color, light.sun, 0.1 * (1 - t)), color, foot])
        if mask is not None:
            c.image.paste(foot, (0, min(c.h, mask.box[3] - 2), c.w, c.h))


def draw_mist(c: Canvas, light: Light, rng: Random, y: float, height: float, alpha: float) -> None:
    size = (c.w, max(4, round(height)))
    band = Image.linear_gradient("L").point([round(255 * v**1.5) for v in _BUMP]).resize(size)
    uneven = noise(rng, size, (3, 2), 3).point([min(255, 90 + v) for v in range(256)])
    c.lay(Mask(ImageChops.multiply(band, uneven), 0, round(y - height / 2)), mix(light.haze, WHITE, 0.12), alpha)


def draw_view(c: Canvas, light: Light, rng: Random, horizon: float, lake: bool) -> Point:
    """Sky, sun, and misty hills, perhaps with a lake before them; where the sun is."""
    draw_sky(c, light, rng, horizon + c.h * 0.06, rng.uniform(0.3, 0.75))
    high = c.u * rng.uniform(0.03, 0.14) if light.low > 0.5 else horizon * 0.6
    x, y = c.w * rng.uniform(0.2, 0.8), horizon - high
    draw_sun(c, light, x, y, c.u * 0.035)
    if lake:
        shore = horizon + c.h * 0.1
        draw_ridges(c, light, rng, horizon, shore - c.h * 0.02, 3)
        draw_mist(c, light, rng, shore - c.h * 0.03, c.h * 0.12, 0.7)
        draw_reflection(c, rng, shore, mix(light.sky[0], light.near, 0.5), 0.82)
        c.glow(x, shore + c.h * 0.08, c.u * 0.1, light.sun, 0.6, ry=c.h * 0.3)
        draw_mist(c, light, rng, shore, c.h * 0.05, 0.5)
    else:
        draw_ridges(c, light, rng, horizon, c.h * 0.86, 5)
        draw_mist(c, light, rng, horizon + c.h * 0.14, c.h * 0.14, 0.55)
        draw_mist(c, light, rng, horizon + c.h * 0.27, c.h * 0.12, 0.4)
    return x, y


def plane(rng: Random, w: int, h: int, cells: tuple[int, int], octaves: int = 3) -> Image.Image:
    """Noise lying on the ground: a texture in perspective, its horizon at the top edge."""
    side, near = 384, max(2.0, h * 0.07)
    across, half = (side - 2) / w, side / 2
    values = (across, half / near, half - w / 2 * across, 0.0, 0.0, side - 2, 0.0, 1 / near)
    return noise(rng, (side, side), cells, octaves).transform(
        (w, h), Image.Transform.PERSPECTIVE, values, Image.Resampling.BILINEAR
    )


def emboss(field: Image.Image, dx: int, dy: int, gain: float) -> Image.Image:
    """A height field lit from one side: 128 is flat."""
    return ImageChops.subtract(field, ImageChops.offset(field, dx, dy), 1 / gain, 128)


def mottle(c: Canvas, rng: Random, mask: Mask | None, cells: tuple[int, int], depth: float, alpha: float = 0.6) -> None:
    """Uneven tones over what a mask covers, `depth` of the whole range apart."""
    field = noise(rng, (max(8, c.w // 3), max(8, c.h // 3)), cells)
    c.relief(mask, field.point([round(128 + (v - 128) * depth) for v in range(256)]), alpha)


def draw_ground(c: Canvas, rng: Random, line: Points, paint: list[Color], cells: tuple[int, int] = (20, 12)) -> None:
    """The ground below a skyline."""
    mottle(c, rng, c.fill(below(c, line), paint), cells, 0.45)


def draw_reflection(c: Canvas, rng: Random, shore: float, tone: Color, dim: float = 0.8) -> None:
    """Still water from the shore down: the world upside down, broken into bands, toned."""
    y = round(shore)
    h = c.h - y
    above = ImageOps.flip(c.image.crop((0, max(0, y - h), c.w, y)))
    ripple(c, rng, above.resize((c.w, h), Image.Resampling.BILINEAR), y, c.u * 0.012)
    cut = c.image.crop((0, y, c.w, c.h))
    c.image.paste(Image.blend(cut, Image.new("RGB", cut.size, tone), 1 - dim), (0, y))
    c.light(c.mask([[(0, y - 1), (c.w, y - 1), (c.w, y + 2), (0, y + 2)]], 1.5), tone, 0.6)


def ripple(c: Canvas, rng: Random, mirror: Image.Image, y: int, width: float) -> None:
    """A mirror image from `y` down, in bands that get wider and more displaced towards us."""
    at = 0.0
    while at < mirror.height:
        band = 1 + at / mirror.height * width
        strip = mirror.crop((0, round(at), c.w, min(mirror.height, round(at + band) + 1)))
        c.image.paste(strip, (round(rng.gauss(0, 0.6) * band), y + round(at)))
        at += band


def draw_grass(c: Canvas, rng: Random, line: Points, tall: float, count: int, colors: tuple[Color, Color]) -> None:
    """Blades growing from a line, in two tones."""
    for color in colors:
        blades: list[Points] = []
        for _ in range(count):
            x, y = rng.choice(line)
            x += rng.gauss(0, c.w / len(line))
            blade = Frame(c, x, y + tall * 0.1, tall * rng.uniform(0.4, 1.0))
            blades.append(blade.corners("-.06,0 -.03,-.55,.35 0,-1,1 .04,-.5,.35 .06,0", rng.gauss(0.15, 0.16)))
        c.fill(blades, color)


def pine(rng: Random, x: float, foot: float, height: float) -> list[Points]:
    """A fir as stacked ragged boughs."""
    left: list[Point] = []
    right: list[Point] = []
    for n in range(1, 10):
        y, reach = foot - height * (1 - n / 9 * 0.93), height * 0.21 * (n / 9) ** 0.9
        for side, sign in ((left, -1), (right, 1)):
            side.append((x + sign * reach * rng.uniform(0.8, 1.1), y + height * 0.025))
            side.append((x + sign * reach * 0.42, y - height * 0.012))
    trunk = [(x - height * 0.014, foot), (x, foot - height), (x + height * 0.014, foot)]
    return [trunk, [(x, foot - height), *left, *right[::-1]]]


def bare_tree(rng: Random, x: float, y: float, length: float, angle: float = 1.57, left: int = 4) -> list[Points]:
    """Forked branches, the first of this length."""
    bend, width = angle + rng.uniform(-0.14, 0.14), length * 0.12
    ex, ey = x + math.cos(bend) * length, y - math.sin(bend) * length
    out: list[Points] = [ribbon([(x, y), (ex, ey)], [width, width * 0.62])]
    for sign in (-1, 1) if left else ():
        out += bare_tree(rng, ex, ey, length * rng.uniform(0.66, 0.82), angle + sign * rng.uniform(0.2, 0.55), left - 1)
    return out


def draw_leafy(c: Canvas, rng: Random, x: float, foot: float, height: float, colors: list[Color]) -> None:
    """A broad tree; the last color is its trunk's."""
    frame = Frame(c, x, foot, height)
    c.fill(frame.stroke("0,0 0,-.5", [0.06, 0.03]), colors[-1])
    leaves = []
    for _ in range(15):
        a, k = rng.uniform(0, math.tau), rng.random() ** 0.5
        leaves.append(frame.spot(math.cos(a) * k * 0.26, -0.66 - math.sin(a) * k * 0.24, rng.uniform(0.09, 0.16), 0.1))
    mottle(c, rng, c.fill(leaves, colors), (40, 40), 0.6)


def draw_meadow(c: Canvas, rng: Random, tall: float, count: int, colors: tuple[Color, Color]) -> None:
    """Grass along the lower edge of the picture."""
    draw_grass(c, rng, [(c.w * n / 40, c.h * 1.01) for n in range(41)], tall, count, colors)
