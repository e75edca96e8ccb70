"""What people did, and taking it back."""

from __future__ import annotations

from ..context import Context, demand
from ..types import Done, HistoryEntry, Reader
from . import feature as history


def list_history(context: Context, reader: Reader, limit: int = 50) -> list[HistoryEntry]:
    """What people did, the newest first."""
    demand(reader, "write", whole=True)
    context.feed.catch_up()
    return history.listed(context.hub, max(1, min(limit, 1000)))


def undo(context: Context, reader: Reader) -> Done:
    """Undo the newest change that is not undone."""
    demand(reader, "write", whole=True)
    context.demand_writable()
    with context.stepping:  # the next one undoes what is the newest then
        context.feed.move()
        step = history.undo(context.hub, context.writer, reader)
        context.feed.catch_up()  # it is done, whatever comes of this
    return Done(step.committed.revision, step.committed.result, f"Undone: {step.told()}", False)


def redo(context: Context, reader: Reader) -> Done:
    """Redo what was undone last."""
    demand(reader, "write", whole=True)
    context.demand_writable()
    with context.stepping:
        context.feed.move()
        step = history.redo(context.hub, context.writer, reader)
        context.feed.catch_up()
    return Done(step.committed.revision, step.committed.result, step.told(), True)
