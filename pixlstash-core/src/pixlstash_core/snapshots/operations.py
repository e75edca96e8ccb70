"""Snapshots of the metadata: taken, listed, read back, written out, deleted. The owner's alone."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

from ..context import Context, demand
from ..database.writer import Label
from ..errors import Conflict, NoSafety, PixlStashError
from ..query import scope
from ..types import (
    EditSnapshot,
    PictureMoment,
    Reader,
    RestoreKind,
    RestorePreview,
    RestoreReport,
    RestoreResources,
    RestoreSnapshot,
    RestoreSummary,
    SetSnapshots,
    Snapshot,
    SnapshotCheck,
    SnapshotDiff,
    SnapshotStatus,
    TakeSnapshot,
)
from ..types.outcome import many
from . import picture_history as moments
from .merging import Choice
from .restore import Choose
from .shelf import part


def snapshots(context: Context, reader: Reader) -> list[Snapshot]:
    """Every restore point, the newest first."""
    demand(reader, "owner")
    return context.restore_points.listed()


def snapshot(context: Context, reader: Reader, id: int) -> Snapshot:
    """One restore point."""
    demand(reader, "owner")
    return context.restore_points.get(id)


def snapshot_status(context: Context, reader: Reader) -> SnapshotStatus:
    """What is being done with snapshots, whether they are taken by themselves, and what went wrong."""
    demand(reader, "owner")
    return context.restore_points.status()


def set_snapshots(context: Context, reader: Reader, ask: SetSnapshots) -> SnapshotStatus:
    """Have snapshots taken by themselves, or not."""
    demand(reader, "owner")
    context.demand_writable()
    context.restore_points.set_automatic(ask.automatic)
    return context.restore_points.status()


def take_snapshot(context: Context, reader: Reader, ask: TakeSnapshot) -> Snapshot:
    """Take a snapshot now: verified and durable when it is answered, kept until it is deleted."""
    demand(reader, "owner")
    context.demand_writable()
    return context.restore_points.take("MANUAL", ask.label)


def edit_snapshot(context: Context, reader: Reader, id: int, ask: EditSnapshot) -> Snapshot:
    """Label a snapshot anew."""
    demand(reader, "owner")
    context.demand_writable()
    return context.restore_points.label(id, ask.label)


def delete_snapshot(context: Context, reader: Reader, id: int) -> None:
    """Let go of a snapshot for good."""
    demand(reader, "owner")
    context.demand_writable()
    context.restore_points.delete(id)


def verify_snapshot(context: Context, reader: Reader, id: int) -> SnapshotCheck:
    """Read a snapshot back as a restore would, every bit of it."""
    demand(reader, "owner")
    context.demand_writable()
    return context.restore_points.verify(id)


def verify_snapshots(context: Context, reader: Reader) -> list[SnapshotCheck]:
    """Read all snapshots back, also those that are too damaged to be listed."""
    demand(reader, "owner")
    context.demand_writable()
    return context.restore_points.verify_all()


def export_snapshot(context: Context, reader: Reader, id: int, path: Path) -> Snapshot:
    """Write the database that a snapshot holds to a new file of this machine."""
    demand(reader, "owner")
    context.restore_points.shelf.export(id, path)
    return context.restore_points.get(id)


def picture_history(context: Context, reader: Reader, id: int) -> list[PictureMoment]:
    """What changed about one picture from snapshot to snapshot, and since; the oldest first."""
    demand(reader, "owner")
    taken = sorted(context.restore_points.listed(), key=lambda one: one.id)
    sha256 = moments.identity(context.db, id)
    for one in reversed(taken if sha256 is None else []):
        with suppress(PixlStashError), context.pasts.reading(one.id, context.public_id) as db:
            sha256 = sha256 or moments.identity(db, id)
    if sha256 is None:
        raise scope.absent()
    found: list[PictureMoment] = []
    before: moments.State = {}
    for one in taken:
        try:
            with context.pasts.reading(one.id, context.public_id) as db:
                seen = moments.seen(db, context.writer.tables(), sha256)
        except PixlStashError as error:
            found.append(PictureMoment(one.id, one.label, one.created_at, False, [], str(error)))
            continue
        changes = moments.changes(before, seen or {})
        found.append(PictureMoment(one.id, one.label, one.created_at, seen is not None, changes))
        before = seen or {}
    seen = moments.seen(context.db, context.writer.tables(), sha256)
    return [*found, PictureMoment(None, None, None, seen is not None, moments.changes(before, seen or {}))]


def open_snapshot(context: Context, reader: Reader, id: int) -> BinaryIO:
    """The database that a snapshot holds, to be read. Close it."""
    demand(reader, "owner")
    return context.restore_points.shelf.open(id)


# -- restore --------------------------------------------------------------------------------------------------------

#: Sorts of pictures restored when nothing is said.
EVERYTHING = "full"
#: How far a restore is, of 1, when the snapshot is written out.
READ = 0.3


def diff_snapshot(context: Context, reader: Reader, id: int, against: int | None = None) -> SnapshotDiff:
    """What came, went and changed from a snapshot to another one, or until now. Nothing is changed."""
    demand(reader, "owner")
    with ExitStack() as both:
        old = both.enter_context(context.restores.opened(id))
        new = both.enter_context(context.restores.opened(against)) if against is not None else None
        return SnapshotDiff(id, against, context.restores.differ(old, new))


def preview_restore(
    context: Context, reader: Reader, id: int, keep_added: bool = True, kinds: list[RestoreKind] | None = None
) -> RestorePreview:
    """What restoring everything, or some `kinds` of it, to a snapshot would do. Nothing is changed."""
    return _preview(context, reader, id, _whole(RestoreSnapshot(keep_added, kinds)))


def preview_resources(context: Context, reader: Reader, id: int, ask: RestoreResources) -> RestorePreview:
    """What restoring some pictures, sets, characters or projects would do. Nothing is changed."""
    choose = context.restores.among(ask.resources, True, lenient=True)
    return _preview(context, reader, id, choose, some=True)


def restore_snapshot(context: Context, reader: Reader, id: int, ask: RestoreSnapshot) -> RestoreReport:
    """Restore everything to a snapshot; a safety snapshot is taken first. No file of a picture is touched."""
    if ask.dry_run:
        return _report(id, _preview(context, reader, id, _whole(ask)).summary, None, dry=True)
    demand(reader, "owner")
    context.demand_writable()
    with context.restores.alone(), context.restore_points.working("RESTORE", id):
        if not ask.allow_missing_files and context.restores.most_files_missing(context.stores.connect):
            raise Conflict(
                "Most files are not where they should be: is a disk not mounted? Nothing was restored.",
                code="files_missing",
            )
        progress = context.restore_points.telling()
        with context.restores.opened(id, part(progress, 0, READ)) as old:
            safety = _safety(context, id, ask.allow_without_safety)
            label = Label(reader.principal, f"Everything restored to snapshot {id}", undoable=False)
            done = context.restores.whole(old, _whole(ask), label, part(progress, READ, 1))
        context.epoch = done.epoch or context.epoch
        context.views.renew(context.epoch)
        context.feed.catch_up()
        context.restores.finish()
        context.restore_points.prune(but=id)
    assert done.summary is not None, "everything is counted"
    return _report(id, done.summary, safety.id if safety else None)


def restore_resources(context: Context, reader: Reader, id: int, ask: RestoreResources) -> RestoreReport:
    """Restore some pictures, sets, characters or projects, and nothing else, in one step that can be undone."""
    demand(reader, "owner")
    context.demand_writable()
    count = len({(one.type, one.id) for one in ask.resources})
    what = "1 thing" if count == 1 else f"{count:,} things"
    label = Label(reader.principal, f"{what} restored from snapshot {id}")
    with context.restores.alone(), context.restore_points.working("RESTORE", id):
        progress = context.restore_points.telling()
        with context.restores.opened(id, part(progress, 0, READ), some=True) as old:
            choose = context.restores.among(ask.resources, ask.confirm_restore_dependencies)
            done = context.restores.some(old, choose, label, part(progress, READ, 1))
    return RestoreReport(id, "batch", count, done.missing, 0, [], False, None)


def _preview(context: Context, reader: Reader, id: int, choose: Choose, *, some: bool = False) -> RestorePreview:
    demand(reader, "owner")
    shown = context.restore_points.get(id)
    with context.restores.opened(id, some=some) as old:
        seen = context.restores.preview(old, choose)
    return RestorePreview(shown, seen.resources, seen.summary, _warnings(context, shown, seen.summary), seen.topics)


def _warnings(context: Context, shown: Snapshot, summary: RestoreSummary) -> list[str]:
    found = []
    if summary.missing_files:
        found.append(f"Not found where it should be: the file of {many(summary.missing_files)}.")
    if summary.permanently_deleted:
        found.append(f"Not restored: {many(summary.permanently_deleted)} that you permanently deleted since then.")
    if shown.schema_version < context.db.version:
        found.append("The snapshot is of an older PixlStash; it is brought up to date first.")
    if summary.settings_to_revert:
        found.append("Settings of the library are restored as well; those of this installation stay.")
    return found


def _safety(context: Context, id: int, without: bool) -> Snapshot | None:
    try:
        return context.restore_points.take("OPPORTUNISTIC", f"Before restoring snapshot {id}")
    except PixlStashError as error:
        if without:
            return None
        raise NoSafety(f"No safety snapshot could be taken, so nothing was restored: {error}") from error


def _whole(ask: RestoreSnapshot) -> Choose:
    choice = Choice(ask.keep_added, frozenset(ask.kinds) if ask.kinds is not None else None)
    return lambda connection: choice


def _report(id: int, summary: RestoreSummary, safety: int | None, *, dry: bool = False) -> RestoreReport:
    changed = (
        summary.pictures_to_revert
        + summary.pictures_to_recreate
        + summary.sets_to_revert
        + summary.sets_to_recreate
        + summary.characters_to_revert
        + summary.characters_to_recreate
        + summary.projects_to_revert
        + summary.projects_to_recreate
    )
    return RestoreReport(id, EVERYTHING, changed, summary.missing_files, summary.permanently_deleted, [], dry, safety)
