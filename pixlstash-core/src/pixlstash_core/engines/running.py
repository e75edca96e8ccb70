"""One run of an engine over pictures: decode ahead, run, store, and go on however the engine behaves.

Only a whole batch with one result for each image counts: of any other it cannot be told whose results those are. A
batch that fails is tried again picture by picture, so that one bad picture fails alone. What was stored is never done
again: the next run asks what is missing.
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
from .prefetch import Feeding, Ready
from .process import Died, Process

#: Batches that are with the engine at once: one it works on, and the next two.
DEPTH = 3
#: Pictures failing in a row, and processes dying in a row, after which it is the engine and not the pictures.
FAILING, DYING = 20, 3
#: After so many seconds without a result a job says what it waits for.
NOTED = 3.0
#: Slices of results on their way to the disk, at most.
STORING = 16
log = logging.getLogger(__name__)


class RunPlan(Struct, frozen=True):
    """What is run: a producer under a run's number, and how its process is had. `who` is the engine for people.

    `start(check)` gives a process with the model loaded, and calls `check` while that takes its time; `most()`: images
    at once; `fewer(count)` remembers that no more than that fit.
    """

    producer: int
    run: int
    who: str
    params: dict[str, Any]
    start: Callable[[Callable[[], None]], Process]
    most: Callable[[], int]
    fewer: Callable[[int], None]


class Storing(Protocol):
    """Where results go: the library's `Outputs`, or nowhere."""

    def store(self, producer: int, outputs: Sequence[Output], run: int | None) -> list[Future[Committed[int]]]: ...


class Sent(Struct):
    """A batch that is with the engine, and how many images at once it may take."""

    number: int
    pictures: list[Ready]
    most: int


