"""Runs engines without storing results: vectors for interactive searches, and trials on a few pictures.

Its process is separate from those of the lanes, so that a search neither waits for a long run nor unloads its model.
The process has one model, which stays loaded while it is used. Requests are handled in turn.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..database.connection import Database
from ..database.features import OutputKind
from ..database.writer import Committed
from ..errors import PixlStashError
from ..media.pool import DecoderPool
from ..plugins.engines import Embedder, Engine
from ..plugins.registry import Offered
from ..plugins.settings import RUN, touches
from ..types import EngineError, Facts, Rehearsal, Rehearsed
from . import provenance
from .catalogue import Catalogue, who
from .limits import Scratch
from .messages import Batch, Broke, Item, Ran, Still, Texts
from .outputs import Output, Outputs, Producer
from .prefetch import Sources
from .process import Died, Process
from .producers import Producers

#: Seconds to wait for a vector. A model continues to load after that, so that a later request succeeds.
PATIENCE = 15.0
PLACE = "asking"
#: Trial runs whose results are available until the library is closed, at most.
KEPT = 20
#: Characters of a result that are shown for each picture.
SHOWN = 400


class Interactive:
    """Computes vectors for one library. `lend(offered, params, producer, place)` lends a process with an engine's
    model.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        producers: Producers,
        outputs: Outputs,
        sources: Sources,
        scratch: Scratch,
        lend: Callable[[Offered, Any, int, str], AbstractContextManager[Process]],
    ) -> None:
        self._catalogue, self._producers, self._outputs = catalogue, producers, outputs
        self._sources, self._scratch, self._lend = sources, scratch, lend
        self._thread: ThreadPoolExecutor | None = None
        self._numbers = itertools.count()
        self.patience = PATIENCE

    def understands(self, producer: int) -> bool:
        """Return whether a producer can also embed words."""
        with contextlib.suppress(PixlStashError):
            engine = self._offered(self._outputs.producer(producer)).engine
            return isinstance(engine, Embedder) and type(engine).text is not Embedder.text
        return False

    def words(self, producer: int, words: Sequence[str]) -> list[bytes]:
        """Return the vectors of words in the stored format. Raises `PixlStashError` with the reason if that fails."""
        vectors: list[bytes] = self._wait(lambda: self._texts(producer, list(words)))
        return vectors

    def picture(self, producer: int, path: Path, name: str) -> Any:
        """Return a producer's result for a file in the stored format: a vector, faces, and so on."""
        return self._wait(lambda: self._picture(producer, path, name))

    def close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _wait(self, work: Callable[[], Any]) -> Any:
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="engine-asking")
        future: Future[Any] = self._thread.submit(work)
        try:
            return future.result(self.patience)
        except NotYet:
            raise PixlStashError("The engine is not ready yet: its model is being loaded. Try again soon.") from None

    def _offered(self, producer: Producer) -> Offered:
        offered = self._catalogue.offered(producer.engine)
        if offered.engine.revision != producer.revision:
            raise PixlStashError(
                f"{who(offered)} is of another revision than what pictures were looked at with: run it again."
            )
        return offered

    def _texts(self, number: int, words: list[str]) -> Any:
        return self._ask(number, lambda params: Texts(next(self._numbers), words, params))

    def _picture(self, number: int, path: Path, name: str) -> Any:
        engine = self._offered(self._outputs.producer(number)).engine
        count = next(self._numbers)
        with decoded(self._sources.pool, engine, path, name, self._scratch.path() / f"asked-{count}") as item:
            return self._ask(number, lambda params: Batch(count, [item], engine.batch_size, params))[0]

    def _ask(self, number: int, order: Callable[[dict[str, Any]], Texts | Batch]) -> list[Any]:
        """Send a request with the producer's settings to the engine's process, and return the result's values."""
        producer = self._outputs.producer(number)
        offered = self._offered(producer)
        plain = {**self._how(offered), **producer.params}
        params = self._catalogue.params(offered, plain)
        with self._lend(offered, params, number, PLACE) as process:
            try:
                request = order(self._catalogue.plain(params))
                process.submit(request)
                while True:
                    report = process.report(1.0)
                    if isinstance(report, Ran) and report.number == request.number:
                        return report.values
                    if isinstance(report, Broke) and report.number == request.number:
                        raise PixlStashError(f"{who(offered)}: {report.reason}")
            except Died as died:
                raise PixlStashError(f"{who(offered)}: {died}") from died

    def _how(self, offered: Offered) -> dict[str, Any]:
        """Return the engine's present settings that affect how it runs, but not its results."""
        named = touches(offered.engine.Params)
        stored = self._producers.settings(offered, None)[0]
        return {name: value for name, value in stored.items() if named.get(name) is RUN}


@contextlib.contextmanager
def decoded(pool: DecoderPool, engine: Engine[Any, Any], path: Path, name: str, target: Path) -> Iterator[Item]:
    """Provide an engine's input for a file, whose pixels are in files beginning with `target` until the block ends."""
    stills, files = [Still()], []
    try:
        if engine.pixels:
            side, background = engine.image_side, engine.background
            made = pool.pixels(path, name, target, sha256=b"", side=side, background=background)
            files = [file for file, _, _ in made]
            stills = [Still(str(file), width, height) for file, width, height in made]
        yield Item(0, "image", (stills[0].width, stills[0].height), stills, Facts(), {}, str(path))
    finally:
        for file in files:
            file.unlink(missing_ok=True)


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
