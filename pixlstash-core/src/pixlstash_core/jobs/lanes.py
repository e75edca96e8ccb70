"""Background jobs: queued durably in `hub.db`, and run by one worker thread per lane.

A job has the name of its handler, and a payload in JSON. Handlers determine the remaining work from the data, so that
a job that was killed, paused or restarted simply runs again. They notice that they must stop between two steps.
No exception in a handler, or in the code around it, ends the thread of a lane.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from ..database.hub import Hub
from ..errors import Cancelled, Conflict, Invalid, NotFound, PixlStashError, describe
from ..threads import keep_calling, report
from ..types import Job, JobChanged
from . import rows
from .task import GaveWay, Holds, Paused, Task, as_client_sees

LANES = ("io", "cpu", "gpu", "net")
#: Seconds between two attempts to record the end of a job, and the number of attempts if the disk is not at fault.
RETRY, TRIES = 1.0, 3
log = logging.getLogger(__name__)
T = TypeVar("T")


Handler = Callable[[Task], Any]


class Jobs:
    """The jobs of one library. `publish(event)` announces each change of a job."""

    def __init__(self, hub: Hub, publish: Callable[[JobChanged], None]) -> None:
        self._hub = hub
        self._publish = publish
        self._handlers: dict[str, Handler] = {}
        self._by_hand: set[str] = set()
        self._running: dict[int, Task] = {}
        self.holds = Holds(hub)
        self._wake = {lane: threading.Event() for lane in LANES}
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        #: Lanes that an exception interrupted: one of their jobs may be recorded as running although it is not.
        self._disturbed: set[str] = set()
        self._lock = threading.Lock()

    # -- requests -----------------------------------------------------------------------------------------------------

    def handle(self, kind: str, handler: Handler, *, by_hand: bool = False) -> None:
        """Register the handler of a kind of job. `by_hand`: interrupted jobs wait paused for a person."""
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
        """Run a job in this thread and return its result. It can be listed, paused and canceled like other jobs.

        A job that was paused continues in its lane when it is resumed; the caller gets a `Conflict`.
        """
        _demand_lane(lane)
        with self._lock:
            claim = rows.begin(self._hub, kind, label, payload, lane, priority)
            task = self._running[claim.id] = self._task(claim, lane, here=True)
        ended: tuple[str, str | None] = ("done", None)
        try:
            self.announce(claim.id)
            return work(task)
        except Paused:
            ended = self._ending(task, Paused())
            raise Conflict(f"{label} was paused. Once resumed, it continues in the background.") from None
        except BaseException as problem:
            by_hand = not isinstance(problem, Exception)  # Ctrl-C
            ended = ("cancelled", None) if by_hand else self._ending(task, problem)
            raise
        finally:
            self._finish(claim, task, *ended)

    def repeat(self, kind: str, label: str, *, every: float, lane: str = "cpu") -> Job:
        """Run a job now, and again `every` seconds after it ended. There is one such job per kind."""
        _demand_lane(lane)
        job = rows.repeating(self._hub, kind, label, lane, every)
        self._wake[lane].set()
        return self.get(job)

    def end_repeating(self, kind: str) -> None:
        """Remove the repeating job of a kind, unless it runs at present."""
        rows.end_repeating(self._hub, kind)

    def hasten(self, kind: str, seconds: float) -> None:
        """Run the repeating job of a kind in at most a number of seconds."""
        rows.hasten(self._hub, kind, seconds)
        for wake in self._wake.values():
            wake.set()

    def postpone(self, kind: str, seconds: float) -> None:
        """Run the repeating job of a kind in a number of seconds, even if it was due earlier."""
        rows.postpone(self._hub, kind, seconds)
        for wake in self._wake.values():
            wake.set()

    def get(self, job: int) -> Job:
        return self._listed(rows.get(self._hub, job))

    def newest(self, limit: int = 100) -> list[Job]:
        """Return jobs, the running ones first, then the newest."""
        self._cancel_abandoned()
        return [self._listed(row) for row in rows.newest(self._hub, limit)]

    def running(self) -> list[Job]:
        return [self._listed(row) for row in rows.unfinished(self._hub)]

    @property
    def importing(self) -> bool:
        """Whether a running job adds pictures; such jobs have a report."""
        with self._lock:
            return any(task.report is not None for task in self._running.values())

    def cancel(self, job: int) -> Job:
        return self._request(job, "cancel", "cancelled", ("waiting", "paused"))

    def hold(self, job: int) -> Job:
        """Cancel a job unless this is called again within `holds.lease` seconds."""
        current = self.get(job)
        if current.state in ("waiting", "running") and current.every is None:
            self.holds.hold(job)
        return current

    def _cancel_abandoned(self) -> None:
        for job in self.holds.ended():
            with suppress(Conflict, NotFound):
                self.cancel(job)
            if job not in self._running:  # a running job is dropped when it ends
                self.holds.drop(job)

    def pause(self, job: int) -> Job:
        return self._request(job, "pause", "paused", ("waiting",))

    def resume(self, job: int) -> Job:
        current = self.get(job)
        if current.state not in ("paused", "failed", "cancelled"):
            raise Conflict(f"This job is {current.state}, so there is nothing to resume.")
        return self._wait_again(current, anew=False)

    def again(self, job: int) -> Job:
        """Run a finished job again, whatever its result."""
        return self._wait_again(self.get(job), anew=True)

    def _wait_again(self, current: Job, *, anew: bool) -> Job:
        if (task := self._running.get(current.id)) and task.ended:
            raise Conflict("The result of this job could not be saved yet (is the disk full?). Try again in a moment.")
        self.holds.drop(current.id)
        rows.wait(self._hub, current.id, anew=anew)
        self._wake[current.lane].set()
        return self._announced(current.id)

    # -- life ----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Queue the jobs again that a killed process left running, and start the lanes."""
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
        """Stop running handlers at their next step; they continue at the next start."""
        self._stopping.set()
        with self._lock:
            for task in self._running.values():
                task.ask("stop")
        for wake in self._wake.values():
            wake.set()
        for thread in self._threads:
            thread.join(timeout=30)
        until = time.monotonic() + 30
        while self._running and time.monotonic() < until:  # jobs in threads of callers
            time.sleep(0.01)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _request(self, job: int, request: str, state: str, now_if: tuple[str, ...]) -> Job:
        with self._lock:  # no lane may claim it meanwhile
            current = self.get(job)
            # For a moment, a job whose end is recorded is still in `_running`.
            task = self._running.get(job) if current.state == "running" else None
            if task is not None:
                task.ask(request)
            elif current.state not in now_if:
                raise Conflict(f"This job is {current.state}.")
            else:
                rows.stop(self._hub, job, state)
        return self._announced(job)

    def _serve(self, lane: str) -> None:
        """Run the next job of a lane, or wait for one."""
        if lane in self._disturbed:
            self._put_back(lane)
        self._disturbed.add(lane)  # until this call ends without an exception
        taken = self._take(lane)
        if taken is not None:
            self._run(*taken)
        self._disturbed.discard(lane)
        if taken is None:
            self._wake[lane].wait(timeout=self._pause(lane))
            self._wake[lane].clear()

    def _put_back(self, lane: str) -> None:
        """Queue the jobs of a lane again that were claimed when an exception interrupted it."""
        with self._lock:
            for task in [task for task in self._running.values() if task.lane == lane and not task.here]:
                if task.wanted:
                    rows.stop(self._hub, task.id, task.wanted)
                del self._running[task.id]
            rows.release(self._hub, lane, list(self._running), self._by_hand)

    def _pause(self, lane: str) -> float:
        """Return the seconds until a job of a lane is due, at most 60, because clocks jump and machines sleep."""
        try:
            return min(60.0, max(0.01, rows.due(self._hub, lane)))
        except PixlStashError:
            return RETRY

    def _take(self, lane: str) -> tuple[rows.Claim, Task] | None:
        """Claim the next job of a lane; it has a task as soon as others see it running."""
        self._cancel_abandoned()
        with self._lock:
            claim = rows.claim(self._hub, lane)
            if claim is None:
                return None
            task = self._running[claim.id] = self._task(claim, lane)
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
        self._finish(claim, task, state, error)
        if claim.every is not None and task.wanted and task.wanted != state:  # requested in the last moment
            rows.stop(self._hub, claim.id, task.wanted)
            self.announce(claim.id)

    def _ending(self, task: Task, problem: BaseException) -> tuple[str, str | None]:
        """Return the state, and the error message, of a job whose handler raised an exception."""
        if isinstance(problem, Cancelled):  # by a person, or because the library closes a resource
            return "waiting" if self._stopping.is_set() and not task.cancelled else "cancelled", None
        if isinstance(problem, GaveWay):
            return task.wanted or "waiting", None
        if isinstance(problem, Paused):
            return "waiting" if self._stopping.is_set() else "paused", None
        if not isinstance(problem, PixlStashError):
            log.error("job %s failed", task.id, exc_info=problem)
        return "failed", describe(problem)

    def _finish(self, claim: rows.Claim, task: Task, state: str, error: str | None) -> None:
        """Record the end of a job, and announce it."""
        tries = TRIES
        while True:
            try:
                rows.finish(self._hub, claim, state, error, task.done, task.total, task.report)
                break
            except PixlStashError:  # a full disk: retry, or run the job again at the next start
                report(f"the end of job {task.id} cannot be recorded", log)
                if self._stopping.is_set():
                    break
                task.ended = (state, error)  # announced although it is not stored yet
                self.announce(task.id)
                self._stopping.wait(RETRY)
            except Exception as problem:
                report(f"the end of job {task.id} cannot be recorded", log)
                tries -= 1
                if not tries:
                    raise
                if tries == 1:  # probably the handler's report cannot be stored
                    state, error = "failed" if state == "done" else state, error or describe(problem)
                    task.done, task.total, task.report = 0, None, None
                self._stopping.wait(RETRY)
        with self._lock:
            del self._running[task.id]
        if state != "waiting":
            self.holds.drop(task.id)
        self.announce(task.id)

    def payload(self, job: int) -> tuple[str, Any]:
        """Return the kind and the payload of a job."""
        return rows.kind_and_payload(self._hub, job)

    def announce(self, job: int) -> None:
        """Announce a job's state. Errors are only logged, because clients can also ask for the state."""
        try:
            self._publish(JobChanged(self.get(job)))
        except Exception:
            report(f"the state of job {job} could not be announced", log)

    def _announced(self, job: int) -> Job:
        self.announce(job)
        return self.get(job)

    def _task(self, claim: rows.Claim, lane: str, *, here: bool = False) -> Task:
        return Task(self._hub, self.holds, self.announce, claim, lane, here=here)

    def _listed(self, row: rows.JobRow) -> Job:
        return as_client_sees(self._hub, self._running, row)


def _demand_lane(lane: str) -> None:
    if lane not in LANES:
        raise Invalid(f"There is no lane {lane!r}: it is one of {', '.join(LANES)}.")


__all__ = ["LANES", "Handler", "Jobs", "Task"]
