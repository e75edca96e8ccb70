"""Faces and whose they are: what people say, who else it may be, and faces nobody named yet."""

from __future__ import annotations

from ..collections import groups
from ..collections.groups import CHARACTERS, make
from ..collections.operations import find_character, made
from ..context import Context, demand
from ..database.writer import Write
from ..errors import Invalid
from ..query.language import parse
from ..tags import feature as tags
from ..tags import names, review
from ..types import (
    AssignFaces,
    CharacterFaces,
    CharacterToReview,
    Create,
    DecideFaces,
    DecideTag,
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
    ReviewedTag,
    Selection,
    TagReview,
    TagToReview,
)
from ..types.outcome import Outcome, many
from . import characters, faces


def picture_faces(context: Context, reader: Reader, id: int) -> list[FaceInfo]:
    """The faces of a picture, from left to right, and whose they are said to be."""
    with context.db.reading() as connection:
        return faces.of_picture(connection, reader, id)


def character_faces(context: Context, reader: Reader, id: int) -> CharacterFaces:
    """The faces said to be a character's, and those it is told by."""
    with context.db.reading() as connection:
        return faces.of_character(connection, reader, id)


def suggest_character(context: Context, reader: Reader, id: int, q: str = "", limit: int = 50) -> list[MaybeCharacter]:
    """Pictures that may show a character, the likest first: by faces, or by their looks where it has none."""
    _within(limit)
    demand(reader, "write", whole=True)
    find_character(context, reader, id)
    return context.people.suggesting.suggest(reader, id, q, limit)


def face_clusters(context: Context, reader: Reader, q: str = "", limit: int = 50, each: int = 24) -> FaceClusters:
    """Faces that are nobody's, by who they seem to be: the largest groups first, `each` faces of a group."""
    _within(limit)
    _within(each)
    demand(reader, "write", whole=True)
    return context.people.grouping.clusters(reader, q, limit, each)


# -- saying --------------------------------------------------------------------------------------------------------


def assign_faces(context: Context, reader: Reader, ask: AssignFaces) -> Made:
    """Say whose faces these are."""
    return made(context, reader, lambda write: _assign(write, ask, _who(write, ask.character, ask.name)))


def reject_faces(context: Context, reader: Reader, ask: RejectFaces) -> Done:
    """Say that these faces are not a character's."""
    return context.organise(reader, lambda write: faces.reject(write, ask, ask.character))


def forget_faces(context: Context, reader: Reader, ask: Faces) -> Done:
    """Say nothing of these faces any longer; those that people drew go."""
    return context.organise(reader, lambda write: faces.forget(write, ask))


def refer_faces(context: Context, reader: Reader, ask: ReferFaces) -> Done:
    """Have characters be told by these of their faces, or no longer."""
    return context.organise(reader, lambda write: faces.refer(write, ask, ask.yes))


def draw_face(context: Context, reader: Reader, ask: DrawFace) -> Made:
    """Say that a character is in a box of a picture."""
    return made(
        context,
        reader,
        lambda write: faces.draw(write, ask.picture, ask.box, ask.time, _who(write, ask.character, ask.name)),
    )


def merge_characters(context: Context, reader: Reader, ask: MergeCharacters) -> Done:
    """Make characters one."""
    return context.organise(reader, lambda write: faces.merge(write, ask.ids, ask.into))


def _assign(write: Write, ask: AssignFaces, character: int) -> Outcome:
    """Faces, and pictures as a whole, in one step of history."""
    told = faces.assign(write, ask, character)
    groups.demand_live(write, ask.pictures)
    groups.refuse_locked(write, ask.pictures)
    whole = characters.add(write, character, ask.pictures)
    if not whole.changed:
        return told
    sentence = f"{told.sentence}; {whole.sentence}" if told.changed else whole.sentence
    return Outcome(told.changed + whole.changed, sentence, character)


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


# -- review ---------------------------------------------------------------------------------------------------------


