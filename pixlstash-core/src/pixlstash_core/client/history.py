"""What was done, and taking it back."""

from __future__ import annotations

from ..types import Done, HistoryEntry
from .channel import Channel


class History(Channel):
    def undo(self) -> Done:
        return self._post("/undo", Done)

    def redo(self) -> Done:
        return self._post("/redo", Done)

    def history(self, limit: int = 50) -> list[HistoryEntry]:
        return self._get("/history", list[HistoryEntry], {"limit": limit})
