"""Stills of nothing: a still is kept before its picture's row, which a crash or a full disk may keep from coming."""

from __future__ import annotations

from collections.abc import Callable

from ..database.connection import Database
from .thumbnails import Thumbnails

SLICE = 5000


def sweep(db: Database, thumbnails: Thumbnails, mark: int, step: Callable[[int], None]) -> int:
    """Drop every still up to a mark that is no picture's; how many. `step` hears how many were looked at."""
    after, seen, dropped = b"", 0, 0
    while found := thumbnails.hashes(mark, after, SLICE):
        known = db.read("select sha256 from picture where sha256 between ? and ?", (found[0], found[-1]))
        lost = sorted({*found} - {sha256 for (sha256,) in known})
        thumbnails.drop_all(lost, mark)
        after, seen, dropped = found[-1], seen + len(found), dropped + len(lost)
        step(seen)
    return dropped
