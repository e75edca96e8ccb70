"""A reader's scope in statements: the relation that every query for pictures reads from.

`visible(reader)` is a derived grid with only the pictures that the reader may see. No condition can widen it,
because conditions are only added outside its parentheses.
"""

from __future__ import annotations

import hashlib
from typing import Any

import apsw

from ..database.connection import Database, bind_ids, fetch
from ..errors import Conflict, NotFound
from ..types import Reader


def visible(reader: Reader) -> tuple[str, dict[str, Any]]:
    """Return the relation to select from, and its bindings."""
    if reader.scope.ids is None:
        return "derived_grid", {}
    return "(select * from derived_grid where id in carray(:scope))", {"scope": bind_ids(sorted(reader.scope.ids))}


def sees(reader: Reader, picture: int) -> bool:
    return reader.scope.ids is None or picture in reader.scope.ids


def require(reader: Reader, picture: int) -> None:
    """Raise the same `NotFound` for pictures that do not exist and pictures that are not visible."""
    if not sees(reader, picture):
        raise absent()


def absent() -> NotFound:
    return NotFound("There is no such picture.")


def fingerprint(reader: Reader) -> str:
    """Return a short hash of the scope, which is part of every key of views and caches."""
    if reader.scope.ids is None:
        return "all"
    joined = ",".join(map(str, sorted(reader.scope.ids)))
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


def counts(db: Database, reader: Reader) -> tuple[int, int]:
    """Return the numbers of visible pictures outside and in the scrapheap."""
    with db.reading() as connection:
        return counts_in(connection, reader)


def counts_in(connection: apsw.Connection, reader: Reader) -> tuple[int, int]:
    """Return the same as `counts`, within a read transaction."""
    if reader.scope.all:  # from small tables instead of all rows
        live = fetch(connection, "select pictures from derived_count where noun = 'library' and id = 0")
        dead = fetch(connection, "select count(*) from scrapheap")
        return live[0][0] if live else 0, dead[0][0]
    relation, bound = visible(reader)
    live, every = fetch(connection, f"select coalesce(sum(live), 0), count(*) from {relation}", bound)[0]
    return live, every - live


def demand(db: Database, reader: Reader, ids: list[int], *, scrapped: bool) -> None:
    """Raise unless all these pictures exist and are visible, and (unless `scrapped`) are outside the scrapheap."""
    relation, bound = visible(reader)
    requested = set(ids)
    bound = {**bound, "given": bind_ids(sorted(requested))}
    source = f"from {relation} g where g.id in carray(:given)"
    if db.read(f"select count(*) {source}" + ("" if scrapped else " and g.live"), bound) == [(len(requested),)]:
        return
    refuse(requested, dict(db.read(f"select g.id, g.live {source}", bound)), scrapped=scrapped)


def refuse(requested: set[int], live_of: dict[int, int], *, scrapped: bool) -> None:
    """Raise unless all requested pictures are in `live_of` (by id, whether live), and (unless `scrapped`) are live."""
    if missing := min(requested - live_of.keys(), default=None):
        raise NotFound(f"There is no picture {missing}. Nothing was changed.")
    if not scrapped and (gone := min((id for id, live in live_of.items() if not live), default=None)):
        raise Conflict(f"Picture {gone} is in the scrapheap: take it out first. Nothing was changed.")
