"""Jobs that live only as long as somebody asks for them: the command line that started them may die at any moment.

Who holds a job says so again and again. A hold that is not renewed in time has ended, and so has every hold of a
process that is gone: which jobs were held is stored, and read at the next start.
"""

from __future__ import annotations

import logging
import threading
import time

from ..database.hub import Hub
from ..errors import PixlStashError
from . import rows

#: Seconds after which a hold ends that is not renewed.
LEASE = 30.0
log = logging.getLogger(__name__)


class Holds:
    """Of one library. Thread-safe."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.lease = LEASE
        self._until: dict[int, float] = {}
        self._lock = threading.Lock()

    def hold(self, job: int) -> None:
        """Hold a job, or hold it on."""
        with self._lock:
            new = job not in self._until
            self._until[job] = time.monotonic() + self.lease
            if new:
                rows.put_held(self._hub, sorted(self._until))

    def has_ended(self, job: int) -> bool:
        """Whether a job was held, and nobody holds it on."""
        until = self._until.get(job)
        return until is not None and time.monotonic() > until

    def ended(self) -> list[int]:
        return [job for job in list(self._until) if self.has_ended(job)]

    def drop(self, job: int) -> None:
        """The job is over, or goes on without being held."""
        with self._lock:
            if self._until.pop(job, None) is None:
                return
            try:
                rows.put_held(self._hub, sorted(self._until))
            except PixlStashError:  # a full disk: at the next start it is over, and stays so
                log.exception("that job %s is no longer held cannot be stored", job)

    def cancel_left(self) -> None:
        """At start: cancel what a process held that is gone."""
        for job in rows.held(self._hub):
            rows.cancel_unfinished(self._hub, job)
        rows.put_held(self._hub, [])
