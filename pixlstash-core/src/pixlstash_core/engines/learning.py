"""Lets engines learn: jobs that train an engine, store what it learned as a producer, and run it on all pictures."""

from __future__ import annotations

import logging
import time
from typing import Any

from ..database.connection import Database
from ..database.hub import now
from ..database.writer import Writer, outcome
from ..errors import Invalid, PixlStashError
from ..jobs.lanes import Jobs, Task
from ..plugins.registry import Offered
from ..plugins.training import OF_EACH
from ..types import Job
from ..types.history import many
from . import decisions, examples, provenance, training
from . import settings as engines
from .catalogue import who
from .host import Host
from .messages import Train
from .outputs import Outputs
from .producers import ALL, KIND, Payload

#: The kinds of jobs that train an engine, and that check which should learn again.
TRAIN, CHECK = "train", "learn"
#: Seconds for a training, and attempts while examples are deleted meanwhile.
BUDGET, TRIES = 60.0, 3
#: Seconds without decisions until the check, which waits at most `PATIENCE` for them to stop.
PAUSE, PATIENCE = 5.0, 60.0
#: What to do before there are vectors.
NO_VECTORS = (
    "It learns from how pictures look, and they have not been compared yet: `pixlstash engine run visual-descriptor`."
)
log = logging.getLogger(__name__)


class Learning:
    """Trains the engines of one library."""

    def __init__(self, db: Database, writer: Writer, outputs: Outputs, jobs: Jobs, host: Host) -> None:
        self._db, self._writer, self._outputs, self._jobs, self._host = db, writer, outputs, jobs, host
        #: When the first decision was made that was not checked yet, in seconds of the monotonic clock.
        self._since: float | None = None

    def automatic(self) -> list[Offered]:
        """Return the engines that learn again whenever decisions change."""
        named = engines.automatic(self._db)
        return [
            offered for offered in self._host.catalogue.all() if offered.engine.learns and offered.engine.id in named
        ]

    def changed(self) -> None:
        """Check whether an engine should learn again when the person pauses, because people's decisions changed."""
        if not self.automatic():
            return
        moment = time.monotonic()
        self._since = self._since or moment
        if moment - self._since < PATIENCE:
            self._jobs.postpone(CHECK, PAUSE)
        else:
            self._jobs.hasten(CHECK, PAUSE)

    def check(self, task: Task) -> None:
        """Handle the repeating job: queue a training for each automatic engine whose examples changed."""
        self._since = None
        waiting = {self._jobs.payload(job.id)[1]["engine"] for job in self._jobs.running() if job.kind == TRAIN}
        for offered in self.automatic():
            task.check()
            try:
                if offered.engine.id not in waiting and self._is_due(offered):
                    self.queue(offered)
            except PixlStashError:  # settings that the updated plugin does not accept: continue with the others
                log.exception("%s cannot learn", offered.engine.id)

    def queue(self, offered: Offered) -> Job:
        """Queue a training; `Invalid` with the reason if there is too little to learn from."""
        self._gathered(offered)
        label = f"Training {offered.engine.label or offered.engine.id}"
        return self._jobs.put(TRAIN, label, {"engine": offered.engine.id}, lane=offered.engine.lane, priority=ALL)

    def run(self, task: Task) -> None:
        """Handle a job of kind `train`."""
        offered = self._host.catalogue.offered(task.payload["engine"])
        for _ in range(TRIES):
            task.check()
            gathered = self._gathered(offered)
            if (producer := self._train(task, offered, gathered)) is not None:
                self._run_on_all(offered, producer)
                return self.changed()  # decisions may have changed while it learned
        raise PixlStashError(f"{who(offered)}: pictures, tags or the embedder changed while it learned. Try again.")

    def _is_due(self, offered: Offered) -> bool:
        vectors_of = provenance.first(self._db, provenance.COMPARED)
        if vectors_of is None:
            return False
        values = decisions.decided(self._db, offered.engine, vectors_of)
        return len(values) >= offered.engine.fewest and training.is_due(self.present(offered), vectors_of, values)

    def present(self, offered: Offered) -> training.Training | None:
        """Return the latest training of an engine with its own settings."""
        producer = self._host.producers.find(offered)
        return training.load(self._db, producer) if producer is not None else None

    def _gathered(self, offered: Offered) -> examples.Gathered:
        vectors_of = provenance.first(self._db, provenance.COMPARED)
        label, fewest = offered.engine.label or offered.engine.id, offered.engine.fewest
        if vectors_of is None:
            raise Invalid(f"{label} cannot learn yet. {NO_VECTORS}")
        gathered = examples.gather(self._db, offered.engine, vectors_of)
        if not gathered.values and offered.engine.learns == "tags":
            raise Invalid(f"{label} needs {self._missing(offered, vectors_of)}")
        if (count := len(gathered.values)) < fewest:
            raise Invalid(
                f"{label} needs {many(fewest)} that you scored and that were compared."
                f" It has {count:,} so far: score {fewest - count:,} more."
            )
        return gathered

    def _missing(self, offered: Offered, vectors_of: int) -> str:
        """Return what an engine that learns from tags needs, as the end of a sentence."""
        with self._db.reading() as connection:
            tags = decisions.counted(connection, offered.engine, vectors_of)
        has = f"“{tags[0].name}” has {tags[0].yes:,} and {tags[0].no:,}" if tags else "No tag has any"
        return (
            f"a tag with {offered.engine.fewest} decisions on pictures that an embedder has processed, at least"
            f" {OF_EACH} times accepted and {OF_EACH} times rejected. {has} so far."
        )

    def _train(self, task: Task, offered: Offered, gathered: examples.Gathered) -> int | None:
        """Return the producer of a stored training; None if its examples were deleted meanwhile."""
        catalogue, settings = self._host.catalogue, engines.settings(self._db, offered.engine.id).params
        params = catalogue.params(offered, settings)
        version = f"{offered.engine.revision}+{gathered.version}"
        producer = catalogue.register(offered, params, version)
        if training.load(self._db, producer) is None or catalogue.producer(offered, settings) != producer:
            plain: dict[str, Any] = catalogue.plain(params)
            order = Train(
                0, gathered.ids, gathered.vectors, gathered.scores, gathered.measures, BUDGET, plain, gathered.tags
            )

            def check(part: float) -> None:
                task.progress(round(100 * part), 100)
                task.check()

            result = self._host.train(offered, params, order, check)
            task.progress(100, 100)
            at = now()
            learned = (result.state, result.report)

            def work(write: Any) -> bool:
                return training.put(write, producer, offered.engine.id, gathered, at, learned)

            if not outcome(self._writer.submit(work)):
                return None
        return producer

    def _run_on_all(self, offered: Offered, producer: int) -> None:
        """Queue a run on all pictures, so that the results of the earlier training can be replaced."""
        settings = engines.settings(self._db, offered.engine.id).params
        self._host.producers.enlist(offered, producer, None, own=True)
        payload = Payload(offered.engine.id, producer, self._outputs.begin(producer), settings)
        label = (
            f"{self._host.catalogue.kind(offered).verb} all pictures with {offered.engine.label or offered.engine.id}"
        )
        self._jobs.put(KIND, label, payload, lane=offered.engine.lane, priority=ALL)
