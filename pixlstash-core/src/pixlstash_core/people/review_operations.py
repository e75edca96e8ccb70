"""The review queue: what engines suggest, the most doubtful first, and deciding on many at once."""

from __future__ import annotations

from ..collections import groups
from ..collections.groups import Told, many
from ..database.writer import Write
from ..errors import Invalid
from ..query.language import parse
from ..session import Wired, demand
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
    Selection,
    TagReview,
    TagToReview,
)
from . import faces
from .feature import People as Known


class Review(Wired):
    people: Known

    def review_tags(self, reader: Reader, q: str = "", limit: int = 100, veil: bool = False) -> list[TagToReview]:
        """Tags that engines suggest in what a query finds, those with the most doubtful ones first.

        `veil`, here and below: as if what is hidden were not there.
        """
        _within(limit)
        demand(reader, "write", whole=True)
        ids = self.views.ids(reader, q, veil=self._veil(veil))
        with self.db.reading() as connection:
            return [TagToReview(*row) for row in review.tags_of(connection, ids, limit)]

    def review_tag(
        self, reader: Reader, tag: str, q: str = "", offset: int = 0, limit: int = 100, veil: bool = False
    ) -> TagReview:
        """Pictures that a query finds, in which engines found a tag that nobody decided on; the most doubtful first."""
        _within(limit)
        if offset < 0:
            raise Invalid("offset must not be negative.")
        demand(reader, "write", whole=True)
        (id,) = names.known(self.db, [tag])
        frame, mask = self.views.mask(reader, parse(q), self._veil(veil))
        with self.db.reading() as connection:
            waiting = [one for one in review.of_tag(connection, id) if one[0] < frame.size and mask[one[0]]]
            chosen = review.ordered(connection, id, waiting)[offset : offset + limit]
        shown = {one.id: one for one in self.views.listed(reader, [one.picture for one in chosen])}
        found = [
            ReviewedTag(shown[one.picture], one.confidence, one.effective, one.doubt, one.engines)
            for one in chosen
            if one.picture in shown
        ]
        return TagReview(names.shown(self.db, [id])[0], len(waiting), found)

    def decide_tag(self, reader: Reader, ask: DecideTag) -> Done:
        """Say in one step which pictures have a tag and which have not."""
        demand(reader, "write", whole=True)
        if both := set(ask.yes) & set(ask.no):
            raise Invalid(f"Picture {min(both)} is both accepted and rejected.")
        every = [*ask.yes, *ask.no]
        self._selected(reader, Selection(ids=every))
        (id,) = names.ensure(self.db, self.door, [ask.tag])

        def work(write: Write) -> Told:
            groups.refuse_locked(write, every)
            accepted = tags.say(write, ask.yes, [id], True) if ask.yes else 0
            rejected = tags.say(write, ask.no, [id], False) if ask.no else 0
            return Told(accepted + rejected, f"{ask.tag}: {many(accepted)} accepted, {rejected:,} rejected")

        committed = self._do(reader, work, lambda told: told.sentence)
        told = committed.result
        return Done(committed.revision, told.changed, told.sentence, committed.changed)

    def review_characters(
        self, reader: Reader, q: str = "", limit: int = 100, veil: bool = False
    ) -> list[CharacterToReview]:
        """Characters that may be in what a query finds, by faces that are nobody's; the most doubtful ones first."""
        _within(limit)
        demand(reader, "write", whole=True)
        return self.people.reviewing.waiting(reader, q, limit, self._veil(veil))

    def review_faces(
        self, reader: Reader, q: str = "", character: int | None = None, limit: int = 100, veil: bool = False
    ) -> list[MaybeCharacter]:
        """Faces that are nobody's and may be a character's (or one character's), the most doubtful first."""
        _within(limit)
        demand(reader, "write", whole=True)
        return self.people.reviewing.doubtful(reader, q, character, limit, self._veil(veil))

    def decide_faces(self, reader: Reader, ask: DecideFaces) -> Done:
        """Say in one step which faces are a character's and which are not."""

        def work(write: Write) -> Told:
            told = [
                say(write, which, ask.character)
                for say, which in ((faces.assign, ask.yes), (faces.reject, ask.no))
                if which.faces or which.said
            ]
            if not told:
                raise Invalid("Say which faces are the character's, or which are not.")
            return Told(sum(one.changed for one in told), "; ".join(one.sentence for one in told))

        return self._organise(reader, work)


def _within(limit: int) -> None:
    if not 0 < limit <= 1000:
        raise Invalid("limit must be between 1 and 1000.")
