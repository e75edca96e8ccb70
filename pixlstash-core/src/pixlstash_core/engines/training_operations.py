"""Operations on engines that learn."""

from __future__ import annotations

from typing import Any

from ..context import Context
from ..errors import Invalid
from ..plugins.engines import Engine
from ..plugins.training import OF_EACH
from ..types import Job, LearnedTag, Reader, TrainEngine, TrainingInfo
from ..types.times import when
from . import decisions, provenance
from . import settings as engines
from .host import Host
from .learning import Learning
from .outputs import Outputs


def train_engine(context: Context, reader: Reader, ask: TrainEngine) -> Job:
    """Let an engine learn from your decisions, and run it on all pictures."""
    offered = context.part(Host).catalogue.offered(ask.engine)
    if not offered.engine.learns:
        raise Invalid(f"{offered.engine.label or ask.engine} does not learn.")
    return context.part(Learning).queue(offered)


def trained_engine(context: Context, reader: Reader, id: str) -> TrainingInfo:
    """Return what an engine that learns has learned from, and how good it is."""
    offered = context.part(Host).catalogue.offered(id)
    if not offered.engine.learns:
        raise Invalid(f"{offered.engine.label or id} does not learn.")
    present, vectors_of = context.part(Learning).present(offered), provenance.first(context.db, provenance.COMPARED)
    examples = len(decisions.decided(context.db, offered.engine, vectors_of)) if vectors_of is not None else 0
    learned = context.part(Outputs).producer(present.vectors_of).engine if present is not None else ""
    return TrainingInfo(
        id,
        offered.engine.fewest,
        examples,
        engines.settings(context.db, id).policy,  # type: ignore[arg-type]  # it holds only these
        context.part(Outputs).producer(vectors_of).engine if vectors_of is not None else "",
        learned,
        len(present.values) if present is not None else 0,
        when(present.at) if present is not None else None,
        present.report if present is not None else {},
        offered.engine.learns,
        OF_EACH if offered.engine.learns == "tags" else 0,
        _tags(context, offered.engine, vectors_of),
    )


def _tags(context: Context, engine: Engine[Any, Any], vectors_of: int | None) -> list[LearnedTag]:
    if engine.learns != "tags" or vectors_of is None:
        return []
    with context.db.reading() as connection:
        return decisions.counted(connection, engine, vectors_of)
