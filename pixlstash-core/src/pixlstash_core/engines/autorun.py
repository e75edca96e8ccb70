"""Pictures that come in: the engines that are to look at them by themselves get a job, one at a time each."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..database.connection import Database
from ..errors import PixlStashError
from ..jobs.lanes import Jobs, Task
from . import settings as engines
from .catalogue import Catalogue
from .outputs import Outputs
from .producers import Producers

if TYPE_CHECKING:
    from .host import Payload

KIND = "engine"
#: A person waits for the pictures they chose; what comes in goes before what was there. All give way to what is short.
ASKED, ARRIVING, ALL = -1, -2, -3
#: Kinds of jobs that bring pictures in; while one runs, more may come at any moment.
BRINGING = frozenset({"copy", "scan", "upload", "importer", "demo"})
#: How long it is waited for more, in seconds.
PAUSE = 0.5
log = logging.getLogger(__name__)


class Autorun:
    """Queues jobs for pictures that come in, and runs them."""

    def __init__(self, db: Database, outputs: Outputs, jobs: Jobs, catalogue: Catalogue, choosing: Producers) -> None:
        self._db, self._outputs, self._jobs = db, outputs, jobs
        self._catalogue, self._choosing = catalogue, choosing
        self._queued: set[str] = set()
        self._automatic: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._make: Callable[[str], Payload] | None = None

    def start(self, make: Callable[[str], Payload]) -> None:
        """Read which engines are run by themselves; `make(engine)` is the payload of a job. Picks up what was left."""
        self._make = make
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
        """After settings were changed."""
        self._automatic = frozenset(engines.automatic(self._db))

    def look(self, *, needy: bool = False, left: bool = False) -> None:
        """Pictures have come in: queue a job for each engine that is to look at them and has none waiting.

        `needy`: only engines that need others' results; `left`: only where something is left to do.
        """
        for engine in self._automatic:
            try:
                self._queue(engine, needy, needy or left)
            except PixlStashError:  # a full disk, or settings that an update no longer knows: others go on
                log.exception("%s cannot be run on new pictures", engine)

    def _queue(self, engine: str, needy: bool, ask: bool) -> None:
        offered = next((one for one in self._catalogue.all() if one.engine.id == engine), None)
        if offered is None or self._make is None or (needy and not offered.engine.needs):
            return
        if ask and not self._has_some(engine):
            return
        with self._lock:
            if engine in self._queued:
                return
            self._queued.add(engine)
        label = f"{self._catalogue.kind(offered).verb} new pictures with {offered.engine.label or engine}"
        try:
            self._jobs.put(KIND, label, self._make(engine), lane=offered.engine.lane, priority=ARRIVING)
        except PixlStashError:
            with self._lock:
                self._queued.discard(engine)
            raise

    def follow(self, task: Task, payload: Payload, run: Callable[[Payload], None]) -> None:
        """The job: as long as pictures come in, and then no longer."""
        with self._lock:
            self._queued.discard(payload.engine)
        offered = self._catalogue.offered(payload.engine)
        kept = engines.settings(self._db, payload.engine)
        if kept.policy == "asked":
            return
        payload.params, payload.after = kept.params, kept.after
        producer = self._catalogue.producer(offered, kept.params)
        if producer != payload.producer or not payload.run:
            payload.producer, payload.run = producer, self._outputs.begin(producer)
            task.keep(payload)
        self._choosing.enlist(offered, producer, [], own=True)
        while True:
            run(payload)
            if not any(job.kind in BRINGING and job.state == "running" for job in self._jobs.running()):
                return
            task.rest(PAUSE)

    def _has_some(self, engine: str) -> bool:
        offered = self._catalogue.offered(engine)
        kept = engines.settings(self._db, engine)
        producer = self._choosing.present(offered)
        kinds, needs = sorted(offered.engine.accepts), offered.engine.needs
        return bool(self._outputs.missing(producer, 1, after=kept.after, kinds=kinds, needs=needs))
