"""Import of files as pictures, in one pass per file.

The decoder process hashes the file, reads its metadata and draws its thumbnail. The thumbnail is stored first; then the
picture, its facts and its location are committed in one transaction, so a crash leaves either a complete picture or
nothing. Copied bytes are durable under their final name before that transaction. An intent in the hub lets the next
start delete bytes whose transaction never happened.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ..database.connection import Database
from ..database.hub import PURGED, Hub, Keeping, now
from ..database.hub import recover as recover_intents
from ..database.writer import Write, Writer, outcome
from ..errors import NotThere, PixlStashError, Refused, StoreUnreachable
from ..media.pool import DecoderPool, Known
from ..media.reading import of_known
from ..media.thumbnails import Thumbnails
from ..plugins.contracts import Opened
from ..storage.files import Root, clean_name, printable
from ..storage.local import Managed, path_of
from ..types import CaptionRule, ImportReport, Reading, Refusal, Uploaded
from . import picture_rows

#: The number of refusals that a report lists; all are counted.
SHOWN = 1000
#: Names of files in `incoming`: those of `Intake.temporary`, and those of `Managed.put`.
TEMPORARY = re.compile(r"\d+-[0-9a-f]+-[0-9a-f]{8}(\.[a-z0-9]{1,7})?|put-\d+-[0-9a-f]{64}(\.[a-z0-9]+)?")


class Words(Struct, frozen=True):
    """What text files beside a picture say."""

    tags: list[str] = []
    caption: str | None = None


class File(Struct, frozen=True):
    """A file to import.

    `key` is its key in its store, or its path; `size` is in bytes, `mtime` in ns. `words` is what the text files beside
    it say.
    """

    key: str
    name: str
    size: int | None = None
    mtime: int | None = None
    words: Words | None = None


OnRefusal = Callable[["File", PixlStashError], None]
Captions = Sequence[CaptionRule]
#: Writes more about a picture in the transaction that adds it or finds it.
Also = Callable[[Write, int], None]


def nothing_else(write: Write, picture: int) -> None:
    """Write nothing more about a picture."""


class Taken(Struct, frozen=True):
    status: Literal["imported", "duplicate", "scrapheaped"]
    picture: int


class Tally:
    """Counts of one import, of which a part may be done."""

    def __init__(self, part: ImportReport | None = None) -> None:
        part = part or ImportReport(0, 0, [], 0)
        self.imported, self.duplicates, self.refused = part.imported, part.duplicates, len(part.refused)
        self.refusals = [*part.refused]
        self._start = time.monotonic() - part.seconds

    @property
    def done(self) -> int:
        return self.imported + self.duplicates + self.refused

    def count(self, status: str) -> None:
        if status == "imported":
            self.imported += 1
        elif status == "refused":
            self.refused += 1
        else:
            self.duplicates += 1

    def refuse(self, path: str, reason: str) -> None:
        self.refused += 1
        if len(self.refusals) < SHOWN:
            self.refusals.append(Refusal(printable(path), reason))

    def report(self) -> ImportReport:
        return ImportReport(self.imported, self.duplicates, self.refusals, round(time.monotonic() - self._start, 3))


class Intake:
    """Imports files into one library.

    `inherits` are SQL statements that copy annotations from a picture (`:old`) to the one that replaces it (`:new`).
    `beside(path, root, captions)` reads the text files beside a file, and `say(write, picture, words)` adds what they
    say to a picture.
    """

    def __init__(
        self,
        db: Database,
        hub: Hub,
        writer: Writer,
        pool: DecoderPool,
        thumbnails: Thumbnails,
        incoming: Path,
        inherits: Iterable[str],
        beside: Callable[[Path, Root | Path | None, Captions], Words | None] = lambda path, root, captions: None,
        say: Callable[[Write, int, Words], None] = lambda write, picture, words: None,
    ) -> None:
        self.db, self.hub, self.writer, self.pool, self.thumbnails = db, hub, writer, pool, thumbnails
        self.incoming = incoming
        self._inherits = tuple(inherits)
        self._beside, self._say = beside, say
        self._lock = threading.Lock()
        self._streams = 0  # running imports of many files

    # -- one file ------------------------------------------------------------------------------------------------------

    def index(
        self, store: int, opened: Opened, file: File, root: Root | Path | None = None, captions: Captions = ()
    ) -> Taken:
        """Index a file in place, in a store that is not written to. `root`: the store's folder when it was listed."""
        path = opened.local(file.key)
        if path is not None:
            root = root or opened.local_root
            # The key may be escaped, so the name is taken from the path.
            return self._index(
                store, replace(file, name=path.name, words=self._beside(path, root, captions)), path, root
            )
        file = replace(file, name=opened.name(file.key))
        picture = opened.known(file.key)
        if picture is not None:
            reading = of_known(picture)
            return self._feed(lambda write: self.write_new(write, reading, store, file))
        path = self.temporary(file.name)
        try:
            with opened.read(file.key) as source, path.open("wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
            return self._index(store, file, path)
        finally:
            _drop(path)

    def keep(
        self,
        store: int,
        managed: Managed,
        path: Path,
        name: str,
        *,
        move: bool = False,
        root: Root | Path | None = None,
        mtime: int | None = None,
        also: Also = nothing_else,
        again: bool = True,
        captions: Captions = (),
    ) -> Taken:
        """Copy a file into the library's own store, or with `move`, move a temporary file there.

        Links below `root` are not followed. `mtime` is in ns, as listed. Bytes that the library knows are stored again
        if they are only in other stores, or if the library's own copy is lost. `also(write, picture)` runs in the same
        transaction. Without `again`, `Refused` for a picture that was permanently deleted.
        """
        copy = path if move else self.temporary(name)
        try:
            decide = partial(self._lacking, store, managed, again)
            reading = self.pool.read(path, name, root=root, decide=decide, copy_to=None if move else copy)
            changed = path.stat().st_mtime_ns if mtime is None else mtime
            words = None if move else self._beside(path, root, captions)
            if isinstance(reading, Known):
                return self._already_kept(reading.sha256, words, also)
            key = f"{reading.sha256.hex()[:2]}/{reading.sha256.hex()}.{reading.extension}"
            self._still(reading)
            with Keeping(self.hub, store, key, reading.sha256):
                managed.adopt(key, copy)
                file = File(key, name, reading.size, words=words)

                def work(write: Write) -> Taken:
                    taken = self._write(write, reading, store, file, changed)
                    also(write, taken.picture)
                    return taken

                return self._feed(work)
        finally:
            _drop(copy)

    def temporary(self, name: str) -> Path:
        """Return a new path in the library's folder for bytes that are being imported."""
        if not self.incoming.is_dir():
            raise StoreUnreachable(f"{self.incoming.parent} cannot be reached: is its disk mounted?")
        suffix = Path(name).suffix  # helps people who look into the folder
        suffix = suffix.lower() if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) < 9 else ""
        return self.incoming / f"{os.getpid()}-{time.monotonic_ns():x}-{os.urandom(4).hex()}{suffix}"

    def _index(self, store: int, file: File, path: Path, root: Root | Path | None = None) -> Taken:
        reading = self.pool.read(path, file.name, root=root, decide=self._wanted)
        if isinstance(reading, Known):
            sha256 = reading.sha256
            return self._feed(lambda write: self._place(write, sha256, store, file))
        self._still(reading)
        return self._feed(lambda write: self.write_new(write, reading, store, file))

    def _feed(self, work: Callable[[Write], Taken]) -> Taken:
        """Run `work` on the writer; during an import of many files it may share a commit with others."""
        return outcome(self.writer.submit(work, patient=self._streams > 0))

    def _wanted(self, sha256: bytes) -> bool:
        return not self.db.read("select 1 from picture where sha256 = ?", (sha256,)) and not self.hub.purged(sha256)

    def _lacking(self, store: int, managed: Managed, again: bool, sha256: bytes) -> bool:
        """Whether the library's own store does not have these bytes."""
        if not again and self.hub.purged(sha256):
            raise Refused(PURGED)
        for key, size in self.db.read(
            "select l.key, l.size from picture p join location l on l.picture_id = p.id"
            " where p.sha256 = ? and l.store_id = ?",
            (sha256, store),
        ):
            with suppress(NotThere):
                return bool(managed.stat(key).size != size)
        return True

    def _still(self, reading: Reading) -> None:
        if reading.still is not None:
            self.thumbnails.put([(reading.sha256, reading.still)])

    def write_new(self, write: Write, reading: Reading, store: int, file: File) -> Taken:
        """Add a picture at its location, on the writer thread. `Refused` if it was permanently deleted."""
        if self.hub.purged(reading.sha256):
            raise Refused(PURGED)
        return self._write(write, reading, store, file, file.mtime if file.mtime is not None else now() * 1_000_000)

    def _write(self, write: Write, reading: Reading, store: int, file: File, mtime: int) -> Taken:
        """Add the picture, unless the same bytes were imported meanwhile, and its location. On the writer thread."""
        present = picture_rows.by_hash(write, reading.sha256)
        if present is not None:
            return self._add_location(write, present, store, file)
        before = write.value("select picture_id from location where store_id = ? and key = ?", (store, file.key))
        picture = picture_rows.add(
            write, reading, clean_name(file.name), fallback=mtime // 1_000_000, predecessor=before
        )
        picture_rows.locate(write, picture, store, file.key, file.size, file.mtime)
        if before is not None:
            for statement in self._inherits:
                write.execute(statement, {"old": before, "new": picture})
        if file.words:
            self._say(write, picture, file.words)
        return Taken("imported", picture)

    def _place(self, write: Write, sha256: bytes, store: int, file: File) -> Taken:
        """Record a file whose bytes the library has: a new location, or one that had other bytes before."""
        picture = picture_rows.by_hash(write, sha256)
        if picture is None:
            raise Refused(PURGED)
        return self._add_location(write, picture, store, file)

    def _add_location(self, write: Write, picture: int, store: int, file: File) -> Taken:
        picture_rows.locate(write, picture, store, file.key, file.size, file.mtime)
        if file.words:
            self._say(write, picture, file.words)
        scrapheaped = write.value("select 1 from scrapheap where picture_id = ?", (picture,))
        return Taken("scrapheaped" if scrapheaped else "duplicate", picture)

    def _already_kept(self, sha256: bytes, words: Words | None, also: Also) -> Taken:
        row = self.db.read(
            "select p.id, h.at from picture p left join scrapheap h on h.picture_id = p.id where sha256 = ?", (sha256,)
        )
        if not row:
            raise Refused("The picture was removed while this file was read; try again.")
        if words or also is not nothing_else:

            def work(write: Write) -> None:
                if words:
                    self._say(write, row[0][0], words)
                also(write, row[0][0])

            outcome(self.writer.submit(work, patient=self._streams > 0))
        return Taken("scrapheaped" if row[0][1] is not None else "duplicate", row[0][0])

    # -- many files ----------------------------------------------------------------------------------------------------

    def many(
        self,
        files: Iterator[File],
        take: Callable[[File], Taken],
        tally: Tally,
        step: Callable[[], None],
        refused: OnRefusal = lambda file, error: None,
    ) -> None:
        """Import files in parallel; `step` is called between them and may raise to stop."""
        # More threads than decoders: those that wait for the disk share commits, and no decoder idles.
        width = (os.cpu_count() or 2) * 8
        with self._counted_stream(), ThreadPoolExecutor(width, thread_name_prefix="import") as threads:
            running: dict[Future[Taken], File] = {}
            try:
                for file in files:
                    running[threads.submit(take, file)] = file
                    if len(running) >= width * 2:
                        self._collect(running, tally, refused)
                    step()
                while running:
                    self._collect(running, tally, refused)
                    step()
            finally:
                for future in running:
                    future.cancel()

    @contextmanager
    def _counted_stream(self) -> Iterator[None]:
        with self._lock:
            self._streams += 1
        try:
            yield
        finally:
            with self._lock:
                self._streams -= 1

    def _collect(self, running: dict[Future[Taken], File], tally: Tally, refused: OnRefusal) -> None:
        """Wait until at least one file is done, and count those that are."""
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            file = running.pop(future)
            try:
                tally.count(future.result().status)
            except (Refused, NotThere) as error:
                tally.refuse(path_of(file.key), str(error))
                refused(file, error)

    def renew(self, plugins: str) -> None:
        """Forget refused files if the plugins have changed, since the new ones may be able to read them."""
        if self.hub.value("select value from setting where name = 'imports.plugins'") == plugins:
            return
        with self.hub.writing() as connection:
            connection.execute("delete from refusal").fetchall()
            connection.execute("delete from import_file where state = 'refused'").fetchall()
            connection.execute("insert or replace into setting values ('imports.plugins', ?)", (plugins,)).fetchall()

    # -- after a crash -------------------------------------------------------------------------------------------------

    def recover(self, opened: Callable[[int], Opened]) -> int:
        """Delete stored bytes that have no row, and temporary files; return how many stored files were deleted."""
        dropped = recover_intents(self.db, self.hub, opened)
        if self.incoming.is_dir():
            for path in self.incoming.iterdir():
                # Unfinished uploads are in a folder of their own. Files with other names are not the library's.
                if TEMPORARY.fullmatch(path.name) and not path.is_symlink():
                    path.unlink(missing_ok=True)
        return dropped


def _drop(path: Path) -> None:
    """Delete a temporary file; if that fails, the next start deletes it."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def uploaded(taken: Taken) -> Uploaded:
    return Uploaded(taken.status, taken.picture)