class Run:
    """Runs a plan as a job's task. `left`: how many pictures there are to do, after `done` of them earlier."""

    _numbers = itertools.count()  # of all runs: a process may still be at a batch of the run before

    def __init__(self, plan: RunPlan, feeding: Feeding, outputs: Storing, task: Task, left: int, done: int = 0) -> None:
        self._plan, self._feeding, self._outputs, self._task = plan, feeding, outputs, task
        self._total = done + left
        self._done = done
        self.later = 0
        self._process: Process | None = None
        self._most = self._known = 1
        self._sent: deque[Sent] = deque()
        self._again: deque[list[Ready]] = deque()
        self._ready: queue.Queue[list[Ready] | BaseException | None] = queue.Queue(maxsize=DEPTH)
        self._fed = False
        self._feeder = threading.Thread(target=self._feed, name="engine-feeder", daemon=True)
        self._closing = threading.Event()
        self._held: list[Output] = []
        self._died, self._hung = 0, False
        self._stored: deque[Future[Committed[int]]] = deque()

    def run(self) -> None:
        try:
            self._most = self._known = self._plan.most()
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

    def _feed(self) -> None:
        """Puts batches together, beside the loop."""
        try:
            batch: list[Ready] = []
            for one in self._feeding:
                batch.append(one)
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
                report("why no more pictures could be made ready could not be handed over")

    def _offer(self, batch: list[Ready] | BaseException | None) -> None:
        while not self._closing.is_set():
            try:
                return self._ready.put(batch, timeout=0.2)
            except queue.Full:
                continue
        for one in batch if isinstance(batch, list) else ():
            one.drop()

    def _submit(self) -> None:
        """Give the engine as much as it may have at once."""
        while len(self._sent) < DEPTH:
            if self._again:
                if self._sent:  # one at a time, so that it is clear whose fault it is
                    return
                pictures = self._again.popleft()
            elif self._sent and self._died:  # until something works again
                return
            else:
                found = self._next()
                if found is None:
                    return
                pictures = found
            if pictures := self._told(pictures):
                self._send(pictures)

    def _next(self) -> list[Ready] | None:
        """The next batch; waits for it when the engine has nothing to do. None: there is none now."""
        while not self._fed:
            try:
                found = self._ready.get(timeout=0.25) if not self._sent else self._ready.get_nowait()
            except queue.Empty:
                if self._sent:
                    return None
                self._task.check()
                if not self._feeder.is_alive() and self._ready.empty():  # not even its error could be handed over
                    raise PixlStashError(f"{self._plan.who}: its pictures could not be made ready.") from None
                self._waits("Reading pictures")
                continue
            if isinstance(found, BaseException):
                raise found
            if found is not None:
                return found
            self._fed = True
        return None

    def _told(self, pictures: list[Ready]) -> list[Ready]:
        """Those that can be run; of the others it is noted why not."""
        self.later += sum(one.later is not None for one in pictures)
        self._done += sum(one.later is not None for one in pictures)
        self._store([Output(one.picture, error=one.error) for one in pictures if one.error is not None])
        return [one for one in pictures if one.item is not None]

    def _send(self, pictures: list[Ready]) -> None:
        if self._process is None or not self._process.alive:
            self._process = self._plan.start(lambda: self._waits(f"Loading {self._plan.who}"))
            if self._hung:
                self._process.pace.hurry()
        sent = Sent(next(Run._numbers), pictures, self._most)
        self._sent.append(sent)
        items = [one.item for one in pictures if one.item is not None]
        self._process.submit(Batch(sent.number, items, sent.most, self._plan.params))

    # -- out -----------------------------------------------------------------------------------------------------------

    def _hear(self) -> None:
        assert self._process is not None
        try:
            report = self._process.report(0.02 if len(self._sent) < DEPTH and not self._fed else 0.25)
        except Died as died:
            return self._bury(str(died))
        self._task.note = ""
        if report is None and (silence := self._process.silence()) and silence[0] >= NOTED:
            self._task.note = (
                f"{self._plan.who} has given no result for {silence[0]:.0f} s; it is ended after {silence[1]:.0f} s"
            )
        if isinstance(report, Want):
            self._bring(report.picture)
        elif isinstance(report, Ran) and self._is_first(report.number):
            self._keep(self._sent.popleft(), report.values)
        elif isinstance(report, Broke) and self._is_first(report.number):
            self._mend(self._sent.popleft(), report)
        return None

    def _waits(self, what: str) -> None:
        """Say what is waited for, and see whether the job is to stop here."""
        self._task.note = what
        self._task.progress(self._done, self._total)
        self._task.check()

    def _is_first(self, number: int) -> bool:
        """Whether it is about the oldest batch, and not one that was given up before."""
        return bool(self._sent) and self._sent[0].number == number

    def _keep(self, sent: Sent, values: Sequence[Any]) -> None:
        self._died, self._hung = 0, False
        if sent.most < self._known and sum(one.stills for one in sent.pictures) > 1:
            self._known = sent.most  # only now it is clear that it was too many, and not one that is too large
            self._plan.fewer(sent.most)
        found = [Output(one.picture, value) for one, value in zip(sent.pictures, values, strict=True)]
        self._store([*self._held, *found])
        self._held = []
        for one in sent.pictures:
            one.drop()

    def _mend(self, sent: Sent, report: Broke) -> None:
        """What becomes of a batch that failed."""
        stills = sum(one.stills for one in sent.pictures)
        if report.cause == "memory" and min(sent.most, stills) > 1:
            self._most = min(sent.most, stills) // 2
            self._again.appendleft(sent.pictures)
        elif len(sent.pictures) > 1:
            self._again.extendleft([one] for one in reversed(sent.pictures))
        else:
            reason = report.reason
            if report.cause == "memory":
                reason, self._most = "There is too little memory for it.", self._known
            self._fail(sent.pictures[0], reason)
        if report.cause == "device":
            self._lost(f"the device failed: {report.reason}")

    def _bury(self, why: str) -> None:
        """The process is gone: what it worked on is suspect, what waited is not."""
        first, *others = [sent.pictures for sent in self._sent]
        self._sent.clear()
        self._again.extendleft(reversed(others))
        if len(first) > 1:
            self._again.extendleft([one] for one in reversed(first))
        else:
            self._fail(first[0], f"On this picture {why}.")
        self._lost(why)

    def _lost(self, why: str) -> None:
        """What the process had goes to another one, unless this comes again and again."""
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
        """One picture failed by itself. It is written down once another succeeds, or all are through."""
        self._held.append(Output(picture.picture, error=reason))
        picture.drop()
        if len(self._held) >= FAILING:
            raise PixlStashError(f"{self._plan.who}: {FAILING} pictures in a row failed, the last one with: {reason}")

    def _bring(self, picture: int) -> None:
        """The engine opens the original bytes of a picture that has no path here."""
        assert self._process is not None
        holds = [(sent, n) for sent in self._sent for n, one in enumerate(sent.pictures) if one.picture == picture]
        if not holds:  # of a run that is over
            return self._process.answer(Here("", "It is no longer wanted."))
        try:
            path = self._feeding.fetch(picture)
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
        """Let no more than so many slices be on their way."""
        while self._stored and (len(self._stored) > most or self._stored[0].done()):
            self._stored.popleft().result()

    def _close(self) -> None:
        self._closing.set()
        self._task.note = ""
        self._feeding.close()
        if self._sent and self._process is not None:
            self._process.tell(Stop(self._sent[-1].number))
        rest: list[list[Ready]] = [*(sent.pictures for sent in self._sent), *self._again]
        while True:
            try:
                found = self._ready.get_nowait()
            except queue.Empty:
                break
            if isinstance(found, list):
                rest.append(found)
        for one in (one for pictures in rest for one in pictures):
            one.drop()
