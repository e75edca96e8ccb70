"""Text that engines read in pictures."""

from __future__ import annotations

from msgspec import Struct

from .people import Box


class TextLineInfo(Struct, frozen=True):
    """A line of text in a picture. `corners`: of a line that is not level, its four corners as fractions of the upright
    picture, clockwise from the upper left corner of the text. `time`: of a moving picture, in seconds.
    """

    text: str
    box: Box
    confidence: float
    corners: list[tuple[float, float]] = []
    time: float | None = None


class PictureText(Struct, frozen=True):
    """The text that an engine read in a picture. `engine`: empty if no engine has read any.

    `turn`: by how many quarters clockwise a person rotated the picture, which the boxes are not.
    """

    lines: list[TextLineInfo]
    engine: str = ""
    turn: int = 0
