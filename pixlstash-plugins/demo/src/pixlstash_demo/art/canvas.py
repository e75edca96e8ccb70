"""Brushes on one RGB picture: smooth-edged shapes, ramps, soft light. Everything is in pixels of the canvas.

Shapes are drawn as masks at several times the size within their own box, which is what makes edges smooth and small
shapes cheap. Nothing here is random except through the `Random` a caller passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from random import Random
from typing import NamedTuple

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Color = tuple[int, int, int]
Point = tuple[float, float]
Points = Sequence[Point]
Shape = Points | Sequence[Points]
Box = tuple[int, int, int, int]
Paint = Color | Image.Image
Fill = Paint | Sequence[Color]


@cache
def rgb(text: str) -> tuple[Color, ...]:
    """Colours written in hexadecimal: `ff8800 000000`."""
    return tuple((int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16)) for code in text.split())


def mix(a: Color, b: Color, t: float) -> Color:
    return (round(a[0] + (b[0] - a[0]) * t), round(a[1] + (b[1] - a[1]) * t), round(a[2] + (b[2] - a[2]) * t))


def scale(a: Color, by: float) -> Color:
    return (min(255, round(a[0] * by)), min(255, round(a[1] * by)), min(255, round(a[2] * by)))


def curve(points: Points, closed: bool = True, steps: int = 7) -> list[Point]:
    """A smooth line through the points (Catmull-Rom)."""
    around = [points[-1], *points, points[0], points[1]] if closed else [points[0], *points, points[-1]]
    out: list[Point] = []
    for (ax, ay), (bx, by), (cx, cy), (dx, dy) in zip(around, around[1:], around[2:], around[3:], strict=False):
        for t in (step / steps for step in range(steps)):
            a, b = ((-t + 2) * t - 1) * t / 2, ((3 * t - 5) * t * t + 2) / 2
            c, d = ((-3 * t + 4) * t + 1) * t / 2, (t - 1) * t * t / 2
            out.append((a * ax + b * bx + c * cx + d * dx, a * ay + b * by + c * cy + d * dy))
    return out if closed else [*out, points[-1]]


def ellipse(x: float, y: float, rx: float, ry: float, n: int = 36) -> list[Point]:
    return [(x + rx * math.cos(i * math.tau / n), y + ry * math.sin(i * math.tau / n)) for i in range(n)]


def ribbon(points: Points, widths: Sequence[float]) -> list[Point]:
    """A line of varying full width as a polygon."""
    left: list[Point] = []
    right: list[Point] = []
    n, last = len(points), len(widths) - 1
    for i, (x, y) in enumerate(points):
        (ax, ay), (bx, by) = points[max(0, i - 1)], points[min(n - 1, i + 1)]
        dx, dy = bx - ax, by - ay
        at = i / max(1, n - 1) * last
        low = min(last - 1, int(at))
        half = (widths[low] + (widths[low + 1] - widths[low]) * (at - low)) / 2 / (math.hypot(dx, dy) or 1.0)
        left.append((x - dy * half, y + dx * half))
        right.append((x + dy * half, y - dx * half))
    return left + right[::-1]


@cache
def falloff(power: float) -> Image.Image:
    """256 x 256 of light: 255 in the middle, 0 at 0.7 of the way to the rim and beyond. Shared: never draw on it."""
    return Image.radial_gradient("L").point([round(255 * max(0.0, 1 - v / 181) ** power) for v in range(256)])


def ramp(stops: Sequence[Color], size: tuple[int, int], angle: float = 90.0) -> Image.Image:
    """Even color stops along a direction: 90 from top to bottom, 0 from left to right."""
    if angle in (0.0, 90.0):
        strip = Image.new("RGB", (1, len(stops)) if angle else (len(stops), 1))
        strip.putdata(list(stops))
        line = strip.resize((1, size[1]) if angle else (size[0], 1), Image.Resampling.BICUBIC)
        return line.resize(size, Image.Resampling.NEAREST)
    side = math.ceil(math.hypot(*size))
    turned = ramp(stops, (side, side), 0.0).rotate(-angle, Image.Resampling.BILINEAR)
    x, y = (side - size[0]) // 2, (side - size[1]) // 2
    return turned.crop((x, y, x + size[0], y + size[1]))


def noise(rng: Random, size: tuple[int, int], cells: tuple[int, int], octaves: int = 3) -> Image.Image:
    """Smooth value noise, 0..255 around 128: `cells` across and down at the coarsest octave, each next one fainter."""
    w, h = cells
    out, total = Image.frombytes("L", (w, h), rng.randbytes(w * h)), 1.0
    for octave in range(1, octaves):
        # Each octave is drawn only as finely as it can show, then all are enlarged together.
        w, h, weight = w * 2, h * 2, 0.55**octave
        total += weight
        layer = Image.frombytes("L", (w, h), rng.randbytes(w * h))
        out = Image.blend(out.resize((w, h), Image.Resampling.BICUBIC), layer, weight / total)
    return out.resize(size, Image.Resampling.BICUBIC)


@cache
def _faded(percent: int) -> list[int]:
    return [v * percent // 100 for v in range(256)]


class Mask(NamedTuple):
    """Where a shape is: an `L` image and the canvas position of its top left pixel."""

    image: Image.Image
    x: int
    y: int

    @property
    def box(self) -> Box:
        return (self.x, self.y, self.x + self.image.width, self.y + self.image.height)

    def cropped(self, box: Box) -> Mask | None:
        """What of it lies in a box; None: nothing."""
        x0, y0, x1, y1 = meet(self.box, box)
        if x1 <= x0 or y1 <= y0:
            return None
        return Mask(self.image.crop((x0 - self.x, y0 - self.y, x1 - self.x, y1 - self.y)), x0, y0)

    def within(self, other: Mask) -> Mask | None:
        """Only where the other shape is, too."""
        a, b = self.cropped(other.box), other.cropped(self.box)
        return Mask(ImageChops.multiply(a.image, b.image), a.x, a.y) if a and b else None

    def edge(self, dx: float, dy: float, soft: float) -> Mask:
        """Its rim: where it is, and the same shape moved by (dx, dy) is not, softened but not beyond it."""
        hole = Image.new("L", self.image.size)
        hole.paste(self.image, (round(dx), round(dy)))
        rim = ImageChops.subtract(self.image, hole).filter(ImageFilter.BoxBlur(soft)).filter(ImageFilter.BoxBlur(soft))
        return Mask(ImageChops.multiply(rim, self.image), self.x, self.y)


def meet(a: Box, b: Box) -> Box:
    x0, y0 = max(a[0], b[0]), max(a[1], b[1])
    return (x0, y0, max(x0, min(a[2], b[2])), max(y0, min(a[3], b[3])))


class Canvas:
    """The picture being painted. `w`, `h` in pixels; `u`, the shorter side, is what sizes of things are taken of."""

    def __init__(self, width: int, height: int) -> None:
        self.w, self.h, self.u = width, height, min(width, height)
        self.image = Image.new("RGB", (width, height))

    @property
    def box(self) -> Box:
        return (0, 0, self.w, self.h)

    def mask(self, shapes: Iterable[Points], soft: float = 0.0) -> Mask | None:
        """The union of polygons, edges smooth, or blurred by `soft` pixels; None when it is outside."""
        shapes = [s for s in shapes if len(s) > 2]
        if not shapes:
            return None
        pad = 2 + math.ceil(soft * 2.5)
        xs = [p[0] for s in shapes for p in s]
        ys = [p[1] for s in shapes for p in s]
        box = (math.floor(min(xs)) - pad, math.floor(min(ys)) - pad, math.ceil(max(xs)) + pad, math.ceil(max(ys)) + pad)
        margin = pad if soft else 0
        x0, y0, x1, y1 = meet(box, (-margin, -margin, self.w + margin, self.h + margin))
        w, h = x1 - x0, y1 - y0
        if w < 1 or h < 1:
            return None
        # What is very soft is drawn smaller than it is, what is sharp larger.
        by = 2 / soft if soft >= 2 else 4 if w * h < 60_000 else 3 if w * h < 200_000 else 2
        image = Image.new("L", (math.ceil(w * by), math.ceil(h * by)))
        draw = ImageDraw.Draw(image)
        for shape in shapes:
            draw.polygon([((x - x0) * by, (y - y0) * by) for x, y in shape], fill=255)
        if soft >= 2:
            image = image.filter(ImageFilter.GaussianBlur(2)).resize((w, h), Image.Resampling.BILINEAR)
        else:
            image = image.reduce(int(by)).filter(ImageFilter.BoxBlur(soft if soft > 0.7 else 0))
        return Mask(image, x0, y0)

    def lay(self, mask: Mask | None, paint: Paint, alpha: float = 1.0) -> None:
        """Paint through a mask. A `paint` picture covers the mask's box."""
        if mask is not None:
            stencil = mask.image.point(_faded(round(alpha * 100))) if alpha < 1 else mask.image
            # Pillow blends a picture in half the time it takes to blend a bare color.
            colors = paint if isinstance(paint, Image.Image) else Image.new("RGB", stencil.size, paint)
            self.image.paste(colors, (mask.x, mask.y), stencil)

    def fill(
        self,
        shape: Shape,
        paint: Fill,
        alpha: float = 1,
        soft: float = 0,
        inside: Mask | None = None,
        angle: float = 90,
    ) -> Mask | None:
        """Fill a polygon (or several, as one shape) with a color or a ramp of colors; the mask comes back."""
        several = shape and not isinstance(shape[0][0], (int, float))
        mask = self.mask(shape if several else [shape], soft)  # type: ignore[arg-type, list-item]
        if mask is not None and inside is not None:
            mask = mask.within(inside)
        if mask is not None:
            stops = not isinstance(paint, Image.Image) and not isinstance(paint[0], int)
            self.lay(mask, ramp(paint, mask.image.size, angle) if stops else paint, alpha)  # type: ignore[arg-type]
        return mask

    def glow(
        self, x: float, y: float, rx: float, color: Color, strength: float = 1.0, ry: float = 0.0, power: float = 2.0
    ) -> None:
        """Light of a color around a point, fading to nothing at its radii."""
        ry = ry or rx
        x0, y0, x1, y1 = math.floor(x - rx), math.floor(y - ry), math.ceil(x + rx), math.ceil(y + ry)
        cut = meet((x0, y0, x1, y1), self.box)
        if cut[2] <= cut[0] or cut[3] <= cut[1]:
            return
        kx, ky = 256 / (x1 - x0), 256 / (y1 - y0)
        source = ((cut[0] - x0) * kx, (cut[1] - y0) * ky, (cut[2] - x0) * kx, (cut[3] - y0) * ky)
        light = falloff(power).resize((cut[2] - cut[0], cut[3] - cut[1]), Image.Resampling.BILINEAR, box=source)
        self.lay(Mask(light, cut[0], cut[1]), color, strength)

    def shade(self, mask: Mask | None, color: Color, alpha: float = 1.0) -> None:
        """Multiply by a color through a mask."""
        table = [v * part // 255 for part in color for v in range(256)]
        self._change(mask, lambda under: under.point(table), alpha)

    def light(self, mask: Mask | None, color: Color, alpha: float = 1.0) -> None:
        """Screen a color through a mask."""
        table = [v + part * (255 - v) // 255 for part in color for v in range(256)]
        self._change(mask, lambda under: under.point(table), alpha)

    def relief(self, mask: Mask | None, field: Image.Image, alpha: float = 1.0) -> None:
        """Lay a relief, in which 128 is flat, over what a mask covers."""
        lit = Image.merge("RGB", (field, field, field))
        self._change(mask, lambda under: ImageChops.overlay(under, lit.resize(under.size)), alpha)

    def _change(self, mask: Mask | None, change: Callable[[Image.Image], Image.Image], alpha: float) -> None:
        if mask is not None and (cut := mask.cropped(self.box)):
            self.lay(cut, change(self.image.crop(cut.box)), alpha)

    def blur(self, radius: float) -> None:
        """Throw everything so far out of focus."""
        shrink = max(1, int(radius / 2))
        small = self.image.reduce(shrink).filter(ImageFilter.GaussianBlur(radius / shrink))
        self.image = small.resize((self.w, self.h), Image.Resampling.BICUBIC)
