"""Runs an engine on a few pictures without storing results, to show its agreement with the user and its speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from msgspec import Struct

from ..database.connection import Database
from ..database.output_kinds import OutputKind
from ..database.writer import Committed
from ..types import EngineError, Rehearsal, Rehearsed
from . import provenance
from .outputs import Output
from .process import Process

#: Trial runs whose results are available until the library is closed, at most.
KEPT = 20
#: Characters of a result that are shown for each picture.
SHOWN = 400


class Ask(Struct):
    """A trial run on some pictures, with the number of pictures that a full run would process."""

    engine: str
    params: dict[str, Any]
    ids: list[int]
    total: int


class Collected:
    """Collects results instead of storing them; `began` is the time when the model was loaded."""

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


def judged(db: Database, kind: OutputKind, ask: Ask, collected: Collected, threshold: float) -> Rehearsal:
    """Return the results of a trial run, with the estimated duration and size of a full run."""
    seconds = time.monotonic() - collected.began if collected.began else 0.0
    good = {id: output.value for id, output in collected.outputs.items() if output.error is None}
    bad = {id: output.error for id, output in collected.outputs.items() if output.error is not None}
    names = provenance.names(db, ask.ids)
    tried = len(collected.outputs)
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
