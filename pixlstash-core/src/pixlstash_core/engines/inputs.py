"""The inputs of engines: locations of a picture's file, its duration, and its metadata."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ..database.connection import Database, bind_ids, fetch
from ..types import Fact, Facts


class Subject(Struct, frozen=True):
    """A picture to process. `size` in pixels, upright; `places` are (store, key), available ones first."""

    id: int
    name: str
    kind: str
    sha256: bytes
    size: tuple[int, int]
    moving: bool
    seconds: float | None
    places: list[tuple[int, str]]
    facts: Facts


def subjects(db: Database, ids: Sequence[int]) -> dict[int, Subject]:
    """Return subjects by id, without those of deleted pictures."""
    bound = bind_ids(ids)
    with db.reading() as connection:
        rows = fetch(
            connection,
            "select id, name, kind, sha256, width, height, moving, seconds from picture where id in carray(?)",
            (bound,),
        )
        places: dict[int, list[tuple[int, str]]] = {}
        for picture, store, key in fetch(
            connection,
            "select picture_id, store_id, key from location where picture_id in carray(?)"
            " order by state = 'missing', id",
            (bound,),
        ):
            places.setdefault(picture, []).append((store, key))
        facts: dict[int, list[Fact]] = {}
        for picture, *fact in fetch(
            connection,
            "select picture_id, grouping, name, label, value, number from fact where picture_id in carray(?)",
            (bound,),
        ):
            facts.setdefault(picture, []).append(Fact(*fact))
        words = {
            picture: (prompt, negative)
            for picture, prompt, negative in fetch(
                connection, "select picture_id, prompt, negative from words where picture_id in carray(?)", (bound,)
            )
        }
    return {
        row[0]: Subject(
            row[0],
            row[1],
            row[2],
            row[3],
            (row[4], row[5]),
            bool(row[6]),
            row[7],
            places.get(row[0], []),
            Facts(tuple(facts.get(row[0], ())), *words.get(row[0], (None, None))),
        )
        for row in rows
    }
