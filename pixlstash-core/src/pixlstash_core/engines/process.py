"""One engine's process from the library's side: starts it, communicates, and ends it if it hangs or exceeds limits."""

from __future__ import annotations

import contextlib
import logging
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from typing import BinaryIO, cast

import msgspec

from .. import threads
from ..errors import PixlStashError
from ..media.messages import receive, send
from ..media.process import kill, spawn
from . import isolation
from .limits import VARIABLE, BatchTimeout, Limits, Tail, resident
from .messages import Batch, Beat, Broke, Here, Inspect, Load, Loaded, Order, Ran, Report, Start, Texts, Train, Want

WORKER = "pixlstash_core.engines.worker"
_TICK = 0.1
_reports = msgspec.msgpack.Decoder(Report)
log = logging.getLogger(__name__)


class Died(Exception):
    """The process has ended; the text is the reason, to be appended to the engine's name."""


class Process:
    """An engine's process. One thread communicates with it; others may `kill` it. Loading and results have time limits.

    When it dies, the end of its output is logged without the texts in `hidden`. `main`: the module that it runs.
    """

    def __init__(self, start: Start, limits: Limits, hidden: Collection[str] = (), main: str = WORKER) -> None:
        self.limits = limits
        self._engine = start.engine
        self.device = self.exposed = ""
        self._why: str | None = None
        self._lock = threading.Lock()
        self._pending = 0
        self._deadline: float | None = None
        self.timeout = BatchTimeout(limits.result)
        self.hung = False
        self.part = 0.0
        self._counts: deque[int] = deque()  # images in each pending batch
        self._began = self._heard = time.monotonic()
        self._fetched = False
        self._reports: queue.SimpleQueue[Report | None] = queue.SimpleQueue()
        self._written = Tail(hidden)
        self._process = spawn(main, subprocess.PIPE, isolation.environment(start.lane))
        self._to = cast(BinaryIO, self._process.stdin)
        for name, work in (("reader", self._read), ("errors", self._listen), ("watch", self._watch)):
            threading.Thread(target=work, name=f"engine-{name}", daemon=True).start()
        self.tell(start)

    @property
    def alive(self) -> bool:
        return self._why is None and self._process.poll() is None

    @property
    def memory(self) -> int | None:
        """The bytes of main memory that it uses; None if it has ended or this is unknown."""
        return resident(self._process.pid) if self.alive else None

    def load(self, order: Load, check: Callable[[], None] = lambda: None) -> Loaded:
        """Load a model. Raises `PixlStashError` if that fails, and passes on what `check` raises meanwhile."""
        self._expect(self.limits.load, 1)
        self.tell(order)
        try:
            while True:
                report = self.report(0.5)
                check()
                if isinstance(report, Loaded):
                    self.device, self.exposed = report.device, report.exposed
                    if report.exposed and not order.hosts:
                        log.info("The engine %s: %s; only its Python code is held.", self._engine, report.exposed)
                    return report
                if isinstance(report, Broke):
                    raise PixlStashError(f"it cannot be loaded: {report.reason}")
        except Died as died:
            raise PixlStashError(f"it cannot be loaded: {died}") from died

    def submit(self, batch: Batch | Texts | Train | Inspect) -> None:
        if isinstance(batch, Inspect | Train):  # the library sets the limit of each step
            self._expect(self.limits.result, 1, anew=False)
        else:
            count = len(batch.words) if isinstance(batch, Texts) else sum(len(item.stills) for item in batch.items)
            with self._lock:
                if not self._counts:
                    self._begin()
                self._counts.append(count)
            self._expect(self._limit(), 1, anew=False)
        self.tell(batch)

    def answer(self, here: Here) -> None:
        """Send the path of the original bytes that it requested."""
        self._expect(self._limit())
        self.tell(here)

    def silence(self) -> tuple[float, float] | None:
        """Return the seconds since the present batch last made progress, and the seconds after which it is ended."""
        deadline, heard = self._deadline, self._heard
        return (time.monotonic() - heard, deadline - heard) if deadline is not None else None

    def tell(self, order: Order) -> None:
        with contextlib.suppress(OSError, ValueError):  # it has ended: `report` raises
            send(self._to, order)

    def report(self, seconds: float) -> Report | None:
        """Return its next message; None if there is none within the time in seconds. Raises `Died`."""
        try:
            report = self._reports.get(timeout=seconds)
        except queue.Empty:
            return None
        if report is None:
            self._reports.put(None)
            raise Died(self._reason())
        return report

    def kill(self, why: str = "it was ended") -> None:
        """End the process and all processes that it started, and release its resources."""
        if self._why is None:
            self._why = why
        if self._process.poll() is None:
            kill(self._process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        with contextlib.suppress(OSError):
            self._to.close()

    def _expect(self, seconds: float | None, more: int = 0, *, anew: bool = True) -> None:
        """Set the time limit for the next message, unless nothing is pending; if not `anew`, only if none is set."""
        with self._lock:
            self._pending += more
            if seconds is None or self._pending <= 0:
                self._deadline = None
            elif anew or self._deadline is None:
                self._heard = time.monotonic()
                self._deadline = self._heard + seconds

    def _limit(self) -> float:
        """Return the limit for the present batch in seconds."""
        with self._lock:
            return self.timeout.limit(self._counts[0] if self._counts else 1)

    def _begin(self) -> None:
        self._began, self._fetched = time.monotonic(), False

    def _ended_one(self, report: Report) -> None:
        """Record the duration of a batch, unless it waited for files from the library."""
        with self._lock:
            if not self._counts or isinstance(report, Loaded):
                return
            count = self._counts.popleft()
            if isinstance(report, Ran) and not self._fetched:
                self.timeout.note(time.monotonic() - self._began, count)
            self._begin()

    # -- threads -------------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        pipe, why = cast(BinaryIO, self._process.stdout), ""
        try:
            while True:
                self._take(_reports.decode(receive(pipe)))
        except (EOFError, OSError, ValueError):  # ValueError: not a valid message
            pass
        except BaseException as error:
            threads.report("what an engine's process sends cannot be read; it is ended")
            why = f"what it reports cannot be read ({type(error).__name__})"
        finally:  # wake up the waiting thread in any case
            self._buried(pipe, why)

    def _buried(self, pipe: BinaryIO, why: str) -> None:
        try:
            self._deadline = None
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0 if why else 1)
            self.kill(self._why or why or self._ended())
        finally:
            self._reports.put(None)
            pipe.close()

    def _take(self, report: Report) -> None:
        ended = not isinstance(report, Beat | Want)
        if ended:
            self._ended_one(report)
        # The library reads requested files; the engine's time does not run meanwhile.
        self._fetched |= isinstance(report, Want)
        self._expect(None if isinstance(report, Want) else self._limit(), -1 if ended else 0)
        if isinstance(report, Beat):
            self.part = report.part
        else:
            self._reports.put(report)

    def _listen(self) -> None:
        """Read its error stream; the last lines are logged when it dies."""
        pipe = cast(BinaryIO, self._process.stderr)
        try:
            self._written.follow(pipe)
        except (OSError, ValueError):
            pass
        except BaseException:  # a full pipe would stop the process
            threads.report("what an engine's process writes cannot be read any more")
            self.kill("what it writes can no longer be read")
        finally:
            pipe.close()

    def _watch(self) -> None:
        while self._process.poll() is None:
            time.sleep(_TICK)
            try:
                self._enforce()
            except BaseException:
                threads.report("an engine's limits could not be checked; it is tried again")

    def _enforce(self) -> None:
        deadline, limit = self._deadline, self.limits.memory
        if deadline is not None and time.monotonic() > deadline:
            self.hung = True
            self.kill("it hung: nothing came of it in time")
        elif limit is not None and (resident(self._process.pid) or 0) > limit:
            self.kill(f"it took more than {limit / (1 << 30):.3g} GiB of memory, the limit ({VARIABLE})")

    def _ended(self) -> str:
        code = self._process.poll()
        if code is None:
            return "its process spoke out of turn"
        return f"its process crashed (signal {-code})" if code < 0 else f"its process ended (exit code {code})"

    def _reason(self) -> str:
        why = self._why or self._ended()
        if lines := self._written.lines():
            log.warning("The engine %s: %s. It wrote:\n%s", self._engine, why, "\n".join(lines))
        return why
