"""Makes an export: its pictures, captions and settings, and last the manifest that completes it."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from importlib.metadata import version
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import msgspec
from msgspec import Struct

from ..errors import Refused, StoreUnreachable
from ..media import strip
from ..plugins.contracts import Opened
from ..types import ExportOptions
from ..version import __version__
from . import layouts, manifest
from .manifest import FORMAT, VERSION, Header
from .plan import Item, LeftOut
from .rendering import Renderer
from .targets import AHEAD, PICTURE_ERRORS, Opener, Output, Target, of_bytes

METADATA = "metadata.jsonl"
#: Small enough to stay in the processor's cache between reading, hashing and writing: 1 MiB takes twice as long.
BLOCK = 256 << 10
#: Bytes of the manifest and of `metadata.jsonl` that are held in memory.
HELD = 32 << 20
#: Pictures left out, and files that differ, that a report names.
NAMED = 100
Progress = Callable[[int], None]
Spool = SpooledTemporaryFile[bytes]


class Tally:
    """What became of an export so far. `expected` are the hashes of an earlier export by name, where it is repeated."""

    def __init__(self, expected: dict[str, str] | None = None) -> None:
        self.pictures = self.files = self.left_out = 0
        self.problems: list[str] = []
        self.differs: list[str] = []
        self.expected = expected

    def leave_out(self, name: str, why: str) -> None:
        self.left_out += 1
        if len(self.problems) < NAMED:
            self.problems.append(f"{name}: {why}")

    def compare(self, name: str, sha256: str) -> None:
        """Note a file that is not what it was in the earlier export."""
        if self.expected is not None and self.expected.pop(name, None) != sha256:
            self._differs(name)

    def finish(self) -> None:
        for name in self.expected or ():
            self._differs(name)

    def _differs(self, name: str) -> None:
        if len(self.differs) < NAMED:
            self.differs.append(name)


class Recipe(Struct, frozen=True):
    """What an export is made of: the header of its manifest, and its items in order."""

    header: Header
    items: Iterable[Item | LeftOut]
    renderer: Renderer

    @property
    def options(self) -> ExportOptions:
        return self.header.options


def header(library: str, query: str | None, options: ExportOptions) -> Header:
    """The header of a new manifest. It has no date, so that the same export has the same bytes."""
    versions = {"pixlstash-core": __version__}
    if options.faces or options.bucket or options.side or options.strip or options.format != "original":
        versions["Pillow"] = version("pillow")
    return Header(FORMAT, VERSION, library, query, options, versions)


def write(recipe: Recipe, target: Target, tally: Tally, progress: Progress = lambda done: None) -> Iterator[bytes]:
    """Write an export. Yields the bytes of a stream; for a folder, consume it all the same.

    `progress(pictures)` is called between two pictures; what it raises ends the export there.
    """
    with closing(target), Spool(HELD) as lines, Spool(HELD) as rows:
        book = manifest.Writer(lines, recipe.header)
        done = 0
        for item, output, started in _ahead(recipe, target):
            progress(done)
            done += 1
            if isinstance(item, LeftOut) or output is None:
                tally.leave_out(item.name, item.why if isinstance(item, LeftOut) else "")
                continue
            try:
                yield from _put(target, book, tally, output, started)
            except PICTURE_ERRORS as error:
                tally.leave_out(item.source.name, str(error))
                continue
            tally.pictures += 1
            yield from _beside(recipe, target, book, tally, item)
            if recipe.options.jsonl:
                rows.write(_row(item))
        if recipe.options.jsonl:
            yield from _put(target, book, tally, _spooled(METADATA, rows))
        for name, data in layouts.settings(recipe.options):
            yield from _put(target, book, tally, of_bytes(name, data))
        progress(done)
        tally.finish()
        book.end()
        yield from target.end(lines)


def _ahead(recipe: Recipe, target: Target) -> Iterator[tuple[Item | LeftOut, Output | None, Future[Any] | None]]:
    """Yield the items in order, each with its output, which is prepared while earlier ones are written."""
    window: deque[tuple[Item | LeftOut, Output | None, Future[Any] | None]] = deque()
    for item in recipe.items:
        if isinstance(item, LeftOut):
            window.append((item, None, None))
        else:
            output = _picture(recipe, item)
            window.append((item, output, target.start(output)))
        if len(window) > AHEAD:
            yield window.popleft()
    yield from window


def _put(
    target: Target, book: manifest.Writer, tally: Tally, output: Output, started: Future[Any] | None = None
) -> Iterator[bytes]:
    yield from target.put(output, started)
    book.add(target.line)
    tally.files += 1
    tally.compare(output.name, target.line.sha256)


def _beside(recipe: Recipe, target: Target, book: manifest.Writer, tally: Tally, item: Item) -> Iterator[bytes]:
    """The files beside a picture."""
    if recipe.options.text and item.text is not None:
        name = f"{item.name.rpartition('.')[0]}.txt"
        yield from _put(target, book, tally, of_bytes(name, item.text.encode()))
    if item.metadata is not None:
        yield from _put(target, book, tally, of_bytes(f"{item.name.rpartition('.')[0]}.json", item.metadata))


def _row(item: Item) -> bytes:
    """A line of `metadata.jsonl`, as Hugging Face's `imagefolder` reads it."""
    return msgspec.json.encode({"file_name": item.name, "text": item.text or ""}) + b"\n"


def _spooled(name: str, file: IO[bytes]) -> Output:
    size = file.tell()

    def blocks() -> Iterator[bytes]:
        file.seek(0)
        return iter(lambda: file.read(BLOCK), b"")

    digest = hashlib.sha256()
    for block in blocks():
        digest.update(block)
    return Output(name, [blocks], size, digest.digest())


def _picture(recipe: Recipe, item: Item) -> Output:
    source, options = item.source, recipe.options
    sha256 = source.sha256.hex()
    if item.format is not None:
        draw = partial(_drawn, recipe.renderer, item, options.quality)
        return Output(item.name, [draw], 0, None, sha256, item.box, item.text)
    connect = recipe.renderer.connect
    openers: list[Opener] = [partial(_original, connect, store, key) for store, key in source.places]
    verbatim = all(_is_verbatim(connect, store) for store, _ in source.places)
    if options.strip:
        openers = [partial(_stripped, opener) for opener in openers]
        return Output(item.name, openers, 0, None, sha256, None, item.text)
    return Output(item.name, openers, source.size, source.sha256 if verbatim else None, sha256, None, item.text)


def _drawn(renderer: Renderer, item: Item, quality: int) -> Iterator[bytes]:
    yield renderer.draw(item, quality)


def _original(connect: Callable[[int], Opened], store: int, key: str) -> Iterator[bytes]:
    """Yield the bytes of an original. It is opened for the first block, so that nothing stays open if none is read."""
    with connect(store).read(key) as file:
        while True:
            try:
                block = file.read(BLOCK)
            except OSError as error:
                raise StoreUnreachable(f"Its file cannot be read: {error.strerror or error}.") from error
            if not block:
                return
            yield block


def _stripped(opener: Opener) -> Iterator[bytes]:
    pieces, size = [], 0
    for block in opener():
        size += len(block)
        if size > strip.LARGEST:
            raise Refused(f"Its metadata cannot be removed: it is larger than {strip.LARGEST >> 20} MB.")
        pieces.append(block)
    yield strip.stripped(b"".join(pieces))


def _is_verbatim(connect: Callable[[int], Opened], store: int) -> bool:
    try:
        return connect(store).verbatim
    except PICTURE_ERRORS:
        return True
