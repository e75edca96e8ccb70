"""Runs engines automatically on new pictures, one job at a time for each engine."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from ..database.connection import Database
from ..errors import PixlStashError
from ..jobs.lanes import Jobs, Task
from . import settings as engines
from .catalogue import Catalogue
from .outputs import Outputs
from .producers import Producers

KIND = "engine"
#: Priorities of jobs: pictures that a user selected, new pictures, all pictures. Short jobs go before all of them.
ASKED, NEW_PICTURES, ALL = -1, -2, -3
#: Seconds to wait for more pictures while an import runs.
PAUSE = 0.5
log = logging.getLogger(__name__)


class Payload(Struct):
    """The pictures of a job: those with ids in `ranges` (both ends included; None: all) and above `after`.

    `arrivals`: process new pictures, with the settings that apply when the job starts. `failed`: the number of pictures
    on which it failed when it last ended, and `reason`: the error of one of them. `dropped`: the number of tags that
    could not be stored, and `dropped_reason`: the error of one of them.
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


class Autorun:
    """Queues jobs for new pictures, and runs them."""

    def __init__(self, db: Database, outputs: Outputs, jobs: Jobs, catalogue: Catalogue, choosing: Producers) -> None:
        self._db, self._outputs, self._jobs = db, outputs, jobs
        self._catalogue, self._choosing = catalogue, choosing
        self._queued: set[str] = set()
        self._automatic: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._started = False

    def start(self) -> None:
        """Read which engines run automatically, and resume unfinished work."""
        self._started = True
        self._queued = {
            payload["engine"]
            for job in self._jobs.running()
            if job.kind == KIND
            and job.state == "waiting"
            and (payload := self._jobs.payload(job.id)[1]).get("arrivals")
        }
        self.refresh()
        self.look(left=True)

    def refresh(self) -> None:
        """Read the settings again after they were changed."""
        self._automatic = frozenset(engines.automatic(self._db))

    def look(self, *, needy: bool = False, left: bool = False) -> None:
        """Queue a job for each automatic engine that has none waiting, because pictures were added.

        `needy`: only engines that need results of other engines; `left`: only engines with unprocessed pictures.
        """
        for engine in self._automatic:
            try:
                self._queue(engine, needy, needy or left)
            except (
                PixlStashError
            ):  # a full disk, or settings that the updated plugin does not accept: continue with the others
                log.exception("%s cannot be run on new pictures", engine)

    def _queue(self, engine: str, needy: bool, ask: bool) -> None:
        offered = next((candidate for candidate in self._catalogue.all() if candidate.engine.id == engine), None)
        if offered is None or not self._started or (needy and not offered.engine.needs):
            return
        if ask and not self._has_some(engine):
            return
        with self._lock:
            if engine in self._queued:
                return
            self._queued.add(engine)
        label = f"{self._catalogue.kind(offered).verb} new pictures with {offered.engine.label or engine}"
        try:
            self._jobs.put(KIND, label, Payload(engine, arrivals=True), lane=offered.engine.lane, priority=NEW_PICTURES)
        except PixlStashError:
            with self._lock:
                self._queued.discard(engine)
            raise

    def follow(self, task: Task, payload: Payload, run: Callable[[Payload], None]) -> None:
        """Handle an automatic engine's job: process new pictures for as long as some are added."""
        with self._lock:
            self._queued.discard(payload.engine)
        offered = self._catalogue.offered(payload.engine)
        stored = engines.settings(self._db, payload.engine)
        if stored.policy == "asked":
            return
        payload.params, payload.after = stored.params, stored.after
        producer = self._catalogue.producer(offered, stored.params)
        if producer != payload.producer or not payload.run:
            payload.producer, payload.run = producer, self._outputs.begin(producer)
            task.keep(payload)
        self._choosing.enlist(offered, producer, [], own=True)
        while True:
            run(payload)
            if not self._jobs.importing:  # otherwise more pictures may be added at any moment
                return
            task.rest(PAUSE)

    def _has_some(self, engine: str) -> bool:
        offered = self._catalogue.offered(engine)
        stored = engines.settings(self._db, engine)
        producer = self._choosing.present(offered)
        kinds, needs = sorted(offered.engine.accepts), offered.engine.needs
        return bool(self._outputs.missing(producer, 1, after=stored.after, kinds=kinds, needs=needs))
