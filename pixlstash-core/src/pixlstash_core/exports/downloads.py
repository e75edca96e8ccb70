"""Downloads: originals of chosen pictures as one zip file that is made while it is sent."""

from __future__ import annotations

import secrets
import threading
import time
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from .. import threads
from ..database.connection import Database
from ..errors import Conflict, Invalid, NotFound, NotThere, PixlStashError, StoreUnreachable
from ..media.file_names import honest_name, safe_name
from ..plugins.contracts import Opened
from ..query import scope
from ..types import ExportOptions, Reader
from ..types.exports import Beside
from . import metadata, reading
from .captions import UniqueNames
from .reading import Annotations, Source
from .targets import ZipStream

#: Pictures of one download: what is known of each is kept until its end, because a zip file ends with a list of all.
MOST = 100_000
#: Prepared downloads that are remembered, in all; and seconds for which each is.
REMEMBERED, LIFETIME = 64, 3600.0
BLOCK = 256 << 10
NOTE = "NOT INCLUDED.txt"
Connect = Callable[[int], Opened]


class Prepared(Struct, frozen=True):
    """A download that was asked for: which pictures, in which order, and for whom."""

    name: str
    beside: Beside
    ids: array[int]
    principal: str
    scope: str
    until: float
    query: str | None = None
    options: ExportOptions | None = None


class Downloads:
    """The prepared downloads of one library, and the places that exports are being written to. Thread-safe."""

    def __init__(self) -> None:
        self._prepared: OrderedDict[str, Prepared] = OrderedDict()
        self._writing: set[Path] = set()
        self._lock = threading.Lock()

    @contextmanager
    def writing(self, path: Path) -> Iterator[None]:
        """Keep other exports away from a folder or file; `Conflict` if another one is writing there."""
        place = path.resolve()
        with self._lock:
            if any(place.is_relative_to(other) or other.is_relative_to(place) for other in self._writing):
                raise Conflict(f"Another export is being written to {path}. Wait for it, or name another folder.")
            self._writing.add(place)
        try:
            yield
        finally:
            with self._lock:
                self._writing.discard(place)

    def add(
        self,
        reader: Reader,
        name: str,
        beside: Beside,
        ids: Sequence[int],
        query: str | None = None,
        options: ExportOptions | None = None,
    ) -> str:
        """Remember a download for an hour, and return its id. The oldest is forgotten when there are too many."""
        until = time.monotonic() + LIFETIME
        mine = reader.principal, scope.fingerprint(reader)
        prepared = Prepared(name, beside, array("I", ids), *mine, until, query, options)
        with self._lock:
            id = secrets.token_urlsafe(18)
            self._prepared[id] = prepared
            while len(self._prepared) > REMEMBERED:
                self._prepared.popitem(last=False)
        return id

    def get(self, reader: Reader, id: str) -> Prepared:
        """Return a download of this reader; `NotFound` for others, as for those that are forgotten."""
        with self._lock:
            prepared = self._prepared.get(id)
        mine = prepared is not None and (prepared.principal, prepared.scope) == (
            reader.principal,
            scope.fingerprint(reader),
        )
        if prepared is None or not mine or prepared.until < time.monotonic():
            raise NotFound("This download has expired. Start it again.")
        return prepared

    def drop_old(self) -> None:
        """Forget those whose time is over."""
        with self._lock:
            for id in [id for id, prepared in self._prepared.items() if prepared.until < time.monotonic()]:
                del self._prepared[id]


def demand_few(count: int) -> None:
    """`Invalid` for nothing, and for more than a zip file that is made on the way can hold."""
    if not count:
        raise Invalid("There are no pictures to download.")
    if count > MOST:
        raise Invalid(
            f"A download has at most {MOST:,} pictures, and these are {count:,}. Choose fewer, or use"
            " `pixlstash export`, which has no such limit."
        )


def blocks(db: Database, connect: Connect, reader: Reader, prepared: Prepared) -> Iterator[bytes]:
    """Yield the bytes of the zip file. Close it to stop.

    A picture without a readable file is left out and listed in `NOT INCLUDED.txt`. An error in the middle of a file
    is raised, so that nobody takes the rest for a whole zip file.
    """
    archive = ZipStream()
    names = UniqueNames(stems=prepared.beside != "none", reserved=(NOTE,))
    left_out: list[str] = []
    ids = prepared.ids
    for start in range(0, len(ids), reading.PAGE):
        page = ids[start : start + reading.PAGE].tolist()
        notes = reading.notes_of(db, reader, page) if prepared.beside != "none" else {}
        for source in reading.sources(db, reader, page):
            threads.check_canceled()
            name = names.take(safe_name(honest_name(source.name, source.mime)))
            with ExitStack() as closing:
                opened = _open(connect, source)
                if opened is None:
                    left_out.append(name)
                    continue
                file, size = opened
                closing.callback(file.close)
                yield from archive.add(name, _read(file), size, source.created)
            yield from _beside(archive, prepared.beside, name, source, notes.get(source.id, Annotations()))
    if left_out:
        text = "The files of these pictures could not be read:\n" + "".join(f"{name}\n" for name in left_out)
        yield from archive.add(NOTE, (text.encode(),), len(text) * 4)
    yield from archive.end()


def _beside(archive: ZipStream, beside: Beside, name: str, source: Source, notes: Annotations) -> Iterator[bytes]:
    """The file beside a picture, if there is to be one."""
    stem = name.rpartition(".")[0] or name
    if beside == "captions" and notes.caption:
        text = notes.caption.encode()
        yield from archive.add(f"{stem}.txt", (text,), len(text), source.created)
    elif beside == "metadata":
        text = metadata.encoded(source, notes)
        yield from archive.add(f"{stem}.json", (text,), len(text), source.created)


def _open(connect: Connect, source: Source) -> tuple[BinaryIO, int] | None:
    """The original from the first place that has it, and its size."""
    for store, key in source.places:
        try:
            opened = connect(store)
            size = opened.stat(key).size
            return opened.read(key), source.size if size is None else size
        except (NotThere, NotFound, StoreUnreachable):
            continue
    return None


def _read(file: BinaryIO) -> Iterator[bytes]:
    while True:
        try:
            block = file.read(BLOCK)
        except OSError as error:
            raise PixlStashError(f"An original could not be read to its end: {error.strerror or error}.") from error
        if not block:
            return
        yield block
