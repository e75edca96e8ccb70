"""A folder as the target of an export. It writes only into a new or empty folder, or one that it proves to be its own.

What proves that a file is ours is a line with its name and SHA-256 in a manifest or journal of this library, and its
bytes, which must have that hash. Such files may be replaced and deleted; everything else stays untouched, and is a
`Conflict` if it is in the way. No link below the folder is followed.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from io import BufferedWriter, FileIO
from pathlib import Path
from typing import IO, BinaryIO

import msgspec
from msgspec import Struct

from ..errors import Conflict, DiskFull, Invalid, NotThere, PixlStashError, Refused, StoreUnreachable
from ..storage.files import (
    Root,
    fsync_folder,
    make_folder,
    open_below,
    open_within,
    parent_below,
    unlink_below,
    writing_to,
)
from . import manifest
from .manifest import Header, Line
from .targets import PICTURE_ERRORS, Ahead, Output

#: The journal of an export that is being written, or was interrupted.
JOURNAL = "manifest.jsonl.new"
TEMPORARY = re.compile(r"\.pixlstash-[0-9a-f]{16}\.new")
#: Small enough to stay in the processor's cache between reading, hashing and writing: 1 MiB takes twice as long.
BLOCK = 256 << 10


class Record(Struct, frozen=True):
    """A file that an earlier run wrote. `same`: with the same options and versions as now.

    `earlier` are hashes of the files that it replaced: a run that is killed after the line in the journal, and before
    the file is replaced, leaves one of those.
    """

    sha256: str
    source: str | None
    box: tuple[float, float, float, float] | None
    same: bool
    earlier: frozenset[str] = frozenset()

    def has(self, digest: tuple[str, int] | None) -> bool:
        """Whether a file with this digest is one that we wrote under this name."""
        return digest is not None and (digest[0] == self.sha256 or digest[0] in self.earlier)


class Ready(Struct, frozen=True):
    """A file with its bytes; `temporary` is its name until it has its own, or None if it is there."""

    sha256: bytes
    size: int
    temporary: str | None


class Folder:
    """A folder of one library. Call `begin`, then `put` for each file, then `end`."""

    def __init__(self, path: Path, header: Header) -> None:
        self.path, self._header = path, header
        self._records: dict[str, Record] = {}
        self._names: set[str] = set()
        self._folders: set[str] = {""}
        self._ahead = Ahead()
        self._temporaries: set[str] = set()
        self.line = Line("", "", 0)
        self.written = self.bytes = self.deleted = 0

    def begin(self) -> None:
        """Make the folder, or prove that it is ours, and begin the journal. `Conflict` otherwise."""
        with _writing(self.path):
            make_folder(self.path)
            self._root = Root.pinned(self.path)
            names = os.listdir(self.path)
            ours = [name for name in (manifest.NAME, JOURNAL) if name in names]
            if names and not ours and not all(map(self._began_here, names)):
                raise Conflict(
                    f"{self.path} is neither empty nor an export of this library. Name a new or empty folder."
                )
            for name in ours:
                self._read(name)
            for name in filter(TEMPORARY.fullmatch, names):
                unlink_below(self._root, name)
            self._begin_journal()
            unlink_below(self._root, manifest.NAME)  # from here on it is incomplete

    def start(self, output: Output) -> Future[Ready]:
        return self._ahead.start(self._prepare, output)

    def put(self, output: Output, started: Future[Ready] | None = None) -> Iterator[bytes]:
        """Write a file, unless it is there as an earlier run wrote it."""
        self._names.add(output.name)
        with _writing(self.path):
            ready = started.result() if started is not None else self._prepare(output)
            self.line = output.line(ready.sha256, ready.size)
            self._journal.write(manifest.encoded(msgspec.structs.replace(self.line, text=None)))
            self._journal.flush()
            if ready.temporary is not None:
                self._place(output.name, ready.temporary)
                self.written += 1
                self.bytes += ready.size
        yield from ()

    def end(self, manifest_file: IO[bytes]) -> Iterator[bytes]:
        """Delete files of earlier runs that this one does not have, and complete the folder."""
        with _writing(self.path):
            self._journal.close()
            self._tidy()
            _sync()
            manifest_file.seek(0)
            temporary = _temporary()
            with self._created(temporary) as out:
                while block := manifest_file.read(BLOCK):
                    out.write(block)
                out.flush()
                os.fsync(out.fileno())
            self._move(temporary, manifest.NAME, replace=False)
            unlink_below(self._root, JOURNAL)
            fsync_folder(self.path)
        yield from ()

    def close(self) -> None:
        """Leave what was written, for the next run."""
        self._ahead.close()
        with suppress(OSError, AttributeError):
            self._journal.close()
        for temporary in self._temporaries:
            with suppress(OSError):
                unlink_below(self._root, temporary)

    # -- what is there -------------------------------------------------------------------------------------------------

    def _read(self, name: str) -> None:
        """Read what an earlier run wrote. An incomplete last line is what a crash leaves."""
        with self._opened(name) as file:
            try:
                reader = manifest.ManifestReader(file, str(self.path / name))
            except Invalid as error:
                raise Conflict(f"{error} Move {name} away, or name another folder.") from error
            if reader.header.library != self._header.library:
                raise Conflict(f"{self.path} is an export of another library. Name another folder.")
            same = (reader.header.options, reader.header.versions) == (self._header.options, self._header.versions)
            try:
                for line in reader.lines():
                    before = self._records.get(line.name)
                    earlier = before.earlier | {before.sha256} if before else frozenset[str]()
                    self._records[line.name] = Record(line.sha256, line.source, line.box, same, earlier)
            except Invalid as error:
                if name == manifest.NAME:
                    raise Conflict(f"{error} Move {name} away, or name another folder.") from error

    def _began_here(self, name: str) -> bool:
        """Whether a file is a journal that a crash left before it had its name."""
        if not TEMPORARY.fullmatch(name):
            return False
        with self._opened(name) as file:
            head = file.read(1 << 16)
        mark = f'{{"format":"{manifest.FORMAT}","version":{manifest.VERSION},"library":"{self._header.library}"'
        return not head or head.startswith(mark.encode())

    def _is_there(self, output: Output) -> Ready | None:
        """The file, if it is there as it would be written, without producing that where it is known."""
        record = self._records.get(output.name)
        if record is None:
            return None
        expected = output.sha256.hex() if output.sha256 is not None else None
        if expected is None:
            drawn_alike = record.same and (record.source, record.box) == (output.source, output.box)
            expected = record.sha256 if drawn_alike else None
        if expected is None or expected != record.sha256:
            return None
        digest = self._digest(output.name)
        return Ready(bytes.fromhex(expected), digest[1], None) if digest and digest[0] == expected else None

    def _digest(self, name: str) -> tuple[str, int] | None:
        """(SHA-256, size) of a plain file; None if there is none."""
        try:
            file = self._opened(name)
        except PixlStashError:
            return None
        digest, size = hashlib.sha256(), 0
        with file:
            while block := file.read(BLOCK):
                digest.update(block)
                size += len(block)
        return digest.hexdigest(), size

    def _opened(self, name: str) -> BinaryIO:
        return open_within(self._root.path, name)

    # -- writing -------------------------------------------------------------------------------------------------------

    def _begin_journal(self) -> None:
        """Begin a journal that has all records so far, so that no crash makes us forget what is ours."""
        temporary = _temporary()
        self._journal = self._created(temporary)
        self._journal.write(manifest.encoded(self._header))
        for name, record in self._records.items():
            for sha256 in sorted(record.earlier - {record.sha256}):
                self._journal.write(manifest.encoded(Line(name, sha256, 0)))
            source = record.source if record.same else None  # not to be taken for drawn with the options of now
            self._journal.write(manifest.encoded(Line(name, record.sha256, 0, source, None, record.box)))
        self._journal.flush()
        os.fsync(self._journal.fileno())
        self._move(temporary, JOURNAL, replace=True)

    def _prepare(self, output: Output) -> Ready:
        """Write an output to a file of another name, unless it is there. On any thread."""
        there = self._is_there(output)
        if there is not None:
            return there
        temporary = _temporary()
        self._temporaries.add(temporary)
        try:
            return Ready(*self._produce(output, temporary), temporary)
        except BaseException:
            unlink_below(self._root, temporary)
            raise

    def _place(self, name: str, temporary: str) -> None:
        """Give a prepared file its name."""
        try:
            self._make_folders(name)
            self._move(temporary, name, replace=self._is_ours(name, self._records.get(name)))
        finally:
            unlink_below(self._root, temporary)
            self._temporaries.discard(temporary)

    def _produce(self, output: Output, temporary: str) -> tuple[bytes, int]:
        """Write the bytes of an output to a new file, from the first opener that has the right ones."""
        problem: PixlStashError = NotThere("Its file is not there.")
        for opener in output.openers:
            digest, size = hashlib.sha256(), 0
            unlink_below(self._root, temporary)
            try:
                blocks = opener()
                with self._raw(temporary) as raw:  # the blocks are large already
                    for block in blocks:
                        digest.update(block)
                        size += len(block)
                        _write(raw, block)
            except PICTURE_ERRORS as error:
                problem = error
                continue
            if output.sha256 is None or digest.digest() == output.sha256:
                return digest.digest(), size
            problem = Refused("Its file is damaged: it is not what was imported.")
        raise problem

    def _is_ours(self, name: str, record: Record | None) -> bool:
        """Whether a file may be replaced; `Conflict` if something that is not ours has the name."""
        try:
            with parent_below(self._root, name) as (last, folder):
                os.stat(last, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        if record is None or not record.has(self._digest(name)):
            raise Conflict(
                f"{self.path / name} was not written by this export, or was changed since. Move it away, or name"
                " another folder."
            )
        return True

    def _created(self, name: str) -> BinaryIO:
        return BufferedWriter(self._raw(name))

    def _raw(self, name: str) -> FileIO:
        return FileIO(open_below(self._root, name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb")

    def _move(self, name: str, target: str, *, replace: bool) -> None:
        """Rename a file of ours; unless `replace`, never over another."""
        with parent_below(self._root, name) as (old, old_folder), parent_below(self._root, target) as (new, folder):
            if replace:
                os.replace(old, new, src_dir_fd=old_folder, dst_dir_fd=folder)
                return
            try:
                os.link(old, new, src_dir_fd=old_folder, dst_dir_fd=folder, follow_symlinks=False)
            except FileExistsError:
                raise Conflict(f"{self.path / target} appeared while the export ran. Move it away.") from None
            except (OSError, NotImplementedError):  # a file system without hard links
                os.rename(old, new, src_dir_fd=old_folder, dst_dir_fd=folder)
            else:
                os.unlink(old, dir_fd=old_folder)

    def _make_folders(self, name: str) -> None:
        parts = name.split("/")[:-1]
        for count in range(1, len(parts) + 1):
            folder = "/".join(parts[:count])
            if folder in self._folders:
                continue
            with parent_below(self._root, folder) as (last, descriptor):
                with suppress(FileExistsError):
                    os.mkdir(last, dir_fd=descriptor)
                if not stat.S_ISDIR(os.stat(last, dir_fd=descriptor, follow_symlinks=False).st_mode):
                    raise Conflict(f"{self.path / folder} is a link or no folder, and exports follow no links.")
            self._folders.add(folder)

    def _tidy(self) -> None:
        """Delete the files of earlier runs that this one does not have, and folders that become empty by that."""
        emptied = set()
        for name, record in self._records.items():
            if name in self._names:
                continue
            if record.has(self._digest(name)) and unlink_below(self._root, name):
                self.deleted += 1
                emptied.add(name.rpartition("/")[0])
        for folder in sorted(emptied - {""}, key=len, reverse=True):
            with suppress(OSError), parent_below(self._root, folder) as (last, descriptor):
                os.rmdir(last, dir_fd=descriptor)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """As `writing_to`, but a folder that cannot be written to ends the export, unlike a picture that cannot be read."""
    try:
        yield
    except OSError as error:
        try:
            with writing_to(path):
                raise
        except StoreUnreachable as unwritable:
            raise Conflict(str(unwritable)) from error
        except DiskFull as full:
            raise DiskFull(
                "The disk is full. Free some space, and export to the same folder again: what is there is kept."
            ) from full


def _write(file: FileIO, block: bytes) -> None:
    rest = memoryview(block)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def _temporary() -> str:
    return f".pixlstash-{secrets.token_hex(8)}.new"


def _sync() -> None:
    """Make everything that was written durable: at once, because one file after the other takes far longer."""
    if hasattr(os, "sync"):
        os.sync()
