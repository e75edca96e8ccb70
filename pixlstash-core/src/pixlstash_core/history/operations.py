"""Operations on the history of changes: list, undo and redo."""

from __future__ import annotations

from ..context import Context
from ..types import Done, HistoryEntry, Reader
from . import feature as history
from .events import Feed


def list_history(context: Context, reader: Reader, limit: int = 50) -> list[HistoryEntry]:
    """The history of changes, the newest first."""
    context.part(Feed).catch_up()
    return history.listed(context.hub, max(1, min(limit, 1000)))


def undo(context: Context, reader: Reader) -> Done:
    """Undo the latest change."""
    with context.part(Feed).stepping:  # a concurrent undo continues with the change before
        context.part(Feed).move()
        step = history.undo(context.hub, context.writer, reader)
        context.part(Feed).catch_up()  # the undo succeeded, even if this fails
    return Done(step.committed.revision, step.committed.result, f"Undone: {step.text()}", False)


def redo(context: Context, reader: Reader) -> Done:
    """Redo the change that was undone last."""
    with context.part(Feed).stepping:
        context.part(Feed).move()
        step = history.redo(context.hub, context.writer, reader)
        context.part(Feed).catch_up()
    return Done(step.committed.revision, step.committed.result, step.text(), True)
