"""Whole people, small in a wide picture: standing or walking, from behind or from the front."""

from __future__ import annotations

from random import Random

from PIL import Image, ImageChops

from .canvas import Canvas, Colour, Mask, Point, Points, curve, ellipse, mix, ribbon, scale
from .face import draw_face
from .hair import draw_back, draw_curls, draw_front
from .light import Light, flesh, tint
from .looks import Look
from .people import Figure

LONG = ("coat", "collar", "dress")


def draw_person(
    c: Canvas,
    look: Look,
    light: Light,
    rng: Random,
    x: float,
    foot: float,
    tall: float,
    side: int,
    back: bool,
    stride: float,
) -> None:
    """`x`, `foot` where they stand, `tall` in pixels; `stride` 0 standing to 1 walking."""
    r = tall / 13.4
    f = Figure(c, look, light, rng, x, foot - 12.2 * r, r, 0.0 if back else rng.uniform(-0.5, 0.5), 0.0, side)
    away = -side
    shadow = [
        (x - r * 0.8, foot),
        (x + r * 0.8, foot),
        (x + away * r * 6.5 + r, foot + r * 1.3),
        (x + away * r * 6.5 - r, foot + r * 1.5),
    ]
    c.shade(c.mask([shadow], r * 0.3), scale(light.near, 1.3), 0.5)
    c.shade(c.mask([ellipse(x, foot, r * 1.5, r * 0.34)], r * 0.15), scale(light.near, 0.8), 0.6)
    _legs(f, stride)
    if not back:
        draw_back(f)
    _arms(f, look.cloth[0] if look.garment != "dress" else look.skin, stride)
    _clothes(f)
    neck = f.pts([(-0.3, 0.6), (0.3, 0.6), (0.36, 1.7), (-0.36, 1.7)])
    f.solid(neck, flesh(look.skin, light, 0.45))
    if back:
        _hair_behind(f)
    else:
        draw_face(f, 0.0)
        draw_front(f)
    _scarf(f)
    _edge_light(f)


def _legs(f: Figure, stride: float) -> None:
    look, r = f.look, f.r
    cloth: Colour = (46, 44, 58) if look.garment != "sweater" else (96, 84, 68)
    s = 0.5 * stride
    for n, d in enumerate((-1, 1)):
        knee, end = d * (0.42 + s * 0.5), d * (0.46 + s * 1.5)
        lift = 0.35 * stride if d > 0 else 0.0
        leg = ribbon(
            curve(f.pts([(d * 0.42, 5.4), (knee, 8.6), (end, 11.9 - lift)], False), False), [1.0 * r, 0.82 * r, 0.5 * r]
        )
        f.solid(leg, f.across(scale(cloth, 1.0 if n else 0.8)), angle=0.0)
        boot = curve(
            f.pts(
                [
                    (end - 0.28, 10.9 - lift),
                    (end + 0.28, 10.9 - lift),
                    (end + 0.32, 11.9 - lift),
                    (end + 0.4 * d, 12.25 - lift),
                    (end - 0.36, 12.2 - lift),
                ],
                False,
            )
        )
        f.solid(boot, f.across((58, 38, 30)), angle=0.0)


def _arms(f: Figure, sleeve: Colour, stride: float) -> None:
    b, r = f.look.build, f.r
    for d in (-1, 1):
        swing = d * 0.5 * stride
        line = curve(f.pts([(d * 1.2 * b, 2.2), (d * 1.55 * b, 4.0), (d * 1.45 * b + swing, 6.0)], False), False)
        hand = f.at(d * 1.43 * b + swing, 6.3, False)
        f.solid(ellipse(*hand, 0.24 * r, 0.36 * r), flesh(f.look.skin, f.light, 0.7 if d == f.side else 0.4))
        f.solid(
            ribbon(line, [0.8 * r, 0.74 * r, 0.52 * r]),
            [tint(sleeve, f.light, 0.85 if d == f.side else 0.4), tint(sleeve, f.light, 0.7 if d == f.side else 0.2)],
        )


def _clothes(f: Figure) -> None:
    look, b = f.look, f.look.build
    main, second = look.cloth
    sway = f.rng.uniform(-0.5, 0.5)
    hem = 8.9 if look.garment == "dress" else 8.2 if look.garment in LONG else 6.3
    flare = 1.9 if look.garment == "dress" else 1.55 if look.garment in LONG else 1.15
    outline: list[Point] = [
        (-0.4, 1.45),
        (-1.25 * b, 1.95),
        (-1.38 * b, 2.9),
        (-1.0 * b, 4.4),
        (-1.15 * b, 5.6),
        (-flare + sway, hem),
        (sway, hem + 0.15),
        (flare + sway, hem),
        (1.15 * b, 5.6),
        (1.0 * b, 4.4),
        (1.38 * b, 2.9),
        (1.25 * b, 1.95),
        (0.4, 1.45),
    ]
    mask = f.solid(curve(f.pts(outline, False), True, 5), f.across(main), angle=0.0)
    if mask is None:
        return
    r = f.r
    folds: list[Points] = []
    for x in (-0.7, -0.25, 0.2, 0.65):
        folds.append(
            ribbon(
                curve(f.pts([(x * 0.5, 4.4), (x, 6.0), (x * 1.5 + sway, hem)], False), False),
                [0.02 * r, 0.12 * r, 0.22 * r],
            )
        )
    c = f.canvas
    c.fill(folds, tint(scale(main, 0.6), f.light, 0.1), 0.55, 0.06 * r, mask)
    if look.garment in ("coat", "collar"):
        c.fill(
            ribbon(f.pts([(-1.1 * b, 4.5), (0, 4.62), (1.1 * b, 4.5)], False), [0.26 * r] * 2),
            tint(scale(main, 0.7), f.light, 0.5),
            0.8,
            0.0,
            mask,
        )
    if look.garment == "dress":
        c.fill(
            ribbon(f.pts([(-1.1, 4.3), (0, 4.45), (1.1, 4.3)], False), [0.3 * r] * 2),
            tint(second, f.light, 0.6),
            0.85,
            0.0,
            mask,
        )
    shade = [
        *f.pts(
            [
                (f.side * -0.3, 1.4),
                (f.side * -0.2, 5.0),
                (f.side * -0.3 + sway, hem + 0.4),
                (f.side * -2.6, hem + 0.4),
                (f.side * -2.0, 1.4),
            ],
            False,
        )
    ]
    c.fill(shade, tint(scale(main, 0.5), f.light, 0.0), 0.4, 0.5 * r, mask)


