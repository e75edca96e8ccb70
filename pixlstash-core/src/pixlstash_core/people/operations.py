"""Characters and faces: assignments, suggestions, and unassigned faces."""

from __future__ import annotations

from ..collections import groups
from ..collections.groups import CHARACTERS
from ..collections.operations import gather, made, make, members
from ..context import Context
from ..database.writer import Write
from ..errors import Invalid
from ..types import (
    AssignFaces,
    CharacterFaces,
    CharacterInfo,
    Create,
    Created,
    Done,
    DrawFace,
    Edit,
    FaceClusters,
    FaceInfo,
    Faces,
    MaybeCharacter,
    Members,
    MergeCharacters,
    Reader,
    ReferFaces,
    RejectFaces,
    Selection,
)
from ..types.history import Outcome
from . import assignments, characters, faces
from .feature import People

# -- characters ----------------------------------------------------------------------------------------------------


def list_characters(context: Context, reader: Reader) -> list[CharacterInfo]:
    """Return all characters that the caller may see, by name."""
    with context.db.reading() as connection:
        return characters.infos(connection, reader)


def find_character(context: Context, reader: Reader, id: int) -> CharacterInfo:
    """Return one character."""
    with context.db.reading() as connection:
        return characters.info(connection, reader, id)


def character_members(context: Context, reader: Reader, id: int) -> Members:
    """Return the ids of the pictures that show a character."""
    return members(context, reader, CHARACTERS, id)


def create_character(context: Context, reader: Reader, ask: Create) -> Created:
    """Create a character."""
    return make(context, reader, CHARACTERS, ask)


def edit_character(context: Context, reader: Reader, id: int, ask: Edit) -> Done:
    """Change the name, color or other properties of a character; omitted fields stay unchanged."""
    return context.organize(reader, lambda write: groups.edit(write, CHARACTERS, id, ask))


def delete_character(context: Context, reader: Reader, id: int) -> Done:
    """Delete a character and the assignments of its faces; the pictures stay."""
    return context.organize(reader, lambda write: characters.remove(write, id))


def add_to_character(context: Context, reader: Reader, id: int, ask: Selection) -> Done:
    """Add pictures to a character."""
    return gather(context, reader, ask, lambda write, ids: characters.add(write, id, ids), words=True)


def take_from_character(context: Context, reader: Reader, id: int, ask: Selection) -> Done:
    """Remove pictures from a character."""
    return gather(context, reader, ask, lambda write, ids: characters.take(write, id, ids), live=False, words=True)


# -- faces -----------------------------------------------------------------------------------------------------------


def picture_faces(context: Context, reader: Reader, id: int) -> list[FaceInfo]:
    """Return the faces of a picture with their characters, from left to right."""
    with context.db.reading() as connection:
        return faces.of_picture(connection, reader, id)


def character_faces(context: Context, reader: Reader, id: int) -> CharacterFaces:
    """Return the faces assigned to a character, and the reference faces used to recognize it."""
    with context.db.reading() as connection:
        return faces.of_character(connection, reader, id)


def suggest_character(context: Context, reader: Reader, id: int, q: str = "", limit: int = 50) -> list[MaybeCharacter]:
    """Return pictures that may show a character, the most similar first: by its faces, or by content if it has none."""
    within(limit)
    find_character(context, reader, id)
    return context.part(People).suggesting.suggest(reader, id, q, limit)


def face_clusters(context: Context, reader: Reader, q: str = "", limit: int = 50, each: int = 24) -> FaceClusters:
    """Return groups of similar unassigned faces, the largest first, with up to `each` faces per group."""
    within(limit)
    within(each)
    return context.part(People).grouping.clusters(reader, q, limit, each)


# -- assignments ---------------------------------------------------------------------------------------------------


def assign_faces(context: Context, reader: Reader, ask: AssignFaces) -> Created:
    """Assign faces to a character."""
    return made(context, reader, lambda write: _assign(write, ask, _who(write, ask.character, ask.name)))


def reject_faces(context: Context, reader: Reader, ask: RejectFaces) -> Done:
    """Record that faces do not show a character."""
    return context.organize(reader, lambda write: assignments.reject(write, ask, ask.character))


def forget_faces(context: Context, reader: Reader, ask: Faces) -> Done:
    """Clear the assignments of faces; delete faces that were drawn by hand."""
    return context.organize(reader, lambda write: assignments.forget(write, ask))


def refer_faces(context: Context, reader: Reader, ask: ReferFaces) -> Done:
    """Use faces as references for recognizing their characters, or stop using them."""
    return context.organize(reader, lambda write: assignments.refer(write, ask, ask.yes))


def draw_face(context: Context, reader: Reader, ask: DrawFace) -> Created:
    """Add a face of a character by drawing a box in a picture."""
    return made(
        context,
        reader,
        lambda write: assignments.draw(write, ask.picture, ask.box, ask.time, _who(write, ask.character, ask.name)),
    )


def merge_characters(context: Context, reader: Reader, ask: MergeCharacters) -> Done:
    """Merge characters into one, with all their pictures and faces."""
    return context.organize(reader, lambda write: assignments.merge(write, ask.ids, ask.into))


def _assign(write: Write, ask: AssignFaces, character: int) -> Outcome:
    """Assign faces, and whole pictures, to a character as one step of the history."""
    outcome = assignments.assign(write, ask, character)
    groups.demand_live(write, ask.pictures)
    write.guard(ask.pictures)
    whole = characters.add(write, character, ask.pictures)
    if not whole.changed:
        return outcome
    sentence = f"{outcome.sentence}; {whole.sentence}" if outcome.changed else whole.sentence
    return Outcome(outcome.changed + whole.changed, sentence, character)


def _who(write: Write, character: int | None, name: str | None) -> int:
    """Return the id of a character by its id or name; create a character if the name is new."""
    if (character is None) == (name is None):
        raise Invalid("Say which character: either by its id or by a name.")
    if character is not None:
        return character
    assert name is not None
    return faces.named(write, name) or groups.make(write, CHARACTERS, Create(name=name)).id


def within(limit: int) -> None:
    """Raise `Invalid` unless a limit is between 1 and 1000."""
    if not 0 < limit <= 1000:
        raise Invalid("limit must be between 1 and 1000.")
