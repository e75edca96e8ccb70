"""What outdoor scenes are made of: sky, clouds, ridges, water, ground, trees."""

from __future__ import annotations

import math
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageOps

from .canvas import Canvas, Colour, Mask, Point, Points, curve, ellipse, mix, noise, ramp, ribbon
from .light import Light


def draw_sky(c: Canvas, light: Light, horizon: float) -> None:
    c.image.paste(ramp(light.sky, (c.w, max(1, round(horizon)))), (0, 0))
    c.image.paste(light.sky[-1], (0, round(horizon), c.w, c.h))


def draw_sun(c: Canvas, light: Light, x: float, y: float, r: float, strength: float = 1.0) -> None:
    c.glow(x, y, r * 13, light.sun, 0.42 * strength, power=2.2)
    c.glow(x, y, r * 4.5, light.sun, 0.7 * strength, power=2.0)
    c.fill(ellipse(x, y, r, r), mix(light.sun, (255, 255, 255), 0.45), 0.95, r * 0.06)


def draw_moon(c: Canvas, light: Light, x: float, y: float, r: float, rng: Random) -> None:
    c.glow(x, y, r * 4, light.sun, 0.3, power=2.4)
    disc = c.fill(
        ellipse(x, y, r, r, n=72),
        [mix(light.sun, (255, 255, 255), 0.3), mix(light.sun, light.sky[2], 0.25)],
        angle=60.0,
    )
    spots = [
        ellipse(
            x + rng.uniform(-0.6, 0.6) * r,
            y + rng.uniform(-0.6, 0.6) * r,
            rng.uniform(0.1, 0.34) * r,
            rng.uniform(0.1, 0.26) * r,
        )
        for _ in range(9)
    ]
    c.fill(spots, mix(light.sky[1], light.sun, 0.45), 0.3, r * 0.05, disc)


def draw_stars(c: Canvas, rng: Random, bottom: float, count: int) -> None:
    draw = ImageDraw.Draw(c.image)
    for _ in range(count):
        x, y = rng.random() * c.w, rng.random() ** 1.4 * bottom
        v = round(255 * (0.25 + 0.75 * rng.random() ** 3) * (1 - y / bottom * 0.7))
        under = c.image.getpixel((min(c.w - 1, int(x)), min(c.h - 1, int(y))))
        draw.point((x, y), fill=tuple(max(a, min(255, v + d)) for a, d in zip(under, (0, 4, 20), strict=True)))  # type: ignore[arg-type]
        if v > 200 and rng.random() < 0.3:
            c.glow(x, y, 4, (230, 238, 255), 0.9)


