"""The places of backups: a folder, which is a library itself, or one uncompressed zip file with the same contents."""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO

from ..errors import Conflict, Invalid, NotThere, PixlStashError
from ..snapshots.repository import Progress
from ..storage.files import (
    Root,
    create_private,
    fsync_folder,
    make_folder,
    open_below,
    open_within,
    parent_below,
    unlink_below,
    writing_to,
)

DATABASE, HUB, MEDIA, INCOMING = "library.db", "hub.db", "media", "incoming"
UNFINISHED = ".new"
#: A file that marks a folder with an incomplete first backup of a library.
MARK = "pixlstash-backup.json"
#: Names of files in `incoming`.
TEMPORARY = re.compile(rf"[0-9a-f]{{16}}{re.escape(UNFINISHED)}")
BLOCK = 1 << 20
#: Bytes that are copied at once.
HELD = 32 << 20
KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}\.[a-z0-9]{1,16}")


class Folder:
    """A folder with originals in `media`, like that of a library. Existing files are not copied again.

    Links are not followed for writing or deleting, and only files with names of backups are deleted.
    """

    def __init__(self, root: Path) -> None:
        self.root, self._media = root, root / MEDIA
        self._below = Root(root)
        self._touched: set[Path] = set()
        self._marked = False

    def begin(self, library: str = "") -> None:
        """Create the folder, and delete files of an interrupted run.

        `library`: the public id of the library of which this is a backup. A folder that is empty is marked as its
        backup until the first one is whole.
        """
        with writing_to(self.root):
            make_folder(self.root)
            if library:
                self._mark(library)
                self._marked = is_marked(self.root, library)
            demand_plain_folders(self.root)
            make_folder(self._media / INCOMING)
            if was_cut_short(self.root):
                (self.root / HUB).unlink()  # before the file that identifies it
                fsync_folder(self.root)
            for name in (f"{DATABASE}{UNFINISHED}", f"{HUB}{UNFINISHED}"):
                unlink_below(self._below, name)
            for left in (self._media / INCOMING).iterdir():
                if TEMPORARY.fullmatch(left.name):
                    unlink_below(self._below, f"{MEDIA}/{INCOMING}/{left.name}")

    def _mark(self, library: str) -> None:
        """Mark an empty folder as an incomplete backup, durably and before anything else is written."""
        if not any(self.root.iterdir()):
            with create_private(self.root / MARK) as file:
                file.write(mark(library))
                file.flush()
                os.fsync(file.fileno())
            fsync_folder(self.root)

    def has(self, key: str, size: int) -> bool:
        try:
            with open_within(self.root, f"{MEDIA}/{key}") as file:
                return os.fstat(file.fileno()).st_size == size
        except PixlStashError:
            return False

    def put(self, key: str, sha256: bytes, source: BinaryIO) -> bool:
        """Store a file if it has this hash, and return whether it has. Durable after `settle`."""
        temporary = f"{MEDIA}/{INCOMING}/{secrets.token_hex(8)}{UNFINISHED}"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        with writing_to(self.root):
            try:
                with os.fdopen(open_below(self._below, temporary, flags, 0o600), "w+b") as out:
                    right = _copy(source, out) == sha256
                    out.flush()
                    os.fsync(out.fileno())
                if right:
                    folder = (self._media / key).parent
                    folder.mkdir(exist_ok=True)
                    self._move(temporary, f"{MEDIA}/{key}")
                    self._touched.add(folder)
            finally:
                unlink_below(self._below, temporary)
        return right

    def _move(self, source: str, target: str) -> None:
        """Rename a file below the root. An existing file with the name is damaged, and is replaced."""
        with parent_below(self._below, source) as (old, old_folder), parent_below(self._below, target) as (new, folder):
            with suppress(FileNotFoundError):
                if not stat.S_ISREG(os.stat(new, dir_fd=folder, follow_symlinks=False).st_mode):
                    raise Conflict(f"{self.root / target} is no plain file. Move it away and make the backup again.")
            os.replace(old, new, src_dir_fd=old_folder, dst_dir_fd=folder)

    def keep(self, key: str, sha256: bytes) -> bool:
        """Return whether the previous backup has an original, which then stays."""
        return False

    def settle(self) -> None:
        """Make all names of stored files durable."""
        with writing_to(self.root):
            for folder in (*self._touched, self._media, self.root):
                fsync_folder(folder)
            self._touched.clear()

    def finish(self, database: Path, hub: Path | None, about: bytes, progress: Progress) -> None:
        """Complete the backup by installing its databases, `library.db` last."""
        self.settle()
        databases = [(source, name) for source, name in ((hub, HUB), (database, DATABASE)) if source is not None]
        with writing_to(self.root):
            for source, name in databases:
                with source.open("rb") as file, create_private(self.root / f"{name}{UNFINISHED}") as out:
                    shutil.copyfileobj(file, out, BLOCK)
                    out.flush()
                    os.fsync(out.fileno())
            fsync_folder(self.root)  # otherwise, a power cut could keep a name but lose earlier ones
            for _, name in databases:
                os.replace(self.root / f"{name}{UNFINISHED}", self.root / name)
                fsync_folder(self.root)
            if self._marked:
                unlink_below(self._below, MARK)

    def tidy(self, dropped: Iterable[str]) -> int:
        """Delete originals that only the previous backup has, by key. Returns their number."""
        with writing_to(self.root):
            return sum(unlink_below(self._below, f"{MEDIA}/{key}") for key in dropped if KEY.fullmatch(key))

    def give_up(self) -> None:
        """End an interrupted run; copied files stay for the next one."""


