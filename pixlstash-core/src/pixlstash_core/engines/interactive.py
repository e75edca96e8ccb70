"""One vector for a person who waits: of words, or of a picture that is not in the library.

The engine has a process of its own for that, beside those of the lanes, so that nobody waits for a run of hours nor has
its model thrown out; one model is kept in it, as long as it is asked for. Questions are answered in turn.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import PixlStashError
from ..plugins.engines import Embedder
from ..plugins.registry import Offered
from ..plugins.settings import RUN, touches
from ..types import Facts
from .catalogue import who
from .messages import Batch, Broke, Item, Ran, Still, Texts
from .outputs import Outputs, Producer
from .prefetch import Sources
from .process import Died
from .tempdir import Scratch

if TYPE_CHECKING:
    from .host import Host

#: Seconds that a person waits. A model goes on being loaded after that, so that the next question is answered.
PATIENCE = 15.0
PLACE = "asking"


class Interactive:
    """Answers for one library."""

    def __init__(self, host: Host, sources: Sources, scratch: Scratch, outputs: Outputs) -> None:
        self._host, self._sources, self._scratch, self._outputs = host, sources, scratch, outputs
        self._thread: ThreadPoolExecutor | None = None
        self._numbers = itertools.count()
        self.patience = PATIENCE

    def understands(self, producer: int) -> bool:
        """Whether a producer makes vectors of words, too."""
        with contextlib.suppress(PixlStashError):
            engine = self._offered(self._outputs.producer(producer)).engine
            return isinstance(engine, Embedder) and type(engine).text is not Embedder.text
        return False

    def words(self, producer: int, words: Sequence[str]) -> list[bytes]:
        """Their vectors, as they are kept. Raises `PixlStashError` with why not."""
        found: list[bytes] = self._wait(lambda: self._texts(producer, list(words)))
        return found

    def picture(self, producer: int, path: Path, name: str) -> Any:
        """What a producer makes of a file: a vector as it is kept, faces …"""
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
        offered = self._host.catalogue.offered(producer.engine)
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
                found = self._sources.pool.pixels(path, name, target, sha256=b"", side=side, background=background)
                files = [file for file, _, _ in found]
                stills = [Still(str(file), width, height) for file, width, height in found]
            size = (stills[0].width, stills[0].height)
            item = Item(0, "image", size, stills, Facts(), {}, str(path))
            return self._ask(number, lambda params: Batch(count, [item], engine.batch_size, params))[0]
        finally:
            for file in files:
                file.unlink(missing_ok=True)

    def _ask(self, number: int, order: Callable[[dict[str, Any]], Texts | Batch]) -> list[Any]:
        """What the engine's process says to an order, made with the producer's settings."""
        producer = self._outputs.producer(number)
        offered = self._offered(producer)
        plain = {**self._how(offered), **producer.params}
        params = self._host.catalogue.params(offered, plain)
        process = self._host.sit(offered, params, number, PLACE)
        try:
            asked = order(self._host.catalogue.plain(params))
            process.submit(asked)
            while True:
                report = process.report(1.0)
                if isinstance(report, Ran) and report.number == asked.number:
                    return report.values
                if isinstance(report, Broke) and report.number == asked.number:
                    raise PixlStashError(f"{who(offered)}: {report.reason}")
        except Died as died:
            raise PixlStashError(f"{who(offered)}: {died}") from died
        finally:
            self._host.leave(PLACE)

    def _how(self, offered: Offered) -> dict[str, Any]:
        """The engine's present settings that say how it is run, and change no results."""
        named = touches(offered.engine.Params)
        kept = self._host.producers.settings(offered, None)[0]
        return {name: value for name, value in kept.items() if named.get(name) is RUN}
