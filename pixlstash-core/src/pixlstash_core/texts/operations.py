"""Operations on text in pictures."""

from __future__ import annotations

from ..context import Context
from ..types import PictureText, Reader
from . import feature as texts


def picture_text(context: Context, reader: Reader, id: int) -> PictureText:
    """Return the lines of text in a picture with their places, in reading order."""
    return texts.of_picture(context.db, reader, id)


def text_lengths(context: Context, reader: Reader, ids: list[int]) -> dict[int, int]:
    """Return the number of characters of text in pictures by id; pictures that no engine has read are left out."""
    return texts.lengths(context.db, reader, ids)
