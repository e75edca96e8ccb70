"""Busts of people: hair behind, neck, clothes, face, hair in front, then light over the whole."""

from __future__ import annotations

import math
from random import Random

from PIL import Image, ImageChops

from .canvas import Canvas, Colour, Mask, Paint, Point, Points, curve, ellipse, meet, mix, ribbon, scale
from .face import draw_face
from .garments import GARMENTS
from .hair import draw_back, draw_front
from .light import Light, flesh, tint
from .looks import Look


class Figure:
    """One person in progress. Local units: the origin between the ears, 1 = half a head's height, y down.

    `yaw` -1..1 turns the face left or right; `side` is where the light comes from (-1 left, 1 right).
    """

    def __init__(
        self,
        canvas: Canvas,
        look: Look,
        light: Light,
        rng: Random,
        x: float,
        y: float,
        r: float,
        yaw: float,
        tilt: float,
        side: int,
    ) -> None:
        self.canvas, self.look, self.light, self.rng = canvas, look, light, rng
        self.x, self.y, self.r, self.yaw, self.side = x, y, r, yaw, side
        self.tilt = tilt
        self._cos, self._sin = math.cos(tilt), math.sin(tilt)
        self.body = Image.new("L", (canvas.w, canvas.h))

    def at(self, x: float, y: float, head: bool = True) -> Point:
        """Local to canvas; what belongs to the head turns with it."""
        if head:
            # The head tips about the base of the skull.
            x, y = x * self._cos - (y - 0.8) * self._sin, x * self._sin + (y - 0.8) * self._cos + 0.8
        return (self.x + x * self.r, self.y + y * self.r)

    def turn(self, x: float, depth: float) -> float:
        """Where a feature at `x` lands when the head turns: near things travel further."""
        away = abs(self.yaw)
        return x * (1 - 0.10 * away) + self.yaw * depth - 0.10 * away * self.yaw * x

    def pts(self, points: Points, head: bool = True) -> list[Point]:
        return [self.at(x, y, head) for x, y in points]

    def shape(self, points: Points, head: bool = True) -> list[Point]:
        return curve(self.pts(points, head))

    def solid(self, shape: Points | list[Points], paint: Paint | list[Colour], angle: float = 90.0) -> Mask | None:
        """A shape that counts as part of the figure (it gets the rim light)."""
        mask = self.canvas.fill(shape, paint, angle=angle)
        if mask is not None:
            self.body.paste(255, mask.box, mask.image)
        return mask

    def across(self, colour: Colour, spread: float = 1.0) -> list[Colour]:
        """Shades of one colour from left to right under this light."""
        stops = [tint(colour, self.light, 0.62 + 0.38 * spread * t) for t in (-1.2, -0.3, 0.5, 1.0)]
        return stops if self.side > 0 else stops[::-1]

    def across_skin(self, spread: float) -> list[Colour]:
        stops = [flesh(self.look.skin, self.light, 0.74 + 0.3 * spread * t) for t in (-1.1, -0.2, 0.6, 0.9)]
        return stops if self.side > 0 else stops[::-1]


def draw_bust(
    canvas: Canvas,
    look: Look,
    light: Light,
    rng: Random,
    x: float,
    y: float,
    r: float,
    yaw: float,
    tilt: float,
    side: int,
    gaze: float,
) -> None:
    """A person to the chest: `x`, `y` the middle of the head, `r` half its height, in pixels."""
    f = Figure(canvas, look, light, rng, x, y, r, yaw, tilt, side)
    draw_back(f)
    _neck(f)
    _torso(f)
    draw_face(f, gaze)
    draw_front(f)
    _relight(f)


def _neck(f: Figure) -> None:
    b = f.look.build
    w = 0.33 * b
    neck = f.shape(
        [
            (-w, 0.5),
            (-w, 1.15),
            (-w - 0.12, 1.5),
            (-0.75, 1.78),
            (0, 2.3),
            (0.75, 1.78),
            (w + 0.12, 1.5),
            (w, 1.15),
            (w, 0.5),
        ],
        head=False,
    )
    mask = f.solid(neck, f.across_skin(0.9), angle=0.0)
    if mask is not None:
        f.canvas.fill(
            ellipse(*f.at(0.1 * f.yaw, 0.92, False), 0.62 * f.r, 0.42 * f.r),
            flesh(scale(f.look.skin, 0.62), f.light, 0.2),
            0.75,
            0.12 * f.r,
            mask,
        )


