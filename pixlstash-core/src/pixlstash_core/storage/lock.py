"""The lock file of a library, which also has the address of the process that serves it."""

from __future__ import annotations

import errno
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from ..errors import LibraryInUse, ReadOnly
from .files import writing_to

#: Attempts to lock, 20 ms apart.
PATIENCE = 10


class Holder(Struct):
    """The process that holds the lock; `url` and `secret` are set while it serves the library."""

    pid: int
    url: str | None = None
    secret: str | None = None


class Lock:
    """A lock that is held from construction until `release`, or until the process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _open(path)
        try:
            # Readers hold the lock for an instant, so one failure does not mean that it is held.
            if not _patiently(self._file):
                holder = read(path)
                where = f" and serves it at {holder.url}" if holder and holder.url else ""
                raise LibraryInUse(f"Process {holder.pid if holder else '?'} holds this library{where}.")
            with writing_to(path.parent):
                self.tell(Holder(os.getpid()))
        except BaseException:
            with suppress(OSError):
                self._file.close()
            raise

    def tell(self, holder: Holder) -> None:
        """Write how to reach this process."""
        # Byte 0 carries the lock where locking is mandatory (Windows), so the text starts after it.
        self._file.seek(1)
        self._file.write(msgspec.json.encode(holder))
        self._file.truncate()
        self._file.flush()

    def release(self) -> None:
        with suppress(OSError):  # the content means nothing without the lock
            self._file.seek(0)
            self._file.truncate()
        with suppress(OSError):
            self._file.close()


def _patiently(file: BinaryIO) -> bool:
    for _ in range(PATIENCE):
        if _try(file):
            return True
        time.sleep(0.02)
    return False


def read(path: Path) -> Holder | None:
    """Return the present holder of a lock, if it is held and readable."""
    try:
        with path.open("rb") as file:
            if _try(file):
                return None
            file.seek(1)
            return msgspec.json.decode(file.read(), type=Holder)
    except (OSError, msgspec.DecodeError):
        return None


def _open(path: Path) -> BinaryIO:
    with writing_to(path.parent):
        try:
            # Through a link, we would write to a foreign file.
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        except OSError as error:
            if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
                raise ReadOnly(
                    f"{path.parent} cannot be written to ({error.strerror}). With --read-only it can be looked at."
                ) from error
            raise
    return os.fdopen(descriptor, "r+b")


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _try(file: BinaryIO) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
