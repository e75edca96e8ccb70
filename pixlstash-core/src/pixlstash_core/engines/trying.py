"""Runs engines on files that are not pictures of the library, and stores nothing: neither the file nor the result.

Its process is separate from those of the lanes and of searches. The process has one model, which stays loaded while it
is used. Requests are handled in turn; one whose client has left, or that waited too long, is given up.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ..errors import Invalid, PixlStashError
from ..plugins.registry import Offered
from ..threads import check_canceled
from .catalogue import Catalogue, who
from .interactive import decoded
from .limits import Scratch
from .messages import Batch, Broke, Ran, Stop
from .prefetch import Sources
from .process import Died, Process

#: Seconds for a result, with waiting for other requests and loading the model, and between two checks.
PATIENCE, POLL = 100.0, 0.1
#: Seconds in which an engine stops, before its process is ended.
GRACE = 5.0
PLACE = "trying"


class Trying:
    """Runs engines for one library. `lend(offered, params, producer, place)` lends a process with an engine's model."""

    def __init__(
        self,
        catalogue: Catalogue,
        sources: Sources,
        scratch: Scratch,
        lend: Callable[[Offered, Any, int, str], AbstractContextManager[Process]],
    ) -> None:
        self._catalogue, self._sources, self._scratch, self._lend = catalogue, sources, scratch, lend
        self._thread: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self.patience = PATIENCE

    def run(self, offered: Offered, settings: dict[str, Any], path: Path, name: str) -> Any:
        """Return an engine's result for a file as plain data.

        Raises `PixlStashError` with the reason, also if there is none in time, and what the caller's cancellation
        raises. A model continues to load after that, so that a later request succeeds.
        """
        params = self._catalogue.params(offered, settings)
        stopping = threading.Event()
        with self._lock:
            self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="engine-trying")
        future = self._thread.submit(self._result, offered, params, path, name, stopping)
        limit = time.monotonic() + self.patience
        try:
            while True:
                try:
                    return future.result(POLL)
                except NotYet:
                    if future.done():
                        return future.result()
                check_canceled()
                if time.monotonic() > limit:
                    raise Invalid(
                        f"{who(offered)} gave no result in {self.patience:.0f} seconds. Its model may still be loading:"
                        " try again."
                    )
        finally:
            stopping.set()
            future.cancel()

    def close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _result(self, offered: Offered, params: Any, path: Path, name: str, stopping: threading.Event) -> Any:
        number, engine = next(self._numbers), offered.engine
        target = self._scratch.path() / f"tried-{number}"
        with (
            decoded(self._sources.pool, engine, path, name, target) as item,
            self._lend(offered, params, 0, PLACE) as process,
        ):
            if stopping.is_set():
                return None
            process.submit(Batch(number, [item], engine.batch_size, self._catalogue.plain(params)))
            try:
                while not stopping.is_set():
                    report = process.report(POLL)
                    if isinstance(report, Ran) and report.number == number:
                        return report.values[0]
                    if isinstance(report, Broke) and report.number == number:
                        raise PixlStashError(f"{who(offered)}: {report.reason}")
            except Died as died:
                raise PixlStashError(f"{who(offered)}: {died}") from died
            self._end(process, number)
            return None

    def _end(self, process: Process, number: int) -> None:
        """Stop a request; end the process if it does not stop soon, so that the next request need not wait for it."""
        process.tell(Stop(number))
        limit = time.monotonic() + GRACE
        try:
            while time.monotonic() < limit:
                report = process.report(POLL)
                if isinstance(report, Ran | Broke) and report.number == number:
                    return
        except Died:
            return
        process.kill("its request was given up")
