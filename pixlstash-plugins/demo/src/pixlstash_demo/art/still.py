"""Still lifes: a world in a bottle, flowers in a vase."""

from __future__ import annotations

import math
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from . import land, landscapes
from .canvas import Canvas, Color, Mask, Points, ellipse, mix, noise, ramp, rgb, scale
from .frame import Frame
from .land import WHITE
from .light import Light, light_of

WALLS = ((120, 132, 128), (158, 128, 112), (92, 104, 126), (168, 156, 136), (70, 82, 80))
WOOD = ((126, 82, 52), (104, 70, 56), (142, 104, 70), (206, 190, 170))
CLAY = ((206, 196, 184), (74, 96, 116), (170, 98, 72), (60, 64, 62))
#: Light and deep.
PETALS = tuple(zip(rgb("f8acbe fce296 eeecf8 c4a0ec fca074 a8c4f6"), rgb("ce527a e8983c b0b0d8 744ab6 ce4c38 5470cc")))
#: Standing on 0: the outline, its half width, how far up its closure is, and that one's half width.
GLASSES = {
    "flask": ("-.085,-.99 -.08,-.86 -.09,-.74 -.26,-.62 -.36,-.36 -.324,-.12 -.22,-.01|", 0.36, 0.99, 0.085),
    "bottle": (
        "-.075,-1.05 -.072,-.9 -.075,-.8 -.12,-.72 -.21,-.6 -.215,-.35 -.215,-.06 -.19,-.005|",
        0.215,
        1.05,
        0.075,
    ),
    "jar": ("-.22,-.88 -.22,-.83 -.24,-.79 -.29,-.72 -.296,-.4 -.29,-.06 -.26,-.005|", 0.29, 0.88, 0.22),
}
VASES = ("-.15,-1 -.126,-.86 -.24,-.55 -.3,-.3 -.26,-.08 -.18,-.005|", "-.19,-1 -.18,-.9 -.2,-.5 -.21,-.1 -.19,-.005|")


