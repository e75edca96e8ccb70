"""Pictures held for searching, similarity values, and explanations of results."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from .people import FaceInfo


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
