"""The review queue: what engines suggest and nobody decided on, the most doubtful first."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from .people import Faces
from .pictures import Id, Picture
from .tags import EngineTag

Ids = Annotated[list[Id], Meta(max_length=100_000)]


class TagToReview(Struct, frozen=True):
    """A tag that engines suggest: of how many pictures nobody decided, and how many of these are doubtful."""

    name: str
    category: str
    waiting: int
    doubtful: int


class ReviewedTag(Struct, frozen=True):
    """A picture an engine found a tag in, below or above its threshold, and nobody decided on.

    `doubt` (0 to 1): how close to the threshold it is, or how far engines disagree.
    """

    picture: Picture
    confidence: float
    effective: bool
    doubt: float
    engines: list[EngineTag]


class TagReview(Struct, frozen=True):
    """One tag across pictures, the most doubtful first; `waiting`: how many there are in all."""

    tag: str
    waiting: int
    found: list[ReviewedTag]


class CharacterToReview(Struct, frozen=True):
    """A character that faces are suggested for: of how many nobody decided, and how many of these are doubtful."""

    id: int
    name: str
    waiting: int
    doubtful: int


class DecideTag(Struct, frozen=True, kw_only=True):
    """Say in one step which pictures have a tag and which have not."""

    tag: Annotated[str, Meta(min_length=1)]
    yes: Ids = []
    no: Ids = []


class DecideFaces(Struct, frozen=True, kw_only=True):
    """Say in one step which faces are a character's and which are not."""

    character: Id
    yes: Faces = Faces()
    no: Faces = Faces()
