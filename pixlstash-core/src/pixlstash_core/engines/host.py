"""Runs engines for one library: one process a lane, with one model in it, loaded when needed and ended when idle."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
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
from . import fetching, provenance, weights
from . import settings as engines
from .autorun import Autorun
from .catalogue import Catalogue, who
from .interactive import Interactive
from .limits import Limits
from .messages import Load, Start
from .outputs import Outputs, Which
from .prefetch import Feeding, Sources
from .process import Process
from .producers import Producers
from .running import Run, RunPlan
from .tempdir import Scratch
from .trial import KEPT, Ask, Collected, judged

#: How often it is looked for processes that are idle, in seconds.
TICK = 1.0
#: The kind of jobs that fetch weights.
FETCH = "weights"
#: The kind of jobs that keep nothing of what an engine says.
REHEARSAL = "rehearsal"
#: Pictures that are asked for at once.
PAGE = 1000
log = logging.getLogger(__name__)


class Payload(Struct):
    """What a job runs: these pictures (ranges of ids, both ends included; None: all) after an id.

    `arrivals`: those that come in, with the settings as they are when it begins. `failed`: on how many it failed
    when it was last over, and `reason`: why on one of them. `dropped`: how many tags could not be stored, and
    `dropped_reason`: why one of them could not.
    """

    engine: str
    producer: int = 0
    run: int = 0
    params: dict[str, Any] = {}
    ranges: list[tuple[int, int]] | None = None
    after: int = 0
    arrivals: bool = False
    failed: int = 0
    reason: str | None = None
    dropped: int = 0
    dropped_reason: str | None = None


class _Seat(Struct):
    """The process of a lane: what is loaded in it, and since when nobody uses it."""

    key: tuple[Any, ...]
    process: Process
    since: float
    used: bool = True


class Host:
    """The engines of one library."""

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
        self.interactive = Interactive(self, sources, scratch, outputs)
        self._watch: threading.Thread | None = None

    # -- runs ----------------------------------------------------------------------------------------------------------

    def waiting(self, payload: Payload) -> int:
        """How many pictures a job has still to do."""
        if payload.ranges is None:
            return self._outputs.count_missing(payload.producer, **self._which(payload))
        parts = _parts(payload.ranges, 20_000)
        return sum(self._outputs.count_missing(payload.producer, **self._which(payload, part)) for part in parts)

    def _ids(self, payload: Payload) -> Iterator[int]:
        """What it has to do, newest first, asked for as it goes."""
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
        return Which(after=payload.after, among=among, kinds=sorted(engine.accepts), needs=engine.needs)

    def run(self, task: Task) -> None:
        """The handler of jobs of kind `engine`."""
        payload = msgspec.convert(task.payload, Payload)
        if not payload.arrivals:
            self._run(task, payload)
        else:
            self.autorun.follow(task, payload, partial(self._run, task))
        outcome(self._writer.submit(provenance.settle))
        self.autorun.look(needy=True)  # there may be now what others need

    def _run(self, task: Task, payload: Payload) -> None:
        offered = self.catalogue.offered(payload.engine)
        params = self.catalogue.params(offered, payload.params)
        left = self.waiting(payload)
        done = 0 if payload.arrivals else task.before(left)
        task.progress(done, done + left)
        if not left:
            return
        given = partial(self._outputs.given, offered.engine.needs)
        feeding = Feeding(self._sources, offered.engine, self._ids(payload), given, self._scratch.path())
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
            Run(plan, feeding, self._outputs, task, left, done).run()
        finally:
            self._leave(offered.engine.lane)
            self._told(task, payload)

    def _told(self, task: Task, payload: Payload) -> None:
        """Have the job say on how many pictures it failed, what was dropped, and why."""
        failed, reason = provenance.failed_in(self._db, payload.producer, payload.run)
        dropped = self._outputs.take_dropped(payload.run)
        if (failed, reason, dropped.count) != (payload.failed, payload.reason, 0):
            payload.failed, payload.reason = failed, reason
            payload.dropped += dropped.count
            payload.dropped_reason = dropped.reason or payload.dropped_reason
            task.keep(payload)

    def rehearse(self, task: Task) -> None:
        """The handler of jobs of kind `rehearsal`."""
        ask = msgspec.convert(task.payload, Ask)
        offered = self.catalogue.offered(ask.engine)
        params, found = self.catalogue.params(offered, ask.params), Collected()
        given = partial(self._outputs.given, offered.engine.needs)
        feeding = Feeding(self._sources, offered.engine, iter(ask.ids), given, self._scratch.path())
        start = found.starting(partial(self._seat, offered, params, 0))
        plain = plain_params(params, reveal=True)
        sizes = (partial(self._most, offered), partial(self._fewer, offered))
        plan = RunPlan(0, 0, who(offered), plain, start, *sizes)
        try:
            Run(plan, feeding, found, task, len(ask.ids)).run()
        finally:
            self._leave(offered.engine.lane)
        threshold = float(getattr(offered.engine, "threshold", 0.0))
        self.rehearsals[task.id] = judged(self._db, self.catalogue.kind(offered), ask, found, threshold)
        for old in sorted(self.rehearsals)[:-KEPT]:
            del self.rehearsals[old]

    def fetch(self, task: Task) -> None:
        """The handler of jobs of kind `weights`."""
        offered = self.catalogue.offered(task.payload["engine"])
        needed = self.catalogue.needed(offered)

        def step(done: int, total: int) -> None:
            task.progress(done, total)
            task.check()

        if needed is not None:
            fetching.fetch(weights.folder_of(self.catalogue.models, offered.engine.id, needed), needed, step)

    def start(self) -> None:
        """Look for what was left to do when the library was last closed."""
        self.autorun.start(lambda engine: Payload(engine, arrivals=True))

    # -- processes -----------------------------------------------------------------------------------------------------

    def _seat(
        self, offered: Offered, params: Any, producer: int, check: Callable[[], None], place: str = ""
    ) -> Process:
        """The process of the lane (or of another `place`) with this engine's model. One with another is ended first."""
        engine = offered.engine
        place = place or engine.lane
        plain = plain_params(params, reveal=True)
        hosts = self.catalogue.reachable(offered, params)
        named, hidden = touches(engine.Params), secrets(engine.Params)
        loads = {name: value for name, value in plain.items() if named[name] is LOAD or name in hidden}
        key = (
            engine.id,
            engine.revision,
            producer if offered.hook in _SPACES else -1,
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
            *(origin.plugin, offered.hook, engine.id, extra, engine.lane), isolated=not hosts, distribution=distribution
        )
        process: Process | None = None
        try:
            folder = self._folder(offered, params)
            about = self._outputs.producer(producer).about if producer else self.catalogue.about(offered, params)
            process = Process(start, self.limits, [str(plain[name]) for name in hidden])
            process.load(Load("", str(folder) if folder else None, plain, about, hosts), check)
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
        """Where the weights of an engine are, once they were found to be right."""
        needed = self.catalogue.weights(offered, params)
        return weights.checked(self.catalogue.models, offered.engine.id, needed) if needed is not None else None

    def _most(self, offered: Offered) -> int:
        found = engines.most(self._hub, offered.engine.id, offered.engine.lane)
        return min(offered.engine.batch_size, found or offered.engine.batch_size)

    def _fewer(self, offered: Offered, count: int) -> None:
        engines.remember_most(self._hub, offered.engine.id, offered.engine.lane, count)

    def _leave(self, lane: str) -> None:
        with self._lock:
            if (seat := self._seats.get(lane)) is not None:
                seat.used, seat.since = False, time.monotonic()

    def unload(self) -> None:
        """End every process that nobody uses now."""
        self._drop(lambda seat: not seat.used)

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
        """(lane, engine, bytes of main memory) of each process there is."""
        with self._lock:
            return [(lane, seat.key[0], seat.process.memory) for lane, seat in self._seats.items()]

    def sit(self, offered: Offered, params: Any, producer: int, place: str) -> Process:
        """A process with an engine's model beside those of the lanes; `leave` it."""
        return self._seat(offered, params, producer, self._check, place)

    def leave(self, place: str) -> None:
        """It is idle now, and ends when it is for long."""
        self._leave(place)

    def _check(self) -> None:
        if self._closing.is_set():
            raise Cancelled("The library is being closed.")

    def close(self) -> None:
        """End all processes now."""
        self._closing.set()
        self.interactive.close()
        self._drop(lambda seat: True)
        self._scratch.close()


#: Hooks whose results of one producer must be of one length: its process is not shared with another producer.
_SPACES = frozenset({"embedders", "face_extractors"})


def _is_idle(since: float, seat: _Seat) -> bool:
    return not seat.used and seat.since < since


def _parts(ranges: Sequence[tuple[int, int]], size: int) -> Iterator[list[int]]:
    """The ids of ranges, greatest first, in parts."""
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
    """Ids as ranges, both ends included."""
    found: list[tuple[int, int]] = []
    for picture in sorted(set(ids)):
        if found and found[-1][1] == picture - 1:
            found[-1] = (found[-1][0], picture)
        else:
            found.append((picture, picture))
    return found
