"""Still lifes: a world in a bottle, flowers in a vase."""

from __future__ import annotations

from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from . import land
from .canvas import Canvas, Colour, Mask, Point, Points, curve, mix, noise, scale
from .light import Light


def bokeh(
    c: Canvas,
    rng: Random,
    count: int,
    colours: tuple[Colour, ...],
    low: float = 0.0,
    high: float = 0.7,
    size: float = 0.06,
) -> None:
    """Discs of unfocused light between two heights, brighter at their rims. Drawn at half size: they are soft."""
    layers = []
    for part in (count - count // 2, count // 2):
        layer = Image.new("RGB", (max(1, c.w // 2), max(1, c.h // 2)))
        draw = ImageDraw.Draw(layer)
        for _ in range(part):
            k = c.u * size * rng.uniform(0.3, 1.25) / 2
            x, y = rng.random() * layer.width, layer.height * rng.uniform(low, high)
            colour, strength = rng.choice(colours), rng.uniform(0.1, 0.34)
            draw.ellipse(
                (x - k, y - k, x + k, y + k),
                scale(colour, strength),
                scale(colour, strength * 1.5),
                max(1, round(k * 0.1)),
            )
        layers.append(layer)
    light = ImageChops.screen(*layers).filter(ImageFilter.BoxBlur(1)).resize((c.w, c.h), Image.Resampling.BILINEAR)
    c.image = ImageChops.screen(c.image, light)


def table(c: Canvas, light: Light, rng: Random, edge: float, wood: Colour) -> None:
    lit = mix(wood, light.key, 0.3)
    mask = c.fill(
        [(0, edge), (c.w, edge), (c.w, c.h + 1), (0, c.h + 1)],
        [mix(lit, light.sun, 0.35), lit, scale(mix(wood, light.shade, 0.3), 0.8), scale(wood, 0.45)],
    )
    grain = land.plane(rng, c.w, round(c.h - edge) + 1, (5, 120), 3)
    land.texture(c, mask, land.emboss(grain, 0, 2, 1.6), 0.7)
    land.texture(c, mask, noise(rng, (c.w // 2, 40), (4, 10), 3).point([74 + v * 108 // 255 for v in range(256)]), 0.6)
    c.fill([(0, edge - 2), (c.w, edge - 2), (c.w, edge + 2), (0, edge + 2)], mix(lit, light.sun, 0.5), 0.5, 2)


def blurred_land(c: Canvas, light: Light, rng: Random, horizon: float) -> float:
    """An out-of-focus evening behind the table; where its sun stands is returned."""
    land.draw_sky(c, light, horizon)
    x = c.w * rng.uniform(0.2, 0.8)
    land.draw_sun(c, light, x, horizon - c.h * 0.1, c.u * 0.05, 0.9)
    land.draw_ridges(c, light, rng, horizon - c.h * 0.04, horizon + c.h * 0.2, 3)
    trees: list[Points] = []
    for _ in range(5):
        trunk, crown = land.leafy(rng, c.w * rng.random(), horizon + c.h * 0.16, c.h * rng.uniform(0.2, 0.42))
        trees += trunk + crown
    c.fill(trees, mix(light.near, light.haze, 0.3), 0.8)
    c.blur(c.u * 0.022)
    bokeh(c, rng, 16, (light.sun, light.rim, mix(light.cloud, light.sun, 0.5)), 0.15, 0.75)
    return x


def outline(half: list[Point], x: float, foot: float, tall: float) -> list[Point]:
    right = curve([(x + px, foot + py * tall) for px, py in half], False, 6)
    return right + [(2 * x - px, py) for px, py in right[::-1]]


def moved(mask: Mask, dx: int) -> Mask:
    return Mask(mask.image, mask.x + dx, mask.y)
