"""The reference folders of an open library: their state, and how they are added, relocated and removed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Protocol

from ..context import Context
from ..database.connection import Database
from ..database.hub import Hub
from ..errors import Cancelled, Conflict, Invalid, NotFound, PixlStashError
from ..imports import jobs as intake
from ..imports import locations as stores
from ..imports.intake import Tally
from ..imports.jobs import Connect
from ..imports.locations import FOLDER
from ..imports.scanning import Look, Scans
from ..jobs.lanes import Jobs
from ..storage import protected
from ..storage.files import printable
from ..storage.local import path_of
from ..types import CaptionRule, Job, ReferenceFolder, SidecarPolicy, SidecarState
from ..types.times import when
from . import import_rows, relocation, rows, watching
from .rows import FolderRow
from .watchers import Watchers
from .watching import Watch

#: More new files than this are imported by a job, which people can see and cancel.
FEW = 200


class Beside(Protocol):
    """The sidecars of the folders' pictures, see `sidecars.sidecars.Sidecars`."""

    def policy(self, public_id: str) -> SidecarPolicy: ...
    def checked(self, policy: SidecarPolicy, folder: Path, public_id: str = "") -> SidecarPolicy: ...
    def set_policy(self, folder: FolderRow, policy: SidecarPolicy) -> None: ...
    def state(self, folder: FolderRow) -> SidecarState: ...
    def rules(self, public_id: str) -> list[CaptionRule]: ...
    def look(self, store: int, parts: frozenset[str] | None = None) -> None: ...
    def follow(self) -> None: ...