def mark(library: str) -> bytes:
    """Return the content of the file `MARK` for a library."""
    return b'{"backup of library":"%s","finished":false}\n' % library.encode()


def is_marked(root: Path, library: str) -> bool:
    """Return whether a folder has an interrupted first backup of a library.

    After a power cut, the mark may be truncated or contain zeros; then it is the only file in the folder.
    """
    try:
        with open_within(root, MARK) as file:
            text = file.read(4096)
    except PixlStashError:
        return False
    alone = [path.name for path in root.iterdir()] == [MARK]
    return text == mark(library) or (alone and (mark(library).startswith(text) or not text.strip(b"\0")))


def demand_plain_folders(root: Path) -> None:
    """Raise `Conflict` if a folder that a backup writes to is a link, or not a folder."""
    for folder in (root / MEDIA, root / MEDIA / INCOMING):
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise Conflict(f"{folder} is a link or no folder, and backups follow no links. Name another folder.")


def was_cut_short(root: Path) -> bool:
    """Return whether a folder's first backup was interrupted between its hub and its database."""
    return (root / HUB).exists() and not (root / DATABASE).exists() and (root / f"{DATABASE}{UNFINISHED}").exists()


class Archive:
    """A backup in one file, which is written as a new file and replaces the previous one when it is complete."""

    def __init__(self, path: Path) -> None:
        self.root, self._path = path, path
        self._temporary = unfinished(path)

    def begin(self, library: str = "") -> None:
        with writing_to(self._path.parent):
            if began(self._path, library):
                self._temporary.unlink()
            self._file = create_private(self._temporary)
            self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED, allowZip64=True)
            _write_mark(self._zip, library)
            self._file.flush()
            os.fsync(self._file.fileno())
        self._before = zipfile.ZipFile(self._path) if self._path.exists() else None

    def has(self, key: str, size: int) -> bool:
        return False

    def put(self, key: str, sha256: bytes, source: BinaryIO) -> bool:
        with writing_to(self._path), SpooledTemporaryFile(HELD, dir=str(self._path.parent)) as held:
            if _copy(source, held) != sha256:  # type: ignore[arg-type]
                return False
            held.seek(0)
            self._store(f"{MEDIA}/{key}", held)  # type: ignore[arg-type]
        return True

    def keep(self, key: str, sha256: bytes) -> bool:
        if self._before is None or f"{MEDIA}/{key}" not in self._before.NameToInfo:
            return False
        with self._before.open(f"{MEDIA}/{key}") as source:
            return self.put(key, sha256, source)  # type: ignore[arg-type]

    def finish(self, database: Path, hub: Path | None, about: bytes, progress: Progress) -> None:
        self._zip.comment = about
        with writing_to(self._path):
            for path, name in ((hub, HUB), (database, DATABASE)):
                if path is not None:
                    with path.open("rb") as file:
                        self._store(name, file)
            self._zip.close()
            self._file.flush()
            _read_back(self._file, self._path, progress)  # before it replaces the previous one
            os.fsync(self._file.fileno())
            self._file.close()
            if self._before is not None:
                self._before.close()
            os.replace(self._temporary, self._path)
            fsync_folder(self._path.parent)

    def tidy(self, dropped: Iterable[str]) -> int:
        return 0

    def give_up(self) -> None:
        with suppress(OSError, ValueError):
            self._zip.close()
        with suppress(OSError, ValueError):
            self._file.close()
        if self._before is not None:
            self._before.close()
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)

    def _store(self, name: str, source: BinaryIO) -> None:
        about = zipfile.ZipInfo(name)
        about.external_attr = 0o600 << 16
        with self._zip.open(about, "w", force_zip64=True) as out:
            shutil.copyfileobj(source, out, BLOCK)


