"""The one place where a reader's scope enters a statement: as the relation every read starts from.

`visible(reader)` is a derived grid that holds only what the reader may see. Nothing asked within it can widen it,
because conditions are only ever added outside the parentheses.
"""

from __future__ import annotations

import hashlib
from typing import Any

import apsw

from ..database.connection import Database, bind_ids, fetch
from ..errors import Conflict, NotFound
from ..types import Reader


def visible(reader: Reader) -> tuple[str, dict[str, Any]]:
    """(relation, bindings): what to select from, and what to bind with it."""
    if reader.scope.ids is None:
        return "derived_grid", {}
    return "(select * from derived_grid where id in carray(:scope))", {"scope": bind_ids(sorted(reader.scope.ids))}


def sees(reader: Reader, picture: int) -> bool:
    return reader.scope.ids is None or picture in reader.scope.ids


def require(reader: Reader, picture: int) -> None:
    """Raise the same `NotFound` for absent and for not visible."""
    if not sees(reader, picture):
        raise absent()


def absent() -> NotFound:
    return NotFound("There is no such picture.")


def fingerprint(reader: Reader) -> str:
    """A short name of the scope, part of every view and cache key."""
    if reader.scope.ids is None:
        return "all"
    joined = ",".join(map(str, sorted(reader.scope.ids)))
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


def counts(db: Database, reader: Reader) -> tuple[int, int]:
    """(live, scrapheaped)."""
    with db.reading() as connection:
        return counts_in(connection, reader)


def counts_in(connection: apsw.Connection, reader: Reader) -> tuple[int, int]:
    """The same within a read that sees one instant."""
    if reader.scope.all:  # from small tables, not from a million rows
        live = fetch(connection, "select pictures from derived_count where noun = 'library' and id = 0")
        dead = fetch(connection, "select count(*) from scrapheap")
        return live[0][0] if live else 0, dead[0][0]
    relation, bound = visible(reader)
    live, every = fetch(connection, f"select coalesce(sum(live), 0), count(*) from {relation}", bound)[0]
    return live, every - live


def demand(db: Database, reader: Reader, ids: list[int], *, scrapped: bool) -> None:
    """Raise unless all these pictures are there; the same for absent and not visible."""
    relation, bound = visible(reader)
    given = set(ids)
    bound = {**bound, "given": bind_ids(sorted(given))}
    found = f"from {relation} g where g.id in carray(:given)"
    if db.read(f"select count(*) {found}" + ("" if scrapped else " and g.live"), bound) == [(len(given),)]:
        return
    refuse(given, dict(db.read(f"select g.id, g.live {found}", bound)), scrapped=scrapped)


def refuse(given: set[int], found: dict[int, int], *, scrapped: bool) -> None:
    """Raise unless all that are given were found (by id, whether it is live), and (unless `scrapped`) live."""
    if missing := min(given - found.keys(), default=None):
        raise NotFound(f"There is no picture {missing}. Nothing was changed.")
    if not scrapped and (gone := min((id for id, live in found.items() if not live), default=None)):
        raise Conflict(f"Picture {gone} is in the scrapheap: take it out first. Nothing was changed.")
