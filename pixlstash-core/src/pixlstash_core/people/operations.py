"""Faces and whose they are: what people say, who else it may be, and faces nobody named yet."""

from __future__ import annotations

from ..collections import groups
from ..collections.groups import CHARACTERS, Told, make
from ..collections.operations import Groups
from ..database.writer import Write
from ..errors import Invalid
from ..session import demand
from ..types import (
    AssignFaces,
    CharacterFaces,
    Create,
    Done,
    DrawFace,
    FaceClusters,
    FaceInfo,
    Faces,
    Made,
    MaybeCharacter,
    MergeCharacters,
    Reader,
    ReferFaces,
    RejectFaces,
)
from . import characters, faces
from .feature import People as Known


class People(Groups):
    people: Known

    def picture_faces(self, reader: Reader, id: int) -> list[FaceInfo]:
        """The faces of a picture, from left to right, and whose they are said to be."""
        with self.db.reading() as connection:
            return faces.of_picture(connection, reader, id)

    def character_faces(self, reader: Reader, id: int) -> CharacterFaces:
        """The faces said to be a character's, and those it is told by."""
        with self.db.reading() as connection:
            return faces.of_character(connection, reader, id)

    def suggest_character(self, reader: Reader, id: int, q: str = "", limit: int = 50) -> list[MaybeCharacter]:
        """Pictures that may show a character, the likest first: by faces, or by their looks where it has none."""
        _within(limit)
        demand(reader, "write", whole=True)
        self.find_character(reader, id)
        return self.people.suggesting.suggest(reader, id, q, limit)

    def face_clusters(self, reader: Reader, q: str = "", limit: int = 50, each: int = 24) -> FaceClusters:
        """Faces that are nobody's, by who they seem to be: the largest groups first, `each` faces of a group."""
        _within(limit)
        _within(each)
        demand(reader, "write", whole=True)
        return self.people.grouping.clusters(reader, q, limit, each)

    # -- saying --------------------------------------------------------------------------------------------------------

    def assign_faces(self, reader: Reader, ask: AssignFaces) -> Made:
        """Say whose faces these are."""
        return self._made(reader, lambda write: _assign(write, ask, _who(write, ask.character, ask.name)))

    def reject_faces(self, reader: Reader, ask: RejectFaces) -> Done:
        """Say that these faces are not a character's."""
        return self._organise(reader, lambda write: faces.reject(write, ask, ask.character))

    def forget_faces(self, reader: Reader, ask: Faces) -> Done:
        """Say nothing of these faces any longer; those that people drew go."""
        return self._organise(reader, lambda write: faces.forget(write, ask))

    def refer_faces(self, reader: Reader, ask: ReferFaces) -> Done:
        """Have characters be told by these of their faces, or no longer."""
        return self._organise(reader, lambda write: faces.refer(write, ask, ask.yes))

    def draw_face(self, reader: Reader, ask: DrawFace) -> Made:
        """Say that a character is in a box of a picture."""
        return self._made(
            reader,
            lambda write: faces.draw(write, ask.picture, ask.box, ask.time, _who(write, ask.character, ask.name)),
        )

    def merge_characters(self, reader: Reader, ask: MergeCharacters) -> Done:
        """Make characters one."""
        return self._organise(reader, lambda write: faces.merge(write, ask.ids, ask.into))


def _assign(write: Write, ask: AssignFaces, character: int) -> Told:
    """Faces, and pictures as a whole, in one step of history."""
    told = faces.assign(write, ask, character)
    groups.demand_live(write, ask.pictures)
    groups.refuse_locked(write, ask.pictures)
    whole = characters.add(write, character, ask.pictures)
    if not whole.changed:
        return told
    sentence = f"{told.sentence}; {whole.sentence}" if told.changed else whole.sentence
    return Told(told.changed + whole.changed, sentence, character)


def _who(write: Write, character: int | None, name: str | None) -> int:
    """A character by its id, or by its name, which is made where there is none of it."""
    if (character is None) == (name is None):
        raise Invalid("Say which character: either by its id or by a name.")
    if character is not None:
        return character
    assert name is not None
    return faces.named(write, name) or make(write, CHARACTERS, Create(name=name)).id


def _within(limit: int) -> None:
    if not 0 < limit <= 1000:
        raise Invalid("limit must be between 1 and 1000.")
