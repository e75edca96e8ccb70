"""The content of one picture's metadata at different times, and the changes between two of them."""

from __future__ import annotations

from collections.abc import Sequence

from ..database.connection import Database, fetch
from ..database.features import Table
from ..types import PictureChange
from . import diff
from .diff import Content

State = dict[tuple[object, ...], Content]


def identity(db: Database, picture: int) -> bytes | None:
    """Return the SHA-256 of a picture's file, which identifies it under any id."""
    sha256: bytes | None = db.value("select sha256 from picture where id = ?", (picture,))
    return sha256


def seen(db: Database, tables: Sequence[Table], sha256: bytes) -> State | None:
    """Return the metadata of the picture with this hash; None if there is none."""
    with db.reading() as connection:
        rows = fetch(connection, "select id from picture where sha256 = ?", (sha256,))
        return diff.state(connection, tables, rows[0][0]) if rows else None


def changes(before: State, after: State) -> list[PictureChange]:
    """Return what was added, removed or changed, by topic."""
    changes = []
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if old != new:
            topic = (new or old or Content("", None)).topic
            changes.append(PictureChange(topic, old.text if old else None, new.text if new else None))
    return sorted(changes, key=lambda change: (change.topic, change.old or "", change.new or ""))
