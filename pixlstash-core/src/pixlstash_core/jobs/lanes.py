"""Background work: durable jobs in `hub.db`, one worker thread per lane.

A job names its handler and carries JSON; nothing is pickled. Handlers derive what is left to do from the data, so a
job that was killed, paused or restarted simply runs again. Cancel and pause are seen between two steps of a handler.
Nothing that a handler raises ends a lane, nor does anything that goes wrong around it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import msgspec

from ..database.hub import Hub
from ..errors import Cancelled, Conflict, Invalid, NotFound, PixlStashError, describe
from ..threads import keep_calling, report
from ..types import ImportReport, Job, JobChanged
from ..types.times import when
from . import rows
from .holds import Holds

LANES = ("io", "cpu", "gpu", "net")
HEARTBEAT = 5.0
TOLD = 0.25
#: How often a long job looks whether something comes before it, in seconds.
LOOK = 1.0
#: Seconds between two tries to record how a job ended, and how often it is tried where the disk is not to blame.
RETRY, TRIES = 1.0, 3
log = logging.getLogger(__name__)
T = TypeVar("T")


class _Paused(Exception):
    pass


class _GaveWay(Exception):
    pass


class Task:
    """One run of a job, as its handler sees it."""

    def __init__(self, jobs: Jobs, claim: rows.Claim, lane: str, *, here: bool = False) -> None:
        self.id = claim.id
        self.lane, self.here = lane, here
        self.payload = claim.payload
        self.done, self.total = claim.done, claim.total
        self.report: ImportReport | None = None
        self.ended: tuple[str, str | None] | None = None
        #: What it waits for now, for people.
        self.note = ""
        self._jobs = jobs
        self._before = claim.done, claim.total
        self._request: str | None = None
        self._priority = claim.priority
        self._told = self._beat = self._looked = time.monotonic()
        self._marks: deque[tuple[float, int]] = deque(maxlen=40)

    def check(self) -> None:
        """Call between steps: raises when the job is to stop here."""
        if self._jobs.holds.has_ended(self.id):
            self.ask("cancel")
        if self._request == "cancel":
            raise Cancelled("Cancelled.")
        if self._request is not None:
            raise _Paused

    def rest(self, seconds: float) -> None:
        """Wait for so long, unless it is to stop or give way."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.check()
            self.give_way()
            time.sleep(min(0.05, seconds))

    def give_way(self) -> None:
        """Call between steps of a long job: raises when something waits that comes before it. It runs again after."""
        moment = time.monotonic()
        if moment - self._looked >= LOOK:
            self._looked = moment
            if self._jobs.wanted(self.lane, self._priority):
                raise _GaveWay

    def before(self, left: int) -> int:
        """How many steps were done before this job was cut short, 0 where it was not. `left`: how many are still to do.

        For handlers that count what is left: the job goes on from that number, and does not begin at 0 again.
        """
        return max(self._before[0], (self._before[1] or 0) - left)

    def progress(self, done: int, total: int | None = None) -> None:
        """Say how far it is; announced at most four times a second."""
        self.done, self.total = done, total if total is not None else self.total
        moment = time.monotonic()
        if moment - self._told >= TOLD:
            self._told = moment
            self._marks.append((moment, done))
            self._jobs.tell(self.id)
        if moment - self._beat >= HEARTBEAT:
            self._beat = moment
            self._jobs.beat(self)

    def keep(self, payload: Any) -> None:
        """Have this in place of the payload, also when the job runs again."""
        self.payload = msgspec.to_builtins(payload)
        self._jobs.keep(self.id, payload)

    def rate(self) -> float | None:
        """Steps per second over the last ten seconds or so."""
        if len(self._marks) < 2:
            return None
        (start, first), (end, last) = self._marks[0], self._marks[-1]
        return round((last - first) / (end - start), 1) if end > start else None

    def ask(self, request: str) -> None:
        if self._request != "cancel":  # a close that follows must not turn it into a pause
            self._request = request

    @property
    def cancelled(self) -> bool:
        return self._request == "cancel"

    @property
    def wanted(self) -> str | None:
        """The state a person asked for, whether or not the handler has looked."""
        return {"cancel": "cancelled", "pause": "paused"}.get(self._request or "")


