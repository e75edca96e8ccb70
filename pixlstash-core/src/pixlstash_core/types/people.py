"""Faces, their assignments to characters, suggestions, and the review queue."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .pictures import Id, Picture
from .tags import EngineTag

#: left, top, right, bottom as fractions of the upright picture.
Box = tuple[float, float, float, float]
Union = Annotated[list[Id], Meta(max_length=100_000)]
Ids = Annotated[list[Id], Meta(max_length=100_000)]


class FaceInfo(Struct, frozen=True):
    """A face of a picture. `id`: the face an engine found; `said`: the user's assignment; either may be missing.

    `character` is whose it is said to be, `not_characters` whose it is said not to be. `reference`: a person chose it
    to tell the character by. `time`: of a moving picture, in seconds. `confidence` (0 to 1) and `engine`: None and ""
    where a person drew it. `turn`: by how many quarters clockwise a person turned the picture, which its box is not.
    """

    picture: int
    box: Box
    id: int | None = None
    said: int | None = None
    time: float | None = None
    confidence: float | None = None
    engine: str = ""
    character: int | None = None
    name: str | None = None
    not_characters: list[int] = []
    reference: bool = False
    turn: int = 0


class Faces(Struct, frozen=True, kw_only=True):
    """Faces: those that engines found (`faces`), and those with an assignment (`said`)."""

    faces: Union = []
    said: Union = []


class AssignFaces(Faces, frozen=True, kw_only=True):
    """Assign faces to a character, by its id or by its `name`; a character of a new name is created.

    `pictures`: that these show the character, too, wherever in them.
    """

    character: Id | None = None
    name: str | None = None
    pictures: Union = []


class RejectFaces(Faces, frozen=True, kw_only=True):
    """Reject faces as the character's. They are not suggested for it again, whichever engine finds them."""

    character: Id


class ReferFaces(Faces, frozen=True, kw_only=True):
    """Use these faces of the character as its references (`yes`), or stop using them."""

    yes: bool = True


class DrawFace(Struct, frozen=True, kw_only=True):
    """Add a face of a character as a box in a picture. `time`: in seconds, for videos and animations."""

    picture: Id
    box: Box
    time: Annotated[float, Meta(ge=0)] | None = None
    character: Id | None = None
    name: str | None = None


class MergeCharacters(Struct, frozen=True):
    """Merge the characters `ids` into the character `into`; the former are deleted."""

    ids: Annotated[list[Id], Meta(min_length=1, max_length=1000)]
    into: Id


class FaceCluster(Struct, frozen=True):
    """Unassigned faces that seem to show one person, the most certain first. `size`: their total number."""

    size: int
    faces: list[FaceInfo]


class FaceClusters(Struct, frozen=True):
    """The largest groups first. `unassigned`: the number of all such faces; `ready`: false while grouping."""

    ready: bool
    unassigned: int
    clusters: list[FaceCluster]


class MaybeCharacter(Struct, frozen=True):
    """A picture that may show a character, because of a face, or (`face` is None) of its whole content.

    `likeness` is on the scale of all engines; `like`: the picture it is most like. `doubt` (0 to 1): how little there
    is between yes and no, or between this character and the next best, `rival`.
    """

    character: int
    name: str
    picture: Picture
    likeness: float
    like: int
    face: FaceInfo | None = None
    rival: str | None = None
    doubt: float = 0.0


class CharacterFaces(Struct, frozen=True):
    """The faces assigned to a character, and its references: at most ten, chosen ones or else the clearest."""

    faces: list[FaceInfo]
    references: list[FaceInfo]


class TagToReview(Struct, frozen=True):
    """A tag to review: the number of pictures with an undecided suggestion, and how many of these are uncertain."""

    name: str
    category: str
    waiting: int
    doubtful: int


#: `doubtful`: closest to the threshold, or engines disagree; `teaching`: those that a tagger that learns is least sure
#: about, whatever its threshold; `likely`: the highest confidence.
ReviewOrder = Literal["doubtful", "teaching", "likely"]


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
    """The pictures to review for one tag, in the order that was asked for; `waiting`: their total number.

    `learned`: a tagger that learns from your decisions has learned this tag, so that answers teach it.
    """

    tag: str
    waiting: int
    found: list[ReviewedTag]
    learned: bool = False


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
