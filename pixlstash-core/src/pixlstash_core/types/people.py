"""People: faces, whose they are said to be, and who else it may be."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from .pictures import Id, Picture

#: left, top, right, bottom as fractions of the upright picture.
Box = tuple[float, float, float, float]
Union = Annotated[list[Id], Meta(max_length=100_000)]


class FaceInfo(Struct, frozen=True):
    """A face of a picture. `id`: of what an engine found; `said`: of what a person said; one of the two may be missing.

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
    """Which faces: those that engines found (`faces`), and those that people said something of (`said`)."""

    faces: Union = []
    said: Union = []


class AssignFaces(Faces, frozen=True, kw_only=True):
    """Say whose faces these are: a character's by its id, or by a `name`, which is made when it is new.

    `pictures`: that these show the character, too, wherever in them.
    """

    character: Id | None = None
    name: str | None = None
    pictures: Union = []


class RejectFaces(Faces, frozen=True, kw_only=True):
    """Say that these faces are not the character's; nor are others of them suggested for it again."""

    character: Id


class ReferFaces(Faces, frozen=True, kw_only=True):
    """Have the character be told by these of its faces (`yes`), or no longer by them."""

    yes: bool = True


class DrawFace(Struct, frozen=True, kw_only=True):
    """Say that a character is in a box of a picture, whatever engines find. `time`: in seconds, of what moves."""

    picture: Id
    box: Box
    time: Annotated[float, Meta(ge=0)] | None = None
    character: Id | None = None
    name: str | None = None


class MergeCharacters(Struct, frozen=True):
    """Make characters one: all that is said of `ids` is said of `into`, and they go."""

    ids: Annotated[list[Id], Meta(min_length=1, max_length=1000)]
    into: Id


class FaceCluster(Struct, frozen=True):
    """Faces that nobody assigned and that seem to be of one; the surest first. `size`: how many there are in all."""

    size: int
    faces: list[FaceInfo]


class FaceClusters(Struct, frozen=True):
    """The largest clusters first; `unassigned` faces in all. `ready`: else they are still being put together."""

    ready: bool
    unassigned: int
    clusters: list[FaceCluster]


class MaybeCharacter(Struct, frozen=True):
    """A picture that may show a character: by a face of it, or (`face` is None) by all it looks like.

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
    """The faces said to be a character's, and those it is told by (at most ten: chosen ones, else the best)."""

    faces: list[FaceInfo]
    references: list[FaceInfo]
