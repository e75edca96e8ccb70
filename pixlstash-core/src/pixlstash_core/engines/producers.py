"""The present producer of an engine, those it replaces, and when it becomes active."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..database.connection import Database
from ..database.writer import Write, Writer, outcome
from ..errors import Invalid
from ..plugins.registry import Offered
from . import provenance
from . import settings as engines
from .catalogue import Catalogue
from .outputs import Outputs


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
