"""The result of a change before it is committed."""

from __future__ import annotations

from msgspec import Struct


class Outcome(Struct, frozen=True):
    """The number of changed items, a sentence for the history, and the id of what was created."""

    changed: int
    sentence: str
    id: int = 0


def many(count: int, noun: str = "picture") -> str:
    """Return a count with its noun: `1 picture`, `1,000 pictures`."""
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
