"""The import folders of an open library: their state, and how they are added, edited, scanned and removed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from msgspec import Struct, convert
from msgspec.structs import replace

from ..database.hub import Hub
from ..errors import Cancelled, Conflict, Invalid, NotFound, PixlStashError
from ..imports.intake import SHOWN, Tally
from ..imports.scanning import Look, Steps
from ..jobs.lanes import Jobs, Task
from ..storage import protected
from ..storage.files import printable
from ..storage.local import path_of
from ..types import ImportFolder, Job
from ..types.times import when
from . import import_rows as rows
from . import removal, watching
from .folders import FEW, fit
from .import_rows import ImportRow, Options
from .import_scans import ImportScans
from .watchers import Watchers
from .watching import Watch

#: The kind of the jobs that import from a folder.
KIND = "import-folder"
#: How often a job looks again for files that had not settled.
ROUNDS = 15


class Payload(Struct):
    folder: int


class ImportFolders:
    """A part of an open library. `tell` announces that a folder has another state."""

    def __init__(
        self,
        hub: Hub,
        queue: Jobs,
        scans: ImportScans,
        references: Callable[[], Iterable[str]],
        library: Path,
        tell: Callable[[], None],
    ) -> None:
        self._hub, self._queue, self._scans, self._library = hub, queue, scans, library
        self._references, self._tell = references, tell
        self._watchers = Watchers(self._watched, self._make)
        #: When the thread of a folder may queue a job, in seconds of the monotonic clock.
        self._job_again: dict[int, float] = {}
        self._jobs: dict[int, int] = {}

    def listed(self) -> list[ImportFolder]:
        return [self._shown(row) for row in rows.listed(self._hub)]

    def get(self, id: int) -> ImportFolder:
        return self._shown(rows.get(self._hub, id))

    def add(self, text: str, name: str, watch: bool, remove: bool, options: Options) -> int:
        """Add a folder, and import what is in it; return its id."""
        path = self.usable(text)
        _demand_removal(remove)
        id = rows.add(self._hub, self._free_name(name, path), str(path), watch, remove, options)
        self.scan(id)
        self.changed()
        return id

    def usable(self, text: str) -> Path:
        """Return a folder to import from: none of the system, of a library, or that is indexed or imported already."""
        path = protected.usable(text, self._library)
        for parent in (path, *path.parents):
            if (parent / "library.db").exists():
                raise Invalid(f"{parent} is a library of PixlStash. Choose another folder.")
        for other in map(Path, self._references()):
            if path.is_relative_to(other) or other.is_relative_to(path):
                raise Conflict(f"{other} is indexed in place. Remove that folder first, or choose another one.")
        if overlap := rows.overlapping(self._hub, path):
            raise Conflict(f"Files in {overlap} are imported already.")
        return path

    def edit(self, row: ImportRow) -> None:
        _demand_removal(row.remove)
        rows.update(self._hub, row)
        self.changed()

    def row(self, id: int) -> ImportRow:
        return rows.get(self._hub, id)

    def remove(self, id: int) -> ImportRow:
        """Import no more from a folder; return what it was. Its pictures and files stay."""
        row = self.row(id)
        rows.update(self._hub, replace(row, watch=False, remove=False))
        self._watchers.sync()  # a scan of its thread ends soon
        while job := self._job_of(id):
            self._queue.cancel(job.id)
            if job.state == "running":
                break
        self._scans.remove(row)
        self.changed()
        return row

    def scan(self, id: int) -> Job:
        """Queue an import, unless one is waiting already."""
        row = self.row(id)
        job = self._job_of(id, "waiting") or self._queue.put(KIND, f"Importing from {row.name}", Payload(id))
        self._jobs[id] = job.id
        return job

    def run(self, task: Task) -> None:
        """Run a job of `KIND`."""
        id, tally = convert(task.payload, Payload).folder, Tally()
        steps = Steps(task, tally)
        for _ in range(ROUNDS):
            look = Look(settle=watching.SETTLE)
            self._scans.scan(self.row(id), tally, steps, look)
            if not look.unsettled:
                break
            until = time.monotonic() + watching.SETTLE
            while time.monotonic() < until:
                task.check()
                time.sleep(0.05)
        self._tell()
        steps.end()

    def changed(self) -> None:
        """A folder was added or removed, or is to be watched differently."""
        self._watchers.sync()
        self._tell()

    # -- watching ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Follow the folders from now on."""
        self._watchers.start()

    def watcher(self, id: int) -> threading.Thread:
        """Return the thread that watches a folder."""
        watch = self._watchers.get(id)
        assert watch is not None, "it is watched"
        return watch.thread

    def close(self) -> None:
        self._watchers.close()

    def _watched(self) -> dict[int, Path]:
        return {row.id: Path(row.path) for row in rows.listed(self._hub) if row.watch}

    def _make(self, id: int, path: Path) -> Watch:
        device, update = partial(self._device, id), partial(self._update, id)
        return Watch(f"import-{id}", path, device, update, self._tell, may_be_empty=True)

    def _device(self, id: int) -> str | None:
        try:
            return self.row(id).device
        except NotFound:
            return None

    def _update(self, id: int, parts: frozenset[str] | None) -> Iterable[str] | None:
        """Import what is new in a folder; more than a few files are left to a job."""
        if self._job_of(id):
            return None if parts is None else parts
        look, tally = Look(parts, FEW, watching.SETTLE), Tally()

        def step(done: int, total: int) -> None:
            if not self._watchers.is_running(id):
                raise Cancelled("The folder is not watched any more.")

        with suppress(Cancelled, NotFound):
            if not self._scans.scan(self.row(id), tally, step, look):
                if time.monotonic() >= self._job_again.get(id, 0.0):  # not at once if it failed or was cancelled
                    self._job_again[id] = time.monotonic() + watching.RESCAN
                    self.scan(id)
                return None
            if tally.done:
                self._tell()
            if len(look.unsettled) >= SHOWN:  # there may be more
                return None
        return [path_of(key) for key in look.unsettled]

    def _job_of(self, id: int, *states: str) -> Job | None:
        """Return the unfinished job of a folder, in one of the states."""
        for job in self._queue.running():
            if job.kind == KIND and job.state in (states or ("waiting", "running", "paused")):
                with suppress(PixlStashError):
                    if self._queue.payload(job.id)[1] == {"folder": id}:
                        return job
        return None

    def _free_name(self, name: str, path: Path) -> str:
        name = fit(name) if name.strip() else printable(path.name or str(path))
        names = {row.name.casefold() for row in rows.listed(self._hub)}
        number, free = 2, name
        while free.casefold() in names:
            number, free = number + 1, f"{name} {number}"
        return free

    def _shown(self, row: ImportRow) -> ImportFolder:
        state, problem = protected.reach(Path(row.path), row.device)
        if state == "empty":
            state, problem = "ok", ""
        watch = self._watchers.get(row.id)
        refused, left = rows.counts(self._hub, row.id)
        return ImportFolder(
            row.id,
            row.name,
            row.path,
            state,
            problem,
            row.imported,
            refused,
            left,
            rows.problems(self._hub, row.id) if refused or left else [],
            row.watch,
            watch.mode if watch is not None else "off",
            watch.note if watch is not None else "",
            when(row.scanned) if row.scanned is not None else None,
            row.remove,
            row.options.subfolders,
            row.options.rules,
            row.options.ignore,
            row.options.captions,
            self._jobs.get(row.id),
        )


def _demand_removal(remove: bool) -> None:
    if remove and not removal.is_supported():
        raise Invalid("Files cannot be deleted safely on this system. Import them without deleting them.")
