"""Operations of the review queue: decide on tags and characters that engines suggest."""

from __future__ import annotations

from ..context import Context
from ..database.writer import Write
from ..errors import Invalid
from ..query.language import parse
from ..tags import feature as tags
from ..tags import names, review
from ..types import (
    CharacterToReview,
    DecideFaces,
    DecideTag,
    Done,
    MaybeCharacter,
    Reader,
    ReviewedTag,
    ReviewOrder,
    Selection,
    TagReview,
    TagToReview,
)
from ..types.history import Outcome, many
from . import assignments
from .feature import People
from .operations import within


def review_tags(
    context: Context, reader: Reader, q: str = "", limit: int = 100, veil: bool = False
) -> list[TagToReview]:
    """Return the tags that engines suggest for the pictures of a query, the most uncertain first.

    `veil`, here and in the operations below: leave out hidden and blurred pictures.
    """
    within(limit)
    ids = context.views.ids(reader, q, hide_and_blur=context.hide_and_blur(veil))
    with context.db.reading() as connection:
        return [TagToReview(*row) for row in review.tags_of(connection, ids, limit)]


def review_tag(
    context: Context,
    reader: Reader,
    tag: str,
    q: str = "",
    offset: int = 0,
    limit: int = 100,
    order: ReviewOrder = "doubtful",
    veil: bool = False,
) -> TagReview:
    """Return pictures of a query with an undecided suggestion of a tag, by default the most uncertain first.

    `order`: `doubtful`, or `teaching`, those that a tagger that learns would learn most from, or `likely`.
    """
    within(limit)
    if offset < 0:
        raise Invalid("offset must not be negative.")
    (id,) = names.find(context.db, [tag])
    frame, mask = context.views.mask(reader, parse(q), context.hide_and_blur(veil))
    with context.db.reading() as connection:
        waiting = [row for row in review.of_tag(connection, id) if row[0] < frame.size and mask[row[0]]]
        chosen = review.ordered(connection, id, waiting, order)[offset : offset + limit]
        learned = review.is_learned(connection, id)
    shown = {picture.id: picture for picture in context.views.listed(reader, [picture.picture for picture in chosen])}
    reviewed = [
        ReviewedTag(shown[row.picture], row.confidence, row.effective, row.doubt, row.engines)
        for row in chosen
        if row.picture in shown
    ]
    return TagReview(names.shown(context.db, [id])[0], len(waiting), reviewed, learned)


def decide_tag(context: Context, reader: Reader, ask: DecideTag) -> Done:
    """Accept a tag on some pictures and reject it on others, in one step."""
    if both := set(ask.yes) & set(ask.no):
        raise Invalid(f"Picture {min(both)} is both accepted and rejected.")
    every = [*ask.yes, *ask.no]
    context.selected(reader, Selection(ids=every))
    (id,) = names.ensure(context.db, context.writer, [ask.tag])

    def work(write: Write) -> Outcome:
        accepted = tags.annotate(write, ask.yes, [id], True) if ask.yes else 0
        rejected = tags.annotate(write, ask.no, [id], False) if ask.no else 0
        return Outcome(accepted + rejected, f"{ask.tag}: {many(accepted)} accepted, {rejected:,} rejected")

    return context.organize(reader, work, guarded=every)


def review_characters(
    context: Context, reader: Reader, q: str = "", limit: int = 100, veil: bool = False
) -> list[CharacterToReview]:
    """Return characters suggested for unassigned faces in the pictures of a query, the most uncertain first."""
    within(limit)
    return context.part(People).reviewing.waiting(reader, q, limit, context.hide_and_blur(veil))


def review_faces(
    context: Context, reader: Reader, q: str = "", character: int | None = None, limit: int = 100, veil: bool = False
) -> list[MaybeCharacter]:
    """Return unassigned faces that may show a character, the most uncertain first."""
    within(limit)
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
