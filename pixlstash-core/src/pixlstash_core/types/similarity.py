"""Similarity: pictures that look like others."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .pictures import Picture, Selection

#: How likeness to several things becomes one.
Combine = Literal["mean", "min", "max", "harmonic", "geometric"]


class FindSimilar(Selection, frozen=True, kw_only=True):
    """Find pictures similar to these among those that `q` finds, the most similar first.

    Of several the `mean`, the least (`min`) or the greatest (`max`) likeness counts, or another mean.
    """

    q: str = ""
    combine: Combine = "mean"
    limit: Annotated[int, Meta(ge=1, le=1000)] = 50


class Similar(Struct, frozen=True):
    """A similar picture, its similarity (1: identical), and which of the given pictures it is most similar to."""

    picture: Picture
    score: float
    like: int


class SimilarFound(Struct, frozen=True):
    """Similar pictures and the engine that found them; it has not processed `without` of the given pictures yet."""

    engine: str
    without: int
    found: list[Similar]
