"""People: how each of the recurring ones looks, and what all have in common, from the neck down."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from msgspec import Struct
from PIL import Image

from .canvas import Canvas, Color, Fill, Mask, Shape, mix, rgb, scale
from .frame import Frame
from .light import Light, flesh, tint


class Look(Struct, frozen=True):
    """Colours that never change from picture to picture. `hair`: dark, middle, light; `cloth`: main, second."""

    skin: Color
    hair: tuple[Color, ...]
    cut: str
    eyes: Color
    lips: Color
    cloth: tuple[Color, ...]
    garment: str
    extra: str = ""

    @property
    def beard(self) -> bool:
        return "beard" in self.extra


def _look(hair: str, cut: str, others: str, cloth: str, garment: str, extra: str = "") -> Look:
    """`others`: of the skin, the eyes and the lips."""
    skin, eyes, lips = rgb(others)
    return Look(skin, rgb(hair), cut, eyes, lips, rgb(cloth), garment, extra)


LOOKS = {
    "mira": _look("622416 b04e26 ec9252", "long", "f4ceb8 4a8460 cc6860", "226268 debe8c", "coat", "freckles"),
    "juno": _look("121018 2c2836 68647c", "bob", "ecc2a0 603c24 be5454", "cc9630 f0d696", "turtleneck"),
    "tomas": _look("221814 463026 82604a", "short", "e2b290 5c4a30 b26858", "263456 e0ded6", "jacket", "beard"),
    "ayla": _look("160e0e 34221e 704c3c", "curls", "9e684a 462a1a 96423c", "be5636 f2c478", "dress", "earrings"),
    "iri": _look("7a7a9c c4c6de fafaff", "ponytail", "f8ded4 6092ce d27880", "e4e4ec 605892", "collar"),
    "henrik": _look(
        "68686c 9e9ea0 e0e0de", "grey", "e8b89e 567488 ba7064", "3e5c44 cec6b0", "sweater", "beard glasses"
    ),
}
_TORSO = "0,1.98 -.34,1.52 -.42,1.38 -.85,1.66,.2 -1.5,1.92,.2 -1.92,2.5,.2 -2.12,3.6 -2.25,6.5|"
_DRESS = "0,2.86,.2 -.55,2.72,.2 -1.15,2.35,.2 -1.52,1.95,.2 -1.95,2.6,.2 -2.2,3.8 -2.3,6.5|"
#: Over the torso: what is drawn, in which of the two cloths, and whether to both sides. The last ones lie on top.
_PIECES: dict[str, tuple[tuple[str, int, bool], ...]] = {
    "coat": (
        ("-.34,1.5 0,2 .34,1.5 .3,2.6 0,3.6,.2 -.3,2.6", 1, False),
        (".36,1.36 .78,1.6 .98,2.2 .7,2.32 .72,2.5 0,3.9,.2 .16,2.9 .32,2", 0, True),
    ),
    "turtleneck": (("0,1.16 -.44,1.04 -.47,1.4 -.62,1.72 0,1.92 .62,1.72 .47,1.4 .44,1.04", 0, False),),
    "jacket": (
        ("-.42,1.44 0,2.2 .42,1.44 .5,2.2 0,4,.2 -.5,2.2", 1, False),
        (".34,1.28 .5,1.46 .44,1.98 .06,1.98", 1, True),
        (".46,1.44 .82,1.66 1.02,2.3 .76,2.38 .78,2.56 0,4.3,.2 .44,2.6", 0, True),
    ),
    "collar": (
        ("0,1.9 -.5,1.5 -.62,2.6 -.5,6.5|", 1, False),
        (".4,.98 .6,1.1 .78,1.66 .66,2.1 .1,2.06 .3,1.5", 0, True),
    ),
    "sweater": (("-.5,1.3 -.16,1.98 0,1.8 .16,1.98 .5,1.3 .3,1.2 -.3,1.2", 1, False),),
}


class Place(NamedTuple):
    """The middle of a head and half its height in pixels; `yaw` -1..1 turns it, light comes from a `side` (-1 left)."""

    x: float
    y: float
    r: float
    yaw: float
    tilt: float
    side: int


class Figure(Frame):
    """One person in progress. The origin is between the ears, 1 is half a head's height; the head may be tilted."""

    def __init__(self, c: Canvas, light: Light, rng: Random, who: str | None, place: Place) -> None:
        super().__init__(c, *place[:3], tilt=place.tilt, pivot=0.8)
        self.light, self.rng, self.look = light, rng, LOOKS[who or ""]
        self.yaw, self.tilt, self.side = place[3:]
        self.trunk = Frame(c, *place[:3])
        self._body = Image.new("L", (c.w, c.h))

    def feature(self, x: float, y: float, depth: float, size: float = 1.0, flip: int = 1) -> Frame:
        """A place on the face: when the head turns, near things travel further, and far ones get narrower."""
        x = x * (1 - 0.1 * abs(self.yaw)) + self.yaw * (depth - 0.1 * abs(self.yaw) * x)
        size *= 1 - 0.25 * max(0.0, flip * self.yaw)
        return Frame(self.canvas, *self.at(x, y), size * self.k, flip, self.tilt * flip)

    def solid(self, shape: Shape, paint: Fill, angle: float = 90) -> Mask | None:
        """A shape that counts as part of the figure: light falls on it."""
        mask = self.canvas.fill(shape, paint, angle=angle)
        if mask is not None:
            self._body.paste(255, mask.box, mask.image)
        return mask

    def across(self, color: Color) -> list[Color]:
        """Shades of a cloth from left to right."""
        return [tint(color, self.light, lit) for lit in (0.16, 0.5, 0.81, 1.0)][:: self.side]

    def skin(self, lit: float = 0.6, pale: float = 0.0) -> Color:
        return flesh(mix(self.look.skin, (255, 255, 255), pale), self.light, lit)

    def shadow(self, depth: float) -> Color:
        """The skin's own shadow: darker and redder, never grey."""
        red, green, blue = self.look.skin
        color = (round(red * (depth * 0.6 + 0.4)), round(green * depth * 0.92), round(blue * depth * 0.9))
        return flesh(color, self.light, 0.2)

    def skins(self) -> list[Color]:
        """Shades of the skin from left to right."""
        return [self.skin(lit) for lit in (0.44, 0.69, 0.9, 0.98)][:: self.side]

    def draw_trunk(self) -> None:
        """Neck, shoulders, and what is worn."""
        c, f, look, (main, second) = self.canvas, self.trunk, self.look, self.look.cloth
        neck = self.solid(f.shape("0,2.3 -.75,1.78 -.45,1.5 -.33,1.15 -.3,.5|"), self.skins(), 0)
        c.fill(f.spot(0.1 * self.yaw, 0.92, 0.62, 0.42), self.shadow(0.55), 0.7, 0.12 * f.k, neck)
        wide = Frame(c, f.x, f.y, f.k * (1.08 if look.beard else 1))
        torso = wide.shape(_TORSO, self.yaw)
        if look.garment == "dress":
            self.solid(torso, self.skins(), 0)
            torso = f.shape(_DRESS, self.yaw)
        cloth = self.solid(torso, self.across(main), 0)
        if cloth is None:
            return
        folds = [f.stroke("1.28,2.75 1.42,3.5 1.5,5", [0.02, 0.12, 0.2], flip=s) for s in (-1, 1)]
        for n in range(6):
            x, y = self.rng.uniform(0.9, 1.75), self.rng.uniform(1.9, 2.4)
            fold = f"{x},{y} {x * 0.92},{y + 0.8} {x * 0.8},{y + 1.9}"
            folds.append(f.stroke(fold, [0.01, 0.16, 0.02], flip=n % 2 * 2 - 1))
        c.fill(folds, tint(scale(main, 0.55), self.light, 0.1), 0.6, 0.06 * f.k, cloth)
        c.fill(f.spot(0.1 * self.yaw, 1.5, 0.95, 0.5), scale(self.light.near, 0.7), 0.4, 0.2 * f.k, cloth)
        if look.garment == "sweater":
            loops = [Frame(c, *f.at(n % 9 * 0.42 - 1.68, 2.2 + n // 9 * 0.26), f.k) for n in range(63)]
            knit = [loop.stroke("-.14,0 0,.16 .14,0", [0.05, 0.06, 0.05]) for loop in loops]
            c.fill(knit, tint(scale(main, 0.6), self.light, 0.25), 0.5, 0.015 * f.k, cloth)
        for path, which, both in _PIECES.get(look.garment, ()):
            for s in (-1, 1) if both else (1,):
                color = mix(look.cloth[which], (255, 255, 255), 0.12)
                lit = 0.85 if s == self.side or not both else 0.45
                piece = f.corners(path, self.yaw * s, s)
                if both:
                    c.fill([(x, y + 0.06 * f.k) for x, y in piece], scale(self.light.near, 0.6), 0.5, 0.05 * f.k, cloth)
                self.solid(piece, [tint(color, self.light, lit), tint(color, self.light, lit * 0.7)])
        if look.garment == "dress":
            hem = f.stroke("-1.5,2,.2 -1.15,2.37,.2 -.55,2.74,.2 0,2.88,.2|", [0.09, 0.09], self.yaw)
            c.fill(hem, tint(second, self.light, 0.8), 0.9, inside=cloth)
            c.fill(f.stroke("-.5,1.62 -.3,2.05 0,2.28,.2 .3,2.05 .5,1.62", [0.03, 0.03], self.yaw), (236, 190, 96), 0.9)

    def relight(self) -> None:
        """Shade on the side away from the light, a thin bright edge on the other."""
        box = self._body.getbbox()
        if box is not None:
            whole, reach = Mask(self._body.crop(box), box[0], box[1]), max(1.5, 0.07 * self.k)
            rim = whole.edge(-self.side * reach, reach * 0.6, max(0.8, 0.025 * self.k))
            self.canvas.light(rim, self.light.rim, 0.7)
            self.canvas.shade(whole.edge(self.side * reach * 8, -reach * 2, 0.22 * self.k), self.light.shade, 0.4)
