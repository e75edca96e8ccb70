"""Landscapes: hills and a lake, a forest, mountains above a valley, the sea, a winter field."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from PIL import Image

from . import land
from .canvas import Canvas, Color, Mask, Point, Points, ellipse, mix, noise, ramp, ribbon, scale
from .frame import Frame
from .light import Light


def dusk(c: Canvas, light: Light, rng: Random) -> None:
    """Hills, misty or beyond a lake, and dark firs in front."""
    sun = land.draw_view(c, light, rng, c.h * rng.uniform(0.46, 0.58), rng.random() < 0.7)
    front = land.ridge(rng, c.w, c.h * 0.98, c.h * 0.05, 0.5, 2, 2)
    dark, side = scale(light.near, 0.6), -1 if sun[0] > c.w / 2 else 1
    c.fill(land.below(c, front), [mix(dark, light.near, 0.6), scale(dark, 0.6)])
    trees: list[Points] = []
    for _ in range(rng.randint(3, 8)):
        trees += land.pine(rng, c.w * (0.5 + side * rng.uniform(0.16, 0.52)), c.h * 0.99, c.h * rng.uniform(0.16, 0.42))
    c.fill(trees, [mix(dark, light.near, 0.5), scale(dark, 0.7)])
    land.draw_grass(c, rng, front, c.h * 0.06, 110, (mix(dark, light.near, 0.5), dark))
    c.glow(*sun, c.u * 0.7, light.sun, 0.18)


def forest(c: Canvas, light: Light, rng: Random) -> None:
    """Tall firs, row before row, fading into a bright mist."""
    land.draw_sky(c, light, rng, c.h * 0.9, 0.3)
    c.glow(c.w * rng.uniform(0.3, 0.7), c.h * rng.uniform(0.2, 0.4), c.u * 0.9, light.sun, 0.8)
    near = mix(light.near, (34, 66, 48), 0.5)
    for t in (0.0, 0.25, 0.5, 0.75, 1.0):
        tone = mix(mix(light.haze, light.sun, 0.2), near, 0.16 + 0.84 * t**1.3)
        foot, trees = c.h * (0.62 + 0.4 * t), []
        for n in range(count := round(15 - 10 * t)):
            x = c.w * (n + rng.uniform(-0.2, 1.2)) / count
            if t < 0.75 or abs(x / c.w - 0.5) > 0.22:  # the nearest ones frame the others
                trees += land.pine(rng, x, foot + c.h * 0.03, c.h * rng.uniform(0.36, 0.56) * (1 + 0.7 * t))
        c.fill(trees, [tone, mix(tone, near, 0.15), mix(tone, light.haze, 0.3 * (1 - t))])
        line = land.ridge(rng, c.w, foot + c.h * 0.02, c.h * 0.02, 0.5, 3, 2)
        c.fill(land.below(c, line), [mix(tone, light.haze, 0.2 * (1 - t)), tone])
        land.draw_mist(c, light, rng, foot, c.h * 0.22, 0.75 * (1 - t))
    land.draw_meadow(c, rng, c.h * 0.1, 130, (scale(near, 0.7), mix(near, light.sun, 0.25)))


def mountains(c: Canvas, light: Light, rng: Random) -> None:
    """Snowy peaks in three depths, pastures with firs, and a meadow in flower."""
    horizon = c.h * rng.uniform(0.54, 0.62)
    land.draw_sky(c, light, rng, horizon, rng.uniform(0.2, 0.8))
    side = rng.choice((-1, 1))
    c.glow(c.w * (0.5 + side * 0.5), 0, c.u * 1.1, light.sun, 0.4)
    for n, (count, tall, fade) in enumerate(((5, 0.2, 0.66), (4, 0.32, 0.36), (3, 0.42, 0.1))):
        for high in sorted((c.h * tall * rng.uniform(0.62, 1.12) for _ in range(count)), reverse=True):
            _peak(c, light, rng, c.w * rng.uniform(0.05, 0.95), horizon + c.h * 0.05, high, fade, side)
        land.draw_mist(c, light, rng, horizon + c.h * 0.01, c.h * 0.2, 0.8 - 0.25 * n)
    green = mix((86, 122, 62), light.shade, 0.15)
    for t in (0.0, 0.5, 1.0):
        line = land.ridge(rng, c.w, horizon + c.h * (0.05 + 0.15 * t), c.h * 0.045, 0.45, 3, 2)
        tone = mix(mix(green, light.haze, 0.45 * (1 - t)), light.near, 0.1 * t)
        land.draw_ground(c, rng, line, [mix(tone, light.sun, 0.3), tone, scale(tone, 0.72)], (9, 8))
        trees: list[Points] = []
        for _ in range(round(30 - 18 * t)):
            x, y = rng.choice(line)
            trees += land.pine(rng, x, y + c.h * 0.008, c.h * rng.uniform(0.035, 0.06) * (1 + 1.3 * t))
        c.fill(trees, [mix(mix(tone, light.near, 0.6), light.haze, 0.25 * (1 - t)), mix(tone, light.near, 0.7)])
    for color in rng.sample([(232, 92, 128), (250, 214, 96), (245, 240, 250), (150, 108, 214), (236, 122, 70)], 3):
        dots: list[Points] = []
        for _ in range(110):
            t = rng.random() ** 0.7
            k = c.u * (0.0014 + 0.0065 * t) * rng.uniform(0.6, 1.3)
            dots.append(ellipse(rng.random() * c.w, c.h * (0.76 + 0.24 * t), k, k * 0.75, n=7))
        c.fill(dots, mix(color, light.shade, 0.18), 0.9)
    blades = (mix((70, 104, 50), light.near, 0.3), mix((110, 142, 70), light.sun, 0.15))
    land.draw_meadow(c, rng, c.h * 0.09, 90, blades)


def _jagged(rng: Random, start: Point, end: Point, rough: float) -> list[Point]:
    """A broken line between two points."""
    line = [start, end]
    for n in range(5):
        by = rough * 0.52**n
        middles = [
            ((ax + bx) / 2 + rng.uniform(-by, by), (ay + down) / 2 + rng.uniform(-by, by) * 0.7)
            for (ax, ay), (bx, down) in pairwise(line)
        ]
        line = [point for pair in zip(line, middles, strict=False) for point in pair] + [end]
    return line


def _peak(c: Canvas, light: Light, rng: Random, x: float, foot: float, high: float, fade: float, side: int) -> None:
    """One mountain: a lit flank, a shaded one behind a jagged spine, snow on top."""
    wide, top = high * rng.uniform(1.0, 1.35), (x, foot - high)
    rock = mix((112, 108, 118), light.haze, fade)
    lit, dim = mix(mix(rock, light.key, 0.3), light.sun, 0.12), mix(mix(rock, light.shade, 0.5), light.haze, fade * 0.5)
    left, right = (_jagged(rng, top, (x + sign * wide, foot), high * 0.07) for sign in (-1, 1))
    body = c.fill([*left[::-1], *right], [lit, mix(lit, light.haze, 0.15), mix(lit, light.haze, 0.6)])
    spine = _jagged(rng, top, (x + rng.uniform(-0.3, 0.3) * wide, foot), high * 0.15)
    dark_side = [*spine, *(left if side > 0 else right)[::-1]]
    c.fill(dark_side, [dim, dim, mix(dim, light.haze, 0.6)], inside=body)
    line = foot - high * rng.uniform(0.5, 0.64)
    drips = [(x - wide + wide * i / 12, line + high * (i % 2 * 0.2 + rng.uniform(-0.16, 0.02))) for i in range(25)]
    snow = c.mask([[(x - wide, line - high), *drips, (x + wide, line - high)]])
    if snow is None or body is None or (cap := snow.within(body)) is None:
        return
    c.lay(cap, mix(mix(land.WHITE, light.key, 0.6), light.haze, fade * 0.7), 0.96)
    dark = mix(mix((176, 192, 226), light.shade, 0.35), light.haze, fade * 0.8)
    c.fill(dark_side, dark, 0.96, inside=cap)
    if fade < 0.3:
        field = noise(rng, (max(8, body.image.width // 2), max(8, body.image.height // 2)), (7, 6), 4)
        c.relief(body, land.emboss(field, -side * 2, 2, 2.6), 0.5)


def sea(c: Canvas, light: Light, rng: Random) -> None:
    """Open water under the sun, with a boat or two."""
    horizon = round(c.h * rng.uniform(0.42, 0.56))
    h = c.h - horizon
    land.draw_sky(c, light, rng, horizon, rng.uniform(0.35, 0.8))
    x = c.w * rng.uniform(0.25, 0.75)
    land.draw_sun(c, light, x, horizon - c.u * (0.07 if light.low > 0.6 else 0.3), c.u * 0.03)
    deep = mix(mix(light.sky[0], (14, 62, 84), 0.5), light.near, 0.35)
    far = [mix(light.sky[-1], light.haze, 0.4), mix(light.sky[3], deep, 0.55), mix(light.sky[1], deep, 0.7)]
    c.image.paste(ramp([*far, deep, scale(deep, 0.72)], (c.w, h)), (0, horizon))
    # Far waves are too fine to draw one by one: they calm down towards the horizon.
    calm = Image.linear_gradient("L").point([min(255, 40 + v * 3) for v in range(256)]).resize((c.w, h))
    c.relief(Mask(calm, 0, horizon), land.emboss(land.plane(rng, c.w, h, (64, 190)), 0, 2, 1.9), 0.8)
    path = [(x - c.w * 0.02, horizon), (x + c.w * 0.02, horizon), (x + c.w * 0.16, c.h), (x - c.w * 0.16, c.h)]
    c.light(c.mask([path], c.u * 0.05), light.sun, 0.26)
    glints: list[Points] = []
    for _ in range(170):
        t = rng.random() ** 1.7
        wide, thin = c.w * (0.003 + 0.024 * t) * rng.uniform(0.5, 1.2), max(0.5, h * (0.0012 + 0.0065 * t))
        glints.append(ellipse(x + rng.gauss(0, 0.022 + 0.075 * t) * c.w, horizon + h * t, wide, thin, n=10))
    c.light(c.mask(glints, 0.6), light.sun, 0.75)
    for n in range(rng.randint(1, 2)):
        k = c.u * rng.uniform(0.05, 0.15) / (1 + n)
        _boat(c, light, Frame(c, x + c.w * rng.uniform(-0.22, 0.22), horizon + k * rng.uniform(0.3, 0.7), k))


def _boat(c: Canvas, light: Light, f: Frame) -> None:
    dark, sail = mix(light.near, light.haze, 0.1), mix((250, 244, 232), light.shade, 0.15)
    c.shade(c.mask([f.spot(0, 0.32, 0.5, 0.2)], f.k * 0.06), mix(dark, (120, 120, 130), 0.3), 0.55)
    c.fill(f.shape(".02,-1.3 .3,-.6 .42,-.12 .03,-.1"), [sail, mix(sail, light.sun, 0.4)])
    c.fill(f.corners("-.03,-1.15 -.34,-.1 -.03,-.1"), [mix(sail, light.shade, 0.25), mix(sail, light.sun, 0.25)])
    c.fill(f.corners("-.01,-1.32 .015,-1.32 .015,0 -.01,0"), dark)
    c.fill(f.shape("-.46,-.06 .5,-.08 .36,.12 -.32,.12"), [mix(dark, (120, 60, 40), 0.4), dark])
    c.fill(f.stroke("-.5,.13 0,.15 .55,.12", [0.01, 0.035, 0.01]), light.sun, 0.5)


def snow(c: Canvas, light: Light, rng: Random) -> None:
    """A winter field with birches that throw long shadows, in light snowfall."""
    horizon = c.h * rng.uniform(0.44, 0.56)
    land.draw_sky(c, light, rng, horizon, rng.uniform(0.1, 0.5))
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
    line = land.ridge(rng, c.w, horizon + c.h * 0.03, c.h * 0.015, 0.4, 3, 1)
    tones = [mix(pale, light.sun, 0.45), pale, mix(pale, blue, 0.45), mix(blue, pale, 0.35)]
    ground = c.fill(land.below(c, line), tones)
    c.relief(ground, land.emboss(land.plane(rng, c.w, round(c.h - horizon), (16, 34), 4), side * 3, 3, 2.4), 0.75)
    for _ in range(rng.randint(4, 7)):
        _birch(c, light, rng, horizon, sun, blue)
    c.glow(*sun, c.u * 0.8, light.sun, 0.25)
    for count, size, alpha in ((70, 0.0025, 0.75), (9, 0.009, 0.4)):
        flakes = [ellipse(rng.random() * c.w, rng.random() * c.h, c.u * size, c.u * size, n=10) for _ in range(count)]
        c.fill(flakes, land.WHITE, alpha, c.u * size * 0.4)


def _birch(c: Canvas, light: Light, rng: Random, horizon: float, sun: Point, blue: Color) -> None:
    t = rng.random() ** 1.6
    x = c.w * rng.choice((rng.uniform(-0.02, 0.34), rng.uniform(0.66, 1.02)))
    foot, tall = horizon + c.h * (0.05 + 0.3 * t), c.h * (0.34 + 0.45 * t)
    f = Frame(c, x, foot, tall)
    end = (x + (x - sun[0]) * 0.9, foot + c.h * 0.34)
    c.shade(c.mask([ribbon([(x, foot), end], [tall * 0.05, tall * 0.16])], 1 + tall * 0.008), blue, 0.5)
    twig = mix(mix((90, 74, 78), light.near, 0.4), light.haze, 0.4 * (1 - t))
    c.fill(land.bare_tree(rng, x, foot - tall * 0.45, tall * 0.2), twig, 0.85)
    frost = [f.spot(rng.gauss(0, 0.09), -rng.uniform(0.6, 1.0), 0.016, 0.012) for _ in range(80)]
    c.fill(frost, mix((250, 250, 255), light.key, 0.5), 0.5, 1)
    bark = mix((236, 230, 230), light.haze, 0.3 * (1 - t))
    lit, dim = mix(bark, light.key, 0.4), mix(bark, light.shade, 0.65)
    trunk = f.stroke("0,.01 .01,-.4,1 0,-.9,2", [0.052, 0.034, 0.01], rng.uniform(-0.02, 0.02))
    mask = c.fill(trunk, [dim, bark, lit] if x < sun[0] else [lit, bark, dim], angle=0.0)
    places = [(rng.choice((-0.02, 0.02)), -rng.uniform(0, 0.8)) for _ in range(14)]
    marks = [f.spot(x, y, rng.uniform(0.01, 0.02), 0.004) for x, y in places]
    c.fill(marks, mix((50, 40, 46), light.haze, 0.25 * (1 - t)), 0.8, inside=mask)
