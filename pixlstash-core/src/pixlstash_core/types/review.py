"""The review queue: undecided suggestions of engines, the most uncertain first."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from .people import Faces
from .pictures import Id, Picture
from .tags import EngineTag

Ids = Annotated[list[Id], Meta(max_length=100_000)]


class TagToReview(Struct, frozen=True):
    """A tag to review: the number of pictures with an undecided suggestion, and how many of these are uncertain."""

    name: str
    category: str
    waiting: int
    doubtful: int


class ReviewedTag(Struct, frozen=True):
    """A picture with an undecided suggestion of a tag, below or above the engine's threshold.

    `doubt` (0 to 1): how close to the threshold it is, or how far engines disagree.
    """

    picture: Picture
    confidence: float
    effective: bool
    doubt: float
    engines: list[EngineTag]


class TagReview(Struct, frozen=True):
    """The pictures to review for one tag, the most uncertain first; `waiting`: their total number."""

    tag: str
    waiting: int
    found: list[ReviewedTag]


class CharacterToReview(Struct, frozen=True):
    """A character to review: the number of undecided faces, and how many of these are uncertain."""

    id: int
    name: str
    waiting: int
    doubtful: int


class DecideTag(Struct, frozen=True, kw_only=True):
    """Accept a tag on some pictures and reject it on others, in one step."""

    tag: Annotated[str, Meta(min_length=1)]
    yes: Ids = []
    no: Ids = []


class DecideFaces(Struct, frozen=True, kw_only=True):
    """Assign some faces to a character and reject others, in one step."""

    character: Id
    yes: Faces = Faces()
    no: Faces = Faces()