def bokeh(c: Canvas, rng: Random, count: int, colors: tuple[Color, ...], low: float, high: float, size: float) -> None:
    """Discs of unfocused light between two heights, brighter at their rims. Drawn at half size: they are soft."""
    layers = [Image.new("RGB", (max(1, c.w // 2), max(1, c.h // 2))) for _ in range(2)]
    for n in range(count):
        layer, k = layers[n % 2], c.u * size * rng.uniform(0.3, 1.25) / 2
        x, y = rng.random() * layer.width, layer.height * rng.uniform(low, high)
        color, strength = rng.choice(colors), rng.uniform(0.1, 0.34)
        fill, rim = scale(color, strength), scale(color, strength * 1.5)
        ImageDraw.Draw(layer).ellipse((x - k, y - k, x + k, y + k), fill, rim, max(1, round(k * 0.1)))
    light = ImageChops.screen(*layers).filter(ImageFilter.BoxBlur(1)).resize((c.w, c.h), Image.Resampling.BILINEAR)
    c.image = ImageChops.screen(c.image, light)


def _table(c: Canvas, light: Light, rng: Random) -> float:
    """A wooden table; the height of its edge."""
    edge, wood = c.h * rng.uniform(0.75, 0.81), rng.choice(WOOD)
    lit = mix(wood, light.key, 0.3)
    tones = [mix(lit, light.sun, 0.35), lit, scale(mix(wood, light.shade, 0.3), 0.8), scale(wood, 0.45)]
    mask = c.fill([(0, edge), (c.w, edge), (c.w, c.h + 1), (0, c.h + 1)], tones)
    c.relief(mask, land.emboss(land.plane(rng, c.w, round(c.h - edge) + 1, (5, 120)), 0, 2, 1.6), 0.7)
    land.mottle(c, rng, mask, (4, 10), 0.42)
    c.fill([(0, edge - 2), (c.w, edge - 2), (c.w, edge + 2), (0, edge + 2)], mix(lit, light.sun, 0.5), 0.5, 2)
    return edge


def _stand(c: Canvas, light: Light, f: Frame, wide: float, side: int) -> None:
    """The shadow of what stands here, away from a light at this side."""
    cast = Frame(c, f.x, f.y, f.k * wide, -side)
    c.shade(c.mask([cast.corners("-.9,0 .9,0 3.4,.45 1.6,.5")], f.k * wide * 0.2), scale(light.near, 1.3), 0.6)
    c.shade(c.mask([cast.spot(0, 0, 1.0, 0.16)], f.k * wide * 0.06), scale(light.near, 0.8), 0.85)


def _shine(c: Canvas, light: Light, mask: Mask, f: Frame, wide: float, side: int, strength: float) -> None:
    """Bright edges and a highlight on something smooth and round."""
    k = f.k * wide
    c.light(mask.edge(-side * k * 0.09, 0, k * 0.05), mix(light.sun, WHITE, 0.4), strength)
    c.shade(mask.edge(side * k * 0.2, 0, k * 0.08), scale(light.near, 1.4), 0.55)
    c.light(mask.edge(side * k * 0.03, 0, 0.7), light.rim, 0.5)
    lit = Frame(c, f.x, f.y, f.k, side)
    gloss = lit.stroke(f"{0.72 * wide},-.54 {0.8 * wide},-.35 {0.7 * wide},-.14", [0.01, wide * 0.1, 0.01])
    c.fill(gloss, WHITE, 0.8 * strength, k * 0.02, mask)


def bottle(c: Canvas, light: Light, rng: Random) -> None:
    """A small landscape in a bottle, on a table before an evening out of focus."""
    sun = land.draw_view(c, light, rng, c.h * rng.uniform(0.44, 0.56), lake=False)[0]
    tree = mix(light.near, light.haze, 0.3)
    for _ in range(5):
        land.draw_leafy(c, rng, c.w * rng.random(), c.h * 0.76, c.h * rng.uniform(0.2, 0.42), [tree, tree])
    c.blur(c.u * 0.022)
    bokeh(c, rng, 16, (light.sun, light.rim, light.cloud), 0.15, 0.75, 0.06)
    edge = _table(c, light, rng)
    f = Frame(c, c.w * rng.uniform(0.46, 0.54), edge + (c.h - edge) * 0.5, min(c.h * 0.66, c.w * 0.98))
    kind, side = rng.choice(list(GLASSES)), 1 if sun > c.w / 2 else -1
    outline, wide, top, neck = GLASSES[kind]
    _stand(c, light, f, wide, side)
    inside = c.mask([f.shape(outline)])
    if inside is None:
        return
    world = _world(rng, inside.image.size)
    c.lay(inside, world)
    red, green, blue = world.resize((1, 1), Image.Resampling.BOX).tobytes()  # its color falls on the table
    c.glow(f.x, f.y, f.k * wide * 1.5, (red, green, blue), 0.35, ry=f.k * wide * 0.5)
    _shine(c, light, inside, f, wide, side, 0.75)
    jar, lid = kind == "jar", Frame(c, *f.at(0, -top), f.k * neck)
    tone = mix((150, 130, 104) if jar else (176, 126, 82), light.key, 0.2)
    tones = [scale(tone, 0.5), tone, mix(tone, light.sun, 0.55), tone][::side]
    c.fill(lid.corners("0,-.32 -1.12,-.32 -1.14,.2|" if jar else "0,-.9 -1.02,-.9 -.84,1.1|"), tones, angle=0)
    c.fill(lid.spot(0, -0.32, 1.12, 0.1) if jar else lid.spot(0, -0.9, 1.02, 0.2), mix(tone, light.sun, 0.35))
    c.fill([] if jar else lid.spot(0, 0.1, 1.12, 0.24), mix(light.haze, WHITE, 0.4), 0.45)


def _world(rng: Random, size: tuple[int, int]) -> Image.Image:
    """Hills and a lake at night, below a nebula and stars; or of an evening."""
    c = Canvas(*size)
    light = light_of(rng.choice(("night", "night", "dusk")), rng.randint(0, 3))
    landscapes.dusk(c, light, rng)
    hue: Color = rng.choice(((90, 130, 255), (200, 90, 230), (60, 200, 200), (255, 120, 130)))
    c.glow(c.w * rng.uniform(0.3, 0.7), c.h * 0.35, c.w * 0.6, mix(hue, (80, 160, 255), rng.random()), 0.4)
    nebula = noise(rng, size, (4, 5), 5).point([min(255, max(0, (v - 132) * 5)) for v in range(256)])
    c.light(Mask(nebula, 0, 0), hue, 0.4)
    land.draw_stars(c, rng, c.h * 0.55, 190)
    if rng.random() < 0.5:
        land.draw_sun(c, light, c.w * rng.uniform(0.36, 0.64), c.h * 0.36, c.w * 0.06)
    return c.image


def flowers(c: Canvas, light: Light, rng: Random) -> None:
    """A bouquet in a vase; a window that is not in the picture throws its panes on the wall."""
    wall, side = rng.choice(WALLS), rng.choice((-1, 1))
    tones = [mix(wall, light.key, 0.45), wall, scale(mix(wall, light.shade, 0.4), 0.55)]
    c.image = ramp(tones[::-side], (c.w, c.h), 20.0 if side < 0 else 160.0)
    panes = []
    for n in range(6):
        x, y = c.w * (0.34 + side * 0.1 + 0.2 * (n % 2)), c.h * (0.06 + 0.17 * (n // 2))
        panes.append(Frame(c, x, y, c.w).corners("0,0 .17,.04 .17,.22 0,.18"))
    c.light(c.mask(panes, c.u * 0.018), mix(light.sun, light.key, 0.3), 0.42)
    edge = _table(c, light, rng)
    f = Frame(c, c.w * rng.uniform(0.45, 0.55), edge + (c.h - edge) * 0.42, min(c.h * 0.36, c.w * 0.5))
    _stand(c, light, f, 0.22, side)
    spread, green = min(c.h * 0.38, c.w * 0.55) / f.k, mix((70, 104, 62), light.shade, 0.15)
    heads = []
    count = rng.randint(7, 11)
    for n in range(count):
        a, reach = (n / (count - 1) - 0.5) * 2.3 + rng.uniform(-0.12, 0.12), spread * rng.uniform(0.6, 1.0)
        heads.append((math.sin(a) * reach * 0.78, -1 - math.cos(a) * reach * 0.8 - spread * 0.06))
    for tone in (scale(green, 0.6), mix(green, light.sun, 0.16), mix(green, light.sun, 0.34)):
        leaves = []
        for _ in range(7):
            tilt, size = rng.uniform(-1.5, 1.5), f.k * spread * rng.uniform(0.35, 0.72)
            leaves.append(Frame(c, *f.at(0, -1), size, tilt=tilt).shape("0,0 -.12,-.5 0,-1 .12,-.5"))
        c.fill(leaves, tone)
    stems = [f.stroke(f"{x * 0.06},-.5 {x * 0.12},-1 {x / 2},{y / 2 - 0.54} {x},{y}", [0.02, 0.016]) for x, y in heads]
    c.fill(stems, [mix(green, light.sun, 0.2), scale(green, 0.7)])
    _vase(c, light, rng, f, side, green)
    pairs = rng.sample(PETALS, 2)
    for x, y in sorted(heads, key=lambda head: head[1]):
        head = Frame(c, *f.at(x, y), f.k * spread * rng.uniform(0.13, 0.21))
        _flower(c, light, rng, head, rng.choice((*pairs, pairs[0])), side)
    fallen = [f.spot(rng.uniform(-0.8, 0.8), rng.uniform(0.0, 0.2), 0.05, 0.02) for _ in range(4)]
    c.fill(fallen, mix(pairs[0][0], light.shade, 0.2))


def _vase(c: Canvas, light: Light, rng: Random, f: Frame, side: int, green: Color) -> None:
    glassy = rng.random() < 0.5
    shape = f.shape(rng.choice(VASES))
    if glassy:
        mask = c.fill(shape, mix(light.haze, WHITE, 0.3), 0.28)
        c.fill(f.corners("-.4,-.5 .4,-.5 .4,0 -.4,0"), mix(light.sky[2], green, 0.4), 0.35, inside=mask)
        c.fill(f.spot(0, -0.5, 0.26, 0.03), WHITE, 0.3, inside=mask)
    else:
        clay = rng.choice(CLAY)
        tones = [mix(clay, light.sun, 0.4), mix(clay, light.key, 0.2), scale(mix(clay, light.shade, 0.4), 0.5)]
        mask = c.fill(shape, tones[::-side], angle=0)
        land.mottle(c, rng, mask, (40, 40), 0.25)
    if mask is not None:
        _shine(c, light, mask, f, 0.28, side, 0.5 if glassy else 0.25)


def _flower(c: Canvas, light: Light, rng: Random, f: Frame, pair: tuple[Color, Color], side: int) -> None:
    """Rings of petals about a small center, seen a little from the side."""
    pale, deep = mix(pair[0], light.key, 0.25), mix(pair[1], light.shade, 0.2)
    flat, turn = rng.uniform(0.66, 0.95), rng.uniform(0, math.tau)
    c.shade(c.mask([f.spot(-0.1 * side, 0.2, 0.9, 0.8)], f.k * 0.16), scale(light.near, 1.8), 0.4)
    outer, middle, inner = mix(deep, pale, 0.55), mix(deep, pale, 0.5), mix(pale, WHITE, 0.35)
    for count, reach, low, high in ((7, 1.0, deep, outer), (7, 0.8, middle, pale), (5, 0.5, outer, inner)):
        petals: list[Points] = []
        for i in range(count):
            petal = Frame(c, 0, 0, f.k * reach * rng.uniform(0.9, 1.08), tilt=turn + reach + i * math.tau / count)
            outline = petal.shape("0,-.05 -.22,-.5 -.25,-.8 0,-1 .25,-.8 .22,-.5")
            petals.append([(f.x + x, f.y + y * flat) for x, y in outline])
        c.fill(petals, [low, high][::side], angle=20.0 if side < 0 else 160.0)
        c.fill([petal[::14] for petal in petals], deep, 0.12)
    center = [mix((250, 214, 110), light.sun, 0.3), mix((190, 120, 50), light.shade, 0.2)]
    c.fill(f.spot(0, 0, 0.16, 0.14 * flat), center)
    c.light(c.mask([ellipse(*f.at(side * 0.3, -0.35), f.k * 0.5, f.k * 0.36)], f.k * 0.2), light.sun, 0.16)
