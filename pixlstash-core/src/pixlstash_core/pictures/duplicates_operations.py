"""Duplicates, and what becomes of the scrapheap."""

from __future__ import annotations

from ..collections import groups
from ..database.writer import Write
from ..imports import purges
from ..session import Wired, demand
from ..types import (
    Done,
    DuplicatePreview,
    Duplicates,
    EmptyPreview,
    EmptyScrapheap,
    KeepRule,
    NotDuplicates,
    Reader,
    ResolveDuplicates,
)
from ..types.stacks import Distance
from . import duplicates


class Doubles(Wired):
    #: Statements that hand what people said of a duplicate on to the one that is kept.
    handed_on: tuple[str, ...] = ()

    def duplicates(
        self, reader: Reader, rule: KeepRule = "larger", distance: Distance = 4, veil: bool = False
    ) -> Duplicates:
        """Groups of pictures that look the same, each with the one first that is to be kept.

        `veil`: as if what is hidden were not there.
        """
        demand(reader, "read", whole=True)
        hidden = self.views.hidden(reader, self._veil(veil))
        with self.db.reading() as connection:
            return duplicates.find(connection, rule, distance, hidden)

    def preview_duplicates(self, reader: Reader, ask: ResolveDuplicates) -> DuplicatePreview:
        """What keeping the first of each group would do."""
        chosen = self._groups(reader, ask)
        with self.db.reading() as connection:
            return duplicates.preview(connection, chosen)

    def resolve_duplicates(self, reader: Reader, ask: ResolveDuplicates) -> Done:
        """Keep the first of each group, hand on to it what was said of the others, and throw those away."""
        chosen = self._groups(reader, ask)
        every = [picture for group in chosen for picture in group]

        def work(write: Write) -> groups.Told:
            groups.demand_live(write, every)
            groups.refuse_locked(write, every)
            return duplicates.resolve(write, chosen, self.handed_on)

        return self._organise(reader, work)

    def not_duplicates(self, reader: Reader, ask: NotDuplicates) -> Done:
        """Remember that pictures are no duplicates of each other."""

        def work(write: Write) -> groups.Told:
            groups.demand_live(write, ask.ids)
            return duplicates.deny(write, ask.ids)

        return self._organise(reader, work)

    def _groups(self, reader: Reader, ask: ResolveDuplicates) -> list[list[int]]:
        demand(reader, "write", whole=True)
        if ask.groups is not None:
            return duplicates.checked(ask.groups)
        return self.duplicates(reader, ask.rule, ask.distance, ask.veil).groups

    # -- the scrapheap -------------------------------------------------------------------------------------------------

    def preview_empty(self, reader: Reader) -> EmptyPreview:
        """What emptying the scrapheap would do, and the token to do it with. It is never emptied by itself."""
        demand(reader, "owner")
        self._writable()
        return purges.preview(self.db, self.hub, self.stores.connect)[0]

    def empty_scrapheap(self, reader: Reader, ask: EmptyScrapheap) -> Done:
        """Remove for good what a preview named; a conflict when anything of it changed since."""
        demand(reader, "owner")
        self._writable()
        parts = (self.db, self.hub, self.door, self.thumbnails, self.stores.connect)
        seen = purges.empty(*parts, ask.token, reader.principal)
        sentence = f"{groups.many(seen.pictures)} removed for good: {seen.sentence}"
        return Done(self.revision, seen.pictures, sentence, False)
