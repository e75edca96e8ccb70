"""One run of an engine over pictures: decode ahead, run, store, and survive any failure of the engine.

A batch counts only if the engine returns one result for each image, because other results cannot be matched to images.
A batch that fails is retried picture by picture, so that one bad picture fails alone. Stored results are never computed
again: the next run processes only what is missing.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from ..database.writer import Committed
from ..errors import PixlStashError
from ..jobs.lanes import Task
from ..threads import report
from .messages import Batch, Broke, Here, Ran, Stop, Want
from .outputs import Output
from .prefetch import Prefetch, Ready
from .process import Died, Process

#: Batches that the engine has at once: the one that it processes, and the next two.
DEPTH = 3
#: Consecutive failing pictures, and consecutive crashes, after which the run fails.
FAILING, DYING = 20, 3
#: Seconds without a result after which the job's note says so.
NOTED = 3.0
#: Slices of results that are being stored, at most.
STORING = 16
log = logging.getLogger(__name__)


class RunPlan(Struct, frozen=True):
    """What to run: a producer with a run number, and how to get its process. `who` is the engine's name for users.

    `start(check)` returns a process with the model loaded, and calls `check` meanwhile; `most()` returns how many
    images fit at once; `fewer(count)` stores a smaller number.
    """

    producer: int
    run: int
    who: str
    params: dict[str, Any]
    start: Callable[[Callable[[], None]], Process]
    most: Callable[[], int]
    fewer: Callable[[int], None]


class Storing(Protocol):
    """The destination of results: the library's `Outputs`, or none."""

    def store(self, producer: int, outputs: Sequence[Output], run: int | None) -> list[Future[Committed[int]]]: ...


class Sent(Struct):
    """A batch sent to the engine, and the number of images that the engine may process at once."""

    number: int
    pictures: list[Ready]
    most: int


