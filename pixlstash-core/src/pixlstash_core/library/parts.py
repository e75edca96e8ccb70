"""The parts of an open library: opens its files, creates the parts, connects them, and closes them in order."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from ..access.feature import Access
from ..access.scopes import Scopes
from ..collections import saved_queries
from ..context import Context
from ..database.commit import Commit
from ..database.connection import Database
from ..database.hub import Hub
from ..database.writer import Writer, revisions
from ..engines import outputs
from ..engines.catalogue import Catalogue
from ..engines.host import Host
from ..engines.learning import Learning
from ..engines.limits import Limits as EngineLimits
from ..engines.limits import Scratch
from ..engines.prefetch import Sources
from ..engines.weights import folder as models_folder
from ..exports.downloads import Downloads
from ..folders import rows as folder_rows
from ..folders.folders import Folders
from ..folders.import_folders import ImportFolders
from ..folders.import_scans import ImportScans
from ..history.events import Feed
from ..imports import locations as stores
from ..imports import sidecars
from ..imports.intake import Intake
from ..imports.operations import place_in_project
from ..imports.redraws import Redraws
from ..imports.scanning import Scans
from ..imports.uploads import Uploads
from ..jobs.lanes import Jobs
from ..media.messages import Limits
from ..media.pool import DecoderPool
from ..media.thumbnails import Thumbnails
from ..people import faces
from ..people.feature import People
from ..plugins.registry import Plugins
from ..query.grid import GRID
from ..query.terms import TERMS
from ..query.views import Views
from ..search import vectors as likeness
from ..search.search import Search
from ..sharing.budgets import Budgets
from ..sharing.certificates import REPEAT
from ..sharing.guests import Guests
from ..sharing.links import Links
from ..sharing.renditions import Renditions
from ..sharing.stranger import Doorstep
from ..sidecars.feature import TABLES as IN_SIDECARS
from ..sidecars.sidecars import Sidecars
from ..snapshots import feature as snapshots
from ..snapshots import restore as restores
from ..snapshots.as_of import OpenSnapshots
from ..snapshots.manifests import Manifest
from ..status.waiting import Waiting
from ..storage.lock import Lock
from ..tags import rules
from ..tags.aliases import TABLES as WEIGHED
from ..threads import FollowUps
from ..types import FoldersChanged, JobChanged, SnapshotsChanged
from ..updates.feature import UpdateCheck
from .as_of import LibraryAsOf
from .features import FEATURES, KINDS

#: Seconds from the first import to the first snapshot.
FIRST = 3.0
#: Tables whose changes are a reason for engines to learn again.
LEARNED = {"score", "said_tag", "scrapheap", "active"}


class Parts(Context):
    """An open library without its operations. If a part cannot be created, those before it are closed.

    `lock`: held until `close`; None for a library that is opened read-only in a folder without write permission.
    """

    def __init__(self, path: Path, *, read_only: bool, plugins: Plugins, lock: Lock | None) -> None:
        super().__init__()
        self.path, self.read_only, self.features = path, read_only, FEATURES
        self.plugins = plugins
        self._lock = lock
        self._closed = False
        with ExitStack() as opened:  # closes what is open if a later part fails
            self._open_files(opened)
            self._create_parts(opened)
            opened.pop_all()

    def _open_files(self, opened: ExitStack) -> None:
        """Open the databases and start the writer."""
        path, read_only = self.path, self.read_only
        self.db = opened.enter_context(closing(Database(path / "library.db", "library", read_only=read_only)))
        self.hub = opened.enter_context(closing(Hub(path / "hub.db", read_only=read_only)))
        self.thumbnails = opened.enter_context(closing(Thumbnails(path / "thumbnails.db", read_only=read_only)))
        self.public_id = str(self.db.setting("public_id"))
        self.epoch = str(self.db.setting("epoch"))
        self.name = str(self.db.setting("name") or path.name)
        self.plugins.prefer(outputs.distributions(self.db))
        self.feed = Feed(self.db, self.hub)
        self.follow_ups = FollowUps(
            {
                "autorun": self._queue_autorun,
                "weigh": self.queue_weighing,
                "folders": self._follow_folders,
                "learn": self._learn,
                "waiting": lambda: self.waiting.keep(),
                "sidecars": self._hasten_sidecars,
            }
        )
        self.writer = Writer(
            self.db,
            self.hub,
            self.features,
            on_commit=self.feed.committed,
            watch=self._changed,
            unwatched=self.follow_ups.request_all,
        )
        opened.callback(self.writer.close)

    def _create_parts(self, opened: ExitStack) -> None:
        """Create the parts that use the databases, and connect them."""
        path, plugins, read_only = self.path, self.plugins, self.read_only
        terms = {term.name: term for term in (*TERMS, *(term for feature in FEATURES for term in feature.terms))}
        places = tuple(place for feature in FEATURES for place in feature.words)
        sorts = {sort.name: sort for feature in FEATURES for sort in feature.sorts}
        self._make_views = partial(Views, terms=terms, places=places, sorts=sorts)
        saved = partial(saved_queries.text, self.db)
        limits = Limits.chosen(os.environ)
        self.pool = DecoderPool(limits=limits, disabled=plugins.disabled, extra=plugins.extra)
        self.queue = Jobs(self.hub, self._job_changed)
        self.stores = stores.Stores(self.db, plugins, path)
        # A read-only library imports nothing, but thumbnails may be drawn from temporary copies.
        self.incoming = Path(tempfile.gettempdir()) if read_only else self.stores.own()[1].root / "incoming"
        inherits = [statement for feature in FEATURES for statement in feature.inherits]
        self.intake = Intake(
            self.db,
            self.hub,
            self.writer,
            self.pool,
            self.thumbnails,
            self.incoming,
            inherits,
            sidecars.read,
            sidecars.say,
        )

        self.outputs = outputs.Outputs(self.db, self.writer, KINDS)
        tell = partial(self.feed.tell, SnapshotsChanged())
        self.restore_points = snapshots.Snapshots(self.db, self.hub, self.writer, path / "snapshots", tell)

        self.restores = restores.Restores(
            self.db, self.hub, self.writer, self.restore_points.repository, self.writer.tables
        )

        self.open_snapshots = OpenSnapshots(
            self.restore_points.repository, self.db.version, self._open_as_of, self._derive
        )
        self.likeness = likeness.Likeness(self.db, lambda topic: self.writer.topics.get(topic, 0))
        self.host = Host(
            self.db,
            self.hub,
            self.writer,
            self.outputs,
            self.queue,
            Catalogue(plugins, self.outputs, self.db, self.hub, models_folder(os.environ)),
            Sources(self.db, self.pool, self.stores.connect, self.intake.temporary),
            Scratch(path, self.public_id),
            EngineLimits.chosen(os.environ),
        )

        self.learning = Learning(self.db, self.writer, self.outputs, self.queue, self.host)
        self.search = Search(
            self.db,
            self.likeness,
            self.outputs,
            self.host,
            places,
            partial(faces.references_of, self.db),
            partial(faces.shown_by_id, self.db),
        )

        counted = partial(getattr, self.writer, "topics")
        missed = partial(getattr, self.writer, "missed")
        self.views = self._make_views(
            self.db, epoch=self.epoch, revisions=counted, saved=saved, ranker=self.search, missed=missed
        )
        self.access = Access(self.hub, Scopes(self.db, self.views, counted), read_only=read_only)
        opened.callback(self.access.close)
        self.waiting = Waiting(self.views, partial(self.follow_ups.request, "waiting"))
        self.people = People(self.db, self.views, self.likeness, counted)
        self.upload_sessions = Uploads(
            self.hub, self.intake, self.queue, self.stores.own, partial(place_in_project, self)
        )

        self.redraws = Redraws(
            self.db,
            self.writer,
            self.pool,
            self.thumbnails,
            self.stores.connect,
            self.intake.temporary,
            limits.pixels,
            plugins.fact_readers,
        )
        changed = partial(self.feed.tell, FoldersChanged())
        self.sidecars = Sidecars(self.db, self.hub, self.writer, self.queue, path, changed)
        self.reference_folders = Folders(
            self.db, self.hub, self.queue, self.stores.connect, path, changed, self.sidecars
        )
        self.scans = Scans(self.intake, self.reference_folders.is_on_another_disk, self.reference_folders.captions)
        self.importing = ImportFolders(
            self.hub,
            self.queue,
            ImportScans(self.hub, self.intake, self.stores.own),
            lambda: [row.path for row in folder_rows.listed(self.db, self.hub)],
            path,
            changed,
        )
        self.add_parts(
            Downloads(),
            self.reference_folders,
            self.sidecars,
            self.importing,
            self.access,
            self.feed,
            self.queue,
            self.stores,
            self.intake,
            self.upload_sessions,
            self.outputs,
            self.host,
            self.learning,
        )
        self.add_parts(
            UpdateCheck(self.hub),
            Links(self.hub, path, read_only=read_only),
            Guests(self.hub),
            Doorstep(self._served),
            Budgets(),
            Renditions(self.db, self.pool, self.thumbnails, plugins, self.stores.connect, self.intake.temporary),
        )
        self.add_parts(
            self.waiting,
            self.likeness,
            self.search,
            self.people,
            self.restore_points,
            self.restores,
            self.open_snapshots,
        )

    def _job_changed(self, event: JobChanged) -> None:
        """Announce a job. After the first import, take the first snapshot soon."""
        self.feed.tell(event)
        report = event.job.report if event.job.state == "done" else None
        if report and report.imported and self.restore_points.imported():
            self.queue.hasten("snapshots", FIRST)

    def _served(self) -> None:
        """Once a server answers, visit the links whose turn it is."""
        if not self.read_only:
            self.queue.hasten(REPEAT, FIRST)

    def _changed(self, commit: Commit) -> None:
        """Update caches after a commit, on the writer thread; slower work is requested from the follow-up thread."""
        changes = commit.changes
        if changes.added:
            self.follow_ups.request("autorun")
        if "store" in changes.rows:
            self.follow_ups.request("folders")
        if changes.rows.keys() & WEIGHED:
            self.follow_ups.request("weigh")
        if changes.rows.keys() & LEARNED:
            self.follow_ups.request("learn")
        if changes.rows.keys() & (IN_SIDECARS | {"tag", "character"}):
            self.follow_ups.request("sidecars")
        renamed = "picture" in changes.ids
        self.views.changed(changes.pictures(GRID.tables), renamed, commit.revision, commit.topics)

    def _queue_autorun(self) -> None:
        """Queue the engines that run automatically on new pictures."""
        self.host.autorun.look()

    def _learn(self) -> None:
        """Check soon whether engines should learn again."""
        self.learning.changed()

    def _hasten_sidecars(self) -> None:
        """Compare the sidecars of changed pictures soon."""
        self.sidecars.hasten()

    def _follow_folders(self) -> None:
        """Watch folders where they are now: a change of them may have been undone or restored."""
        self.reference_folders.changed()

    def queue_weighing(self) -> None:
        """Queue the job that recomputes tags for all pictures after a threshold changed, if it did."""
        if rules.slices_pending(self.writer) and not any(
            job.kind == "weigh" and job.state == "waiting" for job in self.queue.running()
        ):
            self.queue.put("weigh", "Recomputing tags", {}, lane="cpu")

    def _open_as_of(self, manifest: Manifest, db: Database) -> LibraryAsOf:
        topics, saved = revisions(db)[1], partial(saved_queries.text, db)
        return LibraryAsOf(
            self, manifest, db, self._make_views(db, epoch=manifest.public_id, revisions=lambda: topics, saved=saved)
        )

    def _derive(self, db: Database) -> None:
        """Update the derived tables of an older snapshot's database."""
        with (
            closing(Hub(db.path.with_name(f"{db.path.name}-hub"))) as hub,
            closing(Writer(db, hub, self.features)) as writer,
        ):
            while rules.slices_pending(writer) and rules.refresh_slice(writer) is not None:
                pass

    def close(self) -> None:
        """Stop all threads and close the files. Does nothing if the library is already closed."""
        if self._closed:
            return
        self._closed = True
        steps: list[Callable[[], object]] = [
            self.reference_folders.close,
            self.importing.close,
            self.queue.stop,
            self.people.close,
            self.host.close,
            self.search.held.close,
            self.pool.close,
            self.writer.close,
            self.follow_ups.stop,
            self.feed.catch_up,
            self.feed.stop,
            self.open_snapshots.close,
            self.restores.close,
            self.access.close,
            self.thumbnails.close,
            self.hub.close,
            self.db.close,
        ]
        with ExitStack() as closing_all:  # if one step raises, the others still run
            if self._lock:
                closing_all.callback(self._lock.release)
            for step in reversed(steps):
                closing_all.callback(step)
