"""Imports: bytes become pictures, one pass per file.

A file is hashed, read and drawn in the decoder process; its still is kept first, then picture, facts and location are
committed in one transaction, so a kill at any point leaves either a whole picture or nothing. Bytes that are copied in
are durable under their final name before the row is, and an intent in the hub lets the next start drop what never got
its row.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from .. import pictures
from ..contracts import Opened
from ..db import Database, fetch
from ..errors import NotFound, NotThere, PixlStashError, Refused, StoreUnreachable
from ..hub import Hub, now
from ..media.pool import DecoderPool, Known
from ..stores.files import Managed
from ..thumbnails import Thumbnails
from ..types import ImportReport, Reading, Refusal, Uploaded
from ..write import Door, Write, outcome

#: Refusals a report names; there is no limit on how many are counted.
SHOWN = 1000
#: Causes of refusal that the same bytes will have again.
LASTING = frozenset({"unsupported", "damaged", "empty", "pixels"})
PURGED = "This picture was removed for good. Import the file itself to have it again."


class File(Struct, frozen=True):
    """One file to take in: `key` names it in its store (or is its path), size in bytes, mtime in ns."""

    key: str
    name: str
    size: int | None = None
    mtime: int | None = None


OnRefusal = Callable[["File", PixlStashError], None]


class Taken(Struct, frozen=True):
    status: str  # imported | duplicate | scrapheaped
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

    def count(self, taken: Taken) -> None:
        if taken.status == "imported":
            self.imported += 1
        else:
            self.duplicates += 1

    def refuse(self, path: str, reason: str) -> None:
        self.refused += 1
        if len(self.refusals) < SHOWN:
            self.refusals.append(Refusal(shown_path(path), reason))

    def report(self) -> ImportReport:
        return ImportReport(self.imported, self.duplicates, self.refusals, round(time.monotonic() - self._start, 3))


class Intake:
    """Takes files into one library. `inherits`: statements that hand people's words on to a successor."""

    def __init__(
        self,
        db: Database,
        hub: Hub,
        door: Door,
        pool: DecoderPool,
        thumbnails: Thumbnails,
        incoming: Path,
        inherits: Iterable[str],
    ) -> None:
        self.db, self.hub, self.door, self.pool, self.thumbnails = db, hub, door, pool, thumbnails
        self.incoming = incoming
        self._inherits = tuple(inherits)

    # -- one file ------------------------------------------------------------------------------------------------------

    def index(self, store: int, opened: Opened, file: File) -> Taken:
        """Take a file where it lies, in a store that is not ours to write to."""
        path = opened.local(file.key)
        if path is not None:
            return self._index(store, replace(file, name=path.name), path)  # a key may be an escaped name
        path = self.temporary(file.name)
        try:
            with opened.read(file.key) as source, path.open("wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
            return self._index(store, file, path)
        finally:
            _drop(path)

    def keep(self, store: int, managed: Managed, path: Path, name: str, *, move: bool = False) -> Taken:
        """Copy a file into the library's own store (or move it there, when it is a temporary one of ours).

        Known bytes are kept again when they lie only elsewhere, or when the library's own copy was lost.
        """
        copy = path if move else self.temporary(name)
        try:
            decide = partial(self._lacking, store, managed)
            reading = self.pool.read(path, name, decide=decide, copy_to=None if move else copy)
            mtime = path.stat().st_mtime_ns
            if isinstance(reading, Known):
                return self._again(reading.sha256)
            key = f"{reading.sha256.hex()[:2]}/{reading.sha256.hex()}.{reading.extension}"
            self._still(reading)
            with self.intent(store, key):
                managed.adopt(key, copy)
                kept = File(key, name, reading.size)
                taken = outcome(self.door.feed(lambda write: self._write(write, reading, store, kept, mtime)))
            if self._purged(reading.sha256):  # somebody wants it after all
                self.hub.write("delete from purged where sha256 = ?", (reading.sha256,))
                self.hub.write("delete from refusal where reason = ?", (PURGED,))
            return taken
        finally:
            _drop(copy)

    def sketch(self, store: int, indexes: range) -> int:
        """Add demo pictures that are painted only when somebody looks; how many."""
        from ..demo.recipe import key, recipe
        from ..demo.rows import reading

        made = [(key(one), one.name, reading(one)) for one in map(recipe, indexes)]

        def work(write: Write) -> int:
            for at, name, read in made:
                picture = pictures.add(write, read, name, fallback=now())
                pictures.locate(write, picture, store, at, None, None)
            return len(made)

        return outcome(self.door.feed(work))

    def temporary(self, name: str) -> Path:
        """A fresh path in the library's folder for bytes on their way in."""
        if not self.incoming.is_dir():
            raise StoreUnreachable(f"{self.incoming.parent} cannot be reached: is its disk mounted?")
        suffix = Path(name).suffix[:12] if Path(name).suffix.isascii() else ""
        return self.incoming / f"{os.getpid()}-{time.monotonic_ns():x}-{os.urandom(4).hex()}{suffix}"

    def _index(self, store: int, file: File, path: Path) -> Taken:
        reading = self.pool.read(path, file.name, decide=self._wanted)
        if isinstance(reading, Known):
            known = reading
            return outcome(self.door.feed(lambda write: self._place(write, known.sha256, store, file)))
        self._still(reading)
        mtime = file.mtime if file.mtime is not None else now() * 1_000_000
        return outcome(self.door.feed(lambda write: self._write(write, reading, store, file, mtime)))

    def _wanted(self, sha256: bytes) -> bool:
        return not self.db.read("select 1 from picture where sha256 = ?", (sha256,)) and not self._purged(sha256)

    def _purged(self, sha256: bytes) -> bool:
        return bool(self.hub.read("select 1 from purged where sha256 = ?", (sha256,)))

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
        """Runs in the door: the picture, unless someone else just brought the same bytes, and its location."""
        found = pictures.of_hash(write, reading.sha256)
        if found is not None:
            pictures.locate(write, found, store, file.key, file.size, file.mtime)
            return self._status(write, found)
        before = write.value("select picture_id from location where store_id = ? and key = ?", (store, file.key))
        picture = pictures.add(write, reading, shown_path(file.name), fallback=mtime // 1_000_000, predecessor=before)
        pictures.locate(write, picture, store, file.key, file.size, file.mtime)
        if before is not None:
            for statement in self._inherits:
                write.execute(statement, {"old": before, "new": picture})
        return Taken("imported", picture)

    def _place(self, write: Write, sha256: bytes, store: int, file: File) -> Taken:
        """Known bytes at a place: one more location, or one that moved from other bytes."""
        picture = pictures.of_hash(write, sha256)
        if picture is None:
            raise Refused(PURGED)
        pictures.locate(write, picture, store, file.key, file.size, file.mtime)
        return self._status(write, picture)

    def _again(self, sha256: bytes) -> Taken:
        row = self.db.read(
            "select p.id, h.at from picture p left join scrapheap h on h.picture_id = p.id where sha256 = ?", (sha256,)
        )
        if not row:
            raise Refused("The picture was removed while this file was read; try again.")
        return Taken("scrapheaped" if row[0][1] is not None else "duplicate", row[0][0])

    def _status(self, write: Write, picture: int) -> Taken:
        thrown = write.value("select 1 from scrapheap where picture_id = ?", (picture,))
        return Taken("scrapheaped" if thrown else "duplicate", picture)

    # -- intents -------------------------------------------------------------------------------------------------------

    def intent(self, store: int, key: str) -> _Intent:
        return _Intent(self.hub, store, key)

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
        # More than there are decoders: those that wait for the disk share commits meanwhile, and no decoder waits.
        width = (os.cpu_count() or 2) * 4
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
                tally.count(future.result())
            except (Refused, NotThere) as error:
                tally.refuse(file.key, str(error))
                refused(file, error)

    def scan(self, store: int, public_id: str, opened: Opened, tally: Tally, step: Callable[[int, int], None]) -> None:
        """Bring the index of a store up to date: new files newest first, then what is gone."""
        with _Listing(self.db, store) as listing:
            listing.fill(opened)
            refusals = self._refusals(public_id)
            total = listing.count_fresh() - len(refusals)

            def refused(file: File, error: PixlStashError) -> None:
                # Only what is the file's own fault is remembered: a busy machine or a closed permission may pass.
                if error.more.get("cause") in LASTING:
                    self.hub.write(
                        "insert or replace into refusal values (?, ?, ?, ?, ?, ?)",
                        (public_id, file.key, file.size, file.mtime, str(error), now()),
                    )

            self.many(
                (file for file in listing.fresh() if refusals.get(file.key) != (file.size, file.mtime)),
                lambda file: self.index(store, opened, file),
                tally,
                lambda: step(tally.done, max(total, tally.done)),
                refused,
            )
            if gone := listing.gone():
                outcome(self.door.feed(lambda write: pictures.miss(write, gone)))

    def renew(self, plugins: str) -> None:
        """Forget what was refused when the plugins are others than before: they may read what those could not."""
        if self.hub.value("select value from setting where name = 'imports.plugins'") == plugins:
            return
        with self.hub.writing() as connection:
            connection.execute("delete from refusal").fetchall()
            connection.execute("insert or replace into setting values ('imports.plugins', ?)", (plugins,)).fetchall()

    def _refusals(self, public_id: str) -> dict[str, tuple[int | None, int | None]]:
        rows = self.hub.read("select key, size, mtime from refusal where store = ?", (public_id,))
        return {key: (size, mtime) for key, size, mtime in rows}

    # -- after a crash -------------------------------------------------------------------------------------------------

    def recover(self, opened: Callable[[int], Opened]) -> int:
        """Drop bytes that were kept without their row, and what was on its way in; how many."""
        dropped = 0
        for intent, body in self.hub.read("select id, body from intent where kind = 'keep'"):
            store, _, key = body.partition(" ")
            if not self.db.read("select 1 from location where store_id = ? and key = ?", (int(store), key)):
                try:
                    opened(int(store)).delete(key)
                    dropped += 1
                except StoreUnreachable:  # the next start tries again
                    continue
                except NotFound:  # the whole store is gone
                    pass
            self.hub.write("delete from intent where id = ?", (intent,))
        if self.incoming.is_dir():
            for left in self.incoming.iterdir():
                left.unlink(missing_ok=True)
        return dropped


class _Intent:
    """Says in the hub that bytes are about to be kept under a key, until their row is there."""

    def __init__(self, hub: Hub, store: int, key: str) -> None:
        self._hub, self._body = hub, f"{store} {key}"
        self._id = 0

    def __enter__(self) -> None:
        row = self._hub.write(
            "insert into intent(kind, body, at) values ('keep', ?, ?) returning id", (self._body, now())
        )
        self._id = row[0][0]

    def __exit__(self, *error: object) -> None:
        # Left in place when something went wrong: the next start finds out whether the row is there.
        if error[0] is None:
            self._hub.write("delete from intent where id = ?", (self._id,))


class _Listing:
    """What a store lists now, in a temporary table beside the index: any number of files in little memory."""

    def __init__(self, db: Database, store: int) -> None:
        self._connection = db.connect()
        self._store = store

    def __enter__(self) -> _Listing:
        self._connection.execute("create temp table seen(key text primary key, size, mtime) without rowid").fetchall()
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def fill(self, opened: Opened) -> None:
        with self._connection:
            self._connection.executemany(
                "insert or replace into seen values (?, ?, ?)",
                ((key, found.size, found.mtime) for key, found in opened.list()),
            ).fetchall()

    _FRESH = """
        from seen where not exists (
          select 1 from location l where l.store_id = ? and l.key = seen.key
            and l.size is seen.size and l.mtime is seen.mtime and l.state = 'present')
    """

    def count_fresh(self) -> int:
        return int(fetch(self._connection, f"select count(*) {self._FRESH}", (self._store,))[0][0])

    def fresh(self) -> Iterator[File]:
        rows: Iterable[Any] = self._connection.execute(
            f"select key, size, mtime {self._FRESH} order by mtime desc", (self._store,)
        )
        for key, size, mtime in rows:
            yield File(key, key.rpartition("/")[2], size, mtime)

    def gone(self) -> list[int]:
        """Location ids that are not listed any more."""
        rows = fetch(
            self._connection,
            """
            select id from location l where store_id = ? and state = 'present'
              and not exists (select 1 from seen where seen.key = l.key)
            """,
            (self._store,),
        )
        return [row[0] for row in rows]


def _drop(path: Path) -> None:
    """Remove a temporary file; one that cannot be removed goes at the next start."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def shown_path(path: str) -> str:
    """A name fit to show and to store: what is not printable, or not UTF-8 on disk, is replaced."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in path)


def uploaded(taken: Taken) -> Uploaded:
    return Uploaded(taken.status, taken.picture)  # type: ignore[arg-type]  # the same three words