Handler = Callable[[Task], Any]


class Jobs:
    """The jobs of one library."""

    def __init__(self, hub: Hub, tell: Callable[[JobChanged], None]) -> None:
        self._hub = hub
        self._tell = tell
        self._handlers: dict[str, Handler] = {}
        self._by_hand: set[str] = set()
        self._running: dict[int, Task] = {}
        self.holds = Holds(hub)
        self._wake = {lane: threading.Event() for lane in LANES}
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        #: Lanes in which something went wrong: a job of theirs may be recorded as running that is not.
        self._disturbed: set[str] = set()
        self._lock = threading.Lock()

    # -- for everybody -------------------------------------------------------------------------------------------------

    def handle(self, kind: str, handler: Handler, *, by_hand: bool = False) -> None:
        """Name what runs jobs of a kind. `by_hand`: one that was cut short goes on when a person says so."""
        self._handlers[kind] = handler
        if by_hand:
            self._by_hand.add(kind)

    def handles(self, kind: str) -> bool:
        return kind in self._handlers

    def put(
        self,
        kind: str,
        label: str,
        payload: Any,
        *,
        lane: str = "io",
        priority: int = 0,
        along: Callable[[int], None] = lambda job: None,
    ) -> Job:
        """Queue a job; durable on return. `along(id)` writes to the hub in the same transaction."""
        _demand_lane(lane)
        with self._hub.writing():
            job = rows.insert(self._hub, kind, label, payload, lane, priority)
            along(job)
        self._wake[lane].set()
        return self.get(job)

    def here(
        self, kind: str, label: str, payload: Any, work: Callable[[Task], T], *, lane: str = "io", priority: int = 0
    ) -> T:
        """Do a job in this thread, for somebody who waits for the answer; it is listed, paused and cancelled as others.

        One that was paused goes on in its lane when it is resumed.
        """
        _demand_lane(lane)
        with self._lock:
            claim = rows.begin(self._hub, kind, label, payload, lane, priority)
            task = self._running[claim.id] = Task(self, claim, lane, here=True)
        ended: tuple[str, str | None] = ("done", None)
        try:
            self.tell(claim.id)
            return work(task)
        except _Paused:
            ended = self._ending(task, _Paused())
            raise Conflict(f"{label} was paused. It goes on in the background when it is resumed.") from None
        except BaseException as problem:
            by_hand = not isinstance(problem, Exception)  # Ctrl-C
            ended = ("cancelled", None) if by_hand else self._ending(task, problem)
            raise
        finally:
            self._finish(task, *ended, 0)

    def repeat(self, kind: str, label: str, *, every: float, lane: str = "cpu") -> Job:
        """Have a job of this kind run now and again, `every` seconds after it last ended. Repeatable."""
        _demand_lane(lane)
        job = rows.repeating(self._hub, kind, label, lane, every)
        self._wake[lane].set()
        return self.get(job)

    def hasten(self, kind: str, seconds: float) -> None:
        """Have the repeating job of a kind run in so many seconds, if it would only later."""
        rows.hasten(self._hub, kind, seconds)

    def get(self, job: int) -> Job:
        return self._shown(rows.get(self._hub, job))

    def newest(self, limit: int = 100) -> list[Job]:
        """Running ones first, then the newest."""
        self._cancel_abandoned()
        return [self._shown(row) for row in rows.newest(self._hub, limit)]

    def running(self) -> list[Job]:
        return [self._shown(row) for row in rows.unfinished(self._hub)]

    @property
    def importing(self) -> bool:
        """Whether a job that runs now adds pictures: those have a report of what they added."""
        with self._lock:
            return any(task.report is not None for task in self._running.values())

    def cancel(self, job: int) -> Job:
        return self._request(job, "cancel", "cancelled", ("waiting", "paused"))

    def hold(self, job: int) -> Job:
        """Have a job cancelled unless this is said again within `holds.lease` seconds, or this process ends."""
        found = self.get(job)
        if found.state in ("waiting", "running") and found.every is None:
            self.holds.hold(job)
        return found

    def _cancel_abandoned(self) -> None:
        for job in self.holds.ended():
            with suppress(Conflict, NotFound):
                self.cancel(job)
            if job not in self._running:  # one that runs sees it at its next step
                self.holds.drop(job)

    def pause(self, job: int) -> Job:
        return self._request(job, "pause", "paused", ("waiting",))

    def resume(self, job: int) -> Job:
        found = self.get(job)
        if found.state not in ("paused", "failed", "cancelled"):
            raise Conflict(f"This job is {found.state}, so there is nothing to resume.")
        return self._wait_again(found, anew=False)

    def again(self, job: int) -> Job:
        """Have a job run again, however it ended."""
        return self._wait_again(self.get(job), anew=True)

    def _wait_again(self, found: Job, *, anew: bool) -> Job:
        if (task := self._running.get(found.id)) and task.ended:
            raise Conflict("How this job ended cannot be written down yet: is the disk full? Try again in a moment.")
        self.holds.drop(found.id)
        rows.wait(self._hub, found.id, anew=anew)
        self._wake[found.lane].set()
        return self._announced(found.id)

    # -- life ----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Pick up what a killed process left running, and begin."""
        self.holds.cancel_left()
        for kind in self._by_hand:
            rows.pause_all(self._hub, kind)
        rows.release_all(self._hub)
        for lane in LANES:
            serve = partial(keep_calling, partial(self._serve, lane), self._stopping, f"lane {lane} was interrupted")
            thread = threading.Thread(target=serve, name=f"lane-{lane}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Ask running handlers to stop at their next step; they go on at the next start."""
        self._stopping.set()
        with self._lock:
            for task in self._running.values():
                task.ask("stop")
        for wake in self._wake.values():
            wake.set()
        for thread in self._threads:
            thread.join(timeout=30)
        until = time.monotonic() + 30
        while self._running and time.monotonic() < until:  # in threads of those who wait for it
            time.sleep(0.01)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _request(self, job: int, request: str, state: str, now_if: tuple[str, ...]) -> Job:
        with self._lock:  # no lane takes it meanwhile
            found = self.get(job)
            # One whose end is written already may still stand here for a moment.
            task = self._running.get(job) if found.state == "running" else None
            if task is not None:
                task.ask(request)
            elif found.state not in now_if:
                raise Conflict(f"This job is {found.state}.")
            else:
                rows.stop(self._hub, job, state)
        return self._announced(job)

    def _serve(self, lane: str) -> None:
        """Run the next job of a lane, or wait for one."""
        if lane in self._disturbed:
            self._put_back(lane)
        self._disturbed.add(lane)  # until this has come to its end
        taken = self._take(lane)
        if taken is not None:
            self._run(*taken)
        self._disturbed.discard(lane)
        if taken is None:
            self._wake[lane].wait(timeout=self._pause(lane))
            self._wake[lane].clear()

    def _put_back(self, lane: str) -> None:
        """Have jobs of a lane wait again that were taken when something went wrong, and that nobody runs now."""
        with self._lock:
            for task in [task for task in self._running.values() if task.lane == lane and not task.here]:
                if task.wanted:
                    rows.stop(self._hub, task.id, task.wanted)
                del self._running[task.id]
            rows.release(self._hub, lane, list(self._running), self._by_hand)

    def _pause(self, lane: str) -> float:
        """Seconds until a job of a lane is due; a minute at most, because clocks jump and machines sleep."""
        try:
            return min(60.0, max(0.01, rows.due(self._hub, lane)))
        except PixlStashError:
            return RETRY

    def _take(self, lane: str) -> tuple[rows.Claim, Task] | None:
        """The next job of a lane. Whoever sees that it is running finds its task."""
        self._cancel_abandoned()
        with self._lock:
            claim = rows.claim(self._hub, lane)
            if claim is None:
                return None
            task = self._running[claim.id] = Task(self, claim, lane)
            return claim, task

    def _run(self, claim: rows.Claim, task: Task) -> None:
        state, error = "done", None
        try:
            handler = self._handlers.get(claim.kind)
            if handler is None:
                raise PixlStashError(f"Nothing handles jobs of kind {claim.kind!r}: is its plugin installed?")
            handler(task)
        except BaseException as problem:  # a handler may be a plugin's, and raise SystemExit
            state, error = self._ending(task, problem)
        if claim.every is not None:
            state = task.wanted or "waiting"
        self._finish(task, state, error, claim.every or 0)
        if claim.every is not None and task.wanted and task.wanted != state:  # asked for in the last moment
            rows.stop(self._hub, claim.id, task.wanted)
            self.tell(claim.id)

    def _ending(self, task: Task, problem: BaseException) -> tuple[str, str | None]:
        """The state of a job that raised this, and what is said of it."""
        if isinstance(problem, Cancelled):  # by a person, or by what the library closes under it
            return "waiting" if self._stopping.is_set() and not task.cancelled else "cancelled", None
        if isinstance(problem, _GaveWay):
            return task.wanted or "waiting", None
        if isinstance(problem, _Paused):
            return "waiting" if self._stopping.is_set() else "paused", None
        if not isinstance(problem, PixlStashError):
            log.error("job %s failed", task.id, exc_info=problem)
        return "failed", describe(problem)

    def _finish(self, task: Task, state: str, error: str | None, after: float) -> None:
        """Record how a job ended, and tell it."""
        tries = TRIES
        while True:
            try:
                rows.finish(self._hub, task.id, state, error, task.done, task.total, task.report, after)
                break
            except PixlStashError:  # a full disk: said as soon as it can be, or run again at the next start
                report(f"the end of job {task.id} cannot be recorded", log)
                if self._stopping.is_set():
                    break
                task.ended = (state, error)  # people hear of it before it can be kept
                self.tell(task.id)
                self._stopping.wait(RETRY)
            except Exception as problem:
                report(f"the end of job {task.id} cannot be recorded", log)
                tries -= 1
                if not tries:
                    raise
                if tries == 1:  # what the handler left in the task cannot be stored, it seems
                    state, error = "failed" if state == "done" else state, error or describe(problem)
                    task.done, task.total, task.report = 0, None, None
                self._stopping.wait(RETRY)
        with self._lock:
            del self._running[task.id]
        if state != "waiting":
            self.holds.drop(task.id)
        self.tell(task.id)

    def wanted(self, lane: str, priority: int) -> bool:
        """Whether a lane has something to do that comes before this."""
        return rows.is_wanted(self._hub, lane, priority)

    def keep(self, job: int, payload: Any) -> None:
        rows.keep_payload(self._hub, job, payload)

    def payload(self, job: int) -> tuple[str, Any]:
        """Kind and payload of a job."""
        return rows.kind_and_payload(self._hub, job)

    def beat(self, task: Task) -> None:
        rows.beat(self._hub, task.id, task.done, task.total)

    def tell(self, job: int) -> None:
        """Announce a job's state. What is told wrong or late is seen by whoever asks, so nothing fails for it."""
        try:
            self._tell(JobChanged(self.get(job)))
        except Exception:
            report(f"the state of job {job} could not be announced", log)

    def _announced(self, job: int) -> Job:
        self.tell(job)
        return self.get(job)

    def _shown(self, row: rows.JobRow) -> Job:
        task = self._running.get(row.id)
        state, error = (task.ended if task else None) or (row.state, row.error)
        return Job(
            row.id,
            row.kind,
            row.label,
            row.lane,
            state,  # type: ignore[arg-type]  # the column holds only these
            task.done if task else row.done,
            task.total if task else row.total,
            task.rate() if task else None,
            error,
            when(row.started) if row.started else None,
            when(row.finished) if row.finished else None,
            row.every,
            row.reported(),
            row.engine,
            row.failed,
            row.reason,
            row.dropped,
            row.dropped_reason,
            task.note if task else self._behind(row),
        )

    def _behind(self, row: rows.JobRow) -> str:
        """Which jobs a waiting one comes after; those that somebody waits for in a thread of their own hold up none."""
        if row.state != "waiting" or row.every is not None:
            return ""
        running = self._running
        ahead = [row for row in rows.ahead(self._hub, row.id) if not ((task := running.get(row[0])) and task.here)]
        if not ahead:
            return ""
        more = f" and {len(ahead) - 1:,} more" if len(ahead) > 1 else ""
        return f"Waiting for job {ahead[0][0]}{more}: {ahead[0][1]}"


def _demand_lane(lane: str) -> None:
    if lane not in LANES:
        raise Invalid(f"There is no lane {lane!r}: it is one of {', '.join(LANES)}.")