def _hair_behind(f: Figure) -> None:
    """The back of a head: hair where the face would be."""
    cut, r = f.look.cut, f.r
    dark, middle, bright = f.look.hair
    tones = [tint(dark, f.light, 0.2), tint(middle, f.light, 0.5), tint(mix(middle, bright, 0.4), f.light, 0.9)]
    tones = tones if f.side > 0 else tones[::-1]
    sway = f.rng.uniform(-0.3, 0.3)
    if cut == "long":
        shape = [
            (0, -1.15),
            (-0.75, -0.85),
            (-0.92, 0.0),
            (-1.0, 1.3),
            (-0.95 + sway, 2.6),
            (-0.4 + sway, 3.6),
            (0.5 + sway, 3.5),
            (1.0 + sway, 2.6),
            (1.0, 1.3),
            (0.92, 0.0),
            (0.75, -0.85),
        ]
    elif cut == "bob":
        shape = [
            (0, -1.15),
            (-0.78, -0.85),
            (-0.96, 0.0),
            (-0.9, 1.0),
            (0.0, 1.15),
            (0.9, 1.0),
            (0.96, 0.0),
            (0.78, -0.85),
        ]
    elif cut == "ponytail":
        shape = [
            (0, -1.15),
            (-0.72, -0.85),
            (-0.82, 0.0),
            (-0.5, 0.8),
            (-0.3, 0.9),
            (-0.42 + sway, 2.4),
            (0 + sway, 3.4),
            (0.42 + sway, 2.4),
            (0.3, 0.9),
            (0.5, 0.8),
            (0.82, 0.0),
            (0.72, -0.85),
        ]
    elif cut == "curls":
        draw_back(f)
        shape = [(0, -1.25), (-1.0, -0.8), (-1.2, 0.1), (-0.9, 0.9), (0.0, 1.1), (0.9, 0.9), (1.2, 0.1), (1.0, -0.8)]
    else:
        f.solid(curve(f.pts([(-0.5, 0.2), (0.5, 0.2), (0.42, 1.1), (-0.42, 1.1)])), flesh(f.look.skin, f.light, 0.5))
        shape = [
            (0, -1.12),
            (-0.72, -0.85),
            (-0.82, -0.1),
            (-0.6, 0.62),
            (0.0, 0.8),
            (0.6, 0.62),
            (0.82, -0.1),
            (0.72, -0.85),
        ]
    mask = f.solid(curve(f.pts(shape), True, 5), tones, angle=0.0)
    if cut == "curls":
        draw_curls(f, mask, 1.2, 40)
        return
    strands: list[Points] = []
    for n in range(10):
        x = (n - 4.5) / 5
        strands.append(
            ribbon(
                curve(
                    f.pts([(x * 0.3, -1.0), (x * 0.85, -0.2), (x * 0.9 + sway * 0.3, 0.9), (x * 0.8 + sway, 3.2)]),
                    False,
                    4,
                ),
                [0.01 * r, 0.06 * r, 0.02 * r],
            )
        )
    f.canvas.fill(strands, tint(bright, f.light, 0.9), 0.35, 0.01 * r, mask)


def _scarf(f: Figure) -> None:
    if f.look.garment == "dress":
        return
    colour = f.look.cloth[1] if f.look.garment != "collar" else (150, 60, 80)
    blow = f.side * -1.0 * f.rng.uniform(1.4, 2.8)
    tail = curve(f.pts([(0.1, 1.5), (blow * 0.4, 1.7), (blow * 0.75, 1.35), (blow, 1.75)], False), False)
    f.solid(
        ribbon(tail, [0.5 * f.r, 0.5 * f.r, 0.62 * f.r]),
        [tint(colour, f.light, 0.9), tint(scale(colour, 0.8), f.light, 0.3)],
    )
    f.solid(
        curve(f.pts([(-0.62, 1.15), (0, 1.3), (0.62, 1.15), (0.7, 1.7), (0, 1.95), (-0.7, 1.7)], False)),
        f.across(colour),
        angle=0.0,
    )


def _edge_light(f: Figure) -> None:
    box = f.body.getbbox()
    if box is None:
        return
    pad = 6
    x0, y0, x1, y1 = (
        max(0, box[0] - pad),
        max(0, box[1] - pad),
        min(f.canvas.w, box[2] + pad),
        min(f.canvas.h, box[3] + pad),
    )
    body: Image.Image = f.body.crop((x0, y0, x1, y1))
    whole = Mask(body, x0, y0)
    reach = max(1, round(0.12 * f.r))
    edge = whole.without(whole, -f.side * reach, round(reach * 0.4))
    f.canvas.light(Mask(ImageChops.multiply(edge.blurred(max(0.6, 0.04 * f.r)).image, body), x0, y0), f.light.rim, 0.75)
