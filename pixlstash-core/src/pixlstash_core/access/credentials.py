"""Where the rows of credentials are: in `hub.db`, or in memory for a library that may not be written."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import apsw

from ..database.hub import Hub


class Rows(Protocol):
    """Where credentials are kept: `hub.db`, or a copy of it in memory."""

    def read(self, sql: str, bindings: Any = None) -> list[tuple[Any, ...]]: ...

    def writing(self) -> AbstractContextManager[apsw.Connection]: ...


class Memory:
    """A copy of the owner and the tokens in memory, for a library that may not be written."""

    def __init__(self, hub: Hub) -> None:
        self._lock = threading.RLock()
        self._connection = apsw.Connection(":memory:")
        self._connection.pragma("foreign_keys", True)
        for name in ("owner", "token"):
            self._connection.execute(hub.value("select sql from sqlite_schema where name = ?", (name,))).fetchall()
            rows = hub.read(f"select * from {name} order by 1")
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                self._connection.executemany(f"insert into {name} values ({marks})", rows).fetchall()

    def read(self, sql: str, bindings: Any = None) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql, bindings).fetchall()

    @contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        with self._lock, self._connection:
            yield self._connection

    def close(self) -> None:
        with self._lock:
            self._connection.close()