def review_tags(
    context: Context, reader: Reader, q: str = "", limit: int = 100, veil: bool = False
) -> list[TagToReview]:
    """Tags that engines suggest in what a query finds, those with the most doubtful ones first.

    `veil`, here and below: as if what is hidden were not there.
    """
    _within(limit)
    demand(reader, "write", whole=True)
    ids = context.views.ids(reader, q, veil=context.hiding(veil))
    with context.db.reading() as connection:
        return [TagToReview(*row) for row in review.tags_of(connection, ids, limit)]


def review_tag(
    context: Context, reader: Reader, tag: str, q: str = "", offset: int = 0, limit: int = 100, veil: bool = False
) -> TagReview:
    """Pictures that a query finds, in which engines found a tag that nobody decided on; the most doubtful first."""
    _within(limit)
    if offset < 0:
        raise Invalid("offset must not be negative.")
    demand(reader, "write", whole=True)
    (id,) = names.known(context.db, [tag])
    frame, mask = context.views.mask(reader, parse(q), context.hiding(veil))
    with context.db.reading() as connection:
        waiting = [one for one in review.of_tag(connection, id) if one[0] < frame.size and mask[one[0]]]
        chosen = review.ordered(connection, id, waiting)[offset : offset + limit]
    shown = {one.id: one for one in context.views.listed(reader, [one.picture for one in chosen])}
    found = [
        ReviewedTag(shown[one.picture], one.confidence, one.effective, one.doubt, one.engines)
        for one in chosen
        if one.picture in shown
    ]
    return TagReview(names.shown(context.db, [id])[0], len(waiting), found)


def decide_tag(context: Context, reader: Reader, ask: DecideTag) -> Done:
    """Say in one step which pictures have a tag and which have not."""
    demand(reader, "write", whole=True)
    if both := set(ask.yes) & set(ask.no):
        raise Invalid(f"Picture {min(both)} is both accepted and rejected.")
    every = [*ask.yes, *ask.no]
    context.selected(reader, Selection(ids=every))
    (id,) = names.ensure(context.db, context.writer, [ask.tag])

    def work(write: Write) -> Outcome:
        groups.refuse_locked(write, every)
        accepted = tags.say(write, ask.yes, [id], True) if ask.yes else 0
        rejected = tags.say(write, ask.no, [id], False) if ask.no else 0
        return Outcome(accepted + rejected, f"{ask.tag}: {many(accepted)} accepted, {rejected:,} rejected")

    committed = context.change(reader, work, lambda told: told.sentence)
    told = committed.result
    return Done(committed.revision, told.changed, told.sentence, committed.changed)


def review_characters(
    context: Context, reader: Reader, q: str = "", limit: int = 100, veil: bool = False
) -> list[CharacterToReview]:
    """Characters that may be in what a query finds, by faces that are nobody's; the most doubtful ones first."""
    _within(limit)
    demand(reader, "write", whole=True)
    return context.people.reviewing.waiting(reader, q, limit, context.hiding(veil))


def review_faces(
    context: Context, reader: Reader, q: str = "", character: int | None = None, limit: int = 100, veil: bool = False
) -> list[MaybeCharacter]:
    """Faces that are nobody's and may be a character's (or one character's), the most doubtful first."""
    _within(limit)
    demand(reader, "write", whole=True)
    return context.people.reviewing.doubtful(reader, q, character, limit, context.hiding(veil))


def decide_faces(context: Context, reader: Reader, ask: DecideFaces) -> Done:
    """Say in one step which faces are a character's and which are not."""

    def work(write: Write) -> Outcome:
        told = [
            say(write, which, ask.character)
            for say, which in ((faces.assign, ask.yes), (faces.reject, ask.no))
            if which.faces or which.said
        ]
        if not told:
            raise Invalid("Say which faces are the character's, or which are not.")
        return Outcome(sum(one.changed for one in told), "; ".join(one.sentence for one in told))

    return context.organise(reader, work)
