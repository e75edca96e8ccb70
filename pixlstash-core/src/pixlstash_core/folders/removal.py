"""Deletes files of an import folder that the library has: only after its copy was verified, and never another file.

A file is first renamed within its folder, to a hidden name that the hub has by then. What is under that name is read
again: if its bytes are those of the verified copy, it is deleted; if not, because it was changed or replaced meanwhile,
it gets its name back. No link is followed on the way, and a file that may be an original of a library is left alone.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import PurePosixPath
from typing import NamedTuple

from ..errors import PixlStashError
from ..storage.files import BY_DESCRIPTOR, Root, fsync_folder, open_below, parent_below
from ..storage.local import Managed

#: Bytes that are read at once.
STEP = 1 << 20
#: The key of an original in the folder of a library.
_ORIGINAL = re.compile(r"(?:.*/)?([0-9a-f]{2})/(\1[0-9a-f]{62})(?:\.[^/]*)?", re.DOTALL)
_ASIDE = re.compile(r"\.pixlstash-[0-9a-f]{32}")


class Left(Exception):
    """A file is not deleted, for the reason in the text."""


class Changed(Left):
    """The same, because it is another file than the one that was imported."""


class Identity(NamedTuple):
    """What tells two files apart on one machine."""

    device: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Identity:
        return cls(status.st_dev, status.st_ino)


def is_supported() -> bool:
    """Whether this system can delete files without following links."""
    return BY_DESCRIPTOR and {os.rename, os.link} <= os.supports_dir_fd


def new_aside() -> str:
    return f".pixlstash-{secrets.token_hex(16)}"


def verified(managed: Managed, key: str, sha256: bytes) -> Identity:
    """Read the library's copy of a picture from the disk. `Left` unless it is durable there and has these bytes."""
    try:
        descriptor = open_below(Root(managed.root), key)
        try:
            os.fsync(descriptor)
            with suppress(AttributeError, OSError):  # so that the bytes come from the disk, where the system can
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            status, digest = os.fstat(descriptor), _hash(descriptor)
        finally:
            os.close(descriptor)
        fsync_folder((managed.root / key).parent)
        fsync_folder(managed.root)
    except (OSError, PixlStashError) as error:
        raise Left(f"The library's copy cannot be read: {_reason(error)}.") from error
    if not stat.S_ISREG(status.st_mode) or digest != sha256:
        raise Left("The library's copy is damaged; this file is left where it is.")
    return Identity.of(status)


def remove(root: Root, path: str, sha256: bytes, stored: Identity, remember: Callable[[str | None], None]) -> None:
    """Delete the file `root/path` if it has these bytes. `Left` with the reason if it is left.

    `stored`: the library's copy, which was verified. `remember(name)` records the name under which the file is before
    it is deleted, durably, and None once it has its own again.
    """
    if (original := _ORIGINAL.fullmatch(path)) and original[2] == sha256.hex():
        raise Left("Its name is that of an original in a library of PixlStash.")
    aside = new_aside()
    try:
        with parent_below(root, path) as (name, folder):
            assert folder is not None, "systems without descriptors are refused before"
            _demand(os.stat(name, dir_fd=folder, follow_symlinks=False), stored)
            remember(aside)
            try:
                os.rename(name, aside, src_dir_fd=folder, dst_dir_fd=folder)
            except OSError:
                remember(None)
                raise
            _finish(folder, name, aside, sha256, stored, remember)
    except FileNotFoundError:
        return  # somebody else deleted or moved it
    except OSError as error:
        raise Left(f"It cannot be deleted: {_reason(error)}.") from error


def resume(
    root: Root, path: str, aside: str, sha256: bytes, stored: Identity | None, remember: Callable[[str | None], None]
) -> bool:
    """Delete a file that was set aside when the library stopped, or, without a verified copy, give its name back.

    Return False if it is not there. `Left` if it got its name back.
    """
    if not _ASIDE.fullmatch(aside):
        raise Left("The record of it is damaged.")
    try:
        with parent_below(root, path) as (name, folder):
            assert folder is not None, "systems without descriptors are refused before"
            os.stat(aside, dir_fd=folder, follow_symlinks=False)
            if stored is None:
                _put_back(folder, name, aside)
                remember(None)
                raise Left("The library's copy could not be verified.")
            _finish(folder, name, aside, sha256, stored, remember)
            return True
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Left(f"It cannot be deleted: {_reason(error)}.") from error


def _finish(
    folder: int, name: str, aside: str, sha256: bytes, stored: Identity, remember: Callable[[str | None], None]
) -> None:
    """Delete what was set aside if it is the file that was imported; otherwise give it its name back."""
    try:
        _compare(folder, aside, sha256, stored)
        os.unlink(aside, dir_fd=folder)
    except BaseException:
        _put_back(folder, name, aside)
        remember(None)
        raise
    with suppress(OSError):  # else it may be back after a power cut, under the recorded name
        os.fsync(folder)


def _compare(folder: int, name: str, sha256: bytes, stored: Identity) -> None:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        raise Changed("It was replaced by something else after it was imported.") from error
    try:
        before = os.fstat(descriptor)
        _demand(before, stored)
        if _hash(descriptor) != sha256 or _stamp(os.fstat(descriptor)) != _stamp(before):
            raise Changed("It was changed after it was imported.")
    finally:
        os.close(descriptor)
    if _stamp(os.stat(name, dir_fd=folder, follow_symlinks=False)) != _stamp(before):
        raise Changed("It was changed after it was imported.")


def _demand(status: os.stat_result, stored: Identity) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Changed("It was replaced by something else after it was imported.")
    if Identity.of(status) == stored:
        raise Left("It is the library's own copy, under another name.")


def _put_back(folder: int, name: str, aside: str) -> None:
    """Give a file its name back, or one with a number if another file has it by now."""
    path = PurePosixPath(name)
    for number in range(1, 1000):
        free = name if number == 1 else f"{path.stem} ({number}){path.suffix}"
        try:
            os.link(aside, free, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        except FileExistsError:
            continue
        except OSError as error:  # a folder, or a file system without hard links
            if error.errno == errno.ENOENT:
                raise
            try:
                os.stat(free, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                os.rename(aside, free, src_dir_fd=folder, dst_dir_fd=folder)
                return
            continue
        os.unlink(aside, dir_fd=folder)
        return


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _hash(descriptor: int) -> bytes:
    digest = hashlib.sha256()
    os.lseek(descriptor, 0, os.SEEK_SET)
    while block := os.read(descriptor, STEP):
        digest.update(block)
    return digest.digest()


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).rstrip(".")