def draw_clouds(
    c: Canvas, light: Light, rng: Random, top: float, bottom: float, cover: float = 0.5, alpha: float = 0.85
) -> None:
    """Stretched noise, thin towards the edges, bright where it faces the low sun."""
    w, h = c.w, max(8, round(bottom - top))
    small = (max(8, w // 2), max(8, h // 2))
    field = noise(rng, small, (3, 5), 5)
    low = 150 - 50 * cover
    shape = field.point([min(255, max(0, round((v - low) * 4.2))) for v in range(256)])
    edge = (
        Image.linear_gradient("L")
        .point([round(255 * math.sin(math.pi * min(1.0, v / 255)) ** 0.6) for v in range(256)])
        .resize(small)
    )
    shape = ImageChops.multiply(shape, edge)
    lit = ImageChops.subtract(field, ImageChops.offset(field, 0, -max(2, h // 24)), 0.35, 128).resize(
        (w, h), Image.Resampling.BILINEAR
    )
    body = Image.composite(
        ramp([mix(light.cloud, (255, 255, 255), 0.35), mix(light.cloud, light.sun, 0.5)], (w, h)),
        ramp([mix(light.sky[0], light.cloud, 0.45), mix(light.sky[2], light.cloud, 0.35)], (w, h)),
        lit,
    )
    c.lay(Mask(shape.resize((w, h), Image.Resampling.BICUBIC), 0, round(top)), body, alpha)


def ridge(
    rng: Random, w: int, y: float, amplitude: float, rough: float = 0.5, parts: int = 4, detail: int = 5
) -> list[Point]:
    """A skyline from left to right by midpoint displacement."""
    heights = [rng.uniform(-1, 1) for _ in range(parts + 1)]
    reach = rough
    for _ in range(detail):
        out = []
        for a, b in zip(heights, heights[1:], strict=False):
            out += [a, (a + b) / 2 + rng.uniform(-reach, reach)]
        heights = [*out, heights[-1]]
        reach *= rough
    n = len(heights) - 1
    return [(-4 + (w + 8) * i / n, y - v * amplitude) for i, v in enumerate(heights)]


def below(c: Canvas, line: list[Point]) -> list[Point]:
    return [*line, (c.w + 4.0, c.h + 4.0), (-4.0, c.h + 4.0)]


def draw_ridges(
    c: Canvas,
    light: Light,
    rng: Random,
    top: float,
    bottom: float,
    count: int,
    rough: float = 0.48,
    smooth: bool = False,
) -> list[Point]:
    """Layers of hills, each nearer one darker and clearer; mist lies in between. Returns the nearest skyline."""
    line: list[Point] = []
    for n in range(count):
        t = n / max(1, count - 1)
        y = top + (bottom - top) * t**1.25
        amplitude = c.h * (0.05 + 0.035 * t)
        line = ridge(rng, c.w, y, amplitude, rough * (0.8 if smooth else 1.0), rng.randint(2, 4), 3 if smooth else 6)
        if smooth:
            line = curve(line, False, 5)
        colour = mix(light.haze, light.near, 0.12 + 0.88 * t**1.1)
        foot = mix(colour, light.haze, 0.55 * (1 - t) + 0.12)
        end = min(c.h, y + (bottom - top) / count * 2.2 + c.h * 0.08)
        mask = c.mask([[*line, (c.w + 4.0, end), (-4.0, end)]])
        if mask is not None:
            c.lay(mask, ramp([mix(colour, light.sun, 0.1 * (1 - t)), colour, foot], mask.image.size))
            c.image.paste(foot, (0, min(c.h, mask.box[3] - 2), c.w, c.h))
    return line


def draw_mist(c: Canvas, light: Light, rng: Random, y: float, height: float, alpha: float) -> None:
    w, h = c.w, max(4, round(height))
    band = (
        Image.linear_gradient("L")
        .point([round(255 * math.sin(math.pi * v / 255) ** 1.5) for v in range(256)])
        .resize((w, h))
    )
    veil = ImageChops.multiply(band, noise(rng, (w, h), (3, 2), 3).point([min(255, 90 + v) for v in range(256)]))
    c.lay(Mask(veil, 0, round(y - height / 2)), mix(light.haze, (255, 255, 255), 0.12), alpha)


def plane(rng: Random, w: int, h: int, cells: tuple[int, int] = (36, 30), octaves: int = 4) -> Image.Image:
    """Noise lying on the ground: a texture in perspective, its horizon at the top edge."""
    side, near = 384, max(2.0, h * 0.07)
    texture = noise(rng, (side, side), cells, octaves)
    depth, across = (side - 2) * near, (side - 2) / w * near
    half = side / 2
    coefficients = (across / near, half / near, half - w / 2 * across / near, 0.0, 0.0, depth / near, 0.0, 1 / near)
    return texture.transform((w, h), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR)


def emboss(field: Image.Image, dx: int, dy: int, gain: float) -> Image.Image:
    """A height field lit from one side: 128 is flat."""
    return ImageChops.subtract(field, ImageChops.offset(field, dx, dy), 1 / gain, 128)


def texture(c: Canvas, mask: Mask | None, lit: Image.Image, alpha: float = 1.0) -> None:
    """Lay a relief (128 = unchanged) over what a mask covers."""
    if mask is None:
        return
    x0, y0 = max(0, mask.x), max(0, mask.y)
    x1, y1 = min(c.w, mask.box[2]), min(c.h, mask.box[3])
    if x1 <= x0 or y1 <= y0:
        return
    under = c.image.crop((x0, y0, x1, y1))
    light = lit.resize(under.size, Image.Resampling.BILINEAR) if lit.size != under.size else lit
    stencil = mask.image.crop((x0 - mask.x, y0 - mask.y, x1 - mask.x, y1 - mask.y))
    if alpha < 1:
        stencil = stencil.point([round(v * alpha) for v in range(256)])
    c.image.paste(ImageChops.overlay(under, Image.merge("RGB", (light, light, light))), (x0, y0), stencil)


def draw_reflection(c: Canvas, rng: Random, shore: float, tone: Colour, dim: float = 0.8) -> None:
    """Still water from the shore down: the world upside down, broken into bands, toned."""
    y = round(shore)
    h = c.h - y
    if h < 4:
        return
    source = ImageOps.flip(c.image.crop((0, max(0, y - h), c.w, y))).resize((c.w, h), Image.Resampling.BILINEAR)
    at = 0.0
    while at < h:
        band = 1 + at / h * c.h * 0.012
        shift = round(rng.uniform(-1, 1) * (0.5 + at / h * c.u * 0.014))
        top, bottom = round(at), min(h, round(at + band) + 1)
        c.image.paste(source.crop((0, top, c.w, bottom)), (shift, y + top))
        at += band
    cut = c.image.crop((0, y, c.w, c.h))
    c.image.paste(Image.blend(cut, Image.new("RGB", cut.size, tone), 1 - dim), (0, y))
    c.light(c.mask([[(0, y - 1), (c.w, y - 1), (c.w, y + 2), (0, y + 2)]], 1.5), tone, 0.6)


def draw_grass(
    c: Canvas, rng: Random, line: Points, tall: float, count: int, colours: tuple[Colour, Colour], lean: float = 0.2
) -> None:
    """Blades growing from a line, in two tones."""
    for part, colour in enumerate(colours):
        blades: list[Points] = []
        for _ in range(count):
            i = rng.random() * (len(line) - 1)
            a, b = line[int(i)], line[min(len(line) - 1, int(i) + 1)]
            t = i - int(i)
            x, y = a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t + tall * 0.1
            k = tall * rng.uniform(0.45, 1.0) * (1.0 if part == 0 else 0.85)
            d = k * (lean + rng.gauss(0, 0.16))
            w = tall * 0.05
            blades.append(
                [
                    (x - w, y),
                    (x - w * 0.4 + d * 0.35, y - k * 0.55),
                    (x + d, y - k),
                    (x + w * 0.6 + d * 0.35, y - k * 0.5),
                    (x + w, y),
                ]
            )
        c.fill(blades, colour)


def pine(rng: Random, x: float, foot: float, height: float) -> list[Points]:
    """A fir as stacked ragged boughs."""
    out: list[Points] = [[(x - height * 0.014, foot), (x, foot - height), (x + height * 0.014, foot)]]
    left: list[Point] = []
    right: list[Point] = []
    tiers = 9
    for n in range(tiers):
        t = (n + 1) / tiers
        y = foot - height * (1 - t * 0.93)
        reach = height * 0.21 * t**0.9
        left += [(x - reach * rng.uniform(0.8, 1.1), y + height * 0.025), (x - reach * 0.42, y - height * 0.012)]
        right += [(x + reach * rng.uniform(0.8, 1.1), y + height * 0.025), (x + reach * 0.42, y - height * 0.012)]
    out.append([(x, foot - height), *left, *right[::-1]])
    return out


def bare_tree(rng: Random, x: float, foot: float, height: float, spread: float = 0.55, depth: int = 5) -> list[Points]:
    """Forked branches as ribbons."""
    out: list[Points] = []

    def grow(x: float, y: float, angle: float, length: float, width: float, left: int) -> None:
        bend = angle + rng.uniform(-0.14, 0.14)
        ex, ey = x + math.cos(bend) * length, y - math.sin(bend) * length
        out.append(
            ribbon(
                [(x, y), ((x + ex) / 2 + rng.uniform(-0.03, 0.03) * length, (y + ey) / 2), (ex, ey)],
                [width, width * 0.8, width * 0.62],
            )
        )
        if left:
            for side in (-1, 1):
                grow(
                    ex,
                    ey,
                    angle + side * rng.uniform(0.2, spread),
                    length * rng.uniform(0.66, 0.82),
                    width * 0.6,
                    left - 1,
                )

    grow(x, foot, math.pi / 2, height * 0.3, height * 0.045, depth)
    return out


def leafy(rng: Random, x: float, foot: float, height: float) -> tuple[list[Points], list[Points]]:
    """A broad tree: trunk, then crown."""
    trunk = ribbon(
        [(x, foot), (x + rng.uniform(-0.02, 0.02) * height, foot - height * 0.5)], [height * 0.06, height * 0.03]
    )
    crown: list[Points] = []
    for _ in range(15):
        a, k = rng.uniform(0, math.tau), rng.random() ** 0.5
        crown.append(
            ellipse(
                x + math.cos(a) * k * height * 0.26,
                foot - height * 0.66 - math.sin(a) * k * height * 0.24,
                rng.uniform(0.09, 0.16) * height,
                rng.uniform(0.08, 0.13) * height,
                n=14,
            )
        )
    return [trunk], crown


def draw_birds(c: Canvas, rng: Random, x: float, y: float, count: int, size: float, colour: Colour) -> None:
    birds: list[Points] = []
    for _ in range(count):
        bx, by, k = x + rng.gauss(0, 5) * size, y + rng.gauss(0, 2.4) * size, size * rng.uniform(0.6, 1.1)
        up = rng.uniform(0.2, 0.6)
        wing = curve(
            [
                (bx - k, by - k * up),
                (bx - k * 0.4, by - k * 0.35),
                (bx, by),
                (bx + k * 0.4, by - k * 0.35),
                (bx + k, by - k * up),
            ],
            False,
            3,
        )
        birds.append(ribbon(wing, [0.4, k * 0.16, k * 0.22, k * 0.16, 0.4]))
    c.fill(birds, colour, 0.85)