def _torso(f: Figure) -> None:
    b, yaw, look = f.look.build, f.yaw * 0.18, f.look
    outline = [
        (0, 1.98),
        (-0.34, 1.52),
        (-0.42, 1.38),
        (-0.85 * b + yaw, 1.66),
        (-1.5 * b + yaw, 1.92),
        (-1.92 * b + yaw, 2.5),
        (-2.12 * b, 3.6),
        (-2.25 * b, 6.5),
        (2.25 * b, 6.5),
        (2.12 * b, 3.6),
        (1.92 * b + yaw, 2.5),
        (1.5 * b + yaw, 1.92),
        (0.85 * b + yaw, 1.66),
        (0.42, 1.38),
        (0.34, 1.52),
    ]
    main, second = look.cloth
    if look.garment == "dress":
        skin = f.solid(f.shape(outline, False), f.across_skin(1.0), angle=0.0)
        top = [
            (-1.52 * b + yaw, 1.95),
            (-1.15 + yaw, 2.35),
            (-0.55 + yaw, 2.72),
            (yaw, 2.86),
            (0.55 + yaw, 2.72),
            (1.15 + yaw, 2.35),
            (1.52 * b + yaw, 1.95),
        ]
        rest = [
            (1.95 * b + yaw, 2.6),
            (2.2 * b, 3.8),
            (2.3 * b, 6.5),
            (-2.3 * b, 6.5),
            (-2.2 * b, 3.8),
            (-1.95 * b + yaw, 2.6),
        ]
        if skin is not None:
            for s in (-1, 1):
                bone = ribbon(
                    curve(f.pts([(s * 0.12, 1.98), (s * 0.6, 1.86), (s * 1.15, 1.8)], False), False),
                    [0.02 * f.r, 0.07 * f.r, 0.02 * f.r],
                )
                f.canvas.fill(bone, flesh(scale(look.skin, 0.7), f.light, 0.3), 0.5, 0.03 * f.r, skin)
        cloth = f.solid(f.shape(top + rest, False), f.across(main), angle=0.0)
    else:
        cloth = f.solid(f.shape(outline, False), f.across(main), angle=0.0)
    if cloth is None:
        return
    _folds(f, cloth, main)
    GARMENTS[look.garment](f, cloth, main, second, yaw)


def _folds(f: Figure, cloth: Mask, main: Colour) -> None:
    r = f.r
    dark: list[Points] = []
    bright: list[Points] = []
    for s in (-1, 1):
        for _ in range(3):
            x0 = s * f.rng.uniform(0.9, 1.75)
            y0 = f.rng.uniform(1.9, 2.4)
            line = curve(
                f.pts([(x0, y0), (x0 * 0.92, y0 + 0.8), (x0 * f.rng.uniform(0.7, 0.95), y0 + 1.9)], False), False
            )
            (dark if f.rng.random() < 0.6 else bright).append(ribbon(line, [0.01 * r, 0.16 * r, 0.02 * r]))
        arm = curve(f.pts([(s * 1.28, 2.75), (s * 1.42, 3.5), (s * 1.5, 5.0)], False), False)
        dark.append(ribbon(arm, [0.02 * r, 0.12 * r, 0.2 * r]))
    f.canvas.fill(dark, tint(scale(main, 0.55), f.light, 0.1), 0.7, 0.06 * r, cloth)
    f.canvas.fill(bright, tint(mix(main, (255, 255, 255), 0.2), f.light, 1.0), 0.4, 0.06 * r, cloth)
    f.canvas.fill(
        ellipse(*f.at(0.1 * f.yaw, 1.5, False), 0.95 * r, 0.5 * r), scale(f.light.near, 0.7), 0.4, 0.2 * r, cloth
    )


def _relight(f: Figure) -> None:
    """Shade on the side away from the light, a thin bright edge on the other."""
    box = f.body.getbbox()
    if box is None:
        return
    pad = round(0.3 * f.r)
    x0, y0, x1, y1 = meet((box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad), f.canvas.box)
    body = f.body.crop((x0, y0, x1, y1))
    whole = Mask(body, x0, y0)
    reach = max(2, round(0.07 * f.r))
    edge = whole.without(whole, -f.side * reach, round(reach * 0.6))
    edge = Mask(ImageChops.multiply(edge.blurred(max(0.8, 0.025 * f.r)).image, body), x0, y0)
    f.canvas.light(edge, f.light.rim, 0.7)
    far = whole.without(whole, f.side * reach * 8, -reach * 2)
    far = Mask(ImageChops.multiply(far.blurred(0.22 * f.r).image, body), x0, y0)
    f.canvas.shade(far, f.light.shade, 0.4)
