"""Writes down everything a library does to its disk, and rebuilds what a power cut at any moment could leave of it.

SQLite's files are recorded by a VFS, originals by the calls the core makes to move them; all in one log, in order. What
was not synced when the power failed may be there, or not, or torn. Two models of folders: a change SQLite makes to one
(a journal deleted) is safe once any file was synced since, as on ext4; a change the core makes to one (a file renamed
into `media`) is safe only once that very folder was synced, as POSIX has it.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import apsw
from msgspec import Struct

SECTOR = 512
_names = itertools.count()


class Op(Struct, frozen=True):
    """One thing done to the disk. `began`: how long the log was when a sync started: what came later it may lack."""

    kind: str  # write truncate sync delete | file rename unlink folder settle
    path: str
    offset: int = 0
    data: bytes = b""
    to: str = ""
    began: int = 0


class Recording:
    """The log of one library's folder. Paths in it are relative to that folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log: list[Op] = []

    def add(self, kind: str, path: str | os.PathLike[str], **rest: Any) -> None:
        relative = os.path.relpath(os.fspath(path), self.root)
        if not relative.startswith(".."):
            self.log.append(Op(kind, relative, **rest))

    @contextmanager
    def running(self) -> Iterator[Recording]:
        """Record every database opened and every original moved by this process until the end of the block."""
        vfs = _Vfs(self)
        try:
            with patch.multiple(os, **_seam(self)):
                yield self
        finally:
            vfs.unregister()

    def put(self, path: Path, data: bytes) -> None:
        """Write a file that is durable, name and all, as a server does with an upload before it hands it over."""
        path.write_bytes(data)
        self.add("file", path, data=data)