class Folders:
    """A part of an open library. `tell` announces that a folder has another state."""

    def __init__(
        self,
        db: Database,
        hub: Hub,
        queue: Jobs,
        connect: Connect,
        library: Path,
        tell: Callable[[], None],
        sidecars: Beside,
    ) -> None:
        self._db, self._hub, self._queue, self._connect, self._library = db, hub, queue, connect, library
        self._tell, self.sidecars = tell, sidecars
        self._scans: Scans | None = None
        self._watchers = Watchers(self._watched, self._make)
        #: When the thread of a folder may queue a scan, in seconds of the monotonic clock.
        self._scan_again: dict[int, float] = {}
        self._jobs: dict[int, int] = {}

    def listed(self) -> list[ReferenceFolder]:
        counts = rows.counts(self._db)
        return [self._shown(row, *counts.get(row.id, (0, 0))) for row in rows.listed(self._db, self._hub)]

    def get(self, id: int) -> ReferenceFolder:
        row = rows.get(self._db, self._hub, id)
        return self._shown(row, *rows.counts(self._db).get(id, (0, 0)))

    def row(self, id: int) -> FolderRow:
        return rows.get(self._db, self._hub, id)

    def usable(self, text: str, besides: int = 0) -> Path:
        """Return a folder that can be indexed: none of the system, and not within another reference folder."""
        path = protected.usable(text, self._library)
        for row in rows.listed(self._db, self._hub):
            other = Path(row.path)
            if row.id == besides or other == path and not besides:
                continue
            if path.is_relative_to(other):
                raise Conflict(f"{path} is in the folder {row.name}, which is indexed already.")
            if other.is_relative_to(path):
                raise Conflict(f"The folder {row.name} in {path} is indexed already. Remove it first.")
        if overlap := import_rows.overlapping(self._hub, path):
            raise Conflict(f"Files in {overlap} are imported. Remove that folder first.")
        return path

    def free_name(self, name: str, path: Path) -> str:
        """Return the name of a new folder; a number is added if another one has it."""
        name = fit(name) if name.strip() else printable(path.name or str(path))
        names = {row.name.casefold() for row in rows.listed(self._db, self._hub)}
        number, free = 2, name
        while free.casefold() in names:
            number, free = number + 1, f"{name} {number}"
        return free

    def set_watch(self, id: int, watch: bool) -> None:
        rows.set_watch(self._hub, self.row(id).public_id, watch)
        self.changed()

    def set_captions(self, id: int, captions: list[CaptionRule]) -> None:
        rows.set_captions(self._hub, self.row(id).public_id, captions)

    def captions(self, store: int) -> list[CaptionRule]:
        """Return what the text files beside the pictures of a store are."""
        try:
            row = self.row(store)
            return [*row.captions, *self.sidecars.rules(row.public_id)]
        except NotFound:  # another kind of store
            return []

    def verify(self, id: int, path: Path, *, force: bool) -> relocation.Match:
        self.row(id)
        return relocation.verify(self._db, id, path, force=force)

    def scan(self, id: int) -> Job:
        """Queue a scan, unless one is waiting already."""
        row = self.row(id)
        job = self.queued(id) or intake.scan(self._queue, id, row.name)
        self._jobs[id] = job.id
        return job

    def queued(self, id: int, *states: str) -> Job | None:
        """Return the job that scans this folder, if there is one in one of the states (`waiting`)."""
        for job in self._queue.running():
            if job.kind == "scan" and job.state in (states or ("waiting",)):
                with suppress(PixlStashError):
                    if self._queue.payload(job.id)[1] == {"store": id}:
                        return job
        return None

    def cancel_scans(self, id: int) -> None:
        while job := self.queued(id, "waiting", "running", "paused"):
            self._queue.cancel(job.id)
            if job.state == "running":
                return

    def scanned(self, store: int) -> None:
        """Remember on which disk a folder was when it was scanned."""
        with suppress(PixlStashError, OSError):  # another kind of store, or it went away
            row = self.row(store)
            rows.set_scanned(self._hub, row.public_id, protected.device_of(Path(row.path)))
            self.sidecars.look(store)
            self._tell()

    def is_on_another_disk(self, store: int) -> bool:
        """Whether a folder is on another disk than when it was scanned."""
        try:
            row = self.row(store)
            return row.device is not None and protected.device_of(Path(row.path)) != row.device
        except (PixlStashError, OSError):
            return False

    def changed(self) -> None:
        """A folder was added, removed, relocated, or is to be watched differently."""
        self.sidecars.follow()
        self._watchers.sync()
        self._tell()

    # -- watching ------------------------------------------------------------------------------------------------------

    def start(self, scans: Scans) -> None:
        """Follow the changes in folders from now on."""
        self._scans = scans
        self._watchers.start()

    def watch_state(self, id: int) -> str:
        """Return the state of a folder as its thread last saw it; empty if it is not watched."""
        watch = self._watchers.get(id)
        return watch.state if watch is not None else ""

    def watcher(self, id: int) -> threading.Thread:
        """Return the thread that watches a folder."""
        watch = self._watchers.get(id)
        assert watch is not None, "it is watched"
        return watch.thread

    def close(self) -> None:
        self._watchers.close()

    def _watched(self) -> dict[int, Path]:
        return {row.id: Path(row.path) for row in rows.listed(self._db, self._hub) if row.watch}

    def _make(self, id: int, path: Path) -> Watch:
        assert self._scans is not None, "it is started"
        update = partial(self._update, self._scans, id, self.row(id).public_id)
        return Watch(str(id), path, partial(self._device, id), update, self._tell)

    def _device(self, id: int) -> str | None:
        try:
            return self.row(id).device
        except NotFound:
            return None

    def _update(self, scans: Scans, id: int, public_id: str, parts: frozenset[str] | None) -> Iterable[str] | None:
        """Bring the index of a folder up to date; more than a few new files are left to a job."""
        if parts is None and self.queued(id, "waiting", "running"):
            return None
        look = Look(parts, FEW, watching.SETTLE if parts is None else 0.0)

        def step(done: int, total: int) -> None:
            if not self._watchers.is_running(id):
                raise Cancelled("The folder is not watched any more.")

        with suppress(Cancelled, NotFound):
            if scans.scan(id, public_id, self._connect(id), Tally(), step, look):
                if parts is None:
                    self.scanned(id)
                else:
                    self.sidecars.look(id, parts)
            elif time.monotonic() >= self._scan_again.get(id, 0.0):  # not at once if it failed or was cancelled
                self._scan_again[id] = time.monotonic() + watching.RESCAN
                self.scan(id)
                return None
        return [path_of(key) for key in look.unsettled]

    def _shown(self, row: FolderRow, pictures: int, missing: int) -> ReferenceFolder:
        state, problem = protected.reach(Path(row.path), row.device)
        watch = self._watchers.get(row.id)
        return ReferenceFolder(
            row.id,
            row.name,
            row.path,
            state,
            problem,
            pictures,
            missing,
            row.watch,
            watch.mode if watch is not None else "off",
            watch.note if watch is not None else "",
            when(row.scanned) if row.scanned is not None else None,
            row.captions,
            self._jobs.get(row.id),
            self.sidecars.policy(row.public_id),
            self.sidecars.state(row),
        )


def add(context: Context, path: Path, name: str) -> int:
    """Add the reference folder at a path, if there is none; return its id."""
    return stores.add(context.writer, FOLDER, name, {"path": str(path)})


def fit(name: str) -> str:
    """Return a name as it is stored; `Invalid` if it cannot be one. `folder:` takes what follows a `/` for a path."""
    name = printable(name).strip()
    if not name or "/" in name or "\\" in name:
        raise Invalid("A folder needs a name without / and \\.")
    return name
