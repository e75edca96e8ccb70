"""Where a backup lies: a folder that is a library itself, or one zip file with the same in it, stored as it is."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO

from ..errors import Invalid, NotThere, PixlStashError
from ..files import create_private, fsync_folder, make_folder, writing_to
from ..snapshots.shelf import Progress

DATABASE, HUB, MEDIA = "library.db", "hub.db", "media"
UNFINISHED = ".new"
BLOCK = 1 << 20
#: Bytes of an original that are held in memory on their way into a file.
HELD = 32 << 20
KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}\.[a-z0-9]{1,16}")


class Folder:
    """A backup in a folder. What is there already is not copied again."""

    def __init__(self, root: Path) -> None:
        self.root, self._media = root, root / MEDIA
        self._touched: set[Path] = set()

    def begin(self) -> None:
        """Make the folder, and drop what an interrupted run left."""
        with writing_to(self.root):
            make_folder(self._media / "incoming")
            if was_cut_short(self.root):
                (self.root / HUB).unlink()  # before what it is known by
                fsync_folder(self.root)
            for left in (*self.root.glob(f"*{UNFINISHED}*"), *(self._media / "incoming").iterdir()):
                left.unlink()

    def has(self, key: str, size: int) -> bool:
        try:
            return (self._media / key).stat().st_size == size
        except OSError:
            return False

    def put(self, key: str, sha256: bytes, source: BinaryIO) -> bool:
        """Keep these bytes if they have this hash; whether they have it. Durable once `settle` was called."""
        temporary = self._media / "incoming" / f"{secrets.token_hex(8)}{UNFINISHED}"
        with writing_to(self.root):
            try:
                with create_private(temporary) as out:
                    right = _copy(source, out) == sha256
                    out.flush()
                    os.fsync(out.fileno())
                if right:
                    target = self._media / key
                    target.parent.mkdir(exist_ok=True)
                    os.replace(temporary, target)
                    self._touched.add(target.parent)
            finally:
                temporary.unlink(missing_ok=True)
        return right

    def keep(self, key: str, sha256: bytes) -> bool:
        """Take an original over from the backup before, if it has it: what is there is there already."""
        return False

    def settle(self) -> None:
        """Have all names be durable."""
        with writing_to(self.root):
            for folder in (*self._touched, self._media, self.root):
                fsync_folder(folder)
            self._touched.clear()

    def finish(self, database: Path, hub: Path | None, about: bytes, progress: Progress) -> None:
        """Have the backup be this from now on: what comes last is its database, which says itself what it is of."""
        self.settle()
        given = [(source, name) for source, name in ((hub, HUB), (database, DATABASE)) if source is not None]
        with writing_to(self.root):
            for source, name in given:
                with source.open("rb") as file, create_private(self.root / f"{name}{UNFINISHED}") as out:
                    shutil.copyfileobj(file, out, BLOCK)
                    out.flush()
                    os.fsync(out.fileno())
            fsync_folder(self.root)  # a power cut may else leave any of these names without the ones before it
            for _, name in given:
                os.replace(self.root / f"{name}{UNFINISHED}", self.root / name)
                fsync_folder(self.root)

    def tidy(self, wanted: set[str]) -> int:
        """Drop originals that the backup no longer names; how many."""
        gone = 0
        with writing_to(self.root):
            for path in self._media.glob("??/*"):
                if f"{path.parent.name}/{path.name}" not in wanted:
                    path.unlink()
                    gone += 1
        return gone

    def give_up(self) -> None:
        """Leave what was copied, for the next run."""


def was_cut_short(root: Path) -> bool:
    """Whether a folder's first backup had come to its hub, and not to its database."""
    return (root / HUB).exists() and not (root / DATABASE).exists() and (root / f"{DATABASE}{UNFINISHED}").exists()


class Archive:
    """A backup in one file, written anew each time and put in the place of the one before when it is whole."""

    def __init__(self, path: Path) -> None:
        self.root, self._path = path, path
        self._temporary = path.with_name(f"{path.name}{UNFINISHED}")

    def begin(self) -> None:
        with writing_to(self._path.parent):
            self._temporary.unlink(missing_ok=True)
            self._file = create_private(self._temporary)
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED, allowZip64=True)
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
            _read_back(self._file, self._path, progress)  # before it takes the place of the one before
            os.fsync(self._file.fileno())
            self._file.close()
            if self._before is not None:
                self._before.close()
            os.replace(self._temporary, self._path)
            fsync_folder(self._path.parent)

    def tidy(self, wanted: set[str]) -> int:
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


def _read_back(file: BinaryIO, path: Path, progress: Progress) -> None:
    """Compare all that was written with its checksums."""
    written = zipfile.ZipFile(file)
    done, total = 0, sum(one.file_size for one in written.infolist())
    for one in written.infolist():
        try:
            with written.open(one) as member:
                while block := member.read(BLOCK):
                    progress(done := done + len(block), total)
        except zipfile.BadZipFile as error:
            raise PixlStashError(f"{path}: {one.filename} is not what was written.") from error


def about(path: Path) -> bytes:
    """What a file says it is a backup of; nothing when it is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment if DATABASE in archive.NameToInfo else b""
    except (OSError, zipfile.BadZipFile, ValueError):
        return b""


def place_of(path: Path) -> Place:
    """A name that ends in `.zip` is that of a file, any other that of a folder."""
    return Archive(path) if path.suffix.lower() == ".zip" else Folder(path)


class Source:
    """A backup to be read: a folder's files, or a file's members."""

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
    """A backup, for as long as the block lasts; `Invalid` when it is none."""
    if path.is_dir():

        def from_folder(name: str) -> BinaryIO:
            try:
                return (path / name).open("rb")
            except OSError as error:
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
    """Copy bytes; their SHA-256, or nothing when they are known to be damaged."""
    found = hashlib.sha256()
    try:
        while block := source.read(BLOCK):
            found.update(block)
            out.write(block)
    except zipfile.BadZipFile:
        return b""
    return found.digest()
