"""Imports: bytes become pictures, one pass per file.

A file is hashed, read and drawn in the decoder process; its still is kept first, then picture, facts and location are
committed in one transaction, so a kill at any point leaves either a whole picture or nothing. Bytes that are copied in
are durable under their final name before the row is, and an intent in the hub lets the next start drop what never got
its row.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ..database import intents
from ..database.connection import Database
from ..database.hub import Hub, now
from ..database.intents import PURGED, Keeping
from ..database.writer import Write, Writer, outcome
from ..errors import NotThere, PixlStashError, Refused, StoreUnreachable
from ..media.pool import DecoderPool, Known
from ..media.thumbnails import Thumbnails
from ..plugins.contracts import Opened
from ..storage import names
from ..storage.files import Root
from ..storage.local import Managed, path_of
from ..types import ImportReport, Reading, Refusal, Uploaded
from . import picture_rows
from .listing import Listing

#: Refusals a report names; there is no limit on how many are counted.
SHOWN = 1000
#: Causes of refusal that the same bytes will have again.
LASTING = frozenset({"unsupported", "damaged", "empty", "pixels"})
#: Names of files in `incoming`: those of `Intake.temporary`, and those of `Managed.put`.
TEMPORARY = re.compile(r"\d+-[0-9a-f]+-[0-9a-f]{8}(\.[a-z0-9]{1,7})?|put-\d+-[0-9a-f]{64}(\.[a-z0-9]+)?")


class File(Struct, frozen=True):
    """One file to take in: `key` names it in its store (or is its path), size in bytes, mtime in ns.

    `words`: what people wrote in a text file beside it.
    """

    key: str
    name: str
    size: int | None = None
    mtime: int | None = None
    words: str | None = None


OnRefusal = Callable[["File", PixlStashError], None]


class Taken(Struct, frozen=True):
    status: Literal["imported", "duplicate", "scrapheaped"]
    picture: int


class Tally:
    """Counts of one import."""

    def __init__(self) -> None:
        self.imported = self.duplicates = self.refused = 0
        self.refusals: list[Refusal] = []
        self._start = time.monotonic()

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
            self.refusals.append(Refusal(names.printable(path), reason))

    def report(self) -> ImportReport:
        return ImportReport(self.imported, self.duplicates, self.refusals, round(time.monotonic() - self._start, 3))


class Intake:
    """Takes files into one library. `inherits`: statements that hand people's words on to a successor.

    `beside(path, root)` is what people wrote beside a file, `say(write, picture, words)` says it of the picture.
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
        beside: Callable[[Path, Root | Path | None], str | None] = lambda path, root: None,
        say: Callable[[Write, int, str], None] = lambda write, picture, words: None,
    ) -> None:
        self.db, self.hub, self.writer, self.pool, self.thumbnails = db, hub, writer, pool, thumbnails
        self.incoming = incoming
        self._inherits = tuple(inherits)
        self._beside, self._say = beside, say
        self._lock = threading.Lock()
        self._streams = 0  # imports of many files that run now

    # -- one file ------------------------------------------------------------------------------------------------------

    def index(self, store: int, opened: Opened, file: File, root: Root | Path | None = None) -> Taken:
        """Take a file where it lies, in a store that is not ours to write to. `root`: the store's, as it was listed."""
        path = opened.local(file.key)
        if path is not None:
            root = root or opened.local_root
            # A key may be an escaped name.
            return self._index(store, replace(file, name=path.name, words=self._beside(path, root)), path, root)
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
    ) -> Taken:
        """Copy a file into the library's own store (or move it there, when it is a temporary one of ours).

        No link below a `root` is followed. `mtime` in ns: as it was listed.

        Known bytes are kept again when they lie only elsewhere, or when the library's own copy was lost.
        """
        copy = path if move else self.temporary(name)
        try:
            decide = partial(self._lacking, store, managed)
            reading = self.pool.read(path, name, root=root, decide=decide, copy_to=None if move else copy)
            changed = path.stat().st_mtime_ns if mtime is None else mtime
            said = None if move else self._beside(path, root)
            if isinstance(reading, Known):
                return self._again(reading.sha256, said)
            key = f"{reading.sha256.hex()[:2]}/{reading.sha256.hex()}.{reading.extension}"
            self._still(reading)
            with Keeping(self.hub, store, key, reading.sha256):
                managed.adopt(key, copy)
                kept = File(key, name, reading.size, words=said)
                return self._feed(lambda write: self._write(write, reading, store, kept, changed))
        finally:
            _drop(copy)

    def sketch(self, store: int, indexes: range) -> int:
        """Add demo pictures that are painted only when somebody looks; how many."""
        from ..demo.recipe import key, recipe
        from ..demo.rows import reading

        made = [(key(one), one.name, reading(one)) for one in map(recipe, indexes)]

        def work(write: Write) -> int:
            for at, name, read in made:
                picture = picture_rows.add(write, read, name, fallback=now())
                picture_rows.locate(write, picture, store, at, None, None)
            return len(made)

        return outcome(self.writer.submit(work))

    def temporary(self, name: str) -> Path:
        """A fresh path in the library's folder for bytes on their way in."""
        if not self.incoming.is_dir():
            raise StoreUnreachable(f"{self.incoming.parent} cannot be reached: is its disk mounted?")
        suffix = Path(name).suffix  # only for people who look into the folder
        suffix = suffix.lower() if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) < 9 else ""
        return self.incoming / f"{os.getpid()}-{time.monotonic_ns():x}-{os.urandom(4).hex()}{suffix}"

    def _index(self, store: int, file: File, path: Path, root: Root | Path | None = None) -> Taken:
        reading = self.pool.read(path, file.name, root=root, decide=self._wanted)
        if isinstance(reading, Known):
            known = reading
            return self._feed(lambda write: self._place(write, known.sha256, store, file))
        self._still(reading)
        mtime = file.mtime if file.mtime is not None else now() * 1_000_000

        def work(write: Write) -> Taken:
            if self.hub.purged(reading.sha256):  # while it was read
                raise Refused(PURGED)
            return self._write(write, reading, store, file, mtime)

        return self._feed(work)

    def _feed(self, work: Callable[[Write], Taken]) -> Taken:
        """Write, with others' commit while many files come."""
        return outcome(self.writer.submit(work, patient=self._streams > 0))

    def _wanted(self, sha256: bytes) -> bool:
        return not self.db.read("select 1 from picture where sha256 = ?", (sha256,)) and not self.hub.purged(sha256)

    def _lacking(self, store: int, managed: Managed, sha256: bytes) -> bool:
        """Whether the library's own store does not have these bytes."""
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

    def _write(self, write: Write, reading: Reading, store: int, file: File, mtime: int) -> Taken:
        """Runs on the writer thread: the picture, unless someone else just brought the same bytes, and its location."""
        found = picture_rows.of_hash(write, reading.sha256)
        if found is not None:
            return self._known(write, found, store, file)
        before = write.value("select picture_id from location where store_id = ? and key = ?", (store, file.key))
        picture = picture_rows.add(
            write, reading, names.fit(file.name), fallback=mtime // 1_000_000, predecessor=before
        )
        picture_rows.locate(write, picture, store, file.key, file.size, file.mtime)
        if before is not None:
            for statement in self._inherits:
                write.execute(statement, {"old": before, "new": picture})
        if file.words:
            self._say(write, picture, file.words)
        return Taken("imported", picture)

    def _place(self, write: Write, sha256: bytes, store: int, file: File) -> Taken:
        """Known bytes at a place: one more location, or one that moved from other bytes."""
        picture = picture_rows.of_hash(write, sha256)
        if picture is None:
            raise Refused(PURGED)
        return self._known(write, picture, store, file)

    def _known(self, write: Write, picture: int, store: int, file: File) -> Taken:
        picture_rows.locate(write, picture, store, file.key, file.size, file.mtime)
        if file.words:
            self._say(write, picture, file.words)
        return self._status(write, picture)

    def _again(self, sha256: bytes, words: str | None) -> Taken:
        row = self.db.read(
            "select p.id, h.at from picture p left join scrapheap h on h.picture_id = p.id where sha256 = ?", (sha256,)
        )
        if not row:
            raise Refused("The picture was removed while this file was read; try again.")
        if words:
            outcome(self.writer.submit(lambda write: self._say(write, row[0][0], words)))
        return Taken("scrapheaped" if row[0][1] is not None else "duplicate", row[0][0])

    def _status(self, write: Write, picture: int) -> Taken:
        thrown = write.value("select 1 from scrapheap where picture_id = ?", (picture,))
        return Taken("scrapheaped" if thrown else "duplicate", picture)

    # -- many files ----------------------------------------------------------------------------------------------------

    def many(
        self,
        files: Iterator[File],
        take: Callable[[File], Taken],
        tally: Tally,
        step: Callable[[], None],
        refused: OnRefusal = lambda file, error: None,
    ) -> None:
        """Take files with some in flight at once; `step` is called between them and may raise to stop."""
        with self._lock:
            self._streams += 1
        try:
            self._many(files, take, tally, step, refused)
        finally:
            with self._lock:
                self._streams -= 1

    def _many(
        self,
        files: Iterator[File],
        take: Callable[[File], Taken],
        tally: Tally,
        step: Callable[[], None],
        refused: OnRefusal,
    ) -> None:
        # More than there are decoders: those that wait for the disk share commits meanwhile, and no decoder waits.
        width = (os.cpu_count() or 2) * 8
        with ThreadPoolExecutor(width, thread_name_prefix="import") as threads:
            flying: dict[Future[Taken], File] = {}
            try:
                for file in files:
                    flying[threads.submit(take, file)] = file
                    if len(flying) >= width * 2:
                        self._land(flying, tally, refused)
                    step()
                while flying:
                    self._land(flying, tally, refused)
                    step()
            finally:
                for future in flying:
                    future.cancel()

    def _land(self, flying: dict[Future[Taken], File], tally: Tally, refused: OnRefusal) -> None:
        done, _ = wait(flying, return_when=FIRST_COMPLETED)
        for future in done:
            file = flying.pop(future)
            try:
                tally.count(future.result().status)
            except (Refused, NotThere) as error:
                tally.refuse(path_of(file.key), str(error))
                refused(file, error)

    def scan(self, store: int, public_id: str, opened: Opened, tally: Tally, step: Callable[[int, int], None]) -> None:
        """Bring the index of a store up to date: new files newest first, then what is gone."""
        root = _pinned(opened.local_root)
        with Listing(self.db) as listing:
            with self.hub.db.reading() as hub:
                listing.leave_out(hub.execute("select key, size, mtime from refusal where store = ?", (public_id,)))
            listing.fill((key, found.size, found.mtime) for key, found in opened.list())
            total = listing.choose(store)

            def refused(file: File, error: PixlStashError) -> None:
                # Only what is the file's own fault is remembered: a busy machine or a closed permission may pass.
                if error.more.get("cause") in LASTING:
                    self.hub.write(
                        "insert or replace into refusal values (?, ?, ?, ?, ?, ?)",
                        (public_id, file.key, file.size, file.mtime, str(error), now()),
                    )

            self.many(
                (File(key, key.rpartition("/")[2], size, mtime) for key, size, mtime in listing.fresh()),
                lambda file: self.index(store, opened, file, root),
                tally,
                lambda: step(tally.done, max(total, tally.done)),
                refused,
            )
            for gone in listing.gone():
                outcome(self.writer.submit(partial(_miss, gone)))

    def renew(self, plugins: str) -> None:
        """Forget what was refused when the plugins are others than before: they may read what those could not."""
        if self.hub.value("select value from setting where name = 'imports.plugins'") == plugins:
            return
        with self.hub.writing() as connection:
            connection.execute("delete from refusal").fetchall()
            connection.execute("insert or replace into setting values ('imports.plugins', ?)", (plugins,)).fetchall()

    # -- after a crash -------------------------------------------------------------------------------------------------

    def recover(self, opened: Callable[[int], Opened]) -> int:
        """Drop bytes that were kept without their row, and what was on its way in; how many."""
        dropped = intents.recover(self.db, self.hub, opened)
        if self.incoming.is_dir():
            for left in self.incoming.iterdir():
                # Unfinished uploads are in a folder of their own; what has another name is not ours.
                if TEMPORARY.fullmatch(left.name) and not left.is_symlink():
                    left.unlink(missing_ok=True)
        return dropped


def _pinned(root: Path | None) -> Root | None:
    if root is None:
        return None
    with suppress(OSError):  # the listing says what is wrong
        return Root.pinned(root)
    return Root(root)


def _miss(locations: list[int], write: Write) -> None:
    picture_rows.miss(write, locations)


def _drop(path: Path) -> None:
    """Remove a temporary file; one that cannot be removed goes at the next start."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def uploaded(taken: Taken) -> Uploaded:
    return Uploaded(taken.status, taken.picture)
