"""`Task`: one run of a job, with which its handler reports progress and learns that it must stop."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from ..database.hub import Hub
from ..errors import Cancelled
from ..types import ImportReport
from . import rows
from .holds import Holds

#: Seconds between two heartbeats, between two announcements of progress, and between two looks for more urgent jobs.
HEARTBEAT, ANNOUNCE, LOOK = 5.0, 0.25, 1.0


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
