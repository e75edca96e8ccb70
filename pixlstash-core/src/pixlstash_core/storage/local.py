"""The stores of plain folders: `file` (the library's own originals), `folder` (a reference folder, never written)."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes

from ..errors import StoreUnreachable
from ..plugins.contracts import Opened, Params, Stat, Store
from .files import Root, fsync_folder, limited, open_within, stat_below, unlink_below, walk_below, writing_to


class FolderParams(Params, frozen=True, kw_only=True):
    path: str


class Folder(Opened):
    """An opened folder of files. Links that lead out of it are not followed.

    Unless it `may_be_empty`, an empty one counts as unreachable, because its disk is probably not mounted.
    """

    writable = False

    def __init__(self, root: Path, *, may_be_empty: bool = False) -> None:
        self.root = self.local_root = root
        self._may_be_empty = may_be_empty

    def read(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        file = open_within(self._present(), path_of(key))
        file.seek(start)
        return limited(file, end - start) if end is not None else file

    def stat(self, key: str) -> Stat:
        with open_within(self._present(), path_of(key)) as file:
            status = os.fstat(file.fileno())
        return Stat(status.st_size, status.st_mtime_ns)

    def list(self, prefix: str = "") -> Iterator[tuple[str, Stat]]:
        """Yield all regular files, except hidden ones, links, and files in unreadable folders."""
        root, beginning = self._present(), path_of(prefix)
        folder = beginning.rpartition("/")[0]
        try:
            pinned = Root.pinned(root)
            if folder and not stat.S_ISDIR(getattr(stat_below(pinned, folder), "st_mode", 0)):
                return
            for path, status in walk_below(pinned, folder):
                if path.startswith(beginning):
                    yield key_of(path), Stat(status.st_size, status.st_mtime_ns)
            if Root.pinned(self._present()) != pinned:  # files that were not listed are unreachable, not missing
                raise StoreUnreachable(f"{root} is no longer what it was: was its disk unmounted?")
        except OSError as error:
            raise StoreUnreachable(f"{root} cannot be read: {error.strerror}.") from error

    def list_parts(self, paths: Iterable[str]) -> Iterator[tuple[str, Stat]]:
        """The regular files at these paths, relative to the root, or below them; what is not there is left out."""
        root = self._present()
        try:
            pinned = Root.pinned(root)
            for path in paths:
                for inside, status in self._part(pinned, path):
                    yield key_of(inside), Stat(status.st_size, status.st_mtime_ns)
            if Root.pinned(self._present()) != pinned:
                raise StoreUnreachable(f"{root} is no longer what it was: was its disk unmounted?")
        except OSError as error:
            raise StoreUnreachable(f"{root} cannot be read: {error.strerror}.") from error

    def _part(self, root: Root, path: str) -> Iterator[tuple[str, os.stat_result]]:
        if not path or any(part.startswith(".") for part in path.split("/")):
            return
        status = stat_below(root, path)
        if status is None or stat.S_ISLNK(status.st_mode):
            return
        if stat.S_ISREG(status.st_mode):
            yield path, status
        elif stat.S_ISDIR(status.st_mode):
            with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
                yield from walk_below(root, path)

    def local(self, key: str) -> Path | None:
        return self._present() / path_of(key)

    def _present(self) -> Path:
        """Return the root. Raises if it seems not to be mounted: missing, not a folder, or empty."""
        try:
            with os.scandir(self.root) as entries:
                if next(entries, None) is None and not self._may_be_empty:
                    raise StoreUnreachable(f"{self.root} is empty: is its disk mounted?")
        except OSError as error:
            raise StoreUnreachable(f"{self.root} cannot be reached: {error.strerror}.") from error
        return self.root


class Managed(Folder):
    """The folder of the library's own originals, named by their SHA-256: `ab/abcd….png`."""

    writable = True

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._durable: set[Path] = set()

    def put(self, key: str, file: BinaryIO) -> None:
        target = self._present() / key
        if target.exists():
            return
        partial = self.root / "incoming" / f"put-{os.getpid()}-{target.name}"
        try:
            with writing_to(self.root):
                partial.parent.mkdir(0o700, exist_ok=True)
                with partial.open("wb") as out:
                    shutil.copyfileobj(file, out, 1 << 20)
                    out.flush()
                    os.fsync(out.fileno())
            self.adopt(key, partial)
        finally:
            with suppress(OSError):  # it has another name by now, or its bytes are incomplete
                partial.unlink(missing_ok=True)

    def adopt(self, key: str, partial: Path) -> None:
        """Store a file that is already durable on the same disk, by renaming it."""
        target = self._present() / key
        with writing_to(self.root):
            target.parent.mkdir(0o700, exist_ok=True)
            if target.parent not in self._durable:  # the process that created it may have stopped before syncing it
                fsync_folder(self.root)
                self._durable.add(target.parent)
            os.replace(partial, target)
            fsync_folder(target.parent)

    def delete(self, key: str) -> None:
        root = self._present()
        with writing_to(self.root):
            if unlink_below(Root(root), key):
                fsync_folder(
                    (root / key).parent
                )  # or a power cut brings the bytes back, and no row names them any more

    def list(self, prefix: str = "") -> Iterator[tuple[str, Stat]]:
        for key, status in super().list(prefix):
            if not key.startswith("incoming/"):
                yield key, status


ESCAPED = "%:"


def key_of(path: str) -> str:
    """Convert a relative path to a key: unchanged, or escaped if it is not valid UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return ESCAPED + quote_from_bytes(os.fsencode(path), safe="/")
    return ESCAPED + quote(path, safe="/") if path.startswith(ESCAPED) else path


def keys_of(path: str) -> tuple[str, str]:
    """The keys that a folder may have in those of the files below it, some of whose names may not be UTF-8."""
    return key_of(path), ESCAPED + quote_from_bytes(os.fsencode(path), safe="/")


def path_of(key: str) -> str:
    """Convert a key to a path; the inverse of `key_of`."""
    return os.fsdecode(unquote_to_bytes(key[len(ESCAPED) :])) if key.startswith(ESCAPED) else key


class FolderStore(Store):
    """The kind of store for reference folders, which are indexed in place and never written to."""

    scheme = "folder"
    Params = FolderParams

    def connect(self, params: Any) -> Folder:
        return Folder(Path(params.path))


class FileStore(Store):
    """The kind of store for the library's own originals."""

    scheme = "file"
    Params = FolderParams

    def connect(self, params: Any) -> Managed:
        return Managed(Path(params.path))