class Run:
    """Runs a plan as a job's task. `left`: the number of pictures to process, after `done` earlier ones."""

    _numbers = itertools.count()  # unique among runs, because a process may still return a batch of an earlier run

    def __init__(
        self, plan: RunPlan, prefetch: Prefetch, outputs: Storing, task: Task, left: int, done: int = 0
    ) -> None:
        self._plan, self._prefetch, self._outputs, self._task = plan, prefetch, outputs, task
        self._total = done + left
        self._done = done
        self.later = 0
        self._process: Process | None = None
        self._most = self._fitting = 1
        self._sent: deque[Sent] = deque()
        self._again: deque[list[Ready]] = deque()
        self._ready: queue.Queue[list[Ready] | BaseException | None] = queue.Queue(maxsize=DEPTH)
        self._fed = False
        self._feeder = threading.Thread(target=self._assemble, name="engine-feeder", daemon=True)
        self._closing = threading.Event()
        self._held: list[Output] = []
        self._died, self._hung = 0, False
        self._stored: deque[Future[Committed[int]]] = deque()

    def run(self) -> None:
        try:
            self._most = self._fitting = self._plan.most()
            self._feeder.start()
            while True:
                self._task.progress(self._done, self._total)
                self._task.check()
                self._task.give_way()
                self._submit()
                if not self._sent:
                    break
                self._hear()
            self._store(self._held)
            self._wait(0)
            self._task.progress(self._done, self._total)
        finally:
            self._close()
            if self._feeder.ident is not None:
                self._feeder.join(10)

    # -- in ------------------------------------------------------------------------------------------------------------

    def _assemble(self) -> None:
        """Assemble batches on a separate thread."""
        try:
            batch: list[Ready] = []
            for picture in self._prefetch:
                batch.append(picture)
                if sum(ready.stills for ready in batch) >= self._most or len(batch) >= 256:
                    self._offer(batch)
                    batch = []
                if self._closing.is_set():
                    break
            self._offer(batch)
            self._offer(None)
        except BaseException as error:  # the run raises it
            try:
                self._offer(error)
            except BaseException:
                report("the error of preparing pictures could not be passed on")

    def _offer(self, batch: list[Ready] | BaseException | None) -> None:
        while not self._closing.is_set():
            try:
                return self._ready.put(batch, timeout=0.2)
            except queue.Full:
                continue
        for picture in batch if isinstance(batch, list) else ():
            picture.drop()

    def _submit(self) -> None:
        """Send the engine batches until it has as many as it may have at once."""
        while len(self._sent) < DEPTH:
            if self._again:
                if self._sent:  # one at a time, so that it is clear which batch fails
                    return
                pictures = self._again.popleft()
            elif self._sent and self._died:  # wait for a result after a crash
                return
            else:
                batch = self._next()
                if batch is None:
                    return
                pictures = batch
            if pictures := self._record_unreadable(pictures):
                self._send(pictures)

    def _next(self) -> list[Ready] | None:
        """Return the next batch, waiting for it if the engine is idle; None if there is none now."""
        while not self._fed:
            try:
                batch = self._ready.get(timeout=0.25) if not self._sent else self._ready.get_nowait()
            except queue.Empty:
                if self._sent:
                    return None
                self._task.check()
                if not self._feeder.is_alive() and self._ready.empty():  # its error could not be passed on
                    raise PixlStashError(f"{self._plan.who}: its pictures could not be made ready.") from None
                self._waits("Reading pictures")
                continue
            if isinstance(batch, BaseException):
                raise batch
            if batch is not None:
                return batch
            self._fed = True
        return None

    def _record_unreadable(self, pictures: list[Ready]) -> list[Ready]:
        """Return the pictures that can be processed; record the reasons for the others."""
        self.later += sum(picture.later is not None for picture in pictures)
        self._done += sum(picture.later is not None for picture in pictures)
        self._store([Output(picture.picture, error=picture.error) for picture in pictures if picture.error is not None])
        return [picture for picture in pictures if picture.item is not None]

    def _send(self, pictures: list[Ready]) -> None:
        if self._process is None or not self._process.alive:
            self._process = self._plan.start(lambda: self._waits(f"Loading {self._plan.who}"))
            if self._hung:
                self._process.timeout.hurry()
        sent = Sent(next(Run._numbers), pictures, self._most)
        self._sent.append(sent)
        items = [picture.item for picture in pictures if picture.item is not None]
        self._process.submit(Batch(sent.number, items, sent.most, self._plan.params))

    # -- out -----------------------------------------------------------------------------------------------------------

    def _hear(self) -> None:
        assert self._process is not None
        try:
            report = self._process.report(0.02 if len(self._sent) < DEPTH and not self._fed else 0.25)
        except Died as died:
            return self._handle_crash(str(died))
        self._task.note = ""
        if report is None and (silence := self._process.silence()) and silence[0] >= NOTED:
            self._task.note = (
                f"{self._plan.who} has given no result for {silence[0]:.0f} s; it is ended after {silence[1]:.0f} s"
            )
        if isinstance(report, Want):
            self._send_original(report.picture)
        elif isinstance(report, Ran) and self._is_first(report.number):
            self._keep(self._sent.popleft(), report.values)
        elif isinstance(report, Broke) and self._is_first(report.number):
            self._retry(self._sent.popleft(), report)
        return None

    def _waits(self, what: str) -> None:
        """Show in the job what the run waits for, and raise if the job is to stop."""
        self._task.note = what
        self._task.progress(self._done, self._total)
        self._task.check()

    def _is_first(self, number: int) -> bool:
        """Return whether a message is about the oldest batch, and not about one that was cancelled."""
        return bool(self._sent) and self._sent[0].number == number

    def _keep(self, sent: Sent, values: Sequence[Any]) -> None:
        self._died, self._hung = 0, False
        if sent.most < self._fitting and sum(picture.stills for picture in sent.pictures) > 1:
            self._fitting = sent.most  # store it now: the cause was the number of images, not one large image
            self._plan.fewer(sent.most)
        outputs = [Output(picture.picture, value) for picture, value in zip(sent.pictures, values, strict=True)]
        self._store([*self._held, *outputs])
        self._held = []
        for picture in sent.pictures:
            picture.drop()

    def _retry(self, sent: Sent, report: Broke) -> None:
        """Retry a failed batch in smaller parts, or record the failure of a single picture."""
        stills = sum(picture.stills for picture in sent.pictures)
        if report.cause == "memory" and min(sent.most, stills) > 1:
            self._most = min(sent.most, stills) // 2
            self._again.appendleft(sent.pictures)
        elif len(sent.pictures) > 1:
            self._again.extendleft([picture] for picture in reversed(sent.pictures))
        else:
            reason = report.reason
            if report.cause == "memory":
                reason, self._most = "There is too little memory for it.", self._fitting
            self._fail(sent.pictures[0], reason)
        if report.cause == "device":
            self._lost(f"the device failed: {report.reason}")

    def _handle_crash(self, why: str) -> None:
        """Handle the end of the process: retry its current batch picture by picture, the waiting ones unchanged."""
        first, *others = [sent.pictures for sent in self._sent]
        self._sent.clear()
        self._again.extendleft(reversed(others))
        if len(first) > 1:
            self._again.extendleft([picture] for picture in reversed(first))
        else:
            self._fail(first[0], f"On this picture {why}.")
        self._lost(why)

    def _lost(self, why: str) -> None:
        """Queue what the process had for a new one. Raises `PixlStashError` after repeated crashes."""
        if self._process is not None:
            self._process.kill(why)
            self._hung |= self._process.hung
        self._process = None
        for sent in self._sent:
            self._again.append(sent.pictures)
        self._sent.clear()
        self._died += 1
        if self._died > DYING:
            raise PixlStashError(f"{self._plan.who}: {why}, {self._died} times in a row.")

    def _fail(self, picture: Ready, reason: str) -> None:
        """Record that a picture failed, to be stored when another succeeds or the run ends."""
        self._held.append(Output(picture.picture, error=reason))
        picture.drop()
        if len(self._held) >= FAILING:
            raise PixlStashError(f"{self._plan.who}: {FAILING} pictures in a row failed, the last one with: {reason}")

    def _send_original(self, picture: int) -> None:
        """Send the engine a copy of the original bytes of a picture that has no local path."""
        assert self._process is not None
        holds = [(sent, n) for sent in self._sent for n, ready in enumerate(sent.pictures) if ready.picture == picture]
        if not holds:  # of an earlier run
            return self._process.answer(Here("", "It is no longer wanted."))
        try:
            path = self._prefetch.fetch(picture)
        except PixlStashError as error:
            return self._process.answer(Here("", str(error)))
        sent, n = holds[0]
        sent.pictures[n] = replace(sent.pictures[n], files=(*sent.pictures[n].files, path))
        return self._process.answer(Here(str(path)))

    # -- storing -------------------------------------------------------------------------------------------------------

    def _store(self, outputs: Sequence[Output]) -> None:
        if outputs:
            self._stored.extend(self._outputs.store(self._plan.producer, outputs, self._plan.run))
            self._done += len(outputs)
            self._wait(STORING)

    def _wait(self, most: int) -> None:
        """Wait until at most this many slices are being stored."""
        while self._stored and (len(self._stored) > most or self._stored[0].done()):
            self._stored.popleft().result()

    def _close(self) -> None:
        self._closing.set()
        self._task.note = ""
        self._prefetch.close()
        if self._sent and self._process is not None:
            self._process.tell(Stop(self._sent[-1].number))
        rest: list[list[Ready]] = [*(sent.pictures for sent in self._sent), *self._again]
        while True:
            try:
                batch = self._ready.get_nowait()
            except queue.Empty:
                break
            if isinstance(batch, list):
                rest.append(batch)
        for picture in (picture for pictures in rest for picture in pictures):
            picture.drop()
