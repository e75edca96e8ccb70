"""Writes down everything a library does to its disk, and rebuilds what a power cut at any moment could leave of it.

SQLite's files are recorded by a VFS, all others by the calls that the core makes to the system; all in one log, in
order. What was not synced when the power failed may be there, or not, or torn. Two models of folders: a change SQLite
makes to one (a journal made or deleted) is safe once any file was synced since, as on ext4; a change the core makes to
one (a file made, renamed or deleted) is safe only once that very folder was synced, as POSIX has it.
"""

from __future__ import annotations

import io
import itertools
import os
import random
import shutil
import threading
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
    """One thing done to the disk. `file`: to which file, as another may have the same name later.

    `began`: how long the log was when a sync started: what came later it may lack.
    """

    kind: str  # open write truncate sync delete | create file rename unlink folder settle
    path: str
    file: int = 0
    offset: int = 0
    data: bytes = b""
    to: str = ""
    began: int = 0


class Recording:
    """The log of one folder. Paths in it are relative to that folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log: list[Op] = []
        self._files: dict[str, int] = {}
        self._made = itertools.count(1)
        self._lock = threading.Lock()

    def add(self, kind: str, path: str | os.PathLike[str], *, to: str | os.PathLike[str] = "", **rest: Any) -> None:
        inside, there = self.inside(path), self.inside(to) if to else ""
        if inside is not None and there is not None:
            with self._lock:
                self.log.append(Op(kind, inside, self._file(kind, inside, there), to=there, **rest))

    def about(self, kind: str, path: str | os.PathLike[str]) -> None:
        """Called before anything is done to the disk, for whoever wants to be there."""

    def inside(self, path: str | os.PathLike[str]) -> str | None:
        """A path below the folder; None for any other, and for a file that has no name any more."""
        relative = os.path.relpath(os.fspath(path), self.root)
        return None if relative.startswith("..") or relative.endswith(" (deleted)") else relative

    def _file(self, kind: str, path: str, to: str) -> int:
        if kind in ("folder", "settle"):
            return 0
        if kind in ("unlink", "delete"):
            return self._files.pop(path, 0)
        if kind in ("open", "create", "file") or path not in self._files:
            self._files[path] = next(self._made)
        file = self._files[path]
        if kind == "rename":
            del self._files[path]
            self._files[to] = file
        return file

    @contextmanager
    def running(self) -> Iterator[Recording]:
        """Record every database opened, and every file written or moved, by this process until the end of the block."""
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
        self._recording.about("delete", name)
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
        made = bool(flags[0] & apsw.SQLITE_OPEN_CREATE) and not os.path.lexists(self._path)
        super().__init__(vfs.below, name, flags)
        if made:
            recording.add("open", self._path)

    def xLock(self, level: int) -> None:
        try:
            super().xLock(level)
        except apsw.IOError as error:  # one that is only read cannot be locked: SQLite itself shrugs, apsw would not
            raise apsw.BusyError("not locked") from error

    def xWrite(self, data: bytes, offset: int) -> None:
        self._recording.about("write", self._path)
        self._recording.add("write", self._path, data=bytes(data), offset=offset)
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._recording.about("truncate", self._path)
        self._recording.add("truncate", self._path, offset=size)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self._recording.about("sync", self._path)
        began = len(self._recording.log)
        super().xSync(flags)
        self._recording.add("sync", self._path, began=began)
        if self._new:
            self._recording.add("settle", os.path.dirname(self._path), began=began)
            self._new = False


class _Raw(io.FileIO):
    """A file that Python writes to."""

    def __init__(self, descriptor: int, mode: str, recording: Recording, path: str) -> None:
        super().__init__(descriptor, mode)
        self._recording, self._path = recording, path

    def write(self, data: Any) -> int:
        self._recording.about("write", self._path)
        offset = self.tell()
        done = super().write(data)
        self._recording.add("write", self._path, data=bytes(memoryview(data)[:done]), offset=offset)
        return done

    def truncate(self, size: int | None = None) -> int:
        self._recording.about("truncate", self._path)
        done = super().truncate(size)
        self._recording.add("truncate", self._path, offset=done)
        return done


def _seam(recording: Recording) -> dict[str, Any]:
    """The calls the core makes and writes files with, written down once they are done."""
    real = {name: getattr(os, name) for name in ("open", "fdopen", "pwrite", "fsync")}
    replace, rename, mkdir, unlink = os.replace, os.rename, os.mkdir, os.unlink

    def recorded_open(path: Any, flags: int, *rest: Any, dir_fd: int | None = None) -> int:
        whole = _whole(path, dir_fd) if flags & os.O_CREAT else path
        new = bool(flags & os.O_CREAT) and not os.path.lexists(whole)
        if new:
            recording.about("create", whole)
        descriptor: int = real["open"](path, flags, *rest, dir_fd=dir_fd)
        if new:
            recording.add("create", whole)
        return descriptor

    def recorded_fdopen(descriptor: int, mode: str = "r", buffering: int = -1, **named: Any) -> Any:
        path = _path_of(descriptor)
        if "b" not in mode or not set(mode) & set("wax+") or recording.inside(path) is None:
            return real["fdopen"](descriptor, mode, buffering, **named)
        raw = _Raw(descriptor, mode, recording, path)
        return raw if not buffering else io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)

    def recorded_pwrite(descriptor: int, data: Any, offset: int) -> int:
        recording.about("write", _path_of(descriptor))
        done: int = real["pwrite"](descriptor, data, offset)
        recording.add("write", _path_of(descriptor), data=bytes(memoryview(data)[:done]), offset=offset)
        return done

    def recorded_replace(
        source: Any, target: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None
    ) -> None:
        old, new = _whole(source, src_dir_fd), _whole(target, dst_dir_fd)
        recording.about("rename", new)
        replace(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        recording.add("rename", old, to=new)

    def recorded_rename(source: Any, target: Any, **rest: Any) -> None:
        recording.about("rename", target)
        rename(source, target, **rest)
        recording.add("rename", source, to=target)

    def recorded_mkdir(path: Any, *rest: Any, **named: Any) -> None:
        recording.about("folder", path)
        mkdir(path, *rest, **named)
        recording.add("folder", path)

    def recorded_unlink(path: Any, *, dir_fd: int | None = None) -> None:
        whole = _whole(path, dir_fd)
        recording.about("unlink", whole)
        unlink(path, dir_fd=dir_fd)
        recording.add("unlink", whole)

    def recorded_fsync(descriptor: int) -> None:
        path = _path_of(descriptor)
        recording.about("settle" if os.path.isdir(path) else "sync", path)
        began = len(recording.log)
        real["fsync"](descriptor)
        recording.add("settle" if os.path.isdir(path) else "sync", path, began=began)

    return {
        "open": recorded_open,
        "fdopen": recorded_fdopen,
        "pwrite": recorded_pwrite,
        "replace": recorded_replace,
        "rename": recorded_rename,
        "mkdir": recorded_mkdir,
        "unlink": recorded_unlink,
        "fsync": recorded_fsync,
    }


def _whole(path: Any, folder: int | None) -> Any:
    """The path that a name in an open folder has."""
    return path if folder is None else os.path.join(_path_of(folder), path)


def _path_of(descriptor: int) -> str:
    return os.readlink(f"/proc/self/fd/{descriptor}")


# --- what is left -----------------------------------------------------------------------------------------------------


class Disk:
    """What the disk may hold after the power failed when `log` was all that had been done."""

    def __init__(self, log: list[Op], rng: random.Random) -> None:
        self._rng = rng
        self._synced: dict[int, int] = {}  # how much of the log the last finished sync of a file covers
        self._settled: dict[str, int] = {}  # the same of a folder
        for op in log:
            if op.kind == "sync":
                self._synced[op.file] = op.began
            elif op.kind == "settle":
                self._settled[op.path] = op.began
        self._any = max((op.began for op in log if op.kind in ("sync", "settle")), default=0)
        self._names: dict[str, int] = {}
        self._bytes: dict[int, bytearray] = {}
        self.folders: set[str] = set()
        self._lost: set[str] = set()  # folders whose name did not reach the disk, though later calls see it
        for number, op in enumerate(log):
            getattr(self, f"_{op.kind}")(number, op)
        self._drop_lost_folders()

    @property
    def files(self) -> dict[str, bytearray]:
        """What each file holds, by its path."""
        return {path: self._bytes.get(file, bytearray()) for path, file in self._names.items()}

    def write_to(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in sorted(self.folders):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for path, data in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)

    # -- what is in files ----------------------------------------------------------------------------------------------

    def _write(self, number: int, op: Op) -> None:
        data = op.data
        if not self._safe(number, op):
            if self._chance(0.5):
                return
            if self._chance(0.2):
                data = data[: self._rng.randrange(0, len(data) + 1, min(SECTOR, len(data)))]
        file = self._bytes.setdefault(op.file, bytearray())
        if len(file) < op.offset:
            file.extend(bytes(op.offset - len(file)))
        file[op.offset : op.offset + len(data)] = data

    def _truncate(self, number: int, op: Op) -> None:
        if op.file in self._bytes and (self._safe(number, op) or self._chance(0.5)):
            del self._bytes[op.file][op.offset :]

    def _sync(self, number: int, op: Op) -> None:
        """Nothing happens: what it made safe is known from the start."""

    # -- names that SQLite gives ---------------------------------------------------------------------------------------

    def _open(self, number: int, op: Op) -> None:
        if op.path not in self._names or number < self._any or self._chance(0.5):
            self._names[op.path] = op.file

    def _delete(self, number: int, op: Op) -> None:
        if number < self._any or self._chance(0.5):
            self._names.pop(op.path, None)

    # -- names that the core gives -------------------------------------------------------------------------------------

    def _file(self, number: int, op: Op) -> None:
        self._names[op.path], self._bytes[op.file] = op.file, bytearray(op.data)

    def _create(self, number: int, op: Op) -> None:
        if self._named(number, op.path):
            self._names[op.path] = op.file

    def _folder(self, number: int, op: Op) -> None:
        if self._named(number, op.path):
            self.folders.add(op.path)
        else:
            self._lost.add(op.path)

    def _rename(self, number: int, op: Op) -> None:
        if self._named(number, op.path) and self._names.get(op.path) == op.file:
            del self._names[op.path]  # else the old name is back
        if self._named(number, op.to):
            self._names[op.to] = op.file

    def _unlink(self, number: int, op: Op) -> None:
        if self._named(number, op.path):
            self._names.pop(op.path, None)

    def _settle(self, number: int, op: Op) -> None:
        """As `_sync`."""

    def _drop_lost_folders(self) -> None:
        for folder in self._lost - self.folders:
            self.folders = {one for one in self.folders if not one.startswith(f"{folder}/")}
            self._names = {path: file for path, file in self._names.items() if not path.startswith(f"{folder}/")}

    # -- chance --------------------------------------------------------------------------------------------------------

    def _safe(self, number: int, op: Op) -> bool:
        return number < self._synced.get(op.file, 0)

    def _named(self, number: int, path: str) -> bool:
        """Whether what happened to a name in its folder reached the disk."""
        return number < self._settled.get(os.path.dirname(path) or ".", 0) or self._chance(0.5)

    def _chance(self, probability: float) -> bool:
        return self._rng.random() < probability
