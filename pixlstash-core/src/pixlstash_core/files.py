"""Plain files: opened without leaving a folder, made durable, read in part. Fallbacks where the system lacks a call."""

from __future__ import annotations

import errno
import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from .errors import Conflict, DiskFull, NotThere, StoreUnreachable

#: What systems answer that cannot sync a folder; anything else is the disk speaking.
NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM, errno.EISDIR}
FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def walk(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Every regular file below a folder, in no order, as (path, what the system says of it); nothing is kept in memory.

    Hidden ones, links, and folders that may not be opened are left out. OSError: the root cannot be opened, or the disk
    stops answering on the way.
    """
    pending = [str(root)]
    while pending:
        folder = pending.pop()
        try:
            entries = os.scandir(folder)
        except (PermissionError, FileNotFoundError, NotADirectoryError):
            if folder == str(root):
                raise
            continue
        with entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.is_symlink():
                    continue
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    try:
                        found = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:  # gone again meanwhile
                        continue
                    yield entry.path, found


def open_within(root: Path, key: str) -> BinaryIO:
    """Open `root/key` for reading without following any link below `root`; `NotThere` when it is not a plain file."""
    parts = PurePosixPath(key).parts
    if not parts or key.startswith("/") or ".." in parts or "\0" in key:
        raise NotThere(f"There is no {key!r} here.")
    try:
        return (
            _descend(root, parts)
            if hasattr(os, "O_NOFOLLOW") and os.open in os.supports_dir_fd
            else _check(root, parts)
        )
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise NotThere(f"{key} is not there any more.") from error
    except OSError as error:
        if error.errno == getattr(os, "ELOOP", 40) or error.errno == 40:
            raise NotThere(f"{key} is a link.") from error
        raise StoreUnreachable(f"{key} cannot be read: {error.strerror}.") from error


def _descend(root: Path, parts: tuple[str, ...]) -> BinaryIO:
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        # Not blocking: a named pipe must not hang the library.
        file = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)
    return _plain(os.fdopen(file, "rb"))


def _check(root: Path, parts: tuple[str, ...]) -> BinaryIO:
    path = root.joinpath(*parts)
    if not path.resolve().is_relative_to(root.resolve()):
        raise FileNotFoundError(str(path))
    return _plain(path.open("rb"))


def _plain(file: BinaryIO) -> BinaryIO:
    import stat

    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise FileNotFoundError("not a plain file")
    return file


class _Limited(io.RawIOBase):
    """At most so many bytes of a file."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file, self._left = file, length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        block = self._file.read(min(len(buffer), self._left))
        buffer[: len(block)] = block
        self._left -= len(block)
        return len(block)

    def close(self) -> None:
        self._file.close()
        super().close()


def limited(file: BinaryIO, length: int) -> BinaryIO:
    return io.BufferedReader(_Limited(file, max(length, 0)), 1 << 16)


def create_private(path: Path) -> BinaryIO:
    """Make a file that only this user may read, to be written and read; FileExistsError when it is there."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o600), "w+b")


@contextmanager
def writing_new(path: Path) -> Iterator[BinaryIO]:
    """Write a file that is not there yet: private, durable, and under its name only once it is whole.

    `Conflict` when something has that name by then; it is left as it is. On any error nothing of ours stays behind.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.new")
    with writing_to(path.parent):
        if os.path.lexists(path):
            raise Conflict(f"{path} exists already. Choose another name, or move it away first.")
        file = create_private(temporary)
    try:
        with file:
            yield file
            with writing_to(path.parent):
                file.flush()
                os.fsync(file.fileno())
        with writing_to(path.parent):
            _give_name(temporary, path)
            fsync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _give_name(temporary: Path, path: Path) -> None:
    """Rename a file, but never over another one."""
    try:
        os.link(temporary, path, follow_symlinks=False)
        temporary.unlink()
    except FileExistsError:
        raise Conflict(f"{path} exists already. Choose another name, or move it away first.") from None
    except (OSError, NotImplementedError):  # a file system without hard links
        if os.path.lexists(path):
            raise Conflict(f"{path} exists already. Choose another name, or move it away first.") from None
        os.replace(temporary, path)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder, and those above it, where they are missing. Their names are durable on return."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(mode, parents=True, exist_ok=True)
    for one in missing:
        fsync_folder(one.parent)


def fsync_folder(folder: Path) -> None:
    """Make what happened to the names in a folder durable, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:  # names may be made there, but not read
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


@contextmanager
def writing_to(place: object) -> Iterator[None]:
    """Turn what the system says about writing there into sentences for people."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull("The disk is full. Nothing was changed; free some space and try again.") from error
        raise StoreUnreachable(f"{place} cannot be written to: {error.strerror or error}.") from error
