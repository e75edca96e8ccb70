"""Operations on backups: metadata and originals in a folder, which is a library itself, or in one file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import msgspec

from ..context import Context
from ..database.hub import now
from ..database.writer import Writer
from ..errors import Invalid, PixlStashError
from ..history.events import Feed
from ..imports.locations import Stores
from ..jobs.lanes import Jobs, Task
from ..pictures import feature as pictures
from ..query import grid
from ..snapshots.feature import Snapshots
from ..snapshots.repository import Progress
from ..snapshots.restore import Restores
from ..types import OWNER, BackupReport, MakeBackup, Reader
from . import create
from .metadata import BackupOrigin

#: The kind of backup jobs; the maximum number of pictures in a report whose originals are missing.
KIND, NAMED = "backup", 100
#: The name of the operation in conflicts with a restore.
EITHER = "backup or restore"


def backup(context: Context, reader: Reader, ask: MakeBackup) -> BackupReport:
    """Back up metadata and originals to a folder or file on the server; returns when the backup is complete.

    It runs as a job. One that was paused or interrupted continues in the background when it is resumed, and does not
    copy again what was copied; one that is cancelled leaves the previous backup as it was.
    """
    path = Path(ask.path).expanduser()
    if not path.is_absolute():
        raise Invalid("Say the whole path of the backup, from the root.")
    ask = msgspec.structs.replace(ask, path=str(path), query=ask.query.strip())
    if ask.query:
        context.views.ids(reader, ask.query)  # invalid requests are refused before there is a job
    with context.part(Restores).alone(EITHER):
        create.demand_free(context.path, path, _as_made(context, ask), context.part(Stores).roots())
        _take_over(context, ask)

        def work(task: Task) -> BackupReport:
            return _back_up(context, ask, _reporting(task, waits=True))

        return context.part(Jobs).here(KIND, f"Backing up to {path}", ask, work, priority=-1)


def _take_over(context: Context, ask: MakeBackup) -> None:
    """Cancel unfinished backup jobs to the same place."""
    for job in context.part(Jobs).running():
        if job.kind == KIND and job.state == "paused" and context.part(Jobs).payload(job.id)[1]["path"] == ask.path:
            context.part(Jobs).cancel(job.id)


def back_up_job(context: Context, task: Task) -> None:
    """Handle a backup job that continues in the background after its request ended."""
    ask = msgspec.convert(task.payload, MakeBackup)
    with context.part(Restores).alone(EITHER):
        report = _back_up(context, ask, _reporting(task, waits=False))
    if report.lost:
        names = ", ".join(report.missing[:3]) + (" …" if report.lost > 3 else "")
        what = "1 original" if report.lost == 1 else f"{report.lost:,} originals"
        raise PixlStashError(f"All is backed up but {what} that could not be read: {names}")


def _back_up(context: Context, ask: MakeBackup, copied: Progress) -> BackupReport:
    path, repository = Path(ask.path), context.part(Snapshots).repository
    with context.part(Snapshots).working("BACKUP", None):
        ids = grid.with_stacks(context.db, context.views.ids(OWNER, ask.query)) if ask.query else None
        repository.prepare()
        if ask.access:
            context.part(Feed).catch_up()
        parts = create.Parts(
            context.path,
            context.db,
            context.hub,
            context.writer.exclusive,
            repository.scratch,
            context.part(Stores).connect,
            partial(Writer, features=context.features),
            context.part(Stores).roots(),
        )
        copies = create.make(parts, path, _as_made(context, ask), ids, context.part(Snapshots).telling(), copied)
    named = pictures.names(context.db, [original.picture for original in copies.lost[:NAMED]])
    whole = len(copies.stored), copies.copied, copies.bytes, copies.dropped, len(copies.lost)
    return BackupReport(str(path), copies.pictures, *whole, named)


def _as_made(context: Context, ask: MakeBackup) -> BackupOrigin:
    return BackupOrigin(context.public_id, 0, ask.query, now(), ask.access)


def _reporting(task: Task, *, waits: bool) -> Progress:
    """Return a progress callback that also stops a job, or lets urgent ones go first unless a caller `waits`."""

    def report(done: int, total: int) -> None:
        task.check()
        if not waits:
            task.give_way()
        task.progress(done, total)

    return report
