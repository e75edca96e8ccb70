"""What is written in an export, and zip files as its target, written front to back."""

from __future__ import annotations

import hashlib
import os
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any, Protocol, TypeVar

from msgspec import Struct

from ..errors import NotFound, NotThere, PixlStashError, Refused, StoreUnreachable
from .manifest import Line
from .plan import Box

#: The earliest date that a zip file can hold, in ms since 1970 UTC, and the latest.
EARLIEST, LATEST = 315_532_800_000, 4_354_819_198_000
#: Originals up to this size are read and verified before anything of them is in a zip file.
HELD = 32 << 20
#: Threads that prepare files, and files that are begun before the one that is written.
WORKERS = max(2, min(8, os.cpu_count() or 1))
AHEAD = WORKERS + 1
#: What is wrong with one picture, as opposed to the export.
PICTURE_ERRORS = (NotThere, NotFound, StoreUnreachable, Refused)
Opener = Callable[[], Iterator[bytes]]
T = TypeVar("T")


class ZipStream:
    """A zip file as blocks of bytes. Members are stored as they are: pictures are compressed already.

    Every method yields the next bytes of the file; call `end` last. Member names must be checked by the caller.
    """

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_STORED, allowZip64=True)

    def add(self, name: str, blocks: Iterable[bytes], size: int, modified: int | None = None) -> Iterator[bytes]:
        """Add a member. `size`: its bytes, or more; `modified` in ms since 1970 UTC (None: 1980)."""
        entry = zipfile.ZipInfo(name, _date(modified))
        entry.external_attr, entry.create_system = 0o644 << 16, 3
        entry.file_size = size
        with self._zip.open(entry, "w") as member:
            for block in blocks:
                member.write(block)
                yield from self._sink.take()
        yield from self._sink.take()

    def end(self) -> Iterator[bytes]:
        """The table of contents."""
        self._zip.close()
        yield from self._sink.take()


class _Sink:
    """A file that is only written, and given away block by block."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def write(self, block: Any, /) -> int:
        self._blocks.append(bytes(block))
        return len(block)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def take(self) -> Iterator[bytes]:
        blocks, self._blocks = self._blocks, []
        if blocks:
            yield b"".join(blocks) if len(blocks) > 1 else blocks[0]


def _date(modified: int | None) -> tuple[int, int, int, int, int, int]:
    moment = EARLIEST if modified is None else min(max(modified, EARLIEST), LATEST)
    year, month, day, hour, minute, second, *_ = time.gmtime(moment // 1000)
    return year, month, day, hour, minute, second


class Output(Struct, frozen=True):
    """One file of an export. Each of `openers` yields its bytes; if one fails, or not with this `sha256`, the next.

    `source`, `box` and `text` are those of the line in the manifest.
    """

    name: str
    openers: Sequence[Opener]
    size: int
    sha256: bytes | None = None
    source: str | None = None
    box: Box | None = None
    text: str | None = None

    def line(self, sha256: bytes, size: int) -> Line:
        return Line(self.name, sha256.hex(), size, self.source, self.text, self.box)


def of_bytes(name: str, data: bytes) -> Output:
    """A file with these contents."""
    return Output(name, [lambda: iter((data,))], len(data), hashlib.sha256(data).digest())


class Ahead:
    """Prepares a few outputs on threads, while earlier ones are written. `close` waits for what has begun."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="export")

    def start(self, work: Callable[[Output], T], output: Output) -> Future[T]:
        return self._threads.submit(work, output)

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)


class Target(Protocol):
    """Where an export is written to. What `put` and `end` yield are bytes for a stream; consume them."""

    def start(self, output: Output) -> Future[Any]:
        """Begin to prepare a file on another thread, for `put`."""
        ...

    def put(self, output: Output, started: Future[Any] | None = None) -> Iterator[bytes]:
        """Write a file; its line is then in `line`. Raises one of `PICTURE_ERRORS` if it is not written."""
        ...

    def end(self, manifest: IO[bytes]) -> Iterator[bytes]:
        """Write the manifest, which completes the export."""
        ...

    def close(self) -> None:
        """End the threads. Harmless when they have ended."""
        ...

    line: Line
    written: int
    bytes: int
    deleted: int


class ZipTarget:
    """A zip file, as a stream of bytes."""

    def __init__(self, manifest: str) -> None:
        self._archive, self._manifest = ZipStream(), manifest
        self._ahead = Ahead()
        self.line = Line("", "", 0)
        self.written = self.bytes = self.deleted = 0

    def start(self, output: Output) -> Future[tuple[bytes, bytes] | None]:
        return self._ahead.start(_verified, output)

    def put(self, output: Output, started: Future[tuple[bytes, bytes] | None] | None = None) -> Iterator[bytes]:
        """Add a member. An original that is too large to be read first, and is not as it was, ends the export."""
        verified = started.result() if started is not None else _verified(output)
        if verified is None:
            yield from self._stream(output)
        else:
            data, sha256 = verified
            self.line = output.line(sha256, len(data))
            yield from self._archive.add(output.name, (data,), len(data))
        self.written += 1
        self.bytes += self.line.size

    def end(self, manifest: IO[bytes]) -> Iterator[bytes]:
        size = manifest.seek(0, 2)
        manifest.seek(0)
        yield from self._archive.add(self._manifest, iter(lambda: manifest.read(1 << 20), b""), size)
        yield from self._archive.end()

    def close(self) -> None:
        self._ahead.close()

    def _stream(self, output: Output) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0

        def blocks() -> Iterator[bytes]:
            nonlocal size
            for block in output.openers[0]():
                digest.update(block)
                size += len(block)
                yield block

        yield from self._archive.add(output.name, blocks(), output.size)
        if output.sha256 is not None and digest.digest() != output.sha256:
            raise PixlStashError(f"The original of {output.name} is damaged, so the zip file is not complete.")
        self.line = output.line(digest.digest(), size)


def _verified(output: Output) -> tuple[bytes, bytes] | None:
    """The bytes of an output, from the first opener that has the right ones, and their hash; None if it is large."""
    if output.size > HELD:
        return None
    problem: PixlStashError = NotThere("Its file is not there.")
    for opener in output.openers:
        try:
            data = b"".join(opener())
        except PICTURE_ERRORS as error:
            problem = error
            continue
        sha256 = hashlib.sha256(data).digest()
        if output.sha256 is None or sha256 == output.sha256:
            return data, sha256
        problem = Refused("Its file is damaged: it is not what was imported.")
    raise problem
