"""Reads a file once: the bytes that are hashed, and copied if requested, are those that are decoded."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO

from ..storage.files import Root, RootReplaced, open_below

#: Files of up to so many bytes are held in memory; larger ones are read again, and checked for changes.
HELD = 64 << 20
_STEP = 8 << 20
_DURABLE_STEP = 256 << 20
# Errors of a disk or share that is unavailable, as opposed to a file that cannot be read.
_AWAY = {
    getattr(errno, name, None)
    for name in ("EIO", "ESTALE", "ENODEV", "ENXIO", "ENOTCONN", "EHOSTDOWN", "EHOSTUNREACH", "ETIMEDOUT", "ENETDOWN")
} - {None}
_CHANGED = "The file was changed while it was being read."


class Trouble(Exception):
    """A failure to read a file: `cause` is a word for programs, the text a sentence for people."""

    def __init__(self, cause: str, reason: str) -> None:
        super().__init__(reason)
        self.cause = cause


class Source:
    """An open file. `beat` is called about once a second while a large file is read or copied.

    With a `root`, the path is relative to it, and links below it are not followed.
    """

    def __init__(self, path: bytes, beat: Callable[[], None], root: Root | None = None) -> None:
        self._beat = beat
        self._next_beat = time.monotonic() + 1
        self._copy: BinaryIO | None = None
        self._flushing: threading.Thread | None = None
        self._flush_error: OSError | None = None
        self._held: bytes | None = None
        digest = hashlib.sha256()
        with _reading():
            self._original = _open(path, root)
            try:
                self._stamp = _stamp(self._original)
                if self._stamp[0] <= HELD:
                    parts = list(self._hashing(digest.update))
                    self._held = parts[0] if len(parts) == 1 else b"".join(parts)
                    self.size = len(self._held)
                else:
                    self.size = sum(map(len, self._hashing(digest.update)))
                if self.size == 0:
                    raise Trouble("empty", "The file is empty.")
            except BaseException:
                self._original.close()
                raise
        self.sha256 = digest.digest()

    def file(self) -> BinaryIO:
        """Return a file object at the start of the bytes."""
        if self._held is not None:
            return io.BytesIO(self._held)
        self._original.seek(0)
        return self._original

    def copy(self, target: bytes) -> None:
        """Write the hashed bytes to `target`; they are durable when `finish` returns. Decoding may go on meanwhile."""
        with _writing():
            self._copy = open(target, "wb", buffering=0)
            if self._held is not None:
                _write(self._copy, self._held)
        if self._held is None:
            self._copy_long(self._copy)
        self._flushing = threading.Thread(target=self._flush, args=(self._copy,))
        self._flushing.start()

    def finish(self) -> None:
        """Wait for the copy, and check that a file that was read in pieces did not change meanwhile."""
        if self._flushing is not None:
            self._flushing.join()
            if self._flush_error is not None:
                with _writing():
                    raise self._flush_error
        if self._held is None:
            with _reading():
                if _stamp(self._original) != self._stamp:
                    raise Trouble("changed", _CHANGED)

    def close(self) -> None:
        if self._flushing is not None:
            self._flushing.join()
        if self._copy is not None:
            self._copy.close()
        self._original.close()

    def _copy_long(self, copy: BinaryIO) -> None:
        digest = hashlib.sha256()
        self._original.seek(0)
        unsynced = 0
        for part in self._hashing(digest.update):
            with _writing():
                _write(copy, part)
                unsynced += len(part)
                if unsynced >= _DURABLE_STEP:  # in steps, so that a slow disk does not look like a hang
                    os.fsync(copy.fileno())
                    unsynced = 0
        if digest.digest() != self.sha256:
            raise Trouble("changed", _CHANGED)

    def _flush(self, copy: BinaryIO) -> None:
        try:
            os.fsync(copy.fileno())
        except OSError as error:
            self._flush_error = error

    def _hashing(self, update: Callable[[bytes], None]) -> Iterator[bytes]:
        while True:
            with _reading():
                part = self._original.read(_STEP)
            if not part:
                return
            update(part)
            yield part
            if time.monotonic() > self._next_beat:
                self._beat()
                self._next_beat = time.monotonic() + 1


def _open(path: bytes, root: Root | None) -> BinaryIO:
    if root is None:
        # Without O_NONBLOCK, opening a named pipe would block forever.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        number = os.open(os.fsdecode(path), flags)
    else:
        number = open_below(root, os.fsdecode(path))
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise Trouble("unsupported", "It is not a file with contents (a folder, device or pipe).")
    return os.fdopen(number, "rb", buffering=0)


def _stamp(file: BinaryIO) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


def _write(file: BinaryIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise Trouble("gone", "The file is not there any more.") from error
    except NotADirectoryError as error:
        raise Trouble("gone", "The file is not there any more, or is reached through a link.") from error
    except RootReplaced as error:
        raise Trouble("unreachable", f"{error.filename} cannot be read: {error.strerror}.") from error
    except (OSError, ValueError) as error:  # ValueError: a name the system cannot take
        cause = "unreachable" if getattr(error, "errno", None) in _AWAY else "unreadable"
        raise Trouble(cause, f"The file cannot be read: {getattr(error, 'strerror', None) or error}.") from error


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            raise Trouble("full", "The disk is full.") from error
        raise Trouble("copy", f"The copy cannot be written: {error.strerror or error}.") from error
