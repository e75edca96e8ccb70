"""Checks of boxes, points and confidences that engines return."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

#: Boxes of one image, at most.
MOST = 1000


def listed(result: Any, kind: type) -> Sequence[Any]:
    """Return a result that is a list of this type; raise `ValueError` if it is not, or is too long."""
    if not isinstance(result, list | tuple) or not all(isinstance(item, kind) for item in result):
        raise ValueError(f"a list of {kind.__name__} was expected, and {result!r:.80} was given")
    if len(result) > MOST:
        raise ValueError(f"{len(result)} boxes were given for one image, and {MOST} are the most")
    return result


def box(value: Any) -> list[float]:
    """Return a box clipped to the image; raise `ValueError` if it is invalid or empty."""
    if not isinstance(value, list | tuple) or len(value) != 4:
        raise ValueError(f"a box of left, top, right and bottom was expected, and {value!r:.80} was given")
    numbers = [float(number) for number in value]
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"a box with NaN or infinity in it was given: {value!r:.80}")
    left, top, right, bottom = (min(1.0, max(0.0, number)) for number in numbers)
    if not (left < right and top < bottom):
        raise ValueError(f"a box that is empty, or not in fractions of the image, was given: {value!r:.80}")
    return [round(number, 6) for number in (left, top, right, bottom)]


def point(value: Any, what: str = "landmark") -> list[float]:
    """Return a point; raise `ValueError` if it is not finite."""
    across, down = (float(number) for number in value)
    if not (math.isfinite(across) and math.isfinite(down)):
        raise ValueError(f"a {what} with NaN or infinity in it was given")
    return [round(across, 6), round(down, 6)]


def confidence(value: Any) -> float:
    """Return a confidence; raise `ValueError` if it is not between 0 and 1."""
    number = float(value)
    if not (math.isfinite(number) and 0 <= number <= 1):
        raise ValueError(f"a confidence of {number} was given, and not one between 0 and 1")
    return number
