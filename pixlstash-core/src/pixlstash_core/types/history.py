"""The result of a change."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct


class Done(Struct, frozen=True):
    """The result of a change that is committed and durable."""

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
