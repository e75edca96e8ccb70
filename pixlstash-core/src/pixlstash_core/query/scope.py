"""The one place where a reader's scope enters a statement: as the relation every read starts from.

`visible(reader)` is a derived grid that holds only what the reader may see. Nothing asked within it can widen it,
because conditions are only ever added outside the parentheses.
"""

from __future__ import annotations

import hashlib
from typing import Any

from ..database.connection import bind_ids
from ..errors import NotFound
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
