"""Characters and faces: assignments, suggestions, and unassigned faces."""

from __future__ import annotations

from ..collections import groups
from ..collections.groups import CHARACTERS
from ..collections.operations import gather, made, make, members
from ..context import Context
from ..database.writer import Write
from ..errors import Invalid
from ..query.language import parse
from ..tags import feature as tags
from ..tags import names, review
from ..types import (
    AssignFaces,
    CharacterFaces,
    CharacterInfo,
    CharacterToReview,
    Create,
    Created,
    DecideFaces,
    DecideTag,
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
    ReviewedTag,
    Selection,
    TagReview,
    TagToReview,
)
from ..types.outcome import Outcome, many
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
    _within(limit)
    find_character(context, reader, id)
    return context.part(People).suggesting.suggest(reader, id, q, limit)


def face_clusters(context: Context, reader: Reader, q: str = "", limit: int = 50, each: int = 24) -> FaceClusters:
    """Return groups of similar unassigned faces, the largest first, with up to `each` faces per group."""
    _within(limit)
    _within(each)
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


def _within(limit: int) -> None:
    if not 0 < limit <= 1000:
        raise Invalid("limit must be between 1 and 1000.")


# -- review ---------------------------------------------------------------------------------------------------------


def review_tags(
    context: Context, reader: Reader, q: str = "", limit: int = 100, veil: bool = False
) -> list[TagToReview]:
    """Return the tags that engines suggest for the pictures of a query, the most uncertain first.

    `veil`, here and in the operations below: leave out hidden and blurred pictures.
    """
    _within(limit)
    ids = context.views.ids(reader, q, hide_and_blur=context.hide_and_blur(veil))
    with context.db.reading() as connection:
        return [TagToReview(*row) for row in review.tags_of(connection, ids, limit)]


def review_tag(
    context: Context, reader: Reader, tag: str, q: str = "", offset: int = 0, limit: int = 100, veil: bool = False
) -> TagReview:
    """Return pictures of a query with an undecided suggestion of a tag, the most uncertain first."""
    _within(limit)
    if offset < 0:
        raise Invalid("offset must not be negative.")
    (id,) = names.find(context.db, [tag])
    frame, mask = context.views.mask(reader, parse(q), context.hide_and_blur(veil))
    with context.db.reading() as connection:
        waiting = [row for row in review.of_tag(connection, id) if row[0] < frame.size and mask[row[0]]]
        chosen = review.ordered(connection, id, waiting)[offset : offset + limit]
    shown = {picture.id: picture for picture in context.views.listed(reader, [picture.picture for picture in chosen])}
    reviewed = [
        ReviewedTag(shown[row.picture], row.confidence, row.effective, row.doubt, row.engines)
        for row in chosen
        if row.picture in shown
    ]
    return TagReview(names.shown(context.db, [id])[0], len(waiting), reviewed)


def decide_tag(context: Context, reader: Reader, ask: DecideTag) -> Done:
    """Accept a tag on some pictures and reject it on others, in one step."""
    if both := set(ask.yes) & set(ask.no):
        raise Invalid(f"Picture {min(both)} is both accepted and rejected.")
    every = [*ask.yes, *ask.no]
    context.selected(reader, Selection(ids=every))
    (id,) = names.ensure(context.db, context.writer, [ask.tag])

    def work(write: Write) -> Outcome:
        accepted = tags.say(write, ask.yes, [id], True) if ask.yes else 0
        rejected = tags.say(write, ask.no, [id], False) if ask.no else 0
        return Outcome(accepted + rejected, f"{ask.tag}: {many(accepted)} accepted, {rejected:,} rejected")

    return context.organize(reader, work, guarded=every)


def review_characters(
    context: Context, reader: Reader, q: str = "", limit: int = 100, veil: bool = False
) -> list[CharacterToReview]:
    """Return characters suggested for unassigned faces in the pictures of a query, the most uncertain first."""
    _within(limit)
    return context.part(People).reviewing.waiting(reader, q, limit, context.hide_and_blur(veil))


def review_faces(
    context: Context, reader: Reader, q: str = "", character: int | None = None, limit: int = 100, veil: bool = False
) -> list[MaybeCharacter]:
    """Return unassigned faces that may show a character, the most uncertain first."""
    _within(limit)
    return context.part(People).reviewing.doubtful(reader, q, character, limit, context.hide_and_blur(veil))


def decide_faces(context: Context, reader: Reader, ask: DecideFaces) -> Done:
    """Assign some faces to a character and reject others, in one step."""

    def work(write: Write) -> Outcome:
        outcomes = [
            change(write, request, ask.character)
            for change, request in ((assignments.assign, ask.yes), (assignments.reject, ask.no))
            if request.faces or request.said
        ]
        if not outcomes:
            raise Invalid("Say which faces are the character's, or which are not.")
        return Outcome(
            sum(outcome.changed for outcome in outcomes), "; ".join(outcome.sentence for outcome in outcomes)
        )

    return context.organize(reader, work)
