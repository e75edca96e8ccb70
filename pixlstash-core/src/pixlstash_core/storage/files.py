"""File operations that are durable and follow no links out of a folder, with fallbacks for missing system calls."""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from ..errors import Conflict, DiskFull, NotThere, StoreUnreachable

#: Error numbers of systems that cannot sync a folder; all others are disk errors.
NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM, errno.EISDIR}
#: Error numbers for a link with O_NOFOLLOW.
LINK = {errno.ELOOP, getattr(errno, "EMLINK", errno.ELOOP), getattr(errno, "EFTYPE", errno.ELOOP)}
FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


#: Whether folders can be opened relative to a descriptor, which prevents following links (not on Windows).
BY_DESCRIPTOR = (
    hasattr(os, "O_NOFOLLOW")
    and hasattr(os, "O_DIRECTORY")
    and {os.open, os.stat, os.unlink} <= os.supports_dir_fd
    and os.scandir in os.supports_fd
)
#: Maximum characters of a name.
LONGEST = 255


class Root(NamedTuple):
    """A folder below which no link is followed. The folder itself may be a link.

    With `identity`, opening anything fails with `RootReplaced` once another folder, or a link, has taken its place.
    """

    path: Path
    identity: str | None = None

    @classmethod
    def pinned(cls, path: Path, *, follow: bool = True) -> Root:
        """Return a root with the folder's present identity. `follow=False`: `NotADirectoryError` for a link."""
        status = os.stat(path, follow_symlinks=follow)
        if not stat.S_ISDIR(status.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
        return cls(path, _identity(status))

    @classmethod
    def of(cls, root: Root | Path) -> Root:
        return root if isinstance(root, Root) else cls(root)

    def key(self, path: Path) -> str:
        """Convert a path below the root to a key. Raises `NotThere` if it is not below it."""
        try:
            return path.relative_to(self.path).as_posix()
        except ValueError as error:
            raise NotThere(f"{path} is not in {self.path}.") from error


class RootReplaced(OSError):
    """Another folder, or a link, has taken the place of a pinned root."""


def walk(root: Path | Root, prefix: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """Yield (path, status) of every regular file below a folder, in any order, without keeping them in memory.

    Hidden ones, links, and folders that may not be opened are left out, also those that become links meanwhile.
    `prefix`: only this folder below the root. OSError: the root or the prefix cannot be opened, or the disk stops
    answering on the way.
    """
    root = Root.of(root)
    for inside, status in walk_below(root, prefix):
        yield os.path.join(root.path, *inside.split("/")), status


def walk_below(root: Root, prefix: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """The same with paths relative to the root, with `/` between their parts."""
    pending = [prefix]
    while pending:
        folder = pending.pop()
        try:
            with _entries(root, folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or entry.is_symlink():
                        continue
                    inside = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(inside)
                    elif entry.is_file(follow_symlinks=False):
                        try:
                            status = entry.stat(follow_symlinks=False)
                        except FileNotFoundError:  # deleted meanwhile
                            continue
                        yield inside, status
        except (PermissionError, FileNotFoundError, NotADirectoryError):
            if folder == prefix:
                raise


def open_within(root: Path, key: str) -> BinaryIO:
    """Open `root/key` for reading without following any link below `root`; `NotThere` when it is not a plain file."""
    try:
        return _plain(os.fdopen(open_below(Root(root), key), "rb"))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise NotThere(f"{key!r} is not there any more, or is reached through a link.") from error
    except ValueError as error:  # a name that the system does not support
        raise NotThere(f"There is no {key!r} here.") from error
    except OSError as error:
        raise StoreUnreachable(f"{key} cannot be read: {error.strerror}.") from error


def open_below(root: Root, key: str, flags: int = os.O_RDONLY, mode: int = 0o666) -> int:
    """Open `root/key`, of any file type, without following links below the root. Returns a descriptor.

    OSError: `FileNotFoundError` or `NotADirectoryError` where a link is in the way, `RootReplaced`, or as `os.open`.
    """
    # Not blocking: a named pipe must not hang the library.
    flags |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    with parent_below(root, key) as (name, folder), _no_links(key):
        descriptor = os.open(name, flags, mode, dir_fd=folder)
        if folder is None:
            _verify(root, key, descriptor)
    return descriptor


def stat_below(root: Root, key: str) -> os.stat_result | None:
    """What the system says of `root/key`, which may be a link, following none on the way; None when it is not there."""
    try:
        with parent_below(root, key) as (name, folder):
            return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def unlink_below(root: Root, key: str) -> bool:
    """Delete a plain file below a root, following no link on the way; False when there is none. OSError otherwise."""
    try:
        with parent_below(root, key) as (name, folder):
            if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                return False
            os.unlink(name, dir_fd=folder)
            return True
    except (FileNotFoundError, NotADirectoryError):
        return False


@contextmanager
def parent_below(root: Root, key: str) -> Iterator[tuple[str, int | None]]:
    """Yield (name, descriptor of the folder) of `root/key`, for `dir_fd` of `os.open`, `os.stat` and `os.unlink`.

    No link is followed on the way to the folder; the last name may be one. Without descriptors (Windows) this is
    (path, None): the folder was no link when it was looked at, which a race can change. OSError as `open_below`.
    """
    parts = _parts(key)
    if not parts:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), key)
    folder, name = "/".join(parts[:-1]), parts[-1]
    if BY_DESCRIPTOR:
        with _descend(root, folder) as descriptor:
            yield name, descriptor
    else:
        _check_folder(root, folder)
        yield str(root.path.joinpath(*parts)), None


def _parts(key: str) -> tuple[str, ...]:
    parts = PurePosixPath(key).parts
    if key.startswith("/") or ".." in parts or "\0" in key:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), key)
    return parts


