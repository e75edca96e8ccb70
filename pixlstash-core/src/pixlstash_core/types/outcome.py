"""What a change came to, before it is committed and becomes a `Done`."""

from __future__ import annotations

from msgspec import Struct


class Outcome(Struct, frozen=True):
    """How much changed, the sentence for history, and the id of what was made."""

    changed: int
    sentence: str
    id: int = 0


def many(count: int, noun: str = "picture") -> str:
    """`1 picture`, `1,000 pictures`."""
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
