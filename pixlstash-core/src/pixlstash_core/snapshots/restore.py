"""Restores everything, some kinds of metadata, or chosen pictures and groups from a snapshot.

The snapshot is written out, brought to the present schema and compared with what there is now while writers go on; then
one transaction of the writer makes the difference, so that a crash leaves all or nothing of it, and events, views
and derived tables follow as from any other change. No file of a picture is ever touched.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import apsw
from msgspec import Struct

from ..database.connection import Database, bind_ids, fetch, translated
from ..database.features import Table
from ..database.hub import Hub, now
from ..database.writer import Committed, Label, Write, Writer
from ..errors import Conflict, Invalid, NotFound, NotThere, StoreUnreachable
from ..plugins.contracts import Opened
from ..types import PreviewedResource, Resource, RestoreSummary, TopicChange, TopicDiff
from . import diff, merge, restore_summary
from .manifests import Manifest
from .merge import Choice, RestorePlan
from .repository import Progress, Repository, part, unseen
from .vfs import Frames, Overlay

if TYPE_CHECKING:
    from .manifests import Numbers

#: Files looked for before a restore; with more than half of them missing a disk is not there.
SAMPLE, FEW = 400, 10
GROUPS = ("picture_set", "character", "project")
#: For how many seconds a snapshot that was written out is kept; frames of one that is not, 64 MiB of the usual pages.
IDLE, FRAMES = 120.0, 256
#: How far it is, of 1, when what is to change is known, and when it is changed but for what follows from it.
COMPARED, MERGED = 0.3, 0.8
INTENT = "restore"
REVISION = "select coalesce(max(revision), 0) from main.derived_revision where noun = ''"


#: What to restore, once it is known what there was.
Choose = Callable[[apsw.Connection], Choice]


class Old(Struct):
    """A snapshot's database. `where`: the name to attach; `path`: its file, if it is written to one.

    `changed`: what it calls pictures is no longer what it called them.
    """

    manifest: Manifest
    where: str
    path: Path | None
    changed: bool = False


class _OpenedDatabase(Struct):
    """A written database that is kept for a while, since most previews are followed by a restore."""

    old: Old
    closing: ExitStack
    busy: bool = False
    used: float = 0.0


class Restored(Struct, frozen=True):
    """The result of a restore. `epoch`: the library's new one, if it changed; `missing`: pictures without a file.

    `summary`: of a restore of everything; counting it all for a few pictures would take longer than restoring them.
    """

    committed: Committed[int]
    epoch: str | None
    missing: int
    summary: RestoreSummary | None


class Previewed(Struct, frozen=True):
    """The result of a preview: counts, the first pictures and groups that would change, and changes by topic."""

    summary: RestoreSummary
    resources: list[PreviewedResource]
    topics: list[TopicChange]


class Restores:
    """The restores of one library, one at a time; reading continues meanwhile."""

    def __init__(
        self, db: Database, hub: Hub, writer: Writer, repository: Repository, tables: Callable[[], Sequence[Table]]
    ) -> None:
        self._db, self._hub, self._writer, self._repository = db, hub, writer, repository
        self._tables = tables
        self._running = threading.Lock()
        self._cached: _OpenedDatabase | None = None  # in the hands of who holds the repository's lock

    @contextmanager
    def alone(self, what: str = "restore") -> Iterator[None]:
        """Raise `Conflict` while another restore is running."""
        if not self._running.acquire(blocking=False):
            raise Conflict(f"Another {what} is going on. Nothing was changed; try again when it is done.")
        try:
            yield
        finally:
            self._running.release()

    # -- reading -------------------------------------------------------------------------------------------------------

    @contextmanager
    def opened(self, id: int, progress: Progress = unseen, *, some: bool = False) -> Iterator[Old]:
        """Open a snapshot's database in its own file, migrated to the present schema; it is kept for a while.

        If only `some` of it will be read, it is read in place instead, unless that file already exists.
        """
        with self._repository.lock:
            manifest, numbers = self._repository.find(id)
            if manifest.schema > self._db.version:
                raise Conflict(f"Snapshot {id} was taken by a newer PixlStash. Update PixlStash.")
            if manifest.library != self._db.setting("public_id"):
                raise Conflict(f"Snapshot {id} is of another library.")
            if self._cached is not None and self._cached.busy:  # two are compared
                with ExitStack() as closing:
                    yield self._write_out(manifest, numbers, closing, progress)
                return
            if self._cached is None or not _fits(self._cached.old, manifest, some):
                self._drop()
                with ExitStack() as closing:
                    if some and manifest.schema == self._db.version:
                        old = self._overlaid(manifest, numbers, closing)
                    else:
                        old = self._write_out(manifest, numbers, closing, progress)
                    self._cached = _OpenedDatabase(old, closing.pop_all())
            entry, done = self._cached, False
            entry.busy = True
            try:
                yield entry.old
                done = True
            finally:
                entry.busy, entry.used = False, time.monotonic()
                if entry.old.changed or not done:
                    self._drop()

    def _write_out(self, manifest: Manifest, numbers: Numbers, closing: ExitStack, progress: Progress) -> Old:
        path = closing.enter_context(self._repository.written_out(manifest, numbers, progress))
        if manifest.schema < self._db.version:
            Database(path, "library", synchronous="off").close()
        return Old(manifest, str(path), path)

    def _overlaid(self, manifest: Manifest, numbers: Numbers, closing: ExitStack) -> Old:
        paging = Overlay(Frames(self._repository.packs, FRAMES), manifest, numbers)
        closing.callback(paging.close)
        return Old(manifest, f"file:snapshot.db?{paging.mode}", None)

    def drop_idle(self, idle: float = IDLE) -> None:
        """Delete the kept database if it has not been used for so many seconds and no snapshot is being used."""
        if self._repository.lock.acquire(blocking=False):
            try:
                if self._cached is not None and not self._cached.busy and time.monotonic() - self._cached.used >= idle:
                    self._drop()
            finally:
                self._repository.lock.release()

    def close(self) -> None:
        with self._repository.lock:
            self._drop()

    def _drop(self) -> None:
        if self._cached is not None:
            self._cached.closing.close()
            self._cached = None

    @contextmanager
    def compared(
        self, old: Old, choose: Choose, progress: Progress = unseen
    ) -> Iterator[tuple[apsw.Connection, RestorePlan, int]]:
        """Return (a connection with `old` attached, the plan, the number of permanently deleted pictures left out)."""
        with translated(), closing(self._db.connect(attaching=True)) as connection:
            attach(connection, old.where)
            fetch(connection, "begin")
            moved, purged = merge.identify(connection, self._hub.purged)
            old.changed |= bool(moved or purged)
            plan = merge.plan(connection, self._tables(), choose(connection), progress)
            yield connection, plan, purged
            fetch(connection, "commit")

    def differ(self, old: Old, new: Old | None) -> list[TopicDiff]:
        """Return the differences between a snapshot and another one or the present."""
        opened = self._db.connect(attaching=True) if new is None else apsw.Connection(new.where)
        with translated(), closing(opened) as connection:
            attach(connection, old.where)
            fetch(connection, "begin")
            old.changed |= bool(merge.identify(connection, lambda sha256: False)[0])
            differences = diff.of(connection, self._tables())
            fetch(connection, "commit")
            return differences

    def most_files_missing(self, connect: Callable[[int], Opened]) -> bool:
        """Whether more than half of some pictures' files are missing: a disk may be disconnected."""
        places = self._db.read(
            "select store_id, key from location where state = 'present'"
            " and id % max(1, (select max(id) / ? from location)) = 0 limit ?",
            (SAMPLE, SAMPLE),
        )
        lost = 0
        for store, key in places:
            try:
                connect(store).stat(key)
            except (NotThere, NotFound, StoreUnreachable):
                lost += 1
        return len(places) >= FEW and lost * 2 > len(places)

    def preview(self, old: Old, choose: Choose) -> Previewed:
        """Return what a restore would do now."""
        with self.compared(old, choose) as (connection, plan, purged):
            return Previewed(
                restore_summary.summary(connection, plan, purged),
                restore_summary.resources(connection, plan),
                restore_summary.topics(connection, plan),
            )

    def among(self, resources: Sequence[Resource], complete: bool, *, lenient: bool = False) -> Choose:
        """Return a function that chooses these resources once the snapshot's database is open."""
        return lambda connection: chosen(connection, self._tables(), resources, complete, lenient)

    # -- doing ---------------------------------------------------------------------------------------------------------

    def whole(self, old: Old, choose: Choose, label: Label, progress: Progress) -> Restored:
        """Restore everything, or some kinds of metadata; the history before it ends."""
        epoch = secrets.token_hex(8)
        with self._hub.writing() as connection:
            fetch(connection, "delete from intent where kind = ?", (INTENT,))
            fetch(connection, "insert into intent(kind, body, at) values (?, ?, ?)", (INTENT, epoch, now()))
        return self._merge(old, choose, label, epoch, progress)

    def some(self, old: Old, choose: Choose, label: Label, progress: Progress) -> Restored:
        """Restore chosen pictures and groups as a change that can be undone."""
        return self._merge(old, choose, label, None, progress)

    def _merge(self, old: Old, choose: Choose, label: Label, epoch: str | None, progress: Progress) -> Restored:
        with self.compared(old, choose, part(progress, 0, COMPARED)) as (connection, plan, purged):
            summary = restore_summary.summary(connection, plan, purged) if epoch is not None else None
            missing = summary.missing_files if summary else restore_summary.without_file(connection, plan)
        attached = False

        def work(write: Write) -> int:
            fresh = plan
            if write.value(REVISION) != plan.revision:  # somebody wrote meanwhile
                fresh = write.derive(self._again(old, choose))
            merged = part(progress, COMPARED, MERGED)
            write.derive(lambda connection: merge.carry_out(connection, fresh, now(), merged))
            if epoch is not None:
                write.execute("update main.setting set value = ? where name = 'epoch'", (epoch,))
            return sum(step.go + step.put for step in fresh.steps)

        def attaching(connection: apsw.Connection) -> None:
            nonlocal attached
            attach(connection, old.where)
            attached = True

        try:
            self._writer.exclusive(attaching)
            committed = self._writer.run(work, label)
        finally:
            if attached:
                self._writer.exclusive(lambda connection: fetch(connection, "detach old"))
        return Restored(committed, epoch, missing, summary)

    def _again(self, old: Old, choose: Choose) -> Callable[[apsw.Connection], RestorePlan]:
        def work(connection: apsw.Connection) -> RestorePlan:
            old.changed |= any(merge.identify(connection, self._hub.purged))
            return merge.plan(connection, self._tables(), choose(connection))

        return work

    def finish(self) -> None:
        """Update the hub after a whole restore; also at start, if a crash happened in between."""
        for id, epoch in self._hub.read("select id, body from intent where kind = ?", (INTENT,)):
            revision = self._db.value(REVISION.replace("main.", ""))
            with self._hub.writing() as connection:
                if self._db.setting("epoch") == epoch:
                    fetch(connection, "update history set undoable = 0 where undoable and revision <= ?", (revision,))
                fetch(connection, "delete from intent where id = ?", (id,))


