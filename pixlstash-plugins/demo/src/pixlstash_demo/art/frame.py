"""Local coordinates: things are drawn as outlines around an origin, and placed as a whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from .canvas import Canvas, Point, curve, ellipse, ribbon


@lru_cache(1024)
def path(text: str) -> tuple[tuple[float, float, float], ...]:
    """Points written as in SVG, `x,y x,y`; a third number says how far a point goes along when the thing bends.

    A text that ends in `|` is half of a symmetric outline, whose other half is added.
    """
    points = []
    for point in text.rstrip("|").split():
        x, y, *bend = map(float, point.split(","))
        points.append((x, y, *bend) if bend else (x, y, 0.0))
    if text.endswith("|"):
        points += [(-x, y, bend) for x, y, bend in reversed(points) if x]
    return tuple(points)  # type: ignore[arg-type]


class Frame:
    """A place on a canvas: the origin at (x, y), `k` pixels to the unit, y down. `flip` -1 turns left to right.

    It is tilted by so many radians about the point `pivot` below the origin.
    """

    def __init__(
        self, canvas: Canvas, x: float, y: float, k: float, flip: int = 1, tilt: float = 0.0, pivot: float = 0.0
    ) -> None:
        self.canvas, self.x, self.y, self.k, self.flip = canvas, x, y, k, flip
        self._cos, self._sin, self._pivot = math.cos(tilt), math.sin(tilt), pivot

    def at(self, x: float, y: float) -> Point:
        y -= self._pivot
        x, y = x * self._cos - y * self._sin, x * self._sin + y * self._cos + self._pivot
        return (self.x + x * self.k * self.flip, self.y + y * self.k)

    def corners(self, text: str, bend: float = 0.0, flip: int = 1) -> list[Point]:
        """A path with straight lines."""
        return [self.at((x + d * bend) * flip, y) for x, y, d in path(text)]

    def shape(self, text: str, bend: float = 0.0, flip: int = 1) -> list[Point]:
        """A smooth outline through the points of a path."""
        return curve(self.corners(text, bend, flip))

    def line(self, text: str, bend: float = 0.0, flip: int = 1) -> list[Point]:
        """A smooth line from the first point of a path to the last."""
        return curve(self.corners(text, bend, flip), False)

    def stroke(self, text: str, widths: Sequence[float], bend: float = 0.0, flip: int = 1) -> list[Point]:
        """Such a line with widths, as an outline."""
        return ribbon(self.line(text, bend, flip), [width * self.k for width in widths])

    def spot(self, x: float, y: float, rx: float, ry: float = 0.0) -> list[Point]:
        """An ellipse around a point."""
        return ellipse(*self.at(x, y), rx * self.k, (ry or rx) * self.k, n=24)
