"""Runs an engine on a few pictures and keeps nothing: how well it agrees with people, and what all would take."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from msgspec import Struct

from ..database.connection import Database
from ..database.features import OutputKind
from ..database.writer import Committed
from ..types import EngineError, Rehearsal, Rehearsed
from . import provenance
from .outputs import Output
from .process import Process

#: Rehearsals whose results are at hand; they are forgotten when the library is closed.
KEPT = 20
#: Words that are shown of each picture.
SHOWN = 400


class Ask(Struct):
    """What is rehearsed: on these pictures, for so many that are left to do."""

    engine: str
    params: dict[str, Any]
    ids: list[int]
    total: int


class Collected:
    """Takes the place of where results are stored. `start` notes when the model is there."""

    def __init__(self) -> None:
        self.outputs: dict[int, Output] = {}
        self.began = 0.0

    def store(self, producer: int, outputs: Sequence[Output], run: int | None = None) -> list[Future[Committed[int]]]:
        self.outputs |= {output.picture: output for output in outputs}
        return []

    def starting(self, start: Callable[[Callable[[], None]], Process]) -> Callable[[Callable[[], None]], Process]:
        def started(check: Callable[[], None]) -> Process:
            process = start(check)
            self.began = self.began or time.monotonic()
            return process

        return started


def judged(db: Database, kind: OutputKind, ask: Ask, found: Collected, threshold: float) -> Rehearsal:
    """What came of it."""
    seconds = time.monotonic() - found.began if found.began else 0.0
    good = {id: output.value for id, output in found.outputs.items() if output.error is None}
    bad = {id: output.error for id, output in found.outputs.items() if output.error is not None}
    names = provenance.names(db, ask.ids)
    tried = len(found.outputs)
    size = sum(map(kind.size, good.values())) / len(good) if good else 0.0
    with db.reading() as connection:
        agreement = kind.agree(connection, good, threshold) if kind.agree else None
    return Rehearsal(
        ask.engine,
        tried,
        ask.total,
        round(seconds, 3),
        round(seconds / tried * ask.total, 1) if tried else 0.0,
        round(size * ask.total),
        agreement,
        [Rehearsed(id, names.get(id, ""), kind.shown(good[id], threshold)[:SHOWN]) for id in ask.ids if id in good],
        [EngineError(id, names.get(id, ""), str(bad[id])) for id in ask.ids if id in bad],
    )
