"""Packs: immutable files of compressed pages.

A pack is a plain zstd file: frames of 64 pages, and its index in a skippable frame at the end, so that `zstd -d` makes
the pages of it. It is named by its own SHA-256, and complete and durable once it has that name.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import struct
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec
import zstandard
from msgspec import Struct

from ..errors import PixlStashError
from ..storage.files import create_private, writing_to

#: Pages compressed together, pages of a pack at most, and bytes of a page's hash.
FRAME, PACK, DIGEST = 64, 4096, 16
SUFFIX, UNFINISHED, ASIDE = ".zst", ".new", ".damaged"
SKIPPABLE = 0x184D2A50
#: Frames that wait to be written while others are compressed.
AHEAD = 8
#: No index is longer: its list of lengths and its hashes.
LARGEST_INDEX = 1 << 20


class Damaged(PixlStashError):
    """Stored data is not what was written. `more["pack"]` names the pack, if it is in one."""


class _Lengths(Struct):
    page_size: int
    frames: list[int]


class Pack(Struct, frozen=True):
    """The index of a pack. `frames`: compressed bytes of each frame; `hashes`: 16 bytes per page."""

    name: str
    page_size: int
    frames: list[int]
    hashes: bytes

    def __len__(self) -> int:
        return len(self.hashes) // DIGEST

    def digests(self) -> list[bytes]:
        return [self.hashes[at : at + DIGEST] for at in range(0, len(self.hashes), DIGEST)]

    def size_of(self, frame: int) -> int:
        """Return the decompressed size of a frame in bytes."""
        return min(FRAME, len(self) - frame * FRAME) * self.page_size


def digest(page: bytes | memoryview) -> bytes:
    """Return the key of a page: the first half of its SHA-256."""
    return hashlib.sha256(page).digest()[:DIGEST]


def path_of(folder: Path, name: str) -> Path:
    return folder / f"{name}{SUFFIX}"


LEFTOVER = re.compile(r"[0-9a-f]{16}\.new|([0-9a-f]{16}|backup|backup-hub)\.db(-[a-z]+)*")


def names(folder: Path) -> set[str]:
    """Return the names of the packs in a folder."""
    return {path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}")}


def is_pack(path: Path) -> bool:
    """Whether a file is named like our packs, including damaged ones."""
    return bool(re.fullmatch(rf"[0-9a-f]{{32}}{re.escape(SUFFIX)}({re.escape(ASIDE)})?", path.name))


def is_leftover(path: Path) -> bool:
    """Whether a file is named like an incomplete pack, manifest, or database copy of ours."""
    return LEFTOVER.fullmatch(path.name) is not None and not path.is_dir()


# --- reading ----------------------------------------------------------------------------------------------------------


def read_index(folder: Path, name: str) -> Pack:
    """Read the index of a pack. Raises `Damaged` if it is not valid."""
    try:
        with path_of(folder, name).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 4))
            (length,) = struct.unpack("<I", file.read(4))
            if not 4 < length <= min(LARGEST_INDEX, size - 8):
                raise ValueError("no index")
            file.seek(size - length - 8)
            if struct.unpack("<II", file.read(8)) != (SKIPPABLE, length):
                raise ValueError("no index")
            head, _, hashes = file.read(length - 4).partition(b"\n")
        index = msgspec.json.decode(head, type=_Lengths)
        pack = Pack(name, index.page_size, index.frames, hashes)
        if not _holds(pack, size - length - 8):
            raise ValueError("an index of something else")
        return pack
    except FileNotFoundError as error:
        raise Damaged(f"Pack {name} of the snapshots is missing.", pack=name) from error
    except (OSError, ValueError, struct.error, msgspec.DecodeError) as error:
        raise Damaged(f"Pack {name} of the snapshots is damaged: {error}.", pack=name) from error


def _holds(pack: Pack, stored: int) -> bool:
    """Whether an index is valid for this number of bytes and pages."""
    sound = 512 <= pack.page_size <= 65_536 and 0 < len(pack) <= PACK and len(pack.hashes) % DIGEST == 0
    return sound and len(pack.frames) == -(-len(pack) // FRAME) and sum(pack.frames) == stored and min(pack.frames) > 0


def frames(folder: Path, pack: Pack, wanted: Sequence[int] | None = None) -> Iterator[tuple[int, bytes]]:
    """Yield (number, pages) of a pack's frames, each page checked by its hash. Raises `Damaged`."""
    unpack = zstandard.ZstdDecompressor()
    chosen = set(range(len(pack.frames)) if wanted is None else wanted)
    offset = 0
    try:
        with path_of(folder, pack.name).open("rb") as file:
            for number, length in enumerate(pack.frames):
                if number in chosen:
                    file.seek(offset)
                    size = pack.size_of(number)
                    # Never more than its pages, even if the frame claims more.
                    with unpack.stream_reader(file.read(length)) as stream:
                        body = stream.read(size + 1)
                    if len(body) != size or not _same(pack, number, body):
                        raise Damaged(
                            f"Pack {pack.name} of the snapshots is damaged: its pages are not what they were."
                        )
                    yield number, body
                offset += length
    except FileNotFoundError as error:
        raise Damaged(f"Pack {pack.name} of the snapshots is missing.", pack=pack.name) from error
    except (OSError, zstandard.ZstdError) as error:
        raise Damaged(f"Pack {pack.name} of the snapshots is damaged: {error}.", pack=pack.name) from error