class _Vfs(apsw.VFS):
    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.below = apsw.vfs_names()[0]  # by name: an empty one means the default, which is us from now on
        super().__init__(f"recording{next(_names)}", self.below, makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> _File:
        return _File(self, self._recording, name, flags)

    def xDelete(self, name: str, sync: bool) -> None:
        try:
            super().xDelete(name, sync)
        except apsw.IOError as error:
            if error.extendedresult != apsw.SQLITE_IOERR_DELETE_NOENT:
                raise
        self._recording.add("delete", name)


class _File(apsw.VFSFile):
    def __init__(self, vfs: _Vfs, recording: Recording, name: Any, flags: list[int]) -> None:
        self._recording = recording
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else name or "../temporary"
        # SQLite syncs the folder of a new log or journal along with its first sync, below what a VFS gets to see.
        self._new = bool(flags[0] & apsw.SQLITE_OPEN_CREATE) and self._path.endswith(("-wal", "-journal"))
        super().__init__(vfs.below, name, flags)

    def xLock(self, level: int) -> None:
        try:
            super().xLock(level)
        except apsw.IOError as error:  # one that is only read cannot be locked: SQLite itself shrugs, apsw would not
            raise apsw.BusyError("not locked") from error

    def xWrite(self, data: bytes, offset: int) -> None:
        self._recording.add("write", self._path, data=bytes(data), offset=offset)
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._recording.add("truncate", self._path, offset=size)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        began = len(self._recording.log)
        super().xSync(flags)
        self._recording.add("sync", self._path, began=began)
        if self._new:
            self._recording.add("settle", os.path.dirname(self._path), began=began)
            self._new = False


def _seam(recording: Recording) -> dict[str, Any]:
    """The calls the core moves originals with, written down once they are done."""
    replace, rename, mkdir, unlink, fsync = os.replace, os.rename, os.mkdir, os.unlink, os.fsync

    def recorded_replace(source: Any, target: Any, **rest: Any) -> None:
        replace(source, target, **rest)
        recording.add("rename", source, to=os.path.relpath(target, recording.root))

    def recorded_rename(source: Any, target: Any, **rest: Any) -> None:
        rename(source, target, **rest)
        recording.add("rename", source, to=os.path.relpath(target, recording.root))

    def recorded_mkdir(path: Any, *rest: Any, **named: Any) -> None:
        mkdir(path, *rest, **named)
        recording.add("folder", path)

    def recorded_unlink(path: Any, **rest: Any) -> None:
        unlink(path, **rest)
        recording.add("unlink", path)

    def recorded_fsync(file: int) -> None:
        began = len(recording.log)
        fsync(file)
        path = os.readlink(f"/proc/self/fd/{file}")
        if os.path.isdir(path):
            recording.add("settle", path, began=began)

    return {
        "replace": recorded_replace,
        "rename": recorded_rename,
        "mkdir": recorded_mkdir,
        "unlink": recorded_unlink,
        "fsync": recorded_fsync,
    }


# --- what is left -----------------------------------------------------------------------------------------------------


class Disk:
    """What the disk may hold after the power failed when `log` was all that had been done."""

    def __init__(self, log: list[Op], rng: random.Random) -> None:
        self._log, self._rng = log, rng
        self._synced: dict[str, int] = {}  # how much of the log the last finished sync of a path covers
        for op in log:
            if op.kind in ("sync", "settle"):
                self._synced[op.path] = op.began
        self._any = max((op.began for op in log if op.kind in ("sync", "settle")), default=0)
        self.files: dict[str, bytearray] = {}
        self.folders: set[str] = set()
        self._lost: set[str] = set()  # files whose name did not reach the disk, though later calls see it
        for number, op in enumerate(log):
            getattr(self, f"_{op.kind}")(number, op)
        self._drop_lost_folders()

    def write_to(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in sorted(self.folders):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for path, data in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)

    # -- SQLite's files ------------------------------------------------------------------------------------------------

    def _write(self, number: int, op: Op) -> None:
        data = op.data
        if not self._safe(number, op.path):
            if self._chance(0.5):
                return
            if self._chance(0.2):
                data = data[: self._rng.randrange(0, len(data) + 1, min(SECTOR, len(data)))]
        file = self.files.setdefault(op.path, bytearray())
        if len(file) < op.offset:
            file.extend(bytes(op.offset - len(file)))
        file[op.offset : op.offset + len(data)] = data

    def _truncate(self, number: int, op: Op) -> None:
        if op.path in self.files and (self._safe(number, op.path) or self._chance(0.5)):
            del self.files[op.path][op.offset :]

    def _delete(self, number: int, op: Op) -> None:
        if number < self._any or self._chance(0.5):
            self.files.pop(op.path, None)

    def _sync(self, number: int, op: Op) -> None:
        """Nothing happens: what it made safe is known from the start."""

    # -- originals -----------------------------------------------------------------------------------------------------

    def _file(self, number: int, op: Op) -> None:
        self.files[op.path] = bytearray(op.data)

    def _folder(self, number: int, op: Op) -> None:
        if self._settled(number, op.path) or self._chance(0.5):
            self.folders.add(op.path)
        else:
            self._lost.add(op.path)

    def _rename(self, number: int, op: Op) -> None:
        data = self.files.get(op.path)
        if data is None:
            return
        if self._settled(number, op.path) or self._chance(0.5):
            del self.files[op.path]  # else the old name is back
        if self._settled(number, op.to) or self._chance(0.5):
            self.files[op.to] = data

    def _unlink(self, number: int, op: Op) -> None:
        if self._settled(number, op.path) or self._chance(0.5):
            self.files.pop(op.path, None)

    def _settle(self, number: int, op: Op) -> None:
        """As `_sync`."""

    def _drop_lost_folders(self) -> None:
        for folder in self._lost - self.folders:
            self.files = {path: data for path, data in self.files.items() if not path.startswith(f"{folder}/")}

    # -- chance --------------------------------------------------------------------------------------------------------

    def _safe(self, number: int, path: str) -> bool:
        return number < self._synced.get(path, 0)

    def _settled(self, number: int, path: str) -> bool:
        return self._safe(number, os.path.dirname(path) or ".")

    def _chance(self, probability: float) -> bool:
        return self._rng.random() < probability
