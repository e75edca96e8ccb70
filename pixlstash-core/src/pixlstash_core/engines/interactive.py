"""Computes single vectors for interactive searches: of words, or of a picture outside the library.

Its process is separate from those of the lanes, so that a search neither waits for a long run nor unloads its model.
The process has one model, which stays loaded while it is used. Requests are handled in turn.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ..errors import PixlStashError
from ..plugins.engines import Embedder
from ..plugins.registry import Offered
from ..plugins.settings import RUN, touches
from ..types import Facts
from .catalogue import Catalogue, who
from .messages import Batch, Broke, Item, Ran, Still, Texts
from .outputs import Outputs, Producer
from .prefetch import Sources
from .process import Died, Process
from .producers import Producers
from .tempdir import Scratch

#: Seconds to wait for a vector. A model continues to load after that, so that a later request succeeds.
PATIENCE = 15.0
PLACE = "asking"


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
        target = self._scratch.path() / f"asked-{count}"
        stills, files = [Still()], []
        try:
            if engine.pixels:
                side, background = engine.image_side, engine.background
                decoded = self._sources.pool.pixels(path, name, target, sha256=b"", side=side, background=background)
                files = [file for file, _, _ in decoded]
                stills = [Still(str(file), width, height) for file, width, height in decoded]
            size = (stills[0].width, stills[0].height)
            item = Item(0, "image", size, stills, Facts(), {}, str(path))
            return self._ask(number, lambda params: Batch(count, [item], engine.batch_size, params))[0]
        finally:
            for file in files:
                file.unlink(missing_ok=True)

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
