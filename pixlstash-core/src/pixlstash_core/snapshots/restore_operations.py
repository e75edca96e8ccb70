"""Restoring from snapshots: looked at first, then everything, some kinds, or what was chosen. The owner's alone."""

from __future__ import annotations

from contextlib import ExitStack

from ..collections.groups import many
from ..database.writer import Label
from ..errors import Conflict, NoSafety, PixlStashError
from ..session import Wired, demand
from ..types import (
    Reader,
    RestoreKind,
    RestorePreview,
    RestoreReport,
    RestoreResources,
    RestoreSnapshot,
    RestoreSummary,
    Snapshot,
    SnapshotDiff,
)
from .merging import Choice
from .restore import Choose
from .shelf import part

#: Sorts of pictures restored when nothing is said.
EVERYTHING = "full"
#: How far a restore is, of 1, when the snapshot is written out.
READ = 0.3


class Restores(Wired):
    def diff_snapshot(self, reader: Reader, id: int, against: int | None = None) -> SnapshotDiff:
        """What came, went and changed from a snapshot to another one, or until now. Nothing is changed."""
        demand(reader, "owner")
        with ExitStack() as both:
            old = both.enter_context(self.restores.opened(id))
            new = both.enter_context(self.restores.opened(against)) if against is not None else None
            return SnapshotDiff(id, against, self.restores.differ(old, new))

    def preview_restore(
        self, reader: Reader, id: int, keep_added: bool = True, kinds: list[RestoreKind] | None = None
    ) -> RestorePreview:
        """What restoring everything, or some `kinds` of it, to a snapshot would do. Nothing is changed."""
        return self._preview(reader, id, _whole(RestoreSnapshot(keep_added, kinds)))

    def preview_resources(self, reader: Reader, id: int, ask: RestoreResources) -> RestorePreview:
        """What restoring some pictures, sets, characters or projects would do. Nothing is changed."""
        choose = self.restores.among(ask.resources, True, lenient=True)
        return self._preview(reader, id, choose, some=True)

    def restore_snapshot(self, reader: Reader, id: int, ask: RestoreSnapshot) -> RestoreReport:
        """Restore everything to a snapshot; a safety snapshot is taken first. No file of a picture is touched."""
        if ask.dry_run:
            return _report(id, self._preview(reader, id, _whole(ask)).summary, None, dry=True)
        demand(reader, "owner")
        self._writable()
        with self.restores.alone(), self.restore_points.working("RESTORE", id):
            if not ask.allow_missing_files and self.restores.most_files_missing(self.stores.connect):
                raise Conflict(
                    "Most files are not where they should be: is a disk not mounted? Nothing was restored.",
                    code="files_missing",
                )
            progress = self.restore_points.telling()
            with self.restores.opened(id, part(progress, 0, READ)) as old:
                safety = self._safety(id, ask.allow_without_safety)
                label = Label(reader.principal, f"Everything restored to snapshot {id}", undoable=False)
                done = self.restores.whole(old, _whole(ask), label, part(progress, READ, 1))
            self.epoch = done.epoch or self.epoch
            self.views.renew(self.epoch)
            self.feed.catch_up()
            self.restores.finish()
            self.restore_points.prune(but=id)
        assert done.summary is not None, "everything is counted"
        return _report(id, done.summary, safety.id if safety else None)

    def restore_resources(self, reader: Reader, id: int, ask: RestoreResources) -> RestoreReport:
        """Restore some pictures, sets, characters or projects, and nothing else, in one step that can be undone."""
        demand(reader, "owner")
        self._writable()
        count = len({(one.type, one.id) for one in ask.resources})
        what = "1 thing" if count == 1 else f"{count:,} things"
        label = Label(reader.principal, f"{what} restored from snapshot {id}")
        with self.restores.alone(), self.restore_points.working("RESTORE", id):
            progress = self.restore_points.telling()
            with self.restores.opened(id, part(progress, 0, READ), some=True) as old:
                choose = self.restores.among(ask.resources, ask.confirm_restore_dependencies)
                done = self.restores.some(old, choose, label, part(progress, READ, 1))
        return RestoreReport(id, "batch", count, done.missing, 0, [], False, None)

    def _preview(self, reader: Reader, id: int, choose: Choose, *, some: bool = False) -> RestorePreview:
        demand(reader, "owner")
        shown = self.restore_points.get(id)
        with self.restores.opened(id, some=some) as old:
            seen = self.restores.preview(old, choose)
        return RestorePreview(shown, seen.resources, seen.summary, self._warnings(shown, seen.summary), seen.topics)

    def _warnings(self, shown: Snapshot, summary: RestoreSummary) -> list[str]:
        found = []
        if summary.missing_files:
            found.append(f"Not found where it should be: the file of {many(summary.missing_files)}.")
        if summary.permanently_deleted:
            found.append(f"Not restored: {many(summary.permanently_deleted)} that you permanently deleted since then.")
        if shown.schema_version < self.db.version:
            found.append("The snapshot is of an older PixlStash; it is brought up to date first.")
        if summary.settings_to_revert:
            found.append("Settings of the library are restored as well; those of this installation stay.")
        return found

    def _safety(self, id: int, without: bool) -> Snapshot | None:
        try:
            return self.restore_points.take("OPPORTUNISTIC", f"Before restoring snapshot {id}")
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