def _fits(old: Old, manifest: Manifest, some: bool) -> bool:
    """Whether a kept database can be used: a complete file, or pages in packs that still exist."""
    if old.manifest.public_id != manifest.public_id:
        return False
    return old.path is not None or (some and old.manifest.packs == manifest.packs)


def attach(connection: apsw.Connection, where: str) -> None:
    """Attach a private copy, which need not be durable."""
    fetch(connection, "attach ? as old", (where,))
    fetch(connection, "pragma old.journal_mode = memory")
    fetch(connection, "pragma old.synchronous = off")
    fetch(connection, "pragma old.cache_size = -32000")
    connection.create_scalar_function("surest_tags", diff.surest_tags, 1, deterministic=True)


# --- what is asked for ------------------------------------------------------------------------------------------------


def chosen(
    connection: apsw.Connection, tables: Sequence[Table], resources: Sequence[Resource], complete: bool, lenient: bool
) -> Choice:
    """Return the choice for these resources, with `old` attached and its pictures identified.

    `NotFound` for what the snapshot has not, which is left out if `lenient`. Groups that what was chosen belongs to,
    and that are gone since, are asked for by a `Conflict`, and come back with it if `complete`: they, and nothing else
    that was in them.
    """
    if not resources:
        raise Invalid("Say what to restore.")
    only: dict[str, list[int]] = {"picture": [], **{name: [] for name in GROUPS}}
    for resource in resources:
        only[resource.type].append(resource.id)
    lost: dict[str, list[int]] = {}
    for name, ids in only.items():
        sql = f"select id from old.{name} where id in carray(?)"
        there = {row[0] for row in fetch(connection, sql, (bind_ids(ids),))}
        lost[name] = sorted(set(ids) - there)
        if lost[name] and not lenient:
            thing = f"{name.replace('_', ' ')} {lost[name][0]}"
            raise NotFound(f"The snapshot has no {thing}, or it was permanently deleted since then.")
        only[name] = [id for id in ids if id in there]
    but = _but(tables, resources)
    missing = {name: _missing(connection, tables, name, only, but) for name in GROUPS}
    if any(missing.values()) and not complete:
        raise Conflict(
            "What was chosen belongs to sets, characters or projects that are gone. They can come back with it.",
            code="missing_dependencies",
            missing={f"{name}s": ids for name, ids in missing.items()},
        )
    return Choice(only=only, bare=missing, but=but, lost=lost)


