"""Files that come over the network, in pieces or whole, until they are taken in.

Their bytes lie in `incoming/partial` under names of ours, on the disk the library is on; what is known of them is in
`hub.db`. A piece is acknowledged when it is durable. From its last byte on a file depends on nobody: what was not taken
in at once is by a job, at the latest after the next start.
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
from ..storage.files import fsync_folder, make_folder, writing_to
from ..storage.local import Managed
from ..storage.names import fit
from ..types import BeginUpload, Reader, Upload, UploadedFile
from ..types.times import when
from . import upload_rows as rows
from .archives import SPARE
from .intake import Intake
from .upload_job import PATIENCE, Place, Uptake
from .upload_rows import UploadRow

#: Unfinished uploads of one token at most, and those that only the owner may begin.
EACH, RESERVED = 25, 25
#: Uploads that may be unfinished at once, and how long each is kept without another byte, or when it is over; in ms.
MOST, UNFINISHED, OVER = 100, 7 * 86_400_000, 86_400_000
#: After so many ms a file that came whole is taken in by a job, if whoever brought it does not; at the start at once.
LEFT = 60_000
#: Bytes after which a piece is made durable although more of it comes.
SETTLE = 64 << 20


#: What we call the file of an upload: its random id, and a number where several came together.
NAME = re.compile(r"[A-Za-z0-9_-]{22}(\.\d+)?")


class Piece:
    """Writes bytes of an upload from an offset on. Close it, whatever comes: what was written is then durable."""

    def __init__(self, hub: Hub, row: UploadRow, path: Path, whole: Callable[[], object]) -> None:
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
        """Bytes that are still to come."""
        return self._row.size - self._at

    def write(self, block: bytes) -> None:
        with self._lock:
            if self._file.closed:
                raise Conflict("Another request goes on with this upload.", received=self._settled)
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
        """Make durable what came, and write no more."""
        with self._lock:
            if not self._file.closed:
                with self._file:
                    self._settle()

    def close(self) -> None:
        """Make durable what came; have the file taken in when it is whole."""
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
        self._uptake = Uptake(hub, intake, queue, own, self._folder, place)
        self._pieces: dict[str, Piece] = {}
        self._lock = threading.Lock()

    def begin(self, reader: Reader, ask: BeginUpload) -> Upload:
        """A new upload, or the unfinished one that the same login began with the same key, name and size."""
        name, principal = fit(ask.name), reader.principal
        with self._lock:
            found = rows.unfinished(self._hub, principal, ask.key, name, ask.size) if ask.key else None
            if found is not None:
                return self._shown(found)
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
        """`Conflict` when this login, or all together, have too many unfinished uploads; bytes these are to bring."""
        count, coming = rows.pending(self._hub)
        if count >= (MOST if reader.may("owner") else MOST - RESERVED):
            raise Conflict(f"{count} uploads are unfinished already. Finish or cancel some of them first.")
        if not reader.may("owner") and rows.pending(self._hub, reader.principal)[0] >= EACH:
            raise Conflict(f"{EACH} uploads of this login are unfinished already. Finish or cancel some of them first.")
        return coming

    def open(self, id: str, offset: int) -> Piece:
        """Go on from an offset; whoever was still writing is sent away."""
        with self._lock:
            before = self._pieces.pop(id, None)
            if before is not None:
                before.stop()
            row = rows.get(self._hub, id)
            if row.state == "done" or offset != row.received:
                raise Conflict(f"{row.received:,} of {row.size:,} bytes are here: go on there.", received=row.received)
            self._make_folder()
            piece = Piece(self._hub, row, self._folder / id, lambda: self.take(id))
            self._pieces[id] = piece
        return piece

    def adopt(self, principal: str, files: Sequence[tuple[str, Path]], project: int | None = None) -> str:
        """Keep durable files (name, path) of `incoming` until they are imported; what all are asked for by.

        Their pictures are put into the `project`.
        """
        self._make_folder()
        batch = secrets.token_urlsafe(16)
        kept = [(f"{batch}.{n}" if n else batch, fit(name), path) for n, (name, path) in enumerate(files)]
        with writing_to(self._folder):
            sized = [(id, name, path.stat().st_size) for id, name, path in kept]
            for id, _, path in kept:
                os.replace(path, self._folder / id)
            fsync_folder(self._folder)
        rows.add(self._hub, batch, principal, sized, project)
        return batch

    def take(self, batch: str, patience: float = PATIENCE) -> Upload:
        """Take in what came whole; what takes longer than `patience`, in seconds, goes on by itself."""
        self._pieces.pop(batch, None)
        self._uptake.take(batch, patience)
        return self.show(batch)

    def run(self, task: Task) -> None:
        """What a job of kind `upload` does."""
        self._uptake.run(task)

    def find(self, reader: Reader, id: str) -> UploadRow:
        """One of this reader's own, or anybody's for the owner."""
        row = rows.get(self._hub, id)
        if row.principal != reader.principal and not reader.may("owner"):
            raise NotFound(rows.GONE)
        return row

    def listed(self, reader: Reader) -> list[Upload]:
        """Unfinished ones and those of the last day, the newest first; all for the owner, else the reader's own."""
        found = rows.listed(self._hub, None if reader.may("owner") else reader.principal)
        return [self._shown(row) for row in found]

    def show(self, id: str) -> Upload:
        return self._shown(rows.get(self._hub, id))

    def files(self, id: str, offset: int, limit: int) -> list[UploadedFile]:
        return rows.results(self._hub, id, offset, limit)

    def batch(self, reader: Reader, batch: str) -> list[Upload]:
        """What came in one request, in order."""
        self.find(reader, batch)
        return [self._shown(row) for row in rows.batch(self._hub, batch)]

    def cancel(self, id: str) -> None:
        """Give one up: its bytes go; what of a zip file is in already stays."""
        with self._lock:
            row = rows.get(self._hub, id)
            rows.remove(self._hub, id)
            piece = self._pieces.pop(id, None)
            if piece is not None:
                piece.stop()
        if row.job is not None and row.batch == id:
            with suppress(PixlStashError):  # it has ended
                self._queue.cancel(row.job)
        if not self._uptake.is_busy(row):  # else whoever is at it does, once it has noticed
            self._uptake.drop(id)

    # -- now and then --------------------------------------------------------------------------------------------------

    def recover(self) -> None:
        """At the start: what is nobody's goes, what came whole is taken in."""
        known = {row.id for row in rows.unended(self._hub)}
        if self._folder.is_dir():
            there = {left.name for left in self._folder.iterdir()}
            for name in filter(NAME.fullmatch, there - known):
                self._uptake.drop(name)
            for row in rows.unended(self._hub):
                if row.received and row.id not in there:
                    rows.remove(self._hub, row.id)
        self.sweep(left=0)

    def sweep(self, left: int = LEFT) -> None:
        """Let go what is over or was left, and take in what could not be when it came, `left` ms after it did."""
        moment = now()
        for id in rows.ended(self._hub, moment - OVER):
            rows.remove(self._hub, id)
        for row in rows.unended(self._hub):
            if self._uptake.is_busy(row):
                continue
            if row.touched < moment - UNFINISHED:
                self.cancel(row.id)
            elif row.state == "taking" and row.job is None and row.touched <= moment - left:
                self._uptake.put([row])

    # -- inside --------------------------------------------------------------------------------------------------------

    def _shown(self, row: UploadRow) -> Upload:
        state = "done" if self._uptake.is_over(row) else "taking" if row.state == "done" else row.state
        expires = when(row.touched + (OVER if row.state == "done" else UNFINISHED))
        result = self._uptake.result(row)
        return Upload(row.id, row.name, row.size, row.received, state, expires, result)  # type: ignore[arg-type]

    def _make_folder(self) -> None:
        self._intake.temporary("")  # raises when the disk is not there
        with writing_to(self._folder):
            make_folder(self._folder)
