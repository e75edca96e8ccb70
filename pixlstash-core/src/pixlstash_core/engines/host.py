"""Runs the engines of one library in processes: one per lane, with one model, which ends when idle."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from ..database.connection import Database
from ..database.hub import Hub
from ..database.writer import Writer, outcome
from ..errors import Cancelled, PixlStashError
from ..jobs.lanes import Jobs, Task
from ..plugins.registry import Offered
from ..plugins.settings import LOAD, plain_params, secrets, touches
from ..threads import report
from ..types import Rehearsal
from . import examples, fetching, provenance, training, training_process, weights
from . import settings as engines
from .catalogue import Catalogue, who
from .interactive import KEPT, Ask, Collected, Interactive, judged
from .limits import Limits, Scratch
from .messages import Learned, Load, Results, Start, Train
from .outputs import Outputs, Which
from .prefetch import Prefetch, Sources
from .process import Process
from .producers import Autorun, Payload, Producers
from .running import Run, RunPlan
from .trying import Trying

#: Seconds between checks for idle processes.
TICK = 1.0
#: The kind of jobs that download weights.
FETCH = "weights"
#: The kind of jobs that run an engine without storing results.
REHEARSAL = "rehearsal"
#: Pictures that are queried at once.
PAGE = 1000
log = logging.getLogger(__name__)


class _Seat(Struct):
    """The process of a lane, with its loaded model and the time of its last use."""

    key: tuple[Any, ...]
    process: Process
    since: float
    used: bool = True


class Host:
    """Runs the engines of one library."""

    def __init__(
        self,
        db: Database,
        hub: Hub,
        writer: Writer,
        outputs: Outputs,
        jobs: Jobs,
        catalogue: Catalogue,
        sources: Sources,
        scratch: Scratch,
        limits: Limits | None = None,
    ) -> None:
        self._db = db
        self.rehearsals: dict[int, Rehearsal] = {}
        self._hub, self._writer, self._outputs, self._sources, self._scratch = hub, writer, outputs, sources, scratch
        self.catalogue = catalogue
        self.producers = Producers(db, writer, outputs, catalogue)
        self.autorun = Autorun(db, outputs, jobs, catalogue, self.producers)
        self.limits = limits or Limits()
        self._seats: dict[str, _Seat] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self.interactive = Interactive(catalogue, self.producers, outputs, sources, scratch, self._lend)
        self.trying = Trying(catalogue, sources, scratch, self._lend)
        self._watch: threading.Thread | None = None

    # -- runs ----------------------------------------------------------------------------------------------------------

    def waiting(self, payload: Payload) -> int:
        """Return the number of pictures that a job still has to process."""
        if payload.ranges is None:
            return self._outputs.count_missing(payload.producer, **self._which(payload))
        parts = _parts(payload.ranges, 20_000)
        return sum(self._outputs.count_missing(payload.producer, **self._which(payload, part)) for part in parts)

    def _ids(self, payload: Payload) -> Iterator[int]:
        """Yield the ids of the pictures to process, the newest first, queried while the job runs."""
        missing = partial(self._outputs.missing, payload.producer, PAGE)
        if payload.ranges is None:
            before: int | None = None
            while page := missing(before=before, **self._which(payload)):
                yield from page
                before = page[-1]
        else:
            for part in _parts(payload.ranges, PAGE):
                yield from missing(**self._which(payload, part))

    def _which(self, payload: Payload, among: Sequence[int] | None = None) -> Which:
        engine = self.catalogue.offered(payload.engine).engine
        which = Which(after=payload.after, among=among, kinds=sorted(engine.accepts), needs=engine.needs)
        if engine.learns:
            which["vectors_of"] = self._learned(payload).vectors_of
        return which

    def _learned(self, payload: Payload) -> training.Training:
        """Return the training of the producer of a run."""
        learned = training.load(self._db, payload.producer)
        if learned is None:
            raise PixlStashError(f"{payload.engine} has learned something else since then. Run it again.")
        return learned

    def run(self, task: Task) -> None:
        """Handle a job of kind `engine`."""
        payload = msgspec.convert(task.payload, Payload)
        if not payload.arrivals:
            self._run(task, payload)
        else:
            self.autorun.follow(task, payload, partial(self._run, task))
        outcome(self._writer.submit(provenance.settle))
        self._prune(payload)
        self.autorun.look(needy=True)  # other engines may need the new results

    def _prune(self, payload: Payload) -> None:
        """Delete the results of trainings that the present one has replaced."""
        offered = self.catalogue.offered(payload.engine)
        present = self.producers.find(offered) if offered.engine.learns else None
        if present is not None:
            tables = self.catalogue.kind(offered).tables
            prune = partial(training.prune, engine=payload.engine, present=present, tables=tables)
            while outcome(self._writer.submit(prune)):
                pass

    def train(self, offered: Offered, params: Any, order: Train, check: Callable[[float], None]) -> Learned:
        """Let an engine learn in its process. Raises what `check` raises."""
        process = self._seat(offered, params, 0, lambda: check(0.0))
        try:
            return training_process.train(process, order, check)
        except PixlStashError as error:
            if isinstance(error, Cancelled):
                raise
            raise PixlStashError(f"{who(offered)}: {error}") from error
        finally:
            self._leave(offered.engine.lane)

    def _run(self, task: Task, payload: Payload) -> None:
        offered = self.catalogue.offered(payload.engine)
        params = self.catalogue.params(offered, payload.params)
        left = self.waiting(payload)
        done = 0 if payload.arrivals else task.before(left)
        task.progress(done, done + left)
        if not left:
            return
        inputs_of: Callable[[Sequence[int]], dict[int, dict[str, Any]]]
        inputs_of = partial(self._outputs.inputs, offered.engine.needs)
        if offered.engine.learns:
            inputs_of = partial(examples.inputs, self._db, self._learned(payload).vectors_of)
        prefetch = Prefetch(self._sources, offered.engine, self._ids(payload), inputs_of, self._scratch.path())
        plan = RunPlan(
            payload.producer,
            payload.run,
            who(offered),
            plain_params(params, reveal=True),
            partial(self._seat, offered, params, payload.producer),
            partial(self._most, offered),
            partial(self._fewer, offered),
        )
        try:
            Run(plan, prefetch, self._outputs, task, left, done).run()
        finally:
            self._leave(offered.engine.lane)
            self._record_failures(task, payload)

    def _record_failures(self, task: Task, payload: Payload) -> None:
        """Store in the job how many pictures failed and how many results were dropped, with reasons."""
        failed, reason = provenance.failed_in(self._db, payload.producer, payload.run)
        dropped = self._outputs.take_dropped(payload.run)
        if (failed, reason, dropped.count) != (payload.failed, payload.reason, 0):
            payload.failed, payload.reason = failed, reason
            payload.dropped += dropped.count
            payload.dropped_reason = dropped.reason or payload.dropped_reason
            task.keep(payload)

    def rehearse(self, task: Task) -> None:
        """Handle a job of kind `rehearsal`."""
        ask = msgspec.convert(task.payload, Ask)
        offered = self.catalogue.offered(ask.engine)
        params, collected = self.catalogue.params(offered, ask.params), Collected()
        inputs_of = partial(self._outputs.inputs, offered.engine.needs)
        prefetch = Prefetch(self._sources, offered.engine, iter(ask.ids), inputs_of, self._scratch.path())
        start = collected.starting(partial(self._seat, offered, params, 0))
        plain = plain_params(params, reveal=True)
        sizes = (partial(self._most, offered), partial(self._fewer, offered))
        plan = RunPlan(0, 0, who(offered), plain, start, *sizes)
        try:
            Run(plan, prefetch, collected, task, len(ask.ids)).run()
        finally:
            self._leave(offered.engine.lane)
        threshold = float(getattr(offered.engine, "threshold", 0.0))
        self.rehearsals[task.id] = judged(self._db, self.catalogue.kind(offered), ask, collected, threshold)
        for old in sorted(self.rehearsals)[:-KEPT]:
            del self.rehearsals[old]

    def fetch(self, task: Task) -> None:
        """Handle a job of kind `weights`."""
        offered = self.catalogue.offered(task.payload["engine"])
        needed = self.catalogue.needed(offered)

        def step(done: int, total: int) -> None:
            task.progress(done, total)
            task.check()

        if needed is not None:
            fetching.fetch(weights.folder_of(self.catalogue.models, offered.engine.id, needed), needed, step)

    def start(self) -> None:
        """Resume work that was unfinished when the library was closed."""
        self.autorun.start()

    # -- processes -----------------------------------------------------------------------------------------------------

    def _seat(
        self, offered: Offered, params: Any, producer: int, check: Callable[[], None], place: str = ""
    ) -> Process:
        """Return the process of a lane, or of another `place`, with this engine's model; end one with another model."""
        engine = offered.engine
        place = place or engine.lane
        plain = plain_params(params, reveal=True)
        hosts = self.catalogue.reachable(offered, params)
        named, hidden = touches(engine.Params), secrets(engine.Params)
        loads = {name: value for name, value in plain.items() if named[name] is LOAD or name in hidden}
        key = (
            engine.id,
            engine.revision,
            producer if offered.hook in _SPACES or engine.learns else -1,
            repr(sorted(loads.items())),
            hosts,
        )
        with self._lock:
            seat = self._seats.get(place)
            if seat is not None and seat.key == key and seat.process.alive:
                seat.used = True
                return seat.process
        if seat is not None:
            seat.process.kill("another engine took its place")
        extra, origin = self.catalogue.extra(offered), offered.origin
        distribution = "" if extra else origin.distribution
        start = Start(
            *(origin.plugin, engine.id, Results.of(self.catalogue.kind(offered)), extra, engine.lane),
            isolated=not hosts,
            distribution=distribution,
        )
        process: Process | None = None
        try:
            folder = self._folder(offered, params)
            about = self._outputs.producer(producer).about if producer else self.catalogue.about(offered, params)
            process = Process(start, self.limits, [str(plain[name]) for name in hidden])
            state = training.state(self._db, producer) if engine.learns and producer else None
            process.load(Load("", str(folder) if folder else None, plain, about, hosts, state), check)
        except BaseException as error:
            if process is not None:
                process.kill()
            if isinstance(error, PixlStashError) and not isinstance(error, Cancelled):
                raise PixlStashError(f"{who(offered)}: {error}") from error
            raise
        with self._lock:
            self._seats[place] = _Seat(key, process, time.monotonic())
            if self._closing.is_set():
                process.kill()
            elif self._watch is None:
                watch = threading.Thread(target=self._tidy, name="engine-idle", daemon=True)
                watch.start()
                self._watch = watch
        return process

    def _folder(self, offered: Offered, params: Any) -> Path | None:
        """Return the folder with an engine's verified weights."""
        needed = self.catalogue.weights(offered, params)
        return weights.checked(self.catalogue.models, offered.engine.id, needed) if needed is not None else None

    def _most(self, offered: Offered) -> int:
        most = engines.most(self._hub, offered.engine.id, offered.engine.lane)
        return min(offered.engine.batch_size, most or offered.engine.batch_size)

    def _fewer(self, offered: Offered, count: int) -> None:
        engines.remember_most(self._hub, offered.engine.id, offered.engine.lane, count)

    def _leave(self, lane: str) -> None:
        with self._lock:
            if (seat := self._seats.get(lane)) is not None:
                seat.used, seat.since = False, time.monotonic()

    def _tidy(self) -> None:
        while not self._closing.wait(min(TICK, self.limits.idle / 4)):
            try:
                since = time.monotonic() - self.limits.idle
                self._drop(partial(_is_idle, since))
            except BaseException:
                report("an idle engine could not be ended; it is tried again")

    def _drop(self, which: Callable[[_Seat], bool]) -> None:
        with self._lock:
            gone = [lane for lane, seat in self._seats.items() if which(seat)]
            processes = [self._seats.pop(lane).process for lane in gone]
        for process in processes:
            process.kill("it was idle")

    def loaded(self) -> Sequence[tuple[str, str, int | None]]:
        """Return (lane, engine, bytes of main memory) of each process."""
        with self._lock:
            return [(lane, seat.key[0], seat.process.memory) for lane, seat in self._seats.items()]

    @contextmanager
    def _lend(self, offered: Offered, params: Any, producer: int, place: str) -> Iterator[Process]:
        """Lend a process with an engine's model that is separate from the lanes; it ends after a long idle time."""
        process = self._seat(offered, params, producer, self._check, place)
        try:
            yield process
        finally:
            self._leave(place)

    def _check(self) -> None:
        if self._closing.is_set():
            raise Cancelled("The library is being closed.")

    def close(self) -> None:
        """End all processes."""
        self._closing.set()
        self.interactive.close()
        self.trying.close()
        self._drop(lambda seat: True)
        self._scratch.close()


#: Hooks whose results must have one length per producer, so that a process is not shared by two producers.
_SPACES = frozenset({"embedders", "face_extractors"})


def _is_idle(since: float, seat: _Seat) -> bool:
    return not seat.used and seat.since < since


def _parts(ranges: Sequence[tuple[int, int]], size: int) -> Iterator[list[int]]:
    """Split the ids of ranges into parts of a size, the greatest ids first."""
    part: list[int] = []
    for low, high in sorted(ranges, reverse=True):
        for picture in range(high, low - 1, -1):
            part.append(picture)
            if len(part) == size:
                yield part
                part = []
    if part:
        yield part


def ranges(ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return ids as sorted ranges, both ends included."""
    ranges: list[tuple[int, int]] = []
    for picture in sorted(set(ids)):
        if ranges and ranges[-1][1] == picture - 1:
            ranges[-1] = (ranges[-1][0], picture)
        else:
            ranges.append((picture, picture))
    return ranges