def _same(pack: Pack, frame: int, body: bytes) -> bool:
    view, size = memoryview(body), pack.page_size
    hashes = b"".join(digest(view[at : at + size]) for at in range(0, len(body), size))
    first = frame * FRAME * DIGEST
    return hashes == pack.hashes[first : first + len(hashes)]


def verify(folder: Path, name: str) -> Pack:
    """Read a whole pack from the disk. Raises `Damaged` if any of it is not what was written."""
    path = path_of(folder, name)
    try:
        with path.open("rb") as file:
            _from_the_disk(file)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise Damaged(f"Pack {name} of the snapshots is missing.", pack=name) from error
    except OSError as error:
        raise Damaged(f"Pack {name} of the snapshots cannot be read: {error}.", pack=name) from error
    if digest[: len(name)] != name:
        raise Damaged(f"Pack {name} of the snapshots is damaged.", pack=name)
    pack = read_index(folder, name)
    for _ in frames(folder, pack):
        pass
    return pack


def _from_the_disk(file: BinaryIO) -> None:
    """Drop a file from the system's cache, if possible, so that it is read from the disk."""
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


# --- writing ----------------------------------------------------------------------------------------------------------


class Packing:
    """Stores each page once. `known`: the number of every stored page by its hash.

    New pages are numbered from `first` on, in the order in which they come; `written` are their packs.
    """

    def __init__(self, folder: Path, page_size: int, numbers: dict[bytes, int], first: int) -> None:
        self._folder, self._page_size = folder, page_size
        self._numbers, self._next = numbers, first
        self._compress: Callable[[bytes], bytes] = zstandard.ZstdCompressor(level=3, write_checksum=True).compress
        self._worker = ThreadPoolExecutor(1, "packing")
        self._pending: deque[Future[bytes]] = deque()
        self._pages: list[bytes] = []
        self._hashes = bytearray()
        self._frames: list[int] = []
        self._file: BinaryIO | None = None
        self._path = folder
        self._sha = hashlib.sha256()
        self.written: list[Pack] = []

    def add(self, name: bytes, page: bytes | memoryview) -> int:
        """Return the number of the page with this hash, storing the page if needed."""
        number = self._numbers.get(name)
        if number is not None:
            return number
        self._numbers[name] = number = self._next
        self._next += 1
        self._pages.append(bytes(page))  # a view would keep all that was read with it
        self._hashes += name
        if len(self._pages) == FRAME:
            self._flush()
            if len(self._hashes) == PACK * DIGEST:
                self._end()
        return number

    def finish(self) -> None:
        """Write the rest durably."""
        self._flush()
        self._end()
        self._worker.shutdown()

    def give_up(self) -> None:
        """Delete the unfinished pack."""
        self._worker.shutdown(cancel_futures=True)
        if self._file is not None:
            with suppress(OSError):  # closing writes what is buffered, which fails where the disk is full
                self._file.close()
            self._file = None
            with suppress(OSError):
                self._path.unlink()

    def _flush(self) -> None:
        """Compress the collected pages while more are read and hashed."""
        if self._pages:
            self._pending.append(self._worker.submit(self._compress, b"".join(self._pages)))
            self._pages.clear()
        self._settle(AHEAD)

    def _settle(self, left: int) -> None:
        while len(self._pending) > left:
            body = self._pending.popleft().result()
            self._write(body)
            self._frames.append(len(body))

    def _write(self, body: bytes) -> None:
        with writing_to(self._folder):
            if self._file is None:
                self._path = self._folder / f"{secrets.token_hex(8)}{UNFINISHED}"
                self._file = create_private(self._path)
                self._sha = hashlib.sha256()
            self._file.write(body)
        self._sha.update(body)

    def _end(self) -> None:
        self._settle(0)
        if self._file is None:
            return
        index = msgspec.json.encode(_Lengths(self._page_size, self._frames)) + b"\n" + bytes(self._hashes)
        length = len(index) + 4
        self._write(struct.pack("<II", SKIPPABLE, length) + index + struct.pack("<I", length))
        name = self._sha.hexdigest()[:32]
        with writing_to(self._folder):
            self._file.flush()
            os.fsync(self._file.fileno())
            _from_the_disk(self._file)  # so that reading it back finds errors of the disk
            self._file.close()
            self._file = None
            os.replace(self._path, path_of(self._folder, name))
        self.written.append(Pack(name, self._page_size, self._frames, bytes(self._hashes)))
        self._frames, self._hashes = [], bytearray()
