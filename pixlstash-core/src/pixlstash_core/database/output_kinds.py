"""`OutputKind`: how results of one kind of engine are checked, combined, described and stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from msgspec import Struct

from ..types import Agreement

if TYPE_CHECKING:
    import apsw


class OutputKind(Struct, frozen=True):
    """A kind of engine results: checks, combines, describes and stores them.

    `check(engine, result, about)` runs in the engine's process: it converts a result to plain data, or raises
    `ValueError`. `about` are properties of all results of the producer; it may add some. `combine` merges the plain
    results of a video's frames, each with its time in seconds; `grouped`: `run` gets the frames as one image instead.
    `describe(engine, params)` returns properties of all results in advance. `inputs(connection, ids)` returns, by
    picture, results that other engines need. `tables` have a `picture_id` and a `producer_id`. `sift(result)` returns
    the part of a plain result that can be stored, and a sentence for each dropped part.

    For trial runs: `size` is the approximate stored size of a result in bytes, `shown(result, threshold)` its text for
    users, and `agree(connection, results, threshold)` its agreement with the user's annotations.
    """

    name: str
    hook: str
    verb: str
    tables: tuple[str, ...]
    check: Callable[[Any, Any, dict[str, Any]], Any]
    combine: Callable[[Sequence[tuple[float | None, Any]]], Any]
    keeper: Callable[[Any, Any], Keeper]
    describe: Callable[[Any, Any], dict[str, Any]] = lambda engine, params: {}
    inputs: Callable[[apsw.Connection, list[int]], dict[int, Any]] | None = None
    grouped: bool = False
    size: Callable[[Any], int] = lambda value: len(msgspec.json.encode(value))
    shown: Callable[[Any, float], str] = lambda value, threshold: str(value)
    agree: Callable[[apsw.Connection, dict[int, Any], float], Agreement] | None = None
    sift: Callable[[Any], tuple[Any, list[str]]] | None = None


class Keeper(Protocol):
    """Stores plain results of one kind in one library; created with its database and writer."""

    def pack(self, values: Sequence[Any]) -> list[Any]:
        """Convert results to their stored form. Runs outside the writer thread."""

    def put(self, write: Any, producer: int, packed: dict[int, Any]) -> None:
        """Store packed results by picture, replacing earlier ones."""
