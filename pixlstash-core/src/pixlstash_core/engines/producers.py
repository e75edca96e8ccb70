"""Producers of engines: the present one, those it replaces, when it becomes active, and its automatic runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from ..database.connection import Database
from ..database.writer import Write, Writer, outcome
from ..errors import Invalid, PixlStashError
from ..jobs.lanes import Jobs, Task
from ..plugins.registry import Offered
from . import provenance, training
from . import settings as engines
from .catalogue import Catalogue
from .outputs import Outputs, Which

KIND = "engine"
#: Priorities of jobs: pictures that a user selected, new pictures, all pictures. Short jobs go before all of them.
ASKED, NEW_PICTURES, ALL = -1, -2, -3
#: Seconds to wait for more pictures while an import runs.
PAUSE = 0.5
log = logging.getLogger(__name__)


class Producers:
    """Producers of one library."""

    def __init__(self, db: Database, writer: Writer, outputs: Outputs, catalogue: Catalogue) -> None:
        self._db, self._writer, self._outputs, self._catalogue = db, writer, outputs, catalogue

    def present(self, offered: Offered) -> int:
        """Return the id of an engine's producer with its own settings, creating it if needed."""
        return self._catalogue.producer(offered, engines.settings(self._db, offered.engine.id).params)

    def find(self, offered: Offered) -> int | None:
        """Return the id of an engine's producer with its own settings; None if it does not exist."""
        return self._catalogue.find_producer(offered, engines.settings(self._db, offered.engine.id).params)

    def before(self, offered: Offered, producer: int) -> list[int]:
        """Return earlier producers of the same engine, and producers that this one will replace."""
        kind = self._catalogue.kind(offered).name
        own = provenance.find(self._db, kind, offered.engine.id)
        return sorted({*own, *provenance.succeeded(self._db, producer)} - {producer})

    def enlist(self, offered: Offered, producer: int, ids: Sequence[int] | None, *, own: bool) -> None:
        """Activate a run's results on these pictures (None: all), at once or when they replace other results.

        `own`: the run has the engine's own settings; its results replace those with earlier settings. Results of a
        single run with other settings are preferred to all others.
        """
        olds = [old for old in provenance.active(self._db, self.before(offered, producer)) if own]
        later = bool(olds) and self._catches_up(olds, producer, ids)
        threshold = float(getattr(offered.engine, "threshold", 0.0))

        def work(write: Write) -> None:
            provenance.succeed(write, olds, producer)
            if not later:
                # Similarity search uses only the first embedder, which stays first until the new one has caught up.
                waits = own and self._catalogue.kind(offered).name == provenance.COMPARED
                provenance.count_from(write, producer, threshold, olds, first=(bool(olds) or not own) and not waits)

        outcome(self._writer.submit(work))

    def replace_default(self, write: Write, offered: Offered, producer: int) -> None:
        """Make an engine the default of its kind, replacing the previous one.

        A new embedder replaces the one that similarity search uses, whether or not it was chosen as the default, as
        soon as it has processed as many pictures. The old one stays active, because it may be the only one that embeds
        words.
        """
        kind = self._catalogue.kind(offered).name
        old = engines.default(self._db, kind)
        engines.put_default(write, kind, offered.engine.id)
        if kind == provenance.COMPARED:
            own = provenance.find(self._db, kind, offered.engine.id)
            first = provenance.first(self._db, kind)
            olds = [] if first is None or first in own else [first]
        elif old is not None and old != offered.engine.id:
            olds = provenance.active(self._db, provenance.find(self._db, kind, old))
        else:
            return
        provenance.succeed(write, olds, producer)
        provenance.settle(write)

    def named(self, engine: str, kind: str) -> Offered:
        """Return the engine with an id, or the default engine of a kind."""
        if engine:
            return self._catalogue.offered(engine)
        if not kind:
            raise Invalid("Say which engine, or of which kind the default one.")
        if kind not in self._outputs.kinds:
            raise Invalid(f"There is no kind of output {kind!r}: it is one of {', '.join(self._outputs.kinds)}.")
        engine_id = engines.default(self._db, kind)
        if engine_id is None:
            raise Invalid(f"No engine is the default for {kind}: name one, or choose it with `pixlstash engine set`.")
        return self._catalogue.offered(engine_id)

    def settings(self, offered: Offered, requested: dict[str, Any] | None) -> tuple[dict[str, Any], bool]:
        """Return the settings of a run, and whether it gives the same results as the engine's own settings."""
        stored = engines.settings(self._db, offered.engine.id).params
        if requested is None:
            return stored, True
        return requested, self._catalogue.is_same(offered, requested, stored)

    def outdated(self, offered: Offered) -> list[int]:
        """Return pictures that have results of a replaced producer but none of the present one."""
        producer = self.present(offered)
        return provenance.outdated(self._db, self.before(offered, producer), producer)

    def _catches_up(self, olds: Sequence[int], producer: int, ids: Sequence[int] | None) -> bool:
        """Return whether, after a run on these pictures, no picture has only results of the replaced producers."""
        return ids is None or set(provenance.outdated(self._db, olds, producer)) <= set(ids)


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
        if offered is None or not self._started or (needy and not (offered.engine.needs or offered.engine.learns)):
            return
        if (ask or offered.engine.learns) and not self._has_some(engine):
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
        which = Which(after=stored.after, kinds=sorted(offered.engine.accepts), needs=offered.engine.needs)
        if offered.engine.learns:
            learned = training.load(self._db, producer)
            if learned is None:  # it has not been trained yet
                return False
            which["vectors_of"] = learned.vectors_of
        return bool(self._outputs.missing(producer, 1, **which))
