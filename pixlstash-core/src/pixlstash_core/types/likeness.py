"""Likeness: pictures that look like others."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .pictures import Picture, Selection

#: How likeness to several things becomes one.
Combine = Literal["mean", "min", "max", "harmonic", "geometric"]


class FindSimilar(Selection, frozen=True, kw_only=True):
    """Pictures that look like these, among those that `q` finds; the likest first.

    Of several the `mean`, the least (`min`) or the greatest (`max`) likeness counts, or another mean.
    """

    q: str = ""
    combine: Combine = "mean"
    limit: Annotated[int, Meta(ge=1, le=1000)] = 50


class Similar(Struct, frozen=True):
    """A picture, how alike it is (1: the same), and which of those asked for it is most like."""

    picture: Picture
    score: float
    like: int


class SimilarFound(Struct, frozen=True):
    """What was found, and by which engine; `without` of those asked for have not been looked at by it yet."""

    engine: str
    without: int
    found: list[Similar]
