"""Snapshots of the metadata: take, list, verify, export, restore and delete them. Only for the owner."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

from ..context import Context
from ..database.writer import Label
from ..errors import Conflict, NoSafety, PixlStashError, ReadOnly
from ..history.events import Feed
from ..imports.locations import Stores
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
from ..types.history import many
from . import diff as moments
from .as_of import OpenSnapshots
from .feature import Snapshots
from .merge import Choice
from .repository import part
from .restore import Choose, Restores


def snapshots(context: Context, reader: Reader) -> list[Snapshot]:
    """All snapshots, the newest first."""
    return context.part(Snapshots).listed()


def snapshot(context: Context, reader: Reader, id: int) -> Snapshot:
    """One snapshot."""
    return context.part(Snapshots).get(id)


def snapshot_status(context: Context, reader: Reader) -> SnapshotStatus:
    """The state of snapshots: what is running, whether they are taken automatically, and the last problem."""
    return context.part(Snapshots).status()


def set_snapshots(context: Context, reader: Reader, ask: SetSnapshots) -> SnapshotStatus:
    """Switch automatic snapshots on or off."""
    context.part(Snapshots).set_automatic(ask.automatic)
    return context.part(Snapshots).status()


def take_snapshot(context: Context, reader: Reader, ask: TakeSnapshot) -> Snapshot:
    """Take a snapshot, which is verified and kept until it is deleted."""
    return context.part(Snapshots).take("MANUAL", ask.label)


def edit_snapshot(context: Context, reader: Reader, id: int, ask: EditSnapshot) -> Snapshot:
    """Change the label of a snapshot."""
    return context.part(Snapshots).label(id, ask.label)


def delete_snapshot(context: Context, reader: Reader, id: int) -> None:
    """Permanently delete a snapshot."""
    context.part(Snapshots).delete(id)


def verify_snapshot(context: Context, reader: Reader, id: int) -> SnapshotCheck:
    """Verify a snapshot by reading all of it as a restore would."""
    return context.part(Snapshots).verify(id)


def verify_snapshots(context: Context, reader: Reader) -> list[SnapshotCheck]:
    """Verify all snapshots, including those that are too damaged to be listed."""
    return context.part(Snapshots).verify_all()


def export_snapshot(context: Context, reader: Reader, id: int, path: Path) -> Snapshot:
    """Write a snapshot's database to a new file on the server."""
    context.part(Snapshots).repository.export(id, path)
    return context.part(Snapshots).get(id)


def picture_history(context: Context, reader: Reader, id: int) -> list[PictureMoment]:
    """The changes of one picture from snapshot to snapshot until now, the oldest first."""
    taken = sorted(context.part(Snapshots).listed(), key=lambda snapshot: snapshot.id)
    sha256 = moments.identity(context.db, id)
    for snapshot in reversed(taken if sha256 is None else []):
        with suppress(PixlStashError), context.part(OpenSnapshots).reading(snapshot.id, context.public_id) as db:
            sha256 = sha256 or moments.identity(db, id)
    if sha256 is None:
        raise scope.absent()
    history: list[PictureMoment] = []
    before: moments.State = {}
    for snapshot in taken:
        try:
            with context.part(OpenSnapshots).reading(snapshot.id, context.public_id) as db:
                seen = moments.state_by_hash(db, context.writer.tables(), sha256)
        except PixlStashError as error:
            history.append(PictureMoment(snapshot.id, snapshot.label, snapshot.created_at, False, [], str(error)))
            continue
        changes = moments.changes_between(before, seen or {})
        history.append(PictureMoment(snapshot.id, snapshot.label, snapshot.created_at, seen is not None, changes))
        before = seen or {}
    seen = moments.state_by_hash(context.db, context.writer.tables(), sha256)
    return [*history, PictureMoment(None, None, None, seen is not None, moments.changes_between(before, seen or {}))]


def open_snapshot(context: Context, reader: Reader, id: int) -> BinaryIO:
    """Open a snapshot's database for reading. Close it."""
    return context.part(Snapshots).repository.open(id)


# -- restore --------------------------------------------------------------------------------------------------------

#: Sorts of pictures restored when nothing is said.
EVERYTHING = "full"
#: How far a restore is, of 1, when the snapshot is written out.
READ = 0.3


