"""Checks a backup's databases, whose origin is unknown, before anything in them is used.

A database can contain code: triggers, views, expressions in indexes and generated columns. Its schema must therefore be
ours, and its rows must refer only to files in the backup.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import msgspec

from ..database.connection import SCHEMA, SchemaRow, fetch, schema_of, translated
from ..errors import Invalid, PixlStashError
from ..plugins.contracts import Store
from ..snapshots.repository import opened
from ..storage.local import FolderParams
from .metadata import PARAMS
from .places import KEY

#: A table that a plugin may have adopted: `<plugin>_<name>`.
PLUGIN_TABLE = re.compile(r"(?!derived_|sqlite_)[a-z][a-z0-9]*(_[a-z0-9]+)+", re.IGNORECASE)
PUBLIC_ID = re.compile(r"[0-9a-f]{32}")
#: Tables that SQLite adds: statistics for its planner, and counters of ids.
OWN = frozenset({"sqlite_sequence", "sqlite_stat1", "sqlite_stat4"})
SAFE = (
    (apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
    (apsw.SQLITE_DBCONFIG_DEFENSIVE, 1),
    (apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0),
    (apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0),
)


def untrusted(path: Path) -> apsw.Connection:
    """Open a database of unknown origin for reading, without running its triggers and views."""
    connection = opened(path)
    for option, value in SAFE:
        connection.config(option, value)
    return connection


def demand_schema(path: Path, schema: str) -> None:
    """Raise `Invalid` unless a database has just the tables of a `library` or `hub` of its version, and of plugins.

    Runs only `pragma` statements and a query of `sqlite_schema`.
    """
    with translated(), closing(untrusted(path)) as connection:
        objects: set[SchemaRow] = set(fetch(connection, SCHEMA))
        expected = schema_of(schema, int(connection.pragma("user_version") or 0))
        if missing := sorted(name for _, name, *_ in expected - objects):
            raise Invalid(
                f"The backup is damaged or was changed: {missing[0]} is missing or is not as PixlStash makes it."
            )
        for row in objects - expected:
            if not _is_harmless(connection, row):
                raise Invalid(
                    f"The backup holds {row[0]} {row[1]!r}, which PixlStash does not make. It is not restored."
                )


def _is_harmless(connection: apsw.Connection, row: SchemaRow) -> bool:
    """Return whether another object is SQLite's own, or a plain table of a plugin."""
    kind, name, table, sql = row
    if kind == "index":  # indexes of primary keys and unique columns have no statement
        return sql is None and (PLUGIN_TABLE.fullmatch(table) is not None or table in OWN)
    if kind != "table" or sql is None:
        return False
    if name in OWN:
        return True
    plain = re.match(r"create\s+table\b", sql, re.IGNORECASE) is not None and PLUGIN_TABLE.fullmatch(name) is not None
    return plain and all(column[6] == 0 for column in fetch(connection, "select * from pragma_table_xinfo(?)", (name,)))


def demand_places(path: Path, stores: Callable[[], dict[str, Store]]) -> None:
    """Raise `Invalid` unless all files that a backup refers to are its own originals.

    `stores` returns the installed kinds of stores by scheme. One that generates its pictures is allowed.
    """
    with translated(), closing(untrusted(path)) as connection:
        rows = fetch(connection, "select id, scheme, name, params from store order by id")
        own = [id for id, scheme, _, params in rows if (scheme, params) == ("file", PARAMS)]
        for id, scheme, name, params in rows:
            if id not in own[:1] and not _makes_its_pictures(stores().get(scheme), params):
                raise Invalid(
                    f"The backup names the store {name!r} ({scheme}), which is not in the backup. It is not restored."
                )
        lost = fetch(connection, "select 1 from location where store_id not in (select id from store) limit 1")
        id = fetch(connection, "select value from setting where name = 'public_id'")
        if lost or not id or not isinstance(id[0][0], str) or not PUBLIC_ID.fullmatch(id[0][0]):
            raise Invalid("The backup is damaged or was changed: its store or its id is not as PixlStash makes it.")
        for (key,) in fetch(connection, "select key from location where store_id = ?", (own[0] if own else 0,)):
            if not isinstance(key, str) or not KEY.fullmatch(key):
                raise Invalid(
                    f"The backup names an original {str(key)[:100]!r}, which is no name of ours. It is not restored."
                )


def _makes_its_pictures(kind: Store | None, params: str) -> bool:
    """Return whether a store generates its pictures, like the demo's."""
    if kind is None or issubclass(kind.Params, FolderParams):
        return False
    try:
        return not kind.connect(msgspec.json.decode(params, type=kind.Params)).verbatim
    except (PixlStashError, msgspec.MsgspecError):
        return False