def _but(tables: Sequence[Table], resources: Sequence[Resource]) -> dict[str, list[int]]:
    """Return, by topic, the pictures whose metadata stays unchanged."""
    some = {
        resource.id: set(resource.topics)
        for resource in resources
        if resource.type == "picture" and resource.topics is not None
    }
    if not some:
        return {}
    topics = {merge.topic(table) for table in tables}
    if unknown := {topic for wanted in some.values() for topic in wanted} - topics:
        raise Invalid(f"There is nothing called {min(unknown)!r} to be restored.")
    return {topic: [id for id, wanted in some.items() if topic not in wanted] for topic in topics}


def _missing(
    connection: apsw.Connection,
    tables: Sequence[Table],
    group: str,
    only: dict[str, list[int]],
    but: dict[str, list[int]],
) -> list[int]:
    """Return the groups of a type that chosen rows refer to and that are neither present nor chosen."""
    missing: set[int] = set()
    for table in tables:
        naming = [column for column, parent in table.within if parent == group]
        others = [(column, parent) for column, parent in table.within if parent != group and only.get(parent)]
        unchanged = set(but.get(merge.topic(table), ()))
        for column in naming:
            for other, parent in others:
                ids = [id for id in only[parent] if parent != "picture" or id not in unchanged]
                rows = fetch(
                    connection,
                    f'select distinct "{column}" from old."{table.name}" where "{other}" in carray(?)'
                    f' and "{column}" not in (select id from main.{group})',
                    (bind_ids(ids),),
                )
                missing |= {row[0] for row in rows}
    return sorted(missing - set(only[group]))
