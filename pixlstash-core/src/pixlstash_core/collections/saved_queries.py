"""Saved queries: query texts with names, in a custom order."""

from __future__ import annotations

import secrets

import apsw

from ..database.connection import Database, fetch
from ..database.features import Feature, Table
from ..database.writer import Write
from ..errors import Invalid
from ..query import scope
from ..query.language import parse
from ..types import EditQuery, Reader, SavedQuery, SaveQuery
from ..types.history import Outcome
from . import groups

FEATURE = Feature("queries", tables=(Table("saved_query", "queries", merge="group", says="r.text"),))


def save(write: Write, ask: SaveQuery) -> Outcome:
    name = groups.checked_name(ask.name, "query")
    groups.demand_free(write, "saved_query", "saved query", name)
    id = write.value(
        "insert into saved_query(public_id, name, folded, text, position) values (?, ?, ?, ?,"
        " (select coalesce(max(position), 0) + 1 from saved_query where 1)) returning id",
        (secrets.token_hex(16), name, groups.folded(name), _checked(ask.text)),
    )
    return Outcome(1, f"Query {name} saved", id)


def edit(write: Write, id: int, ask: EditQuery) -> Outcome:
    before = _name(write, id)
    if ask.name is not None:
        name = groups.checked_name(ask.name, "query")
        groups.demand_free(write, "saved_query", "saved query", name, but=id)
        write.execute("update saved_query set name = ?, folded = ? where id = ?", (name, groups.folded(name), id))
    if ask.text is not None:
        write.execute("update saved_query set text = ? where id = ?", (_checked(ask.text), id))
    if ask.before is not None:
        _move(write, id, ask.before)
    return Outcome(1, f"Query {before} changed")


def remove(write: Write, id: int) -> Outcome:
    name = _name(write, id)
    write.execute("delete from saved_query where id = ?", (id,))
    return Outcome(1, f"Query {name} deleted")


def infos(connection: apsw.Connection, reader: Reader) -> list[SavedQuery]:
    """Return the saved queries in their order. They are private: a reader with a scope gets none."""
    if not reader.scope.all:
        return []
    rows = fetch(connection, "select id, public_id, name, text from saved_query order by position, id")
    if not scope.may_know(reader):
        rows = [(*row, scope.hide_in_query(connection, text)) for *row, text in rows]
    return [SavedQuery(*row) for row in rows]


def text(db: Database, reader: Reader, name: str) -> str | None:
    """Return the text of the query with this name, or if there is none, with this number."""
    if not reader.scope.all:
        return None
    number = int(name) if name.isdecimal() and len(name) < 19 else -1
    sql = "select text from saved_query where folded = ?1 or id = ?2 order by folded != ?1 limit 1"
    with db.reading() as connection:
        texts = [text for (text,) in fetch(connection, sql, (groups.folded(name), number))]
        if texts and not scope.may_know(reader):
            return scope.hide_in_query(connection, texts[0])
    return texts[0] if texts else None


def _move(write: Write, id: int, before: int) -> None:
    order = [
        query for (query,) in write.execute("select id from saved_query where id != ? order by position, id", (id,))
    ]
    if before and before not in order:
        raise groups.absent("saved query")
    order.insert(order.index(before) if before else len(order), id)
    write.many(
        "update saved_query set position = ?1 where id = ?2 and position != ?1",
        [(position, query) for position, query in enumerate(order, 1)],
    )


def _name(write: Write, id: int) -> str:
    name = write.value("select name from saved_query where id = ?", (id,))
    if name is None:
        raise groups.absent("saved query")
    return str(name)


def _checked(text: str) -> str:
    """Return the query in its normal form; `QueryError` if it is invalid."""
    if not text.strip():
        raise Invalid("Enter a query to save: an empty one finds the whole library.")
    return str(parse(text))