def diff_snapshot(context: Context, reader: Reader, id: int, against: int | None = None) -> SnapshotDiff:
    """What was added, removed and changed between a snapshot and another one, or the present."""
    with ExitStack() as both:
        old = both.enter_context(context.part(Restores).opened(id))
        new = both.enter_context(context.part(Restores).opened(against)) if against is not None else None
        return SnapshotDiff(id, against, context.part(Restores).differ(old, new))


def preview_restore(
    context: Context, reader: Reader, id: int, keep_added: bool = True, kinds: list[RestoreKind] | None = None
) -> RestorePreview:
    """Preview restoring everything, or some `kinds` of it, to a snapshot."""
    return _preview(context, reader, id, _whole(RestoreSnapshot(keep_added, kinds)))


def preview_resources(context: Context, reader: Reader, id: int, ask: RestoreResources) -> RestorePreview:
    """Preview restoring some pictures, sets, characters or projects."""
    choose = context.part(Restores).among(ask.resources, True, lenient=True)
    return _preview(context, reader, id, choose, some=True)


def restore_snapshot(context: Context, reader: Reader, id: int, ask: RestoreSnapshot) -> RestoreReport:
    """Restore all metadata to a snapshot, after taking a safety snapshot. Picture files do not change."""
    if ask.dry_run:
        return _report(id, _preview(context, reader, id, _whole(ask)).summary, None, dry=True)
    if context.read_only:
        raise ReadOnly("This library is open read-only, so nothing in it can be changed.")
    with context.part(Restores).alone(), context.part(Snapshots).working("RESTORE", id):
        if not ask.allow_missing_files and context.part(Restores).most_files_missing(context.part(Stores).connect):
            raise Conflict(
                "Most files are not where they should be: is a disk not mounted? Nothing was restored.",
                code="files_missing",
            )
        progress = context.part(Snapshots).telling()
        with context.part(Restores).opened(id, part(progress, 0, READ)) as old:
            safety = _safety(context, id, ask.allow_without_safety)
            label = Label(reader.principal, f"Everything restored to snapshot {id}", undoable=False)
            done = context.part(Restores).whole(old, _whole(ask), label, part(progress, READ, 1))
        context.epoch = done.epoch or context.epoch
        context.views.renew(context.epoch)
        context.part(Feed).catch_up()
        context.part(Restores).finish()
        context.part(Snapshots).prune(but=id)
    assert done.summary is not None, "everything is counted"
    return _report(id, done.summary, safety.id if safety else None)


def restore_resources(context: Context, reader: Reader, id: int, ask: RestoreResources) -> RestoreReport:
    """Restore only some pictures, sets, characters or projects, in one step that can be undone."""
    count = len({(resource.type, resource.id) for resource in ask.resources})
    what = "1 thing" if count == 1 else f"{count:,} things"
    label = Label(reader.principal, f"{what} restored from snapshot {id}")
    with context.part(Restores).alone(), context.part(Snapshots).working("RESTORE", id):
        progress = context.part(Snapshots).telling()
        with context.part(Restores).opened(id, part(progress, 0, READ), some=True) as old:
            choose = context.part(Restores).among(ask.resources, ask.confirm_restore_dependencies)
            done = context.part(Restores).some(old, choose, label, part(progress, READ, 1))
    return RestoreReport(id, "batch", count, done.missing, 0, [], False, None)


def _preview(context: Context, reader: Reader, id: int, choose: Choose, *, some: bool = False) -> RestorePreview:
    shown = context.part(Snapshots).get(id)
    with context.part(Restores).opened(id, some=some) as old:
        seen = context.part(Restores).preview(old, choose)
    return RestorePreview(shown, seen.resources, seen.summary, _warnings(context, shown, seen.summary), seen.topics)


def _warnings(context: Context, shown: Snapshot, summary: RestoreSummary) -> list[str]:
    warnings = []
    if summary.missing_files:
        warnings.append(f"Not warnings where it should be: the file of {many(summary.missing_files)}.")
    if summary.permanently_deleted:
        warnings.append(f"Not restored: {many(summary.permanently_deleted)} that you permanently deleted since then.")
    if shown.schema_version < context.db.version:
        warnings.append("The snapshot is of an older PixlStash; it is brought up to date first.")
    if summary.settings_to_revert:
        warnings.append("Settings of the library are restored as well; those of this installation stay.")
    return warnings


def _safety(context: Context, id: int, without: bool) -> Snapshot | None:
    try:
        return context.part(Snapshots).take("OPPORTUNISTIC", f"Before restoring snapshot {id}")
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
