"""What was said of one picture at different moments, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Sequence

from ..database.connection import Database, fetch
from ..database.features import Table
from ..types import PictureChange
from . import differing
from .differing import Said

State = dict[tuple[object, ...], Said]


def identity(db: Database, picture: int) -> bytes | None:
    """The SHA-256 of a picture's bytes, by which it is the same under whatever id."""
    found: bytes | None = db.value("select sha256 from picture where id = ?", (picture,))
    return found


def seen(db: Database, tables: Sequence[Table], sha256: bytes) -> State | None:
    """What is said of the picture with these bytes; None when it is not there."""
    with db.reading() as connection:
        found = fetch(connection, "select id from picture where sha256 = ?", (sha256,))
        return differing.state(connection, tables, found[0][0]) if found else None


def changes(before: State, after: State) -> list[PictureChange]:
    """What came, went or changed, by topic."""
    found = []
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if old != new:
            topic = (new or old or Said("", None)).topic
            found.append(PictureChange(topic, old.text if old else None, new.text if new else None))
    return sorted(found, key=lambda one: (one.topic, one.old or "", one.new or ""))
