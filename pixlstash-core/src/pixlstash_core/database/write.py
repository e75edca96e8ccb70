"""`Write`: the writer's connection as the functions that it runs see it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import apsw

from ..errors import Invalid
from . import undo
from .connection import Rows
from .features import Guard
from .undo_record import Record

T = TypeVar("T")
_TRANSACTION = re.compile(r"\s*(begin|commit|end|rollback|savepoint|release)\b", re.IGNORECASE)


class Write:
    """Runs statements in the writer's transaction. Raises `Invalid` for `begin`, `commit` and the like."""

    def __init__(self, connection: apsw.Connection, guards: Sequence[Guard] = ()) -> None:
        self._connection, self._guards = connection, guards

    def execute(self, sql: str, bindings: Any = None) -> Rows:
        _demand_statement(sql)
        # A cached `delete from t` without `where` would use SQLite's truncate optimization, which records no changes.
        cached = "where" in sql or "WHERE" in sql or "insert" in sql or "INSERT" in sql
        return self._connection.execute(sql, bindings, can_cache=cached).fetchall()

    def many(self, sql: str, bindings: Sequence[Any]) -> None:
        _demand_statement(sql)
        self._connection.executemany(sql, bindings).fetchall()

    def value(self, sql: str, bindings: Any = None, default: Any = None) -> Any:
        rows = self.execute(sql, bindings)
        return rows[0][0] if rows else default

    def changes(self) -> int:
        """Return the number of rows that the last statement changed."""
        return self._connection.changes()

    def guard(self, ids: Sequence[int]) -> None:
        """Raise when a feature protects any of these pictures, such as one in a locked set. Call it before a change."""
        for guard in self._guards:
            guard.refuse(self._connection, ids)

    def derive(self, rule: Callable[[apsw.Connection], T]) -> T:
        """Run a function that maintains derived tables, on the connection itself."""
        return rule(self._connection)

    def apply(self, record: Record, *, invert: bool, purged: Callable[[bytes], bool]) -> undo.Applied:
        return undo.apply(self._connection, record, invert=invert, purged=purged)


def _demand_statement(sql: str) -> None:
    if _TRANSACTION.match(sql):
        raise Invalid("The transaction is the writer's: only statements that read or change rows may be run in it.")
