"""Uploads over the network, in pieces or whole, until they are imported.

Their bytes are in `incoming/partial`, on the library's own disk, and their rows in `hub.db`. A piece is acknowledged
when it is durable. A complete file needs no further request: if it is not imported at once, a job imports it, at the
latest after the next start.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from ..database.hub import Hub, now
from ..errors import Conflict, DiskFull, Invalid, NotFound, PixlStashError
from ..jobs.lanes import Jobs, Task
from ..storage.files import clean_name, fsync_folder, make_folder, writing_to
from ..storage.local import Managed
from ..types import BeginUpload, Reader, Upload, UploadedFile
from ..types.times import when
from . import upload_rows as rows
from .archives import SPARE
from .intake import Intake
from .upload_job import PATIENCE, Place, UploadJob

#: The most unfinished uploads of one token, and how many of `MOST` only the owner may begin.
EACH, RESERVED = 25, 25
#: The most unfinished uploads; how long, in ms, one is kept without another byte, and how long after it is over.
MOST, UNFINISHED, OVER = 100, 7 * 86_400_000, 86_400_000
#: A complete file that no request imports is imported by a job after so many ms; at the start, immediately.
LEFT = 60_000
#: A piece is made durable after each so many bytes.
SETTLE = 64 << 20
#: The file name of an upload: its random id, and a number for the further files of a request.
NAME = re.compile(r"[A-Za-z0-9_-]{22}(\.\d+)?")


class Piece:
    """Writes bytes of an upload from an offset on. Always close it: then the written bytes are durable."""

    def __init__(self, hub: Hub, row: rows.UploadRow, path: Path, whole: Callable[[], object]) -> None:
        self._hub, self._row, self._whole = hub, row, whole
        self._lock = threading.Lock()
        self._at = self._settled = row.received
        with writing_to(path.parent):
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
            self._file = os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=0)
            self._file.truncate(row.received)  # what a crash left beyond it was never acknowledged
            self._file.seek(row.received)
            if row.received == 0:
                fsync_folder(path.parent)

    @property
    def room(self) -> int:
        """The number of bytes that are missing."""
        return self._row.size - self._at

    def write(self, block: bytes) -> None:
        with self._lock:
            if self._file.closed:
                raise Conflict("Another request is already continuing this upload.", received=self._settled)
            if len(block) > self.room:
                raise Invalid(f"More bytes came than the {self._row.size:,} that were announced.")
            rest = memoryview(block)
            with writing_to("The upload"):
                while rest:
                    rest = rest[self._file.write(rest) :]
            self._at += len(block)
            if self._at - self._settled >= SETTLE:
                self._settle()

    def stop(self) -> None:
        """Make the received bytes durable, and accept no more."""
        with self._lock:
            if not self._file.closed:
                with self._file:
                    self._settle()

    def close(self) -> None:
        """Make the received bytes durable, and import the file if it is complete."""
        self.stop()
        if self._settled == self._row.size:
            self._whole()

    def _settle(self) -> None:
        with writing_to("The upload"):
            os.fsync(self._file.fileno())
        rows.receive(self._hub, self._row.id, self._at)
        self._settled = self._at


class Uploads:
    """The uploads of one library."""

    def __init__(
        self, hub: Hub, intake: Intake, queue: Jobs, own: Callable[[], tuple[int, Managed]], place: Place
    ) -> None:
        self._hub, self._intake, self._queue = hub, intake, queue
        self._folder = intake.incoming / "partial"
        self._job = UploadJob(hub, intake, queue, own, self._folder, place)
        self._pieces: dict[str, Piece] = {}
        self._lock = threading.Lock()

    def begin(self, reader: Reader, ask: BeginUpload) -> Upload:
        """Begin an upload, or return the unfinished one of the same login with the same key, name and size."""
        name, principal = clean_name(ask.name), reader.principal
        with self._lock:
            row = rows.unfinished(self._hub, principal, ask.key, name, ask.size) if ask.key else None
            if row is not None:
                return self._shown(row)
            coming = self._demand_room(reader)
            self._make_folder()
            if ask.size + coming + SPARE > shutil.disk_usage(self._folder).free:
                raise DiskFull("The disk is too full for this file. Free some space and try again.")
            id = secrets.token_urlsafe(16)
            rows.begin(self._hub, id, principal, ask.key, name, ask.size, ask.modified)
        if ask.size == 0:
            self.open(id, 0).close()
        return self.show(id)

    def _demand_room(self, reader: Reader) -> int:
        """Raise `Conflict` if there are too many unfinished uploads; return the bytes that they still need."""
        count, coming = rows.pending(self._hub)
        if count >= (MOST if reader.may("owner") else MOST - RESERVED):
            raise Conflict(f"{count} uploads are unfinished already. Finish or cancel some of them first.")
        if not reader.may("owner") and rows.pending(self._hub, reader.principal)[0] >= EACH:
            raise Conflict(f"{EACH} uploads of this login are unfinished already. Finish or cancel some of them first.")
        return coming

    def open(self, id: str, offset: int) -> Piece:
        """Continue at an offset; a piece that is still open for this upload is stopped."""
        with self._lock:
            self._stop(id)
            row = rows.get(self._hub, id)
            if row.state == "done" or offset != row.received:
                raise Conflict(
                    f"{row.received:,} of {row.size:,} bytes have arrived: continue there.", received=row.received
                )
            self._make_folder()
            piece = Piece(self._hub, row, self._folder / id, lambda: self.take(id))
            self._pieces[id] = piece
        return piece

    def adopt(self, principal: str, files: Sequence[tuple[str, Path]], project: int | None = None) -> str:
        """Move durable files (name, path) from `incoming` to uploads, for import into `project`; return their batch."""
        self._make_folder()
        batch = secrets.token_urlsafe(16)
        renamed = [(f"{batch}.{n}" if n else batch, clean_name(name), path) for n, (name, path) in enumerate(files)]
        with writing_to(self._folder):
            sized = [(id, name, path.stat().st_size) for id, name, path in renamed]
            for id, _, path in renamed:
                os.replace(path, self._folder / id)
            fsync_folder(self._folder)
        rows.add(self._hub, batch, principal, sized, project)
        return batch

    def take(self, batch: str, patience: float = PATIENCE) -> Upload:
        """Import complete files. After `patience` seconds, return while a job continues."""
        self._pieces.pop(batch, None)
        self._job.take(batch, patience)
        return self.show(batch)

    def run(self, task: Task) -> None:
        """Run a job of kind `upload`."""
        self._job.run(task)

    def find(self, reader: Reader, id: str) -> rows.UploadRow:
        """Return an upload of the reader, or any upload for the owner; else `NotFound`."""
        row = rows.get(self._hub, id)
        if row.principal != reader.principal and not reader.may("owner"):
            raise NotFound(rows.GONE)
        return row

    def listed(self, reader: Reader) -> list[Upload]:
        """Return unfinished uploads, then those of the last day; all for the owner, otherwise the reader's own."""
        principal = None if reader.may("owner") else reader.principal
        return [self._shown(row) for row in rows.listed(self._hub, principal)]

    def show(self, id: str) -> Upload:
        return self._shown(rows.get(self._hub, id))

    def files(self, id: str, offset: int, limit: int) -> list[UploadedFile]:
        return rows.results(self._hub, id, offset, limit)

    def batch(self, reader: Reader, batch: str) -> list[Upload]:
        """Return the uploads of one request, in order."""
        self.find(reader, batch)
        return [self._shown(row) for row in rows.batch(self._hub, batch)]

    def cancel(self, id: str) -> None:
        """Cancel an upload and delete its bytes; pictures already imported from a zip file stay."""
        with self._lock:
            row = rows.get(self._hub, id)
            rows.remove(self._hub, id)
            self._stop(id)
        if row.job is not None and row.batch == id:
            with suppress(PixlStashError):  # it has ended
                self._queue.cancel(row.job)
        if not self._job.is_busy(row):  # otherwise the running import deletes them when it notices
            self._job.drop(id)

    # -- periodic work -------------------------------------------------------------------------------------------------

    def recover(self) -> None:
        """Delete files without rows and import complete files; called at the start."""
        ids = {row.id for row in rows.unended(self._hub)}
        if self._folder.is_dir():
            files = {path.name for path in self._folder.iterdir()}
            for name in filter(NAME.fullmatch, files - ids):
                self._job.drop(name)
            for row in rows.unended(self._hub):
                if row.received and row.id not in files:
                    rows.remove(self._hub, row.id)
        self.sweep(left=0)

    def sweep(self, left: int = LEFT) -> None:
        """Delete expired uploads, and queue the import of files that have been complete for `left` ms."""
        moment = now()
        for id in rows.ended(self._hub, moment - OVER):
            rows.remove(self._hub, id)
        for row in rows.unended(self._hub):
            if self._job.is_busy(row):
                continue
            if row.touched < moment - UNFINISHED:
                self.cancel(row.id)
            elif row.state == "taking" and row.job is None and row.touched <= moment - left:
                self._job.put([row])

    # -- inside --------------------------------------------------------------------------------------------------------

    def _shown(self, row: rows.UploadRow) -> Upload:
        state = "done" if self._job.is_over(row) else "taking" if row.state == "done" else row.state
        expires = when(row.touched + (OVER if row.state == "done" else UNFINISHED))
        result = self._job.result(row)
        return Upload(row.id, row.name, row.size, row.received, state, expires, result)  # type: ignore[arg-type]

    def _stop(self, id: str) -> None:
        """Stop the open piece of an upload, if there is one."""
        if (piece := self._pieces.pop(id, None)) is not None:
            piece.stop()

    def _make_folder(self) -> None:
        self._intake.temporary("")  # raises if the disk is missing
        with writing_to(self._folder):
            make_folder(self._folder)
