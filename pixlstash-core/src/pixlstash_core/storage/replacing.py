"""Reads small files of other programs, and replaces them atomically unless they changed meanwhile. Follows no link."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import secrets
import stat
import sys
from collections.abc import Collection
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

from ..errors import Conflict
from .files import NO_FOLDER_SYNC, Root, open_below, parent_below

#: The flag of Linux's `renameat2` that exchanges two names; errors of file systems and kernels that cannot.
_EXCHANGE, _CANNOT = 2, {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM}


class Version(NamedTuple):
    """What identifies a file with its contents: another file, or a change, differs in one of these."""

    device: int
    inode: int
    size: int
    mtime: int
    mode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Version:
        mode = stat.S_IMODE(status.st_mode)
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, mode)


class NotReadable(Exception):
    """What has the name is not read: a link, a folder, a device, or a file that is too long."""


class Changed(Conflict):
    """The file changed since it was read, or another one has its name; nothing was written."""


def read_below(root: Root, key: str, most: int) -> tuple[bytes, Version] | None:
    """Return the bytes of a plain file and its version; None if nothing has that name. OSError as `open_below`."""
    with parent_below(root, key) as (name, folder):
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
    if stat.S_ISLNK(status.st_mode):
        raise NotReadable("It is a link, and links are not followed.")
    if not stat.S_ISREG(status.st_mode):
        raise NotReadable("It is no regular file.")
    descriptor = open_below(root, key)
    with os.fdopen(descriptor, "rb") as file:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise NotReadable("It is no regular file.")
        if before.st_size > most:
            raise NotReadable(f"It is longer than {most >> 10:,} KiB.")
        body = file.read(most + 1)
        if Version.of(os.fstat(descriptor)) != Version.of(before) or len(body) != before.st_size:
            raise Changed("It is being written by another program.")
    return body, Version.of(before)


def replace_below(root: Root, key: str, body: bytes, before: Version | None) -> Version:
    """Write a file under a name that has the file of that version, or none; durable and complete, or not at all.

    `Changed` if something else has the name by now; it stays as it is. OSError as the system says. The file keeps its
    permissions. A process that is killed at the wrong moment leaves a hidden file beside it: `remove_leftover`.
    """
    with parent_below(root, key) as (name, folder):
        _demand(name, folder, before)
        temporary, descriptor = _created(_temporary(name, key, hashlib.sha256(body).digest()), folder)
        written = None
        try:
            written = _written(descriptor, body, before)
            _demand(name, folder, before)
            if before is None:
                _give_name(temporary, name, folder)
            else:
                _put_in_place(temporary, name, folder, before)
        except BaseException:
            with suppress(OSError):
                if written is None or _version(temporary, folder) == written:  # or it is the other program's
                    os.unlink(temporary, dir_fd=folder)
            raise
        if folder is not None:
            _sync(folder)
    return written


def remove_leftover(root: Root, key: str, sha256: bytes, hashes: Collection[bytes | None], most: int) -> None:
    """Delete what a killed `replace_below` of a body with this hash left beside its file.

    Only a file whose hash is in `hashes` is deleted: of that body, and of what it was to replace.
    """
    leftover = _temporary(key, key, sha256)
    with suppress(OSError, NotReadable, Changed):
        present = read_below(root, leftover, most)
        if present is None or hashlib.sha256(present[0]).digest() not in hashes:
            return
        with parent_below(root, leftover) as (name, folder):
            if _version(name, folder) == present[1]:
                os.unlink(name, dir_fd=folder)


def _temporary(path: str, key: str, sha256: bytes) -> str:
    """The path beside `path` of the new file while it is written; the same each time, to be found again."""
    unique = hashlib.sha256(sha256 + os.fsencode(key)).hexdigest()[:16]
    return os.path.join(os.path.dirname(path), f".pixlstash-{unique}.new")


def make_parents_below(root: Root, key: str) -> None:
    """Create the folders on the way to `root/key` that are missing, following no link."""
    parts = key.split("/")[:-1]
    for count in range(1, len(parts) + 1):
        with parent_below(root, "/".join(parts[:count])) as (name, folder):
            try:
                os.mkdir(name, dir_fd=folder)
            except FileExistsError:
                continue
            if folder is not None:
                _sync(folder)


def _created(path: str, folder: int | None) -> tuple[str, int]:
    """Create a file with this path, or with a random name if there is one. Returns its path and descriptor."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with suppress(FileExistsError):  # another process writes the same, or the file is somebody else's
        return path, os.open(path, flags, 0o666, dir_fd=folder)
    path = os.path.join(os.path.dirname(path), f".pixlstash-{secrets.token_hex(8)}.new")
    return path, os.open(path, flags, 0o666, dir_fd=folder)


def _written(descriptor: int, body: bytes, before: Version | None) -> Version:
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
        file.flush()
        if before is not None and hasattr(os, "fchmod"):
            os.fchmod(descriptor, before.mode)
        os.fsync(descriptor)
        return Version.of(os.fstat(descriptor))


def _version(name: str, folder: int | None) -> Version | None:
    try:
        return Version.of(os.stat(name, dir_fd=folder, follow_symlinks=False))
    except FileNotFoundError:
        return None


def _demand(name: str, folder: int | None, before: Version | None) -> None:
    if _version(name, folder) != before:
        raise Changed("Another program wrote it meanwhile.")


def _give_name(temporary: str, name: str, folder: int | None) -> None:
    """Rename a file without replacing another one."""
    try:
        os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        raise Changed("Another program wrote it meanwhile.") from None
    except (OSError, NotImplementedError):  # a file system without hard links
        _demand(name, folder, None)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    else:
        os.unlink(temporary, dir_fd=folder)


def _put_in_place(temporary: str, name: str, folder: int | None, before: Version) -> None:
    """Exchange two files, then delete the old one. If it has changed, exchange them back and raise `Changed`."""
    if not _exchange(temporary, name, folder):
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    elif _version(temporary, folder) == before:
        os.unlink(temporary, dir_fd=folder)
    else:
        _exchange(temporary, name, folder)
        raise Changed("Another program wrote it meanwhile.")


def _exchange(name: str, other: str, folder: int | None) -> bool:
    """Exchange two names atomically; return False where the system cannot."""
    function = _renameat2()
    if function is None or folder is None:
        return False
    if function(folder, os.fsencode(name), folder, os.fsencode(other), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT:
        return False
    raise OSError(number, os.strerror(number), other)


@cache
def _renameat2() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is not None:
        function.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    return function


def _sync(folder: int) -> None:
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in NO_FOLDER_SYNC:
            raise
