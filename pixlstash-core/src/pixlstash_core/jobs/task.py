"""`Task`: one run of a job, with which its handler reports progress and learns that it must stop.

A hold that is not renewed in time ends. So do the holds of a server that stopped: the ids of held jobs are stored, and
these jobs are canceled at the next start.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ..database.hub import Hub, now
from ..errors import Cancelled, PixlStashError
from ..types import ImportReport, Job
from ..types.times import when
from . import rows

#: Seconds after which a hold ends unless it is renewed.
LEASE = 30.0
_HELD = "jobs.held"
log = logging.getLogger(__name__)
#: Seconds between two heartbeats, between two announcements of progress, and between two looks for more urgent jobs.
HEARTBEAT, ANNOUNCE, LOOK = 5.0, 0.25, 1.0


class Holds:
    """The holds of one library. Thread-safe."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.lease = LEASE
        self._until: dict[int, float] = {}
        self._lock = threading.Lock()

    def hold(self, job: int) -> None:
        """Hold a job, or renew its hold."""
        with self._lock:
            new = job not in self._until
            self._until[job] = time.monotonic() + self.lease
            if new:
                _put_held(self._hub, sorted(self._until))

    def has_ended(self, job: int) -> bool:
        """Return whether a job's hold was not renewed in time."""
        until = self._until.get(job)
        return until is not None and time.monotonic() > until

    def ended(self) -> list[int]:
        """Return the jobs whose holds were not renewed in time."""
        return [job for job in list(self._until) if self.has_ended(job)]

    def drop(self, job: int) -> None:
        """Forget the hold of a job that ended, or that continues without one."""
        with self._lock:
            if self._until.pop(job, None) is None:
                return
            try:
                _put_held(self._hub, sorted(self._until))
            except PixlStashError:  # a full disk: the job has ended, so the next start does not cancel it
                log.exception("the end of the hold on job %s cannot be stored", job)

    def cancel_left(self) -> None:
        """Cancel the jobs that an earlier process held, at start."""
        for job in _held(self._hub):
            _cancel_unfinished(self._hub, job)
        _put_held(self._hub, [])


def _held(hub: Hub) -> list[int]:
    """Return the ids of held jobs."""
    text = hub.value("select value from setting where name = ?", (_HELD,))
    return msgspec.json.decode(text, type=list[int]) if text else []


def _put_held(hub: Hub, jobs: list[int]) -> None:
    """Store the ids of held jobs."""
    hub.write(
        "insert into setting values (?, ?) on conflict(name) do update set value = excluded.value"
        " where value != excluded.value",
        (_HELD, msgspec.json.encode(jobs).decode()),
    )


def _cancel_unfinished(hub: Hub, job: int) -> None:
    """Cancel a running or waiting job."""
    hub.write(
        "update job set state = 'cancelled', finished = ? where id = ? and state in ('running', 'waiting')"
        " and every is null",
        (now(), job),
    )


class Paused(Exception):
    """Raised in a handler when its job is paused, or when the library closes."""


class GaveWay(Exception):
    """Raised in a handler when a job of a higher priority waits."""


class Task:
    """One run of a job. `here`: in the thread of a caller who waits for it. `announce(id)` publishes its state."""

    def __init__(
        self,
        hub: Hub,
        holds: Holds,
        announce: Callable[[int], None],
        claim: rows.Claim,
        lane: str,
        *,
        here: bool = False,
    ) -> None:
        self.id = claim.id
        self.lane, self.here = lane, here
        self.payload = claim.payload
        self.done, self.total = claim.done, claim.total
        self.report: ImportReport | None = None
        self.ended: tuple[str, str | None] | None = None
        #: What the job waits for at present, for display.
        self.note = ""
        self._hub, self._holds, self._announce = hub, holds, announce
        self._before = claim.done, claim.total
        self._request: str | None = None
        self._priority = claim.priority
        self._announced = self._beat = self._looked = time.monotonic()
        self._marks: deque[tuple[float, int]] = deque(maxlen=40)

    def check(self) -> None:
        """Raise if the job was canceled, paused or must stop. Call it between steps."""
        if self._holds.has_ended(self.id):
            self.ask("cancel")
        if self._request == "cancel":
            raise Cancelled("Cancelled.")
        if self._request is not None:
            raise Paused

    def rest(self, seconds: float) -> None:
        """Wait for a number of seconds; raise if the job must stop or give way."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.check()
            self.give_way()
            time.sleep(min(0.05, seconds))

    def give_way(self) -> None:
        """Raise if a job of a higher priority waits; this one runs again afterwards. Call it between steps."""
        moment = time.monotonic()
        if moment - self._looked >= LOOK:
            self._looked = moment
            if rows.is_wanted(self._hub, self.lane, self._priority):
                raise GaveWay

    def before(self, left: int) -> int:
        """Return the number of steps done before the job was interrupted, 0 if it was not. `left`: remaining steps.

        For handlers that count the remaining steps: progress continues at this number instead of 0.
        """
        return max(self._before[0], (self._before[1] or 0) - left)

    def progress(self, done: int, total: int | None = None) -> None:
        """Report the number of finished steps; announced at most four times a second."""
        self.done, self.total = done, total if total is not None else self.total
        moment = time.monotonic()
        if moment - self._announced >= ANNOUNCE:
            self._announced = moment
            self._marks.append((moment, done))
            self._announce(self.id)
        if moment - self._beat >= HEARTBEAT:
            self._beat = moment
            rows.beat(self._hub, self.id, done, self.total)

    def keep(self, payload: Any) -> None:
        """Replace the payload, also for later runs of the job."""
        self.payload = msgspec.to_builtins(payload)
        rows.keep_payload(self._hub, self.id, payload)

    def rate(self) -> float | None:
        """Return steps per second over the last ten seconds or so; None at the start."""
        if len(self._marks) < 2:
            return None
        (start, first), (end, last) = self._marks[0], self._marks[-1]
        return round((last - first) / (end - start), 1) if end > start else None

    def ask(self, request: str) -> None:
        """Tell the handler to stop at its next step. `request`: "cancel", "pause" or "stop"."""
        if self._request != "cancel":  # a close that follows must not turn it into a pause
            self._request = request

    @property
    def cancelled(self) -> bool:
        return self._request == "cancel"

    @property
    def wanted(self) -> str | None:
        """The state that a person requested, even if the handler has not seen the request yet."""
        return {"cancel": "cancelled", "pause": "paused"}.get(self._request or "")


def as_client_sees(hub: Hub, running: Mapping[int, Task], row: rows.JobRow) -> Job:
    """Return a job. `running`: the tasks of running jobs by id."""
    task = running.get(row.id)
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
        task.note if task else _behind(hub, running, row),
    )


def _behind(hub: Hub, running: Mapping[int, Task], row: rows.JobRow) -> str:
    """Return which jobs run before a waiting one, as a sentence. Tasks in threads of their own delay no job."""
    if row.state != "waiting" or row.every is not None:
        return ""
    ahead = [job for job in rows.ahead(hub, row.id) if not ((task := running.get(job[0])) and task.here)]
    if not ahead:
        return ""
    more = f" and {len(ahead) - 1:,} more" if len(ahead) > 1 else ""
    return f"Waiting for job {ahead[0][0]}{more}: {ahead[0][1]}"
