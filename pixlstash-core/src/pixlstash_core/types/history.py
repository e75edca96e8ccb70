"""What a write answers, and what history remembers of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct


class Done(Struct, frozen=True):
    """An acknowledged, durable write."""

    revision: int
    changed: int
    sentence: str
    undoable: bool


class HistoryEntry(Struct, frozen=True):
    revision: int
    at: datetime
    sentence: str
    state: Literal["done", "undone"]
    undoable: bool
