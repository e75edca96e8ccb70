"""Brushes on one RGB picture: smooth-edged shapes, ramps, soft light. Everything is in pixels of the canvas.

Shapes are drawn as masks at several times the size within their own box, which is what makes edges smooth and small
shapes cheap. Nothing here is random except through the `Random` a caller passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Point = tuple[float, float]
Points = Sequence[Point]
Box = tuple[int, int, int, int]
Paint = Colour | Image.Image


def mix(a: Colour, b: Colour, t: float) -> Colour:
    return (round(a[0] + (b[0] - a[0]) * t), round(a[1] + (b[1] - a[1]) * t), round(a[2] + (b[2] - a[2]) * t))


def scale(a: Colour, by: float) -> Colour:
    return (min(255, round(a[0] * by)), min(255, round(a[1] * by)), min(255, round(a[2] * by)))


def curve(points: Points, closed: bool = True, steps: int = 7) -> list[Point]:
    """A smooth line through the points (Catmull-Rom)."""
    n = len(points)
    out: list[Point] = []
    for i in range(n if closed else n - 1):
        if closed:
            p0, p1, p2, p3 = points[i - 1], points[i], points[(i + 1) % n], points[(i + 2) % n]
        else:
            p0, p1, p2, p3 = points[max(0, i - 1)], points[i], points[i + 1], points[min(n - 1, i + 2)]
        for s in range(steps):
            t = s / steps
            a = ((-t + 2) * t - 1) * t / 2
            b = ((3 * t - 5) * t * t + 2) / 2
            c = ((-3 * t + 4) * t + 1) * t / 2
            d = (t - 1) * t * t / 2
            out.append((a * p0[0] + b * p1[0] + c * p2[0] + d * p3[0], a * p0[1] + b * p1[1] + c * p2[1] + d * p3[1]))
    if not closed:
        out.append(points[-1])
    return out


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0, n: int = 36) -> list[Point]:
    c, s = math.cos(turn), math.sin(turn)
    out = []
    for i in range(n):
        a = i * math.tau / n
        u, v = rx * math.cos(a), ry * math.sin(a)
        out.append((x + u * c - v * s, y + u * s + v * c))
    return out


def ribbon(points: Points, widths: Sequence[float]) -> list[Point]:
    """A line of varying full width as a polygon."""
    left: list[Point] = []
    right: list[Point] = []
    n = len(points)
    last = len(widths) - 1
    for i, (x, y) in enumerate(points):
        ax, ay = points[max(0, i - 1)]
        bx, by = points[min(n - 1, i + 1)]
        dx, dy = bx - ax, by - ay
        length = math.hypot(dx, dy) or 1.0
        at = i / max(1, n - 1) * last
        low = min(last - 1, int(at)) if last else 0
        w = widths[low] + (widths[min(last, low + 1)] - widths[low]) * (at - low)
        ox, oy = -dy / length * w / 2, dx / length * w / 2
        left.append((x + ox, y + oy))
        right.append((x - ox, y - oy))
    return left + right[::-1]


@cache
def falloff(power: float) -> Image.Image:
    """256 x 256 of light: 255 in the middle, 0 at 0.7 of the way to the rim and beyond. Shared: never draw on it."""
    return Image.radial_gradient("L").point([round(255 * max(0.0, 1 - v / 181) ** power) for v in range(256)])


def ramp(stops: Sequence[Colour], size: tuple[int, int], angle: float = 90.0) -> Image.Image:
    """Even colour stops along a direction: 90 from top to bottom, 0 from left to right."""
    if angle in (0.0, 90.0):
        strip = Image.new("RGB", (1, len(stops)) if angle else (len(stops), 1))
        strip.putdata(list(stops))
        line = strip.resize((1, size[1]) if angle else (size[0], 1), Image.Resampling.BICUBIC)
        return line.resize(size, Image.Resampling.NEAREST)
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    reach = (abs(c) + abs(s)) / 2
    n, last = 10, len(stops) - 1
    cells = []
    for j in range(n):
        for i in range(n):
            t = (((i + 0.5) / n - 0.5) * c + ((j + 0.5) / n - 0.5) * s) / reach / 2 + 0.5
            t = min(max(t * 1.1 - 0.05, 0.0), 1.0) * last
            low = min(last - 1, int(t))
            cells.append(mix(stops[low], stops[low + 1], t - low))
    grid = Image.new("RGB", (n, n))
    grid.putdata(cells)
    return grid.resize(size, Image.Resampling.BILINEAR)


def noise(
    rng: Random, size: tuple[int, int], cells: tuple[int, int], octaves: int = 3, fade: float = 0.55
) -> Image.Image:
    """Smooth value noise, 0..255 around 128: `cells` across and down at the coarsest octave, each next one fainter."""
    out: Image.Image | None = None
    weight = total = 1.0
    for octave in range(octaves):
        w, h = max(2, cells[0] << octave), max(2, cells[1] << octave)
        layer = Image.frombytes("L", (w, h), rng.randbytes(w * h))
        # Each octave is drawn only as finely as it can show, then all are enlarged together.
        if out is None:
            out = layer
            continue
        weight *= fade
        total += weight
        out = Image.blend(out.resize((w, h), Image.Resampling.BICUBIC), layer, weight / total)
    assert out is not None
    fine = out.width * 5 > size[0] and out.height * 5 > size[1]
    return out.resize(size, Image.Resampling.BILINEAR if fine else Image.Resampling.BICUBIC)


@cache
def _faded(percent: int) -> list[int]:
    return [v * percent // 100 for v in range(256)]


class Mask:
    """Where a shape is: an `L` image and the canvas position of its top left pixel."""

    __slots__ = ("image", "x", "y")

    def __init__(self, image: Image.Image, x: int, y: int) -> None:
        self.image, self.x, self.y = image, x, y

    @property
    def box(self) -> Box:
        return (self.x, self.y, self.x + self.image.width, self.y + self.image.height)

    def within(self, other: Mask) -> Mask:
        """Only where the other shape is, too."""
        x0, y0, x1, y1 = meet(self.box, other.box)
        a = self.image.crop((x0 - self.x, y0 - self.y, x1 - self.x, y1 - self.y))
        b = other.image.crop((x0 - other.x, y0 - other.y, x1 - other.x, y1 - other.y))
        return Mask(ImageChops.multiply(a, b), x0, y0)

    def without(self, other: Mask, dx: int = 0, dy: int = 0) -> Mask:
        """Only where the other shape, moved by (dx, dy), is not."""
        hole = Image.new("L", self.image.size)
        hole.paste(other.image, (other.x + dx - self.x, other.y + dy - self.y))
        return Mask(ImageChops.subtract(self.image, hole), self.x, self.y)

    def blurred(self, radius: float) -> Mask:
        """Softened inside its own box (give it room if the outside matters)."""
        shrink = max(1, int(radius / 3))
        if shrink > 1:
            small = self.image.reduce(shrink).filter(ImageFilter.GaussianBlur(radius / shrink))
            return Mask(small.resize(self.image.size, Image.Resampling.BILINEAR), self.x, self.y)
        return Mask(self.image.filter(ImageFilter.GaussianBlur(radius)), self.x, self.y)

    def faded(self, by: Callable[[int], float]) -> Mask:
        return Mask(self.image.point(by), self.x, self.y)


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
        if soft >= 2:
            shrink = soft / 2.0
            size = (max(1, math.ceil(w / shrink)), max(1, math.ceil(h / shrink)))
            kx, ky = size[0] / w, size[1] / h
            image = self._polygons(shapes, size, x0, y0, kx, ky, 1).filter(ImageFilter.GaussianBlur(2))
            image = image.resize((w, h), Image.Resampling.BILINEAR)
        else:
            image = self._polygons(
                shapes, (w, h), x0, y0, 1.0, 1.0, 4 if w * h < 60_000 else 3 if w * h < 200_000 else 2
            )
            if soft > 0.7:  # below that the edge is soft enough as it is
                image = image.filter(ImageFilter.BoxBlur(soft))
        return Mask(image, x0, y0)

    @staticmethod
    def _polygons(
        shapes: list[Points], size: tuple[int, int], x0: int, y0: int, kx: float, ky: float, fine: int
    ) -> Image.Image:
        image = Image.new("L", (size[0] * fine, size[1] * fine))
        draw = ImageDraw.Draw(image)
        fx, fy = kx * fine, ky * fine
        for shape in shapes:
            draw.polygon([((x - x0) * fx, (y - y0) * fy) for x, y in shape], fill=255)
        return image.reduce(fine) if fine > 1 else image

    def lay(self, mask: Mask | None, paint: Paint, alpha: float = 1.0) -> None:
        """Paint through a mask. A `paint` picture covers the mask's box."""
        if mask is None or not mask.image.width or not mask.image.height:
            return
        stencil = mask.image
        if alpha < 1.0:
            stencil = stencil.point(_faded(round(alpha * 100)))
        if isinstance(paint, Image.Image):
            self.image.paste(paint, (mask.x, mask.y), stencil)
        else:
            self._stain(paint, mask.box, stencil)

    def _stain(self, colour: Colour, box: Box, stencil: Image.Image) -> None:
        # Pillow blends a picture in half the time it takes to blend a bare colour.
        large = stencil.width * stencil.height > 4_000
        self.image.paste(Image.new("RGB", stencil.size, colour) if large else colour, box, stencil)

    def fill(
        self,
        shape: Points | Sequence[Points],
        paint: Paint | Sequence[Colour],
        alpha: float = 1.0,
        soft: float = 0.0,
        inside: Mask | None = None,
        angle: float = 90.0,
    ) -> Mask | None:
        """Fill a polygon (or several, as one shape) with a colour or a ramp of colours; the mask comes back."""
        many: list[Points] = [shape] if shape and isinstance(shape[0][0], (int, float)) else list(shape)  # type: ignore[list-item, arg-type]
        mask = self.mask(many, soft)
        if mask is not None and inside is not None:
            mask = mask.within(inside)
            if not mask.image.width or not mask.image.height:
                return None
        if mask is None:
            return None
        if not isinstance(paint, Image.Image) and not isinstance(paint[0], int):
            paint = ramp(paint, mask.image.size, angle)  # type: ignore[arg-type]
        self.lay(mask, paint, alpha)  # type: ignore[arg-type]
        return mask

    def whole(self, value: int = 255) -> Mask:
        return Mask(Image.new("L", (self.w, self.h), value), 0, 0)

    def glow(
        self, x: float, y: float, rx: float, colour: Colour, strength: float = 1.0, ry: float = 0.0, power: float = 2.0
    ) -> None:
        """Light of a colour around a point, fading to nothing at its radii."""
        ry = ry or rx
        x0, y0, x1, y1 = math.floor(x - rx), math.floor(y - ry), math.ceil(x + rx), math.ceil(y + ry)
        cut = meet((x0, y0, x1, y1), self.box)
        if cut[2] <= cut[0] or cut[3] <= cut[1]:
            return
        kx, ky = 256 / (x1 - x0), 256 / (y1 - y0)
        source = ((cut[0] - x0) * kx, (cut[1] - y0) * ky, (cut[2] - x0) * kx, (cut[3] - y0) * ky)
        size = (cut[2] - cut[0], cut[3] - cut[1])
        light = falloff(power)
        if strength < 1.0:
            light = light.point([round(v * strength) for v in range(256)])
        self._stain(colour, cut, light.resize(size, Image.Resampling.BILINEAR, box=source))

    def shade(self, mask: Mask | None, colour: Colour, alpha: float = 1.0) -> None:
        """Multiply by a colour through a mask."""
        if mask is None or not mask.image.width or not mask.image.height:
            return
        x0, y0, x1, y1 = cut = meet(mask.box, self.box)
        if x1 <= x0 or y1 <= y0:
            return
        stencil = mask.image.crop((x0 - mask.x, y0 - mask.y, x1 - mask.x, y1 - mask.y))
        if alpha < 1.0:
            stencil = stencil.point(_faded(round(alpha * 100)))
        table = [v * c // 255 for c in colour for v in range(256)]
        self.image.paste(self.image.crop(cut).point(table), (x0, y0), stencil)

    def light(self, mask: Mask | None, colour: Colour, alpha: float = 1.0) -> None:
        """Screen a colour through a mask."""
        if mask is None or not mask.image.width or not mask.image.height:
            return
        x0, y0, x1, y1 = cut = meet(mask.box, self.box)
        if x1 <= x0 or y1 <= y0:
            return
        stencil = mask.image.crop((x0 - mask.x, y0 - mask.y, x1 - mask.x, y1 - mask.y))
        if alpha < 1.0:
            stencil = stencil.point(_faded(round(alpha * 100)))
        table = [v + c * (255 - v) // 255 for c in colour for v in range(256)]
        self.image.paste(self.image.crop(cut).point(table), (x0, y0), stencil)

    def blur(self, radius: float) -> None:
        """Throw everything so far out of focus."""
        shrink = max(1, int(radius / 2))
        small = self.image.reduce(shrink) if shrink > 1 else self.image
        small = small.filter(ImageFilter.GaussianBlur(radius / shrink))
        self.image = small.resize((self.w, self.h), Image.Resampling.BICUBIC) if shrink > 1 else small
