"""The schedule of automatic snapshots, their retention, and their status.

A day takes one at most, for the longest of month, week and day that has none yet, and only if something changed since
the last. How many of each sort are kept is counted, never reckoned from the clock, so that a wrong clock drops nothing.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from ..database.connection import Database, fetch
from ..database.hub import Hub, now
from ..database.writer import Writer
from ..errors import Cancelled, Invalid, PixlStashError
from ..types import Snapshot, SnapshotCheck, SnapshotFailure, SnapshotKind, SnapshotStatus, SnapshotTask, SnapshotWork
from ..types.times import when
from ..version import __version__
from . import manifests, sweep
from .frozen_state import frozen
from .manifests import Manifest
from .packs import Damaged
from .repository import TRIES, Grown, Progress, Repository, Stored, counts

log = logging.getLogger(__name__)
#: How many of each kind are kept. Those taken by people are kept until they are deleted.
KEPT: dict[str, int] = {"DAILY": 7, "WEEKLY": 4, "MONTHLY": 12, "OPPORTUNISTIC": 5}
FIRST = "After the first import"
#: Settings of this installation, in the hub.
AUTOMATIC, FAILURE, LAST = "snapshots.automatic", "snapshots.failure", "snapshots.last"
REVISION = "select coalesce(max(revision), 0) from derived_revision where noun = ''"
LONGEST = 200
#: Seconds between reports of progress.
ANNOUNCE = 0.25


class _Failed(Struct):
    at: int
    sentence: str


class Snapshots:
    """The snapshots of one library. `tell()` is called whenever their status changes."""

    def __init__(
        self,
        db: Database,
        hub: Hub,
        writer: Writer,
        folder: Path,
        tell: Callable[[], None],
        clock: Callable[[], int] = now,
    ) -> None:
        self.repository = Repository(folder, read_only=db.read_only)
        self._db, self._hub, self._writer = db, hub, writer
        self._tell, self.clock = tell, clock
        self._active: SnapshotWork | None = None
        self._announced = 0.0
        self._weighed: tuple[list[Manifest], dict[int, int]] = ([], {})
        self._lock = threading.Lock()
        self._imported = False

    def begin(self) -> None:
        """Delete what a crash left incomplete, at start. A disk error here does not keep the library from opening."""
        try:
            self.repository.begin()
        except (PixlStashError, OSError):
            log.exception("the snapshots could not be tidied")

    # -- what is there -------------------------------------------------------------------------------------------------

    def listed(self) -> list[Snapshot]:
        """Return all snapshots, the newest first; unreadable ones are reported as problems."""
        present = self.repository.listed()[0]
        frees = self._frees(present)
        return [self._shown(manifest, frees) for manifest in present]

    def get(self, id: int) -> Snapshot:
        """Return a snapshot. Raises `NotFound` or `Damaged`."""
        return self._shown(self.repository.find(id)[0], self._frees(self.repository.listed()[0]))

    def status(self) -> SnapshotStatus:
        failed = self._failure()
        failure = SnapshotFailure(_second(failed.at), failed.sentence) if failed else None
        return SnapshotStatus(self._active, self.automatic, failure, self.repository.size(), self.repository.problems())

    def problems(self) -> list[str]:
        """Return the problems that `pixlstash check` reports."""
        failed = self._failure()
        sentence = (
            f"The last snapshot failed at {_second(failed.at):%Y-%m-%d %H:%M} UTC: {failed.sentence}" if failed else ""
        )
        return [sentence, *self.repository.problems()] if sentence else self.repository.problems()

    @property
    def automatic(self) -> bool:
        return self._hub.db.setting(AUTOMATIC) != "off"

    def set_automatic(self, on: bool) -> None:
        self._put(AUTOMATIC, "on" if on else "off")
        self._tell()

    def _frees(self, present: Sequence[Manifest]) -> dict[int, int]:
        with self._lock:
            if self._weighed[0] != present:
                try:
                    self._weighed = (list(present), sweep.freed(self.repository, present))
                except PixlStashError:  # a pack is damaged, or went meanwhile: nothing is promised
                    return {}
            return self._weighed[1]

    def _shown(self, manifest: Manifest, frees: dict[int, int]) -> Snapshot:
        rows = manifest.rows
        return Snapshot(
            manifest.id,
            manifest.kind,
            manifest.label,
            _second(manifest.created),
            rows.get("picture", 0) - rows.get("scrapheap", 0),
            manifest.bytes,
            manifest.schema <= self._db.version and manifest.library == self._db.setting("public_id"),
            max(0, rows.get("picture_set", 0)),
            max(0, rows.get("project", 0)),
            max(0, rows.get("character", 0)),
            manifest.schema,
            frees.get(manifest.id, 0),
        )

    # -- taking --------------------------------------------------------------------------------------------------------

    def take(self, kind: SnapshotKind, label: str | None, progress: Progress = lambda done, total: None) -> Snapshot:
        """Take a snapshot; it is verified and durable on return. A failure is remembered until one succeeds."""
        label = _label(label)
        with self.repository.lock, self.working("TAKE", None):
            try:
                taken = self._take(kind, label, self._both(progress))
            except Cancelled:
                raise
            except PixlStashError as error:
                self._fail(str(error))
                raise
            finally:
                with suppress(PixlStashError):  # frees space, which matters most when the disk is full
                    sweep.sweep(self.repository, rewrite=False)
            if self._failure():
                self._put(FAILURE, "")
        return self.get(taken.id)

    def _take(self, kind: SnapshotKind, label: str | None, progress: Progress) -> Manifest:
        self.repository.prepare()
        id = self._next()
        while True:
            manifest, stored = self._stored(id, kind, label, progress)
            try:
                self.repository.verify(manifest, stored.numbers, progress)
            except Damaged as error:  # pages of an earlier one that it would share: stored again, then
                if not self.repository.set_aside(error.more.get("pack")):
                    raise
                continue
            self.repository.add(manifest, stored.numbers)  # only now it is called a snapshot
            return manifest

    def _stored(self, id: int, kind: SnapshotKind, label: str | None, progress: Progress) -> tuple[Manifest, Stored]:
        """Store the present state."""
        for left in reversed(range(TRIES)):
            try:
                with frozen(self._db, self._writer.exclusive, self.repository.scratch) as source:
                    created = self.clock()
                    rows = counts(source.connection, self._writer.table_names())
                    settings: dict[str, str] = dict(fetch(source.connection, "select name, value from setting"))
                    revision = fetch(source.connection, REVISION)[0][0]
                    stored = self.repository.store(source, progress, patient=left == 0)
                break
            except Grown:
                continue
        manifest = Manifest(
            id,
            secrets.token_hex(16),
            kind,
            label,
            created,
            settings["public_id"],
            settings["epoch"],
            revision,
            self._db.version,
            __version__,
            source.page_size,
            len(stored.numbers),
            stored.bytes,
            stored.sha256,
            rows,
            [(pack.name, len(pack)) for pack in stored.packs],
        )
        return manifest, stored

    def _next(self) -> int:
        """Return an id that was never used."""
        last = max(self.repository.highest(), int(self._hub.db.setting(LAST) or 0)) + 1
        self._put(LAST, str(last))
        return last

    # -- by themselves -------------------------------------------------------------------------------------------------

    def imported(self) -> bool:
        """Return whether a snapshot should follow the end of an import: after the first one."""
        self._imported = self.automatic and self.repository.highest() == 0
        return self._imported

    def due(self) -> tuple[SnapshotKind, str | None] | None:
        """Return the snapshot to take now, if any."""
        if not self.automatic or not self._db.read("select 1 from picture limit 1"):
            return None
        automatic = [manifest for manifest in self.repository.listed()[0] if manifest.kind in KEPT]
        if automatic and (automatic[0].revision, automatic[0].epoch) == (
            self._db.value(REVISION),
            self._db.setting("epoch"),
        ):
            return None  # nothing changed since
        if self._imported and self.repository.highest() == 0:
            return "OPPORTUNISTIC", FIRST
        kind = due(when(self.clock()), [(manifest.kind, when(manifest.created)) for manifest in automatic])
        return (kind, None) if kind else None

    def run(self, progress: Progress = lambda done, total: None) -> Snapshot | None:
        """Take the snapshot that is due, if any, and delete surplus ones."""
        wanted = self.due()
        if wanted is None:
            return None
        taken = self.take(*wanted, progress)
        self._imported = False
        self.prune(progress)
        return taken

    def prune(self, progress: Progress = lambda done, total: None, *, but: int | None = None) -> list[int]:
        """Delete the oldest snapshots of each kind beyond the retention limits, except `but`; returns their ids."""
        with self.repository.lock, self.working("PRUNE", None):
            gone = [
                id
                for id in surplus([(manifest.id, manifest.kind) for manifest in self.repository.listed()[0]])
                if id != but
            ]
            for id in gone:
                sweep.delete(self.repository, id)
            sweep.sweep(self.repository, progress=self._both(progress))
        return gone

    # -- what people do with them --------------------------------------------------------------------------------------

    def label(self, id: int, label: str | None) -> Snapshot:
        self.repository.label(id, _label(label))
        self._tell()
        return self.get(id)

    def delete(self, id: int) -> None:
        """Delete a snapshot, and the data that only it needed."""
        with self.repository.lock, self.working("DELETE", id):
            self.repository.demand(id)
            sweep.delete(self.repository, id)
            sweep.sweep(self.repository, progress=self._both(lambda done, total: None))

    def verify(self, id: int) -> SnapshotCheck:
        """Verify one snapshot by reading all of it."""
        self.repository.demand(id)
        with self.repository.lock, self.working("VERIFY", id):
            try:
                self.repository.verify(*self.repository.find(id), self._both(lambda done, total: None))
            except PixlStashError as error:
                return SnapshotCheck(id, str(error))
        return SnapshotCheck(id, None)

    def verify_all(self) -> list[SnapshotCheck]:
        """Verify all snapshots, the newest first."""
        return [self.verify(id) for id in manifests.ids(self.repository.folder)]

    # -- inside --------------------------------------------------------------------------------------------------------

    @contextmanager
    def working(self, kind: SnapshotTask, id: int | None) -> Iterator[None]:
        """Report this work in the status while the block runs."""
        before = self._active
        self._active = SnapshotWork(kind, id, when(now()), 0.0)
        self._tell()
        try:
            yield
        finally:
            self._active = before
            self._tell()

    def telling(self) -> Progress:
        """Return a progress callback that updates the status."""
        return self._both(lambda done, total: None)

    def _both(self, progress: Progress) -> Progress:
        """Return a progress callback that also updates the status."""

        def report(done: int, total: int) -> None:
            progress(done, total)
            moment = time.monotonic()
            if self._active and moment - self._announced >= ANNOUNCE:
                self._announced = moment
                self._active = msgspec.structs.replace(self._active, progress=round(done / max(total, 1), 3))
                self._tell()

        return report

    def _failure(self) -> _Failed | None:
        text = self._hub.db.setting(FAILURE)
        return msgspec.json.decode(text, type=_Failed) if text else None

    def _fail(self, sentence: str) -> None:
        with suppress(PixlStashError):  # a disk that is full takes no note of it either
            self._put(FAILURE, msgspec.json.encode(_Failed(self.clock(), sentence)).decode())

    def _put(self, name: str, value: str) -> None:
        self._hub.write("insert or replace into setting values (?, ?)", (name, value))


def due(moment: datetime, taken: Sequence[tuple[str, datetime]]) -> SnapshotKind | None:
    """Return the kind of snapshot that is due at a moment (UTC), the longest period first, given the others."""
    months = {at.strftime("%Y-%m") for kind, at in taken if kind == "MONTHLY"}
    weeks = {at.isocalendar()[:2] for kind, at in taken if kind in ("MONTHLY", "WEEKLY")}
    days = {at.date() for kind, at in taken if kind in ("MONTHLY", "WEEKLY", "DAILY")}
    if moment.date() in days:
        return None
    if moment.strftime("%Y-%m") not in months:
        return "MONTHLY"
    return "WEEKLY" if moment.isocalendar()[:2] not in weeks else "DAILY"


def surplus(snapshots: Sequence[tuple[int, str]]) -> list[int]:
    """Return the ids beyond the number to keep of each kind. Later ids are newer, whatever their clock time."""
    gone: list[int] = []
    for kind, number in KEPT.items():
        gone += sorted((id for id, sort in snapshots if sort == kind), reverse=True)[number:]
    return sorted(gone)


def _label(text: str | None) -> str | None:
    label = " ".join((text or "").split())
    if len(label) > LONGEST:
        raise Invalid(f"A label has {LONGEST} characters at most.")
    return label or None


def _second(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds // 1000, UTC)
