"""The library: the object everyone holds. It opens the files and connects the parts; operations are in `api`.

Nothing is global: two libraries in one process work. One process at a time serves a library (`lock`).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from ..access.feature import Access
from ..api import Api
from ..backups.operations import KIND as BACKUP
from ..backups.operations import back_up_job
from ..collections import queries
from ..context import Context
from ..database import settings
from ..database.commit import Commit
from ..database.connection import Database, Rows
from ..database.features import Table
from ..database.hub import Hub, switched_off
from ..database.writer import Write, Writer, outcome, revisions
from ..engines import outputs
from ..engines.catalogue import Catalogue
from ..engines.host import FETCH, REHEARSAL, Host
from ..engines.limits import Limits as EngineLimits
from ..engines.prefetch import Sources
from ..engines.tempdir import Scratch
from ..engines.weights import folder as models_folder
from ..errors import Invalid, NotFound, ReadOnly
from ..folders.folders import Folders
from ..history.events import Feed
from ..imports import adding, purges, sidecars
from ..imports import jobs as intake
from ..imports import locations as stores
from ..imports.intake import Intake
from ..imports.operations import place_in_project
from ..imports.redraws import Redraws
from ..imports.scanning import Scans
from ..imports.uploads import Uploads
from ..jobs.lanes import Handler, Jobs, Task
from ..media.messages import Limits
from ..media.pool import DecoderPool
from ..media.thumbnails import Thumbnails
from ..people import faces
from ..people.feature import People
from ..plugins.contracts import Opened
from ..plugins.engines import Tag
from ..plugins.library import Library as ForPlugins
from ..plugins.operation import WithReader, demand, op
from ..plugins.registry import Plugins
from ..query.grid import GRID
from ..query.terms import TERMS
from ..query.views import Views
from ..search import vectors as likeness
from ..search.search import Search
from ..snapshots import feature as snapshots
from ..snapshots import restore as restores
from ..snapshots.as_of import OpenSnapshots
from ..snapshots.manifests import Manifest
from ..storage.lock import Holder, Lock
from ..tags import switch
from ..tags.aliases import TABLES as WEIGHED
from ..threads import FollowUps
from ..types import Event, FoldersChanged, Job, JobChanged, Reader, SnapshotsChanged
from . import creation
from .as_of import LibraryAsOf
from .features import FEATURES, KINDS

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
#: How often memory nobody uses is given back, in seconds.
TIDY = 300.0
#: How often stills without a picture are looked for.
DAY = 86_400.0
#: How often it is looked whether a snapshot is due, and how long after an import the first one waits, in seconds.
SNAPSHOTS, FIRST = 900.0, 3.0


class Library(WithReader, Context, ForPlugins, Api):
    """One open library. Use `create` and `open`; close it, or use it in a `with`."""

    def __init__(self, path: Path, *, read_only: bool, plugins: Plugins, lock: Lock | None) -> None:
        super().__init__()
        self.path, self.read_only, self.features = path, read_only, FEATURES
        self.plugins = plugins
        self._lock = lock
        self._closed = False
        with ExitStack() as opened:  # what is open is closed if a later part cannot be made
            self._open_files(opened)
            self._wire(opened)
            opened.pop_all()

    def _open_files(self, opened: ExitStack) -> None:
        """The databases and the writer."""
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
            {"arrivals": self._look_for_arrivals, "weigh": self._weigh_soon, "folders": self._follow_folders}
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

    def _wire(self, opened: ExitStack) -> None:
        """Everything that stands on them."""
        path, plugins, read_only = self.path, self.plugins, self.read_only
        terms = {term.name: term for term in (*TERMS, *(term for feature in FEATURES for term in feature.terms))}
        places = tuple(place for feature in FEATURES for place in feature.words)
        sorts = {sort.name: sort for feature in FEATURES for sort in feature.sorts}
        self._looking = partial(Views, terms=terms, places=places, sorts=sorts)
        saved = partial(queries.text, self.db)
        self.access = Access(self.hub, read_only=read_only)
        opened.callback(self.access.close)
        limits = Limits.chosen(os.environ)
        self.pool = DecoderPool(limits=limits, disabled=plugins.disabled, extra=plugins.extra)
        self.queue = Jobs(self.hub, self._job_changed)
        self.stores = stores.Stores(self.db, plugins, path)
        # Read-only, nothing comes in; a still may yet be drawn from a copy.
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

        self.restores = restores.Restores(self.db, self.hub, self.writer, self.restore_points.shelf, self.writer.tables)

        self.open_snapshots = OpenSnapshots(self.restore_points.shelf, self.db.version, self._past, self._derive)
        self.likeness = likeness.Likeness(self.db, lambda noun: self.writer.nouns.get(noun, 0))
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

        self.search = Search(
            self.db,
            self.likeness,
            self.outputs,
            self.host,
            places,
            partial(faces.references_of, self.db),
            partial(faces.shown_by_id, self.db),
        )

        counted = partial(getattr, self.writer, "nouns")
        missed = partial(getattr, self.writer, "missed")
        self.views = self._looking(
            self.db, epoch=self.epoch, revisions=counted, saved=saved, ranker=self.search, missed=missed
        )
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
        self.reference_folders = Folders(self.db, self.hub, self.queue, self.stores.connect, path, changed)
        self.scans = Scans(self.intake, self.reference_folders.is_on_another_disk)
        self.add_parts(
            self.access,
            self.feed,
            self.queue,
            self.stores,
            self.intake,
            self.upload_sessions,
            self.outputs,
            self.host,
            self.reference_folders,
        )
        self.add_parts(self.likeness, self.search, self.people, self.restore_points, self.restores, self.open_snapshots)

    def call(self, row: op[P, R], reader: Reader, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function of a row, if the reader has the right to."""
        row.demand(reader, read_only=self.read_only)
        return row.function(self, reader, *args, **kwargs)

    # -- life ----------------------------------------------------------------------------------------------------------

    @classmethod
    def create(cls, path: Path, *, name: str | None = None, media: Path | None = None) -> None:
        """Make an empty library in a new or empty folder. `media`: where managed originals go instead.

        `library.db` gets its name last: until then it is no library, and making it again starts over.
        """
        creation.create(path.expanduser().absolute(), name, media)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, plugins: Plugins | None = None, work: bool = True) -> Library:
        """Open it in this process. `work`: run background jobs here. `LibraryInUse` when another process holds it."""
        path = path.expanduser().absolute()
        if not (path / "library.db").exists():
            raise NotFound(f"There is no library at {path}. `pixlstash -L {path} init` makes one.")
        lock = Lock(path / "lock") if not read_only or os.access(path, os.W_OK) else None
        try:
            if plugins is None:
                plugins = Plugins.load(disabled=switched_off(path), results=outputs.distributions_at(path))
            library = cls(path, read_only=read_only, plugins=plugins, lock=lock)
        except BaseException:
            if lock:
                lock.release()
            raise
        if not read_only:
            try:
                library._begin(work)
            except BaseException:
                library.close()
                raise
        return library

    def _begin(self, work: bool) -> None:
        """Finish what a crash interrupted, then start what runs beside."""
        originals = self.incoming.parent
        if originals.is_relative_to(self.path) or (originals.is_dir() and any(originals.iterdir())):
            self.incoming.mkdir(parents=True, exist_ok=True)  # an empty folder elsewhere is a disk not mounted
        self.follow_ups.start()
        self.feed.follow(self.writer, self, self.plugins)
        self.feed.move()
        self.restores.finish()
        self.intake.recover(self.stores.connect)
        readers = [one for one in self.plugins.infos() if one.enabled]
        self.intake.renew(", ".join(" ".join((one.name, one.version, *one.objects)) for one in readers))
        purges.finish(self.hub, self.writer, self.thumbnails, self.stores.connect)
        handlers = intake.handlers(
            self.intake, self.scans, self.stores.connect, self.stores.own, self.plugins, self.reference_folders.scanned
        )
        for kind, handler in handlers.items():
            self.queue.handle(kind, handler)
        self.queue.handle("upload", self.upload_sessions.run)
        self.queue.handle("redraw", intake.redraw_job(self.redraws))
        # Later ones may be waiting for their row: they are the next process's.
        self.queue.handle("stills", intake.stills_job(self.db, self.thumbnails, self.thumbnails.newest()))
        self.queue.handle("weigh", self._weigh)
        self.queue.handle("engine", self.host.run)
        self.queue.handle(FETCH, self.host.fetch)
        self.queue.handle(REHEARSAL, self.host.rehearse)
        self.queue.handle("tidy", lambda task: self._tidy())
        self.queue.handle("snapshots", self._snapshots)
        self.queue.handle(BACKUP, partial(back_up_job, self), by_hand=True)
        self.restore_points.begin()
        self.upload_sessions.recover()
        self.plugins.call("startup", library=self)
        if work:
            queued = {job.kind for job in self.queue.running()}
            if "redraw" not in queued and self.redraws.waiting():
                self.queue.put("redraw", "Reading pictures again that could not be read as a whole", {}, lane="cpu")
            self.queue.repeat("stills", "Dropping stills of nothing", every=DAY)
            self.queue.repeat("tidy", "Giving memory back", every=TIDY)
            self.queue.repeat("snapshots", "Taking snapshots", every=SNAPSHOTS, lane="io")
            self._weigh_soon()
            self.host.start()
            self.queue.start()
            self.reference_folders.start(self.scans)

    def _tidy(self) -> None:
        self.views.drop_idle()
        self.search.held.drop_old()
        self.likeness.drop_idle()
        self.open_snapshots.drop_idle()
        self.restores.drop_idle()
        self.upload_sessions.sweep()

    def _snapshots(self, task: Task) -> None:
        def progress(done: int, total: int) -> None:
            task.progress(done, total)
            task.check()

        self.restore_points.run(progress)

    def _job_changed(self, event: JobChanged) -> None:
        """Tell it; and have the first import followed by the first snapshot."""
        self.feed.tell(event)
        report = event.job.report if event.job.state == "done" else None
        if report and report.imported and self.restore_points.imported():
            self.queue.hasten("snapshots", FIRST)

    def close(self) -> None:
        """Stop what runs beside and leave the files tidy; harmless when it is closed."""
        if self._closed:
            return
        self._closed = True
        steps: list[Callable[[], object]] = [
            self.reference_folders.close,
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
        with ExitStack() as closing_all:  # whatever one of them raises, the others are closed
            if self._lock:
                closing_all.callback(self._lock.release)
            for step in reversed(steps):
                closing_all.callback(step)

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _changed(self, sealed: Commit) -> None:
        """On the writer thread, which must not wait for another file: what takes longer is requested."""
        found = sealed.changes
        if found.added:
            self.follow_ups.request("arrivals")
        if "store" in found.rows:
            self.follow_ups.request("folders")
        if found.rows.keys() & WEIGHED:
            self.follow_ups.request("weigh")
        renamed = "picture" in found.ids
        self.views.changed(found.pictures(GRID.tables), renamed, sealed.revision, sealed.nouns)

    def _look_for_arrivals(self) -> None:
        """Queue the engines that run automatically on new pictures."""
        self.host.autorun.look()

    def _follow_folders(self) -> None:
        """Watch folders where they are now: a change of them may be undone or restored."""
        self.reference_folders.changed()

    def _weigh_soon(self) -> None:
        """Queue the job that prepares a new answer for all pictures, if there is one to prepare."""
        if switch.pending(self.writer) and not any(
            job.kind == "weigh" and job.state == "waiting" for job in self.queue.running()
        ):
            self.queue.put("weigh", "Weighing tags anew", {}, lane="cpu")

    def _weigh(self, task: Task) -> None:
        while (at := switch.step(self.writer)) is not None:
            task.progress(*at)
            task.check()

    def announce(self, url: str) -> None:
        """Tell other processes of this machine where the library is served."""
        if self._lock:
            self._lock.tell(Holder(os.getpid(), url, self.access.local_secret))

    # -- the past ------------------------------------------------------------------------------------------------------

    @contextmanager
    def as_of(self, reader: Reader, id: int) -> Iterator[LibraryAsOf]:
        """The library as it was at a snapshot, to be looked at, for as long as the block lasts. The owner's alone."""
        demand(reader, "owner")
        with self.open_snapshots.using(id, self.public_id) as past:
            yield past

    def _past(self, manifest: Manifest, db: Database) -> LibraryAsOf:
        nouns, saved = revisions(db)[1], partial(queries.text, db)
        return LibraryAsOf(
            self, manifest, db, self._looking(db, epoch=manifest.public_id, revisions=lambda: nouns, saved=saved)
        )

    def _derive(self, db: Database) -> None:
        """Bring the derived tables of an older snapshot's database up to date."""
        with (
            closing(Hub(db.path.with_name(f"{db.path.name}-hub"))) as hub,
            closing(Writer(db, hub, self.features)) as writer,
        ):
            while switch.pending(writer) and switch.step(writer) is not None:
                pass

    # -- for plugins ---------------------------------------------------------------------------------------------------

    def adopt(self, plugin: str, statements: Sequence[str], tables: Iterable[Table] | None = None) -> None:
        named = {_table_name(plugin, statement): statement for statement in statements}
        adopted = list(tables) if tables is not None else [Table(name, plugin) for name in named]
        for table in adopted:
            if table.name not in named:
                raise Invalid(f"{table.name} is not made by the statements given.")
        self.writer.adopt(adopted, named)

    def write(self, reader: Reader, sentence: str, work: Callable[[Write], T]) -> T:
        return self.change(reader, work, lambda result: sentence).result

    def derive(self, work: Callable[[Write], T]) -> T:
        return outcome(self.writer.submit(work))

    def read(self, sql: str, bindings: Any = None) -> Rows:
        return self.db.read(sql, bindings)

    def handle(self, kind: str, handler: Handler) -> None:
        self.queue.handle(kind, handler)

    def queue_job(self, kind: str, label: str, payload: Any = None, *, lane: str = "cpu") -> Job:
        if self.read_only:
            raise ReadOnly("This library is open read-only.")
        if not self.queue.handles(kind):
            raise Invalid(f"Nothing handles jobs of kind {kind!r}: call `handle` or `repeat` in `startup`.")
        try:
            return self.queue.put(kind, label, payload, lane=lane)
        except TypeError as error:
            raise Invalid(f"The payload of a job must be what JSON can hold: {error}.") from error

    def repeat(self, kind: str, label: str, *, every: float, run: Handler, lane: str = "cpu") -> Job:
        self.queue.handle(kind, run)
        return self.queue.repeat(kind, label, every=every, lane=lane)

    def add_pictures(self, task: Task, store: int, keys: Iterable[str]) -> None:
        adding.add(self.intake, self.db, store, self.stores.connect(store), keys, task)

    def keep_tags(
        self, engine: str, revision: str, tags: Mapping[int, Sequence[Tag]], *, threshold: float = 0.35
    ) -> None:
        self.outputs.keep("tag", engine, revision, tags, threshold)

    def setting(self, plugin: str, name: str) -> str | None:
        return self.db.setting(settings.name_for(plugin, name))

    def keep_setting(self, plugin: str, name: str, value: str) -> None:
        settings.set(self.writer, settings.name_for(plugin, name), value)

    def subscribe(self, subscriber: Callable[[Event], None]) -> Callable[[], None]:
        return self.feed.subscribe(subscriber)

    def events_since(self, revision: int, limit: int = 1000) -> list[Event] | None:
        return self.feed.since(revision, limit)

    def connect_store(self, store: int) -> Opened:
        """The opened store of an id."""
        return self.stores.connect(store)


def _table_name(plugin: str, statement: str) -> str:
    words = statement.replace("(", " ").split()
    name = words[2] if [w.lower() for w in words[:2]] == ["create", "table"] else ""
    prefix = plugin.replace("-", "_") + "_"
    if not name.startswith(prefix) or not name.replace("_", "").isalnum():
        raise Invalid(f"A plugin's own statement must be `create table {prefix}…(…)`.")
    return name


__all__ = ["Library"]
