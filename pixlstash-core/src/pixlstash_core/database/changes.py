"""Reads a changeset: which pictures and rows changed, and the events that announce it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import apsw
from msgspec import Struct

from ..types import Event, PicturesAdded, PicturesChanged, PicturesRemoved, RowsChanged
from . import changesets
from .connection import bind_ids, fetch
from .features import Table

#: Maximum number of ids in an event; its `count` is always the full number.
SHOWN = 1000


class Changes(Struct, frozen=True):
    """Ids of changed pictures by table, and row counts. `whole`: the tables that were read as arrays."""

    ids: dict[str, set[int]]
    added: set[int]
    removed: set[int]
    rows: dict[str, int]
    inserted: set[str]
    whole: dict[str, changesets.Whole]

    def by_topic(self, tables: Mapping[str, Table]) -> dict[str, set[int] | None]:
        """Return the changed pictures by topic; None for a topic if rows without a picture changed."""
        pictures: dict[str, set[int] | None] = {}
        for name in self.rows.keys() | {name for name, ids in self.ids.items() if ids}:
            topic = tables[name].noun
            ids = pictures.setdefault(topic, set())
            if ids is not None and name in self.rows and tables[name].picture is None:
                pictures[topic] = None
            elif ids is not None:
                ids |= self.ids.get(name, set())
        return pictures

    def pictures(self, names: Iterable[str]) -> list[int]:
        """Return the ids of pictures whose rows in any of these tables changed, ascending."""
        ids: set[int] = set()
        for name in names:
            ids |= self.ids.get(name, set())
        return sorted(ids)


def read(parts: changesets.Parts, tables: Mapping[str, Table]) -> Changes:
    """Read a changeset, including the picture ids that it contains.

    An update contains a column only if its value changed, or if it is part of the key; `complete` finds the others.
    """
    ids: dict[str, set[int]] = {}
    rows: Counter[str] = Counter()
    inserted: set[str] = set()
    added: set[int] = set()
    removed: set[int] = set()
    for name, whole in parts.whole.items():
        rows[name] += len(whole.values)
        if whole.inserted.any():
            inserted.add(name)
        if (column := tables[name].picture) is not None:
            ids[name] = set(whole.column(column).tolist())
    # apsw computes each attribute of a change on access.
    for change in apsw.Changeset.iter(parts.rest):
        name, op = change.name, change.op
        rows[name] += 1
        if op == "INSERT":
            inserted.add(name)
        column = tables[name].picture
        if column is None:
            continue
        pictures = ids.setdefault(name, set())
        if op != "INSERT" and isinstance(picture := change.old[column], int):  # type: ignore[index]  # it has a row
            pictures.add(picture)
            if name == "picture" and op == "DELETE":
                removed.add(picture)
        if op != "DELETE" and isinstance(picture := change.new[column], int):  # type: ignore[index]
            pictures.add(picture)
            if name == "picture" and op == "INSERT":
                added.add(picture)
    return Changes(ids, added, removed, rows, inserted, parts.whole)


def complete(
    connection: apsw.Connection, changes: Changes, tables: Mapping[str, Table], parts: changesets.Parts
) -> None:
    """Find the pictures of rows whose changeset does not carry the picture's id (`location`, `project_set`)."""
    for name, table in tables.items():
        for column, sql in table.through if name in changes.rows else ():
            values = _values(parts, name, column)
            changes.ids.setdefault(name, set()).update(row[0] for row in fetch(connection, sql, (bind_ids(values),)))
    unknown: dict[str, list[int]] = {}
    for change in apsw.Changeset.iter(parts.rest):  # updates are never read as arrays
        table = tables[change.name]
        if table.picture and change.op == "UPDATE" and change.old and not isinstance(change.old[table.picture], int):
            key = change.old[min(change.pk_columns)]
            if isinstance(key, int):
                unknown.setdefault(change.name, []).append(key)
    for name, keys in unknown.items():
        sql = f"select distinct picture_id from {name} where id in carray(?)"
        changes.ids.setdefault(name, set()).update(row[0] for row in fetch(connection, sql, (bind_ids(keys),)))


def _values(parts: changesets.Parts, name: str, column: int) -> set[int]:
    """Return the values of a column, before and after, in the changed rows of a table."""
    if name in parts.whole:
        return set(parts.whole[name].column(column).tolist())
    rows = (
        values
        for change in apsw.Changeset.iter(parts.rest)
        if change.name == name
        for values in (change.old, change.new)
    )
    return {value for values in rows if values is not None and isinstance(value := values[column], int)}


def keys(parts: changesets.Parts, names: Iterable[str]) -> dict[str, set[tuple[Any, ...]]]:
    """Return the primary keys of changed rows by table."""
    keys_of: dict[str, set[tuple[Any, ...]]] = {name: set() for name in names}
    for name in keys_of.keys() & parts.whole.keys():
        whole = parts.whole[name]
        keys_of[name] = set(map(tuple, whole.values[:, sorted(whole.keys)].tolist()))
    for change in apsw.Changeset.iter(parts.rest):
        row = change.old or change.new
        if change.name in keys_of and row is not None:
            keys_of[change.name].add(tuple(row[column] for column in sorted(change.pk_columns)))
    return keys_of


def events(changes: Changes, tables: Mapping[str, Table], revision: int) -> list[Event]:
    """Return the events that announce a commit."""
    announced: list[Event] = []
    if changes.added:
        announced.append(PicturesAdded(revision, len(changes.added), sorted(changes.added)[:SHOWN]))
    if changes.removed:
        announced.append(PicturesRemoved(revision, len(changes.removed), sorted(changes.removed)[:SHOWN]))
    touched: set[int] = set()
    fields: set[str] = set()
    for name, ids in changes.ids.items():
        rest = ids - changes.added - changes.removed
        if rest:
            touched |= rest
            fields.add(tables[name].field or name)
    if touched:
        announced.append(PicturesChanged(revision, len(touched), sorted(touched)[:SHOWN], sorted(fields)))
    for name, count in changes.rows.items():
        if tables[name].noun not in CORE_TOPICS and tables[name].picture is None:
            announced.append(RowsChanged(revision, name, count))
    return announced


CORE_TOPICS = frozenset({"pictures", "scores", "scrapheap", "stores", "settings"})
