"""Which producer an engine is now, what it takes the place of, and when it begins to count."""

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
        """The producer that an engine is with its own settings."""
        return self._catalogue.producer(offered, engines.settings(self._db, offered.engine.id).params)

    def known(self, offered: Offered) -> int | None:
        """The same, if it ever was one: nothing is written."""
        return self._catalogue.known(offered, engines.settings(self._db, offered.engine.id).params)

    def before(self, offered: Offered, producer: int) -> list[int]:
        """Producers of the same engine that it was before, and those it is to take the place of."""
        kind = self._catalogue.kind(offered).name
        own = provenance.find(self._db, kind, offered.engine.id)
        return sorted({*own, *provenance.succeeded(self._db, producer)} - {producer})

    def enlist(self, offered: Offered, producer: int, ids: Sequence[int] | None, *, own: bool) -> None:
        """Before a run on these pictures (None: all): see that the results count, now or when they replace others.

        `own`: with the engine's own settings, which take the place of those it had before. A run with others for once
        counts before everything else.
        """
        olds = [old for old in provenance.active(self._db, self.before(offered, producer)) if own]
        later = bool(olds) and self._catches_up(olds, producer, ids)
        threshold = float(getattr(offered.engine, "threshold", 0.0))

        def work(write: Write) -> None:
            provenance.succeed(write, olds, producer)
            if not later:
                # Only the first embedder is compared by: it stays the first until the new one has caught up with it.
                waits = own and self._catalogue.kind(offered).name == provenance.COMPARED
                provenance.count_from(write, producer, threshold, olds, first=(bool(olds) or not own) and not waits)

        outcome(self._writer.submit(work))

    def replace_default(self, write: Write, offered: Offered, producer: int) -> None:
        """Make an engine the default of its kind; it takes the place of the one before.

        Of embedders that is the one pictures are compared by now, whether or not anybody chose it: it gives way as soon
        as the default one has processed as much, and is kept, as it may be the one that knows words.
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
        """The engine of an id, or the default one of a kind."""
        if engine:
            return self._catalogue.offered(engine)
        if not kind:
            raise Invalid("Say which engine, or of which kind the default one.")
        if kind not in self._outputs.kinds:
            raise Invalid(f"There is no kind of output {kind!r}: it is one of {', '.join(self._outputs.kinds)}.")
        found = engines.default(self._db, kind)
        if found is None:
            raise Invalid(f"No engine is the default for {kind}: name one, or choose it with `pixlstash engine set`.")
        return self._catalogue.offered(found)

    def settings(self, offered: Offered, given: dict[str, Any] | None) -> tuple[dict[str, Any], bool]:
        """The settings of a run, and whether its results are those of the engine's own."""
        kept = engines.settings(self._db, offered.engine.id).params
        if given is None:
            return kept, True
        return given, self._catalogue.is_same(offered, given, kept)

    def outdated(self, offered: Offered) -> list[int]:
        """Pictures that have results of what this engine was before, or takes the place of, and none of what it is."""
        producer = self.present(offered)
        return provenance.outdated(self._db, self.before(offered, producer), producer)

    def _catches_up(self, olds: Sequence[int], producer: int, ids: Sequence[int] | None) -> bool:
        """Whether nothing of what others looked at is left to do after a run on these."""
        return ids is None or set(provenance.outdated(self._db, olds, producer)) <= set(ids)
