"""Operations on sidecars: the policy of a folder, and conflicts between files and the library."""

from __future__ import annotations

from pathlib import Path

from ..context import Context
from ..errors import Invalid
from ..folders.folders import Folders
from ..types import (
    Done,
    Reader,
    ReferenceFolder,
    ResolveConflicts,
    SidecarConflict,
    SidecarPolicy,
    SidecarProblem,
)
from . import conflicts, rows
from .sidecars import Sidecars

#: The most problems that are listed.
MOST = 200


def set_sidecars(context: Context, reader: Reader, id: int, ask: SidecarPolicy) -> ReferenceFolder:
    """Choose what sidecars of a folder are read and written: files beside pictures with tags, captions and ratings.

    `none` leaves all files as they are. No file is ever deleted.
    """
    folders = context.part(Folders)
    row, sidecars = folders.row(id), context.part(Sidecars)
    sidecars.set_policy(row, sidecars.checked(ask, Path(row.path), row.public_id))
    folders.changed()
    return folders.get(id)


def sidecar_problems(context: Context, reader: Reader, id: int) -> list[SidecarProblem]:
    """The sidecars of a folder that are left as they are, or cannot be written, with the reasons."""
    return rows.problems(context.hub, context.part(Folders).row(id).public_id, MOST)


def list_conflicts(context: Context, reader: Reader, limit: int = 100, offset: int = 0) -> list[SidecarConflict]:
    """Fields that were changed both here and in sidecars, with both values."""
    if not (0 <= offset <= 1 << 32 and 0 <= limit <= 1_000):
        raise Invalid("offset must not be negative, and limit must be between 0 and 1000.")
    return conflicts.listed(context.db, limit, offset)


def resolve_conflicts(context: Context, reader: Reader, ask: ResolveConflicts) -> Done:
    """Settle conflicts of pictures: keep the values of this library, take those of the sidecars, or merge both."""
    if ask.keep == "both" and ask.field == "rating":
        raise Invalid("A picture has one rating: keep mine or theirs.")
    ids = context.selected(reader, ask)
    sidecars = context.part(Sidecars)
    with sidecars.lock:
        committed = context.change(
            reader, lambda write: conflicts.resolve(write, ids, ask), lambda result: result[0].sentence
        )
        outcome, settled = committed.result
        conflicts.note(context.hub, settled)
    sidecars.hasten()
    return Done(committed.revision, outcome.changed, outcome.sentence, committed.changed)