@contextmanager
def _entries(root: Root, key: str) -> Iterator[Iterator[os.DirEntry[str]]]:
    """List a folder below the root."""
    if BY_DESCRIPTOR:
        with _descend(root, key) as descriptor, os.scandir(descriptor) as entries:
            yield entries
    else:
        with os.scandir(_check_folder(root, key)) as entries:
            yield entries


@contextmanager
def _descend(root: Root, key: str) -> Iterator[int]:
    """Open a folder, one path component after the other. Returns a descriptor."""
    descriptor = os.open(root.path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _check_identity(root, os.fstat(descriptor))
        for part in _parts(key):
            with _no_links(key):
                inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _no_links(key: str) -> Iterator[None]:
    """Turn the different errors of systems for a link with O_NOFOLLOW into `NotADirectoryError`."""
    try:
        yield
    except OSError as error:
        if error.errno not in LINK:
            raise
        raise NotADirectoryError(errno.ENOTDIR, "it is a link", key) from error


def _check_folder(root: Root, key: str) -> str:
    """Return the path of a folder after checking that it is inside the root, for systems without descriptors."""
    path = root.path.joinpath(*_parts(key))
    _check_identity(root, os.stat(root.path))
    if not path.resolve().is_relative_to(root.path.resolve()):
        raise NotADirectoryError(errno.ENOTDIR, "it leads out of its folder", key)
    return str(path)


def _verify(root: Root, key: str, descriptor: int) -> None:
    """Check that an opened file is inside the root, for systems without descriptors of folders."""
    try:
        inside = Path(_check_folder(root, key)).resolve()
        if os.path.samestat(os.fstat(descriptor), os.stat(inside, follow_symlinks=False)):
            return
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    raise FileNotFoundError(errno.ENOENT, "it was replaced while it was opened", key)


def _check_identity(root: Root, status: os.stat_result) -> None:
    if root.identity is not None and root.identity != _identity(status):
        raise RootReplaced(errno.ESTALE, "it is no longer the same folder (was its disk unmounted?)", str(root.path))


def _identity(status: os.stat_result) -> str:
    return f"{status.st_dev}:{status.st_ino}"


def _plain(file: BinaryIO) -> BinaryIO:
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise FileNotFoundError(errno.ENOENT, "it is not a plain file")
    return file


class _Limited(io.RawIOBase):
    """A file that ends after a number of bytes."""

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
    """Create a file that only this user may read, for writing and reading. Raises `FileExistsError`."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o600), "w+b")


def create_unnamed(folder: Path) -> BinaryIO | None:
    """Create a private file without a name, of which a killed process leaves nothing; None where there are none."""
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir("/proc/self/fd"):
        return None
    try:
        return os.fdopen(os.open(folder, os.O_RDWR | os.O_TMPFILE, 0o600), "w+b")
    except OSError:  # whatever the reason is, creating a file with a name shows it
        return None


@contextmanager
def writing_new(path: Path) -> Iterator[BinaryIO]:
    """Write a new file: private, durable, and under its name only once it is complete.

    `Conflict` when something has that name by then; it is left as it is. On any error nothing of ours stays behind.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.new")
    with writing_to(path.parent):
        if os.path.lexists(path):
            raise _exists(path)
        unnamed = create_unnamed(path.parent)
        file = unnamed or create_private(temporary)
    try:
        with file:
            yield file
            with writing_to(path.parent):
                file.flush()
                os.fsync(file.fileno())
                if unnamed is not None:
                    _name(unnamed, path)
        with writing_to(path.parent):
            if unnamed is None:
                _give_name(temporary, path)
            fsync_folder(path.parent)
    except BaseException:
        if unnamed is None:
            with suppress(OSError):
                temporary.unlink()
        raise


def _name(file: BinaryIO, path: Path) -> None:
    """Give a file without a name one, without replacing another file."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:  # without `dst_dir_fd`, Python would link the symbolic link itself
        os.link(f"/proc/self/fd/{file.fileno()}", path.name, dst_dir_fd=folder, follow_symlinks=True)
    except FileExistsError:
        raise _exists(path) from None
    finally:
        os.close(folder)


def _exists(path: Path) -> Conflict:
    return Conflict(f"{path} exists already. Choose another name, or move it away first.")


def _give_name(temporary: Path, path: Path) -> None:
    """Rename a file without replacing another one."""
    try:
        os.link(temporary, path, follow_symlinks=False)
        temporary.unlink()
    except FileExistsError:
        raise _exists(path) from None
    except (OSError, NotImplementedError):  # a file system without hard links
        if os.path.lexists(path):
            raise _exists(path) from None
        os.replace(temporary, path)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Create a folder and its parents, if they are missing, durably."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(mode, parents=True, exist_ok=True)
    for path in missing:
        fsync_folder(path.parent)


def fsync_folder(folder: Path) -> None:
    """Make changes of names in a folder durable, if the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:  # a folder that can be written to, but not read
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
    """Translate errors of the system in the block to errors with a sentence for users."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull("The disk is full. Nothing was changed; free some space and try again.") from error
        raise StoreUnreachable(f"{place} cannot be written to: {error.strerror or error}.") from error


def clean_name(name: str) -> str:
    """Return a name without folders, printable and shortened, with its extension."""
    name = printable(name.replace("\0", "").replace("\\", "/").rpartition("/")[2]).strip()
    if len(name) > LONGEST:
        stem, dot, end = name.rpartition(".")
        name = f"{stem[: LONGEST - len(end) - 1]}.{end}" if dot and len(end) < 9 else name[:LONGEST]
    return name if name.strip(". ") else "upload"


def printable(text: str) -> str:
    """Replace characters that are not printable (line ends, direction marks) or not UTF-8."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
