"""Similarity, pictures held for searching, and explanations of results."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from .people import FaceInfo
from .pictures import Picture, Selection

#: How likeness to several things becomes one.
Combine = Literal["mean", "min", "max", "harmonic", "geometric"]


class Held(Struct, frozen=True):
    """A picture to search with that is not imported: `like:upload:TOKEN`, `face:upload:TOKEN`."""

    token: str
    until: datetime


class Alike(Struct, frozen=True):
    """A picture that a ranking query finds, with the engine's cosine similarity, and its value on the scale shared by
    all engines.

    None where a word found it and nothing was compared. `face`: the one that is most alike, of `face:`. `words`: of a
    query with words, how much of them is in what describes the picture (0: none, 1: every word, in its name or tags).
    """

    picture: int
    score: float | None
    likeness: float | None
    face: int | None = None
    words: float | None = None


class Reason(Struct, frozen=True):
    """One reason why a query finds a picture; `sentence` is the text to show.

    `words`: `text` is found in `place` (name, prompt, caption, tag, text …). `meaning`: what `text` means is like what
    `engine` saw. `likeness`: it looks like `picture`. `face`: its face `face` is like the face `like` of `picture`.
    `condition`: `text` is a condition of the query. `score`: the cosine as the engine gives it; `likeness` is that on
    the scale that all engines share (0: like any picture, 1: the same). `snippet`: of words and conditions that are
    found in the text in the picture, that part of the text.
    """

    kind: Literal["words", "meaning", "likeness", "face", "condition"]
    sentence: str
    text: str = ""
    place: str = ""
    engine: str = ""
    score: float | None = None
    likeness: float | None = None
    picture: int | None = None
    face: FaceInfo | None = None
    like: int | None = None
    snippet: str = ""


class Why(Struct, frozen=True):
    """The reasons why a query finds a picture; `found`: whether it does."""

    picture: int
    found: bool
    reasons: list[Reason]
    notes: list[str]


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


class Liked(Struct, frozen=True):
    """The smart score of a picture (1 to 5, None if it has none), and the pictures that you scored which are most
    similar to it: with four or five stars (`good`), and with one or two (`bad`).
    """

    smart: float | None
    good: list[Similar]
    bad: list[Similar]


class SimilarFound(Struct, frozen=True):
    """Similar pictures and the engine that found them; it has not processed `without` of the given pictures yet."""

    engine: str
    without: int
    found: list[Similar]