Place = Folder | Archive


def unfinished(path: Path) -> Path:
    """Return the path of a backup in a file until it is complete."""
    return path.with_name(f"{path.name}{UNFINISHED}")


def began(path: Path, library: str) -> bool:
    """Return whether an interrupted backup of this library left an unfinished file. `Conflict`: a foreign one did.

    Ours begin with the member `MARK`, which may be truncated or contain zeros after a power cut.
    """
    left = unfinished(path)
    if not os.path.lexists(left):
        return False
    expected = io.BytesIO()
    with zipfile.ZipFile(expected, "w") as archive:
        _write_mark(archive, library)
        head = expected.getvalue()
    try:
        with open_within(left.parent, left.name) as file:
            text = file.read(len(head) + 1)
    except PixlStashError:
        text = None
    if text is None or not (text[: len(head)] == head or head.startswith(text) or not text.strip(b"\0")):
        raise Conflict(f"{left} is in the way and was not made by a backup of this library. Move it away.")
    return True


def _write_mark(archive: zipfile.ZipFile, library: str) -> None:
    about = zipfile.ZipInfo(MARK)
    about.external_attr = 0o600 << 16
    archive.writestr(about, mark(library))


def _read_back(file: BinaryIO, path: Path, progress: Progress) -> None:
    """Read a written file back and verify its checksums."""
    written = zipfile.ZipFile(file)
    done, total = 0, sum(info.file_size for info in written.infolist())
    for info in written.infolist():
        try:
            with written.open(info) as member:
                while block := member.read(BLOCK):
                    progress(done := done + len(block), total)
        except zipfile.BadZipFile as error:
            raise PixlStashError(f"{path}: {info.filename} is not what was written.") from error


def about(path: Path) -> bytes:
    """Return the encoded origin of a backup in a file; empty if it is no backup."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment if DATABASE in archive.NameToInfo else b""
    except (OSError, zipfile.BadZipFile, ValueError):
        return b""


def place_of(path: Path) -> Place:
    """Return the place of a backup: a file if its name ends in `.zip`, otherwise a folder."""
    return Archive(path) if path.suffix.lower() == ".zip" else Folder(path)


class Source:
    """An opened backup: the files of a folder, or the members of a file."""

    def __init__(self, path: Path, open: Callable[[str], BinaryIO]) -> None:
        self.path, self._open = path, open

    def database(self, name: str = DATABASE) -> BinaryIO:
        return self._open(name)

    def original(self, key: str) -> BinaryIO:
        if not KEY.fullmatch(key):
            raise NotThere(f"{key!r} is no name of an original.")
        return self._open(f"{MEDIA}/{key}")


@contextmanager
def reading(path: Path) -> Iterator[Source]:
    """Open a backup for the duration of the block. Raises `Invalid` if it is no backup."""
    if path.is_dir():

        def from_folder(name: str) -> BinaryIO:
            try:
                return open_within(path, name)
            except PixlStashError as error:
                raise NotThere(f"The backup has no {name}.") from error

        yield Source(path, from_folder)
        return
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise Invalid(f"{path} is no backup: {error}.") from error
    with archive:

        def from_archive(name: str) -> BinaryIO:
            try:
                about = archive.getinfo(name)
                if about.compress_type != zipfile.ZIP_STORED:
                    raise NotThere(f"{name} in the backup is packed in a way that backups are not.")
                return archive.open(about)  # type: ignore[return-value]
            except (KeyError, OSError, zipfile.BadZipFile) as error:
                raise NotThere(f"The backup has no {name}.") from error

        yield Source(path, from_archive)


def _copy(source: BinaryIO, out: BinaryIO) -> bytes:
    """Copy a file and return its SHA-256; empty if it is damaged."""
    digest = hashlib.sha256()
    try:
        while block := source.read(BLOCK):
            digest.update(block)
            out.write(block)
    except zipfile.BadZipFile:
        return b""
    return digest.digest()
