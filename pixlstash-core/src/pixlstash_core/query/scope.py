"""A reader's scope in statements, and the absolute paths on this machine, which only the owner may see.

`visible(reader)` is a derived grid with only the pictures that the reader may see. No condition can widen it,
because conditions are only added outside its parentheses.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
from msgspec.structs import replace

from ..database.connection import Database, bind_ids, fetch
from ..errors import Conflict, NotFound, QueryError
from ..types import Reader
from .language import Ask, Node, Not, Sets, parse, split_operator

#: The text that replaces the library's folder; and the one in a query for a folder outside all stores.
LIBRARY, ELSEWHERE = "the library", "…"
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:[/\\]")


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


def may_know(reader: Reader | None) -> bool:
    """Return whether a reader may see absolute paths."""
    return reader is not None and reader.may("owner") and reader.scope.all


def hide(connection: apsw.Connection, text: str) -> str:
    """Return a text without the absolute paths of the library and its stores.

    A store's folder is replaced by the store's name, as in `folder:`; the library's by words.
    """
    if "/" not in text and "\\" not in text:
        return text
    for path, name in sorted(_folders(connection), key=lambda folder: -len(folder[0])):
        text = name.join(re.split(rf"{re.escape(path)}(?![^\s/\\\"'():;,.])", text))
    return text


def hide_in_query(connection: apsw.Connection, text: str) -> str:
    """Return the text of a query without absolute paths. A condition on another absolute folder matches nothing."""

    def hidden(ask: Ask) -> Ask:
        operator, value = split_operator(ask.value)
        value = hide(connection, value)
        if ask.name == "folder" and _ABSOLUTE.match(value):
            value = ELSEWHERE
        return Ask(ask.name, operator + value, ask.at)

    if "/" not in text and "\\" not in text:
        return text
    try:
        parsed = parse(text)
    except QueryError:  # the query of an older version
        return hide(connection, text)
    return str(replace(parsed, root=_changed(parsed.root, hidden)))


def _changed(node: Node, change: Callable[[Ask], Ask]) -> Node:
    """Return a query tree with its conditions changed."""
    if isinstance(node, Ask):
        return change(node)
    if isinstance(node, Not):
        return Not(_changed(node.of, change))
    if isinstance(node, Sets):
        return Sets(node.how, tuple(change(ask) for ask in node.of))
    return replace(node, of=tuple(_changed(part, change) for part in node.of))


def _folders(connection: apsw.Connection) -> Iterator[tuple[str, str]]:
    """Yield (absolute path, replacement) in each way in which the path may be written."""
    library = Path(connection.filename).parent
    named = [(str(library), LIBRARY)]
    sql = "select name, json_extract(params, '$.path') from store where json_extract(params, '$.path') is not null"
    for name, path in fetch(connection, sql):
        named.append((str(library / path), name))
    for path, name in named:
        if len(path) > 1:  # not the root of the file system, which every path contains
            yield from {(path.rstrip("/\\"), name), (path.replace(os.sep, "/").rstrip("/"), name)}
