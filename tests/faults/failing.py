"""A disk that fails: the n-th write, sync or truncation of a database answers with an error."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import apsw

_names = itertools.count()


class Disk:
    """Counts what databases do to the disk; `arm` says which of it fails."""

    def __init__(self) -> None:
        self.done = 0
        self.failed = 0
        self._at: int | None = None
        self._for_ever = False
        self._error: type[apsw.Error] = apsw.IOError
        self._lock = threading.Lock()

    def arm(self, nth: int, error: type[apsw.Error], *, for_ever: bool) -> None:
        """From now on the `nth` operation fails; with `for_ever` every later one, too, until `repair`."""
        with self._lock:
            self.done = self.failed = 0
            self._at, self._error, self._for_ever = nth, error, for_ever

    def repair(self) -> None:
        with self._lock:
            self._at = None

    def touch(self, what: str) -> None:
        with self._lock:
            self.done += 1
            if self._at is None or self.done < self._at or (self.done > self._at and not self._for_ever):
                return
            self.failed += 1
            error = self._error
        raise error(f"injected at {what} {self.done}")

    @contextmanager
    def mounted(self) -> Iterator[Disk]:
        """Every database opened in this block by this process lies on this disk."""
        vfs = _Vfs(self)
        try:
            yield self
        finally:
            vfs.unregister()


class _Vfs(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.below = apsw.vfs_names()[0]  # by name: an empty one means the default, which is us from now on
        super().__init__(f"failing{next(_names)}", self.below, makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> _File:
        return _File(self.below, self._disk, name, flags)


class _File(apsw.VFSFile):
    def __init__(self, below: str, disk: Disk, name: Any, flags: list[int]) -> None:
        self._disk = disk
        super().__init__(below, name, flags)

    def xLock(self, level: int) -> None:
        try:
            super().xLock(level)
        except apsw.IOError as error:  # one that is only read cannot be locked: SQLite itself shrugs, apsw would not
            raise apsw.BusyError("not locked") from error

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.touch("write")
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._disk.touch("truncate")
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self._disk.touch("sync")
        super().xSync(flags)
