"""Import of complete uploads: a single file at once, zip files and batches by a job."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from msgspec import Struct, convert

from ..database.hub import Hub
from ..errors import NotFound, NotThere, Refused
from ..jobs.lanes import Jobs, Task
from ..storage.archive import looks_like_archive, members
from ..storage.local import Managed
from ..types import Archive, Job, Uploaded, UploadedFile
from . import archives
from . import upload_rows as rows
from .intake import File, Intake, Taken, Tally
from .upload_rows import UploadRow

#: Seconds that a request waits for its job, and between two checks.
PATIENCE, LOOK = 10.0, 0.02
#: The number of results of a zip file in a response.
SHOWN = 1000
#: Seconds between two writes of results.
RECORD = 0.5
ENDED = frozenset({"done", "failed", "cancelled"})


#: Puts pictures into a project on behalf of a login: (principal, project, pictures).
Place = Callable[[str, int, list[int]], None]


class UploadPayload(Struct):
    batch: str


class UploadJob:
    """Imports the files in `folder`, which are named by the ids of their uploads."""

    def __init__(
        self, hub: Hub, intake: Intake, queue: Jobs, own: Callable[[], tuple[int, Managed]], folder: Path, place: Place
    ) -> None:
        self._hub, self._intake, self._queue, self._own, self._folder = hub, intake, queue, own, folder
        self._place = place
        self._busy: set[str] = set()
        self._ending: set[str] = set()
        self._lock = threading.Lock()

    def take(self, batch: str, patience: float) -> None:
        """Import the files of one request. Wait for a job for at most `patience` seconds."""
        todo = [row for row in rows.batch(self._hub, batch) if row.state == "taking"]
        if all(row.job is None for row in todo):
            if len(todo) == 1 and not self._is_zip(todo[0]):
                with suppress(Refused, NotThere):
                    self._take_one(todo[0])
                return
            if not todo or (len(todo) == 1 and self._count(todo[0]) is None):
                return
            self.put(todo)
        limit = time.monotonic() + patience
        while time.monotonic() < limit and any(not self.is_over(row) for row in rows.batch(self._hub, batch)):
            time.sleep(LOOK)

    def put(self, todo: list[UploadRow]) -> Job:
        """Queue a job that imports a batch."""
        label = f"Adding {todo[0].name}" if len(todo) == 1 else f"Adding {len(todo):,} files"
        batch = todo[0].batch
        # Written with the job, or the next start could queue a second job for the same files.
        assign = partial(rows.assign, self._hub, batch)
        return self._queue.put("upload", label, UploadPayload(batch), lane="net", along=assign)

    def run(self, task: Task) -> None:
        """Run the job."""
        batch = convert(task.payload, UploadPayload).batch
        everything = rows.batch(self._hub, batch)
        todo = [row for row in everything if row.state == "taking"]
        before = sum(row.members or 1 for row in everything if row.state == "done")  # by a run that was interrupted
        zips = [row for row in todo if self._is_zip(row)]
        tally = Tally()
        counts = {row.id: self._count(row, tally) for row in zips}
        plain = {row.id: row for row in todo if row.id not in counts}
        total = before + len(plain) + sum(1 if count is None else count for count in counts.values())

        def step() -> None:
            task.progress(before + tally.done, total)
            task.report = tally.report()
            task.check()

        files = (File(row.id, row.name, row.size) for row in plain.values())
        try:
            self._intake.many(files, lambda file: self._take_one(plain[file.key]), tally, step)
            for row in zips:
                if counts[row.id] is not None:
                    self._take_zip(row, tally, step)
        finally:
            for id in {row.id for row in todo} - {row.id for row in rows.batch(self._hub, batch)}:
                self.drop(id)  # cancelled meanwhile
        task.progress(before + tally.done, before + tally.done)
        task.report = tally.report()

    def is_busy(self, row: UploadRow) -> bool:
        """Return whether an upload is being imported, or a job is queued to import it."""
        job = self.job(row)
        return row.id in self._busy or (job is not None and job.state not in ENDED)

    def job(self, row: UploadRow) -> Job | None:
        if row.job is not None:
            with suppress(NotFound):
                return self._queue.get(row.job)
        return None

    def drop(self, id: str) -> None:
        """Delete the bytes."""
        with suppress(OSError):  # the next start deletes them
            (self._folder / id).unlink(missing_ok=True)

    # -- results -----------------------------------------------------------------------------------------------------

    def is_over(self, row: UploadRow) -> bool:
        """Return whether an upload's state can no longer change without another request."""
        job = self.job(row)
        if row.state == "done":
            return row.id not in self._ending
        return row.state == "taking" and job is not None and job.state in ENDED

    def result(self, row: UploadRow) -> Uploaded | None:
        """Return the result, if there is one yet; for a zip file, the result so far."""
        over, job = self.is_over(row), self.job(row)
        reason = None
        if over and row.state != "done" and job is not None:
            reason = job.error or "Taking it in was cancelled."
        if row.members is not None or (not over and row.state == "taking" and self._is_zip(row)):
            return Uploaded("archive", None, reason, self._archive(row, over))
        if not over:
            return None
        file = next(iter(rows.results(self._hub, row.id)), UploadedFile(row.name, "refused", None, reason))
        return Uploaded(file.status, file.id, file.reason)

    def _archive(self, row: UploadRow, over: bool) -> Archive:
        counts = rows.counts(self._hub, row.id)
        duplicates = counts.get("duplicate", 0) + counts.get("scrapheaped", 0)
        files = rows.results(self._hub, row.id, 0, SHOWN) if over else []
        imported, refused = counts.get("imported", 0), counts.get("refused", 0)
        return Archive(row.id, over, row.members, imported, duplicates, refused, files)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _is_zip(self, row: UploadRow) -> bool:
        try:
            return looks_like_archive(self._folder / row.id)
        except OSError:
            return False

    def _take_one(self, row: UploadRow) -> Taken:
        with self._lock:
            if row.id in self._busy:
                raise NotThere("It is already being imported.")
            self._busy.add(row.id)
        try:
            path, copy = self._folder / row.id, self._intake.temporary(row.name)
            # Imported from a hard link, so that it can be repeated after a crash; from a copy if links are unsupported.
            if row.modified is not None:
                os.utime(path, (row.modified / 1000, row.modified / 1000))
            linked = _link(path, copy)
            taken = self._intake.keep(*self._own(), copy if linked else path, row.name, move=linked)
            self._end(row, UploadedFile(row.name, taken.status, taken.picture))
            return taken
        except Refused as error:
            self._end(row, UploadedFile(row.name, "refused", None, str(error)))
            raise
        finally:
            self._busy.discard(row.id)

    def _end(self, row: UploadRow, result: UploadedFile | None = None) -> None:
        if result is not None:
            self._place_in_project(row, [result])
        self._ending.add(row.id)  # others see it as over only when its bytes are deleted
        try:
            rows.record(self._hub, row.id, {0: result} if result else {}, done=True)
            self.drop(row.id)
        finally:
            self._ending.discard(row.id)

    def _count(self, row: UploadRow, tally: Tally | None = None) -> int | None:
        """Return the number of members of a zip file; None if it was refused."""
        try:
            count = len(members(self._folder / row.id))
            rows.count_members(self._hub, row.id, count)
            return count
        except Refused as error:
            if tally is not None:
                tally.refuse(row.name, str(error))
            self._end(row, UploadedFile(row.name, "refused", None, str(error)))
            return None

    def _take_zip(self, row: UploadRow, tally: Tally, step: Callable[[], None]) -> None:
        path = self._folder / row.id
        statuses = rows.recorded(self._hub, row.id)
        for status in statuses.values():
            tally.count(status)
        unrecorded: dict[int, UploadedFile] = {}
        last = time.monotonic()

        def record() -> None:
            nonlocal last
            ready = dict(unrecorded)
            rows.record(self._hub, row.id, ready)
            for n in ready:
                del unrecorded[n]
            last = time.monotonic()

        def stepped() -> None:
            if time.monotonic() - last > RECORD:
                record()
            step()

        try:
            archives.take(self._intake, self._own(), path, row.name, tally, stepped, unrecorded.__setitem__, statuses)
        finally:
            record()
        for offset in range(0, row.members or 0, SHOWN):
            self._place_in_project(row, rows.results(self._hub, row.id, offset, SHOWN))
        self._end(row)

    def _place_in_project(self, row: UploadRow, results: list[UploadedFile]) -> None:
        """Put imported pictures into the project of the upload. It may run twice, if a crash follows it."""
        ids = [result.id for result in results if result.id is not None and result.status != "scrapheaped"]
        if row.key.startswith(rows.PROJECT) and ids:
            self._place(row.principal, int(row.key.removeprefix(rows.PROJECT)), ids)


def _link(path: Path, link: Path) -> bool:
    """Make a hard link to a file; False if the file system does not support it."""
    try:
        os.link(path, link)
    except FileNotFoundError as error:
        raise NotThere("The uploaded file is not there any more.") from error
    except (OSError, NotImplementedError, AttributeError):
        return False
    return True
