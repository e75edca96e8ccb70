"""What is written in an export, and zip files as its target."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Protocol

from msgspec import Struct

from ..errors import NotFound, NotThere, PixlStashError, Refused, StoreUnreachable
from .manifest import Line
from .plan import Box
from .zips import ZipStream

#: Originals up to this size are read and verified before anything of them is in a zip file.
HELD = 64 << 20
#: What is wrong with one picture, as opposed to the export.
PICTURE_ERRORS = (NotThere, NotFound, StoreUnreachable, Refused)
Opener = Callable[[], Iterator[bytes]]


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


class Target(Protocol):
    """Where an export is written to. What `put` and `end` yield are bytes for a stream; consume them."""

    def put(self, output: Output) -> Iterator[bytes]:
        """Write a file; its line is then in `line`. Raises one of `PICTURE_ERRORS` if it is not written."""
        ...

    def end(self, manifest: IO[bytes]) -> Iterator[bytes]:
        """Write the manifest, which completes the export."""
        ...

    line: Line
    written: int
    bytes: int
    deleted: int


class ZipTarget:
    """A zip file, as a stream of bytes."""

    def __init__(self, manifest: str) -> None:
        self._archive, self._manifest = ZipStream(), manifest
        self.line = Line("", "", 0)
        self.written = self.bytes = self.deleted = 0

    def put(self, output: Output) -> Iterator[bytes]:
        """Add a member. An original that is too large to be read first, and is not as it was, ends the export."""
        if output.size > HELD:
            yield from self._stream(output)
        else:
            data = _verified(output)
            self.line = output.line(hashlib.sha256(data).digest(), len(data))
            yield from self._archive.add(output.name, (data,), len(data))
        self.written += 1
        self.bytes += self.line.size

    def end(self, manifest: IO[bytes]) -> Iterator[bytes]:
        size = manifest.seek(0, 2)
        manifest.seek(0)
        yield from self._archive.add(self._manifest, iter(lambda: manifest.read(1 << 20), b""), size)
        yield from self._archive.end()

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


def _verified(output: Output) -> bytes:
    """The bytes of an output, from the first opener that has the right ones."""
    problem: PixlStashError = NotThere("Its file is not there.")
    for opener in output.openers:
        try:
            data = b"".join(opener())
        except PICTURE_ERRORS as error:
            problem = error
            continue
        if output.sha256 is None or hashlib.sha256(data).digest() == output.sha256:
            return data
        problem = Refused("Its file is damaged: it is not what was imported.")
    raise problem
