"""Holds: a held job is canceled unless its client renews the hold, as the command line does while it waits.

A hold that is not renewed in time ends. So do the holds of a server that stopped: the ids of held jobs are stored, and
these jobs are canceled at the next start.
"""

from __future__ import annotations

import logging
import threading
import time

import msgspec

from ..database.hub import Hub, now
from ..errors import PixlStashError

#: Seconds after which a hold ends unless it is renewed.
LEASE = 30.0
_HELD = "jobs.held"
log = logging.getLogger(__name__)


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
