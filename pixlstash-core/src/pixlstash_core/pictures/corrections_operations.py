"""Dates and turns as people say them; the originals stay as they are."""

from __future__ import annotations

from ..collections import groups
from ..database.writer import Write
from ..session import Wired, demand
from ..types import DatePictures, Done, Reader, TurnPictures
from . import corrections


class Corrections(Wired):
    def turn(self, reader: Reader, ask: TurnPictures) -> Done:
        """Turn pictures by quarters."""
        demand(reader, "write", whole=True)
        ids = self._selected(reader, ask)

        def work(write: Write) -> groups.Told:
            groups.refuse_locked(write, ids)
            return corrections.turn(write, ids, ask.quarters)

        return self._organise(reader, work)

    def date(self, reader: Reader, ask: DatePictures) -> Done:
        """Say when pictures were made: set it, shift it, name the zone of their clocks, or take it back."""
        demand(reader, "write", whole=True)
        ids = self._selected(reader, ask)

        def work(write: Write) -> groups.Told:
            groups.refuse_locked(write, ids)
            return corrections.date(write, ids, ask)

        return self._organise(reader, work)
