"""What people did, and taking it back."""

from __future__ import annotations

from ..session import Wired, demand
from ..types import Done, HistoryEntry, Reader
from . import feature as history


class History(Wired):
    def history(self, reader: Reader, limit: int = 50) -> list[HistoryEntry]:
        """What people did, the newest first."""
        demand(reader, "write", whole=True)
        self.feed.catch_up()
        return history.listed(self.hub, max(1, min(limit, 1000)))

    def undo(self, reader: Reader) -> Done:
        """Undo the newest change that is not undone."""
        demand(reader, "write", whole=True)
        self._writable()
        with self.stepping:  # the next one undoes what is the newest then
            self.feed.move()
            step = history.undo(self.hub, self.door, reader)
            self.feed.catch_up()  # it is done, whatever comes of this
        return Done(step.committed.revision, step.committed.result, f"Undone: {step.told()}", False)

    def redo(self, reader: Reader) -> Done:
        """Redo what was undone last."""
        demand(reader, "write", whole=True)
        self._writable()
        with self.stepping:
            self.feed.move()
            step = history.redo(self.hub, self.door, reader)
            self.feed.catch_up()
        return Done(step.committed.revision, step.committed.result, step.told(), True)
