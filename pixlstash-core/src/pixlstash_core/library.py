"""The library: the object everyone holds. Opens the files, wires the floors, and offers every use case as a method.

Reads take a `Reader` first; `pixlstash_core.client.Client` offers the same methods over HTTP without it.
Nothing is global: two libraries in one process work.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec
from msgspec import Struct

from . import __version__, actions, intake, pictures, scope
from .contracts import Opened
from .db import Database, bind_ids
from .errors import Conflict, Forbidden, Invalid, NotFound, NotThere, PixlStashError, ReadOnly, StoreUnreachable
from .events import Feed
from .features import history, scores, scrapheap
from .features.access import Access
from .features.imports import Intake, uploaded
from .hub import Hub
from .jobs import Handler, Jobs
from .lock import Holder, Lock
from .media.pool import DecoderPool
from .nouns import Noun, Table
from .plugins import Plugins
from .query import TERMS
from .stores.files import Managed
from .thumbnails import Thumbnails
from .types import (
    OWNER,
    CheckReport,
    CreateToken,
    DeletePictures,
    Done,
    Event,
    HistoryEntry,
    ImportPaths,
    Job,
    LibraryInfo,
    NewToken,
    Picture,
    PictureDetail,
    PluginInfo,
    Presence,
    Reader,
    RestorePictures,
    Right,
    Rows,
    ScorePictures,
    Selection,
    StoreInfo,
    TokenInfo,
    Uploaded,
)
from .views import ViewAnswer, Views
from .write import Committed, Door, Label, Write

T = TypeVar("T")
NOUNS: tuple[Noun, ...] = (pictures.NOUN, scores.NOUN, scrapheap.NOUN, Noun("stores", (Table("store", "stores"),)))


class Original(Struct, frozen=True):
    """A picture's original bytes. `open(start, end)` reads them; `local` is a path to them where there is one."""

    name: str
    mime: str
    inline: bool
    size: int | None
    etag: str
    local: Path | None
    open: Callable[[int, int | None], BinaryIO]


class Library:
    """One open library. Use `create`, `open` or `connect`; close it, or use it in a `with`."""

    def __init__(self, path: Path, *, read_only: bool, plugins: Plugins, lock: Lock | None) -> None:
        self.path = path
        self.read_only = read_only
        self.plugins = plugins
        self._lock = lock
        self.db = Database(path / "library.db", "library", read_only=read_only)
        self.hub = Hub(path / "hub.db", read_only=read_only)
        self.thumbnails = Thumbnails(path / "thumbnails.db", read_only=read_only)
        self.feed = Feed(self.db, self.hub)
        self.door = Door(
            self.db,
            self.hub,
            [table for noun in NOUNS for table in noun.tables],
            [rule for noun in NOUNS for rule in noun.rules],
            self.feed.committed,
        )
        self.access = Access(self.hub, read_only=read_only)
        self.public_id = str(self._setting("public_id"))
        self.epoch = str(self._setting("epoch"))
        self.name = str(self._setting("name") or path.name)
        terms = {term.name: term for term in (*TERMS, *(term for noun in NOUNS for term in noun.terms))}
        self.views = Views(self.db, terms, self.epoch, lambda: self.door.nouns)
        self.pool = DecoderPool()
        self.queue = Jobs(self.hub, self.feed.tell)
        self._stores = plugins.stores()
        self._opened: dict[int, Opened] = {}
        self._managed = self._find_managed()
        self.incoming = self.path / "incoming"
        if self._managed and not read_only:
            self.incoming = self._managed_store().root / "incoming"
            self.incoming.mkdir(exist_ok=True)
        inherits = [statement for noun in NOUNS for statement in noun.inherits]
        self.intake = Intake(self.db, self.hub, self.door, self.pool, self.thumbnails, self.incoming, inherits)

    # -- life ----------------------------------------------------------------------------------------------------------

    @classmethod
    def create(cls, path: Path, *, name: str | None = None, media: Path | None = None) -> None:
        """Make an empty library in a new or empty folder. `media`: where managed originals go instead."""
        path = path.expanduser().absolute()
        if (path / "library.db").exists():
            raise Conflict(f"{path} is a library already.")
        if path.is_dir() and any(path.iterdir()):
            raise Invalid(f"{path} is not empty. Name a new or empty folder for the library.")
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        originals = media.expanduser().absolute() if media else path / "media"
        originals.mkdir(parents=True, exist_ok=True)
        lock = Lock(path / "lock")
        try:
            db, hub = Database(path / "library.db", "library"), Hub(path / "hub.db")
            with db.writer:
                db.writer.execute("insert or replace into setting values ('name', ?)", (name or path.name,)).fetchall()
            door = Door(db, hub, [Table("store", "stores")], [], lambda revision, events: None)
            kept = {"path": str(originals) if media else "media"}
            actions.add_store(door, "file", "Library", kept)
            door.close()
            db.close()
            hub.close()
        finally:
            lock.release()

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        read_only: bool = False,
        plugins: Plugins | None = None,
        work: bool = True,
    ) -> Library:
        """Open it in this process. `work`: run background jobs here. `LibraryInUse` when another process holds it."""
        path = path.expanduser().absolute()
        if not (path / "library.db").exists():
            raise NotFound(f"There is no library at {path}. `pixlstash -L {path} init` makes one.")
        lock = Lock(path / "lock") if not read_only or os.access(path, os.W_OK) else None
        try:
            disabled = _disabled(path) if plugins is None else ()
            library = cls(path, read_only=read_only, plugins=plugins or Plugins.load(disabled=disabled), lock=lock)
        except BaseException:
            if lock:
                lock.release()
            raise
        if not read_only:
            library._begin(work)
        return library

    def _begin(self, work: bool) -> None:
        self.feed.follow(self.door, self, self.plugins)
        self.feed.move()
        self.intake.recover(self.connect_store)
        actions.finish_purges(self.hub, self.door, self.thumbnails, self.connect_store)
        for kind, handler in intake.handlers(self.intake, self.db, self.connect_store, self._own, self.plugins).items():
            self.queue.handle(kind, handler)
        self.queue.handle("tidy", lambda task: self.views.drop_idle())
        self.plugins.call("startup", library=self)
        if work:
            self.queue.repeat("tidy", "Giving memory back", every=300.0)
            self.queue.start()

    def close(self) -> None:
        self.queue.stop()
        self.pool.close()
        self.door.close()
        if not self.read_only:
            self.feed.move()
        self.feed.stop()
        self.thumbnails.close()
        self.hub.close()
        self.db.close()
        if self._lock:
            self._lock.release()

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def announce(self, url: str) -> None:
        """Tell other processes of this machine where the library is served."""
        if self._lock:
            self._lock.tell(Holder(os.getpid(), url, self.access.local_secret))

    @property
    def revision(self) -> int:
        return self.door.revision

    # -- for plugins ---------------------------------------------------------------------------------------------------

    def adopt(self, plugin: str, statements: Sequence[str], tables: Iterable[Table] | None = None) -> None:
        """Make a plugin's own tables, named `<plugin>_…`, and record them like the core's: undo, history and events.

        Call it in `startup`. `statements` are `create table` statements with `not null` primary keys.
        """
        names = [_table_name(plugin, statement) for statement in statements]
        adopted = list(tables) if tables is not None else [Table(name, plugin) for name in names]
        for table in adopted:
            if table.name not in names:
                raise Invalid(f"{table.name} is not made by the statements given.")

        def work(write: Write) -> None:
            for name, statement in zip(names, statements, strict=True):
                if not write.execute("select 1 from sqlite_schema where name = ?", (name,)):
                    write.execute(statement)

        self.door.do(work, Label("", "", undoable=False))
        self.door.adopt(adopted)

    def write(self, reader: Reader, sentence: str, work: Callable[[Write], T]) -> T:
        """A plugin's change, on a person's behalf: recorded, undoable, announced."""
        return self._do(reader, work, lambda result: sentence).result

    def read(self, sql: str, bindings: Any = None) -> list[tuple[Any, ...]]:
        """A plugin's own statement, for its own tables; pictures are read through the methods that take a reader."""
        return self.db.read(sql, bindings)

    def handle(self, kind: str, handler: Handler) -> None:
        """Name what runs jobs of a kind."""
        self.queue.handle(kind, handler)

    def repeat(self, kind: str, label: str, *, every: float, run: Handler, lane: str = "cpu") -> Job:
        """Have `run(task)` done every so many seconds, across restarts."""
        self.queue.handle(kind, run)
        return self.queue.repeat(kind, label, every=every, lane=lane)

    def subscribe(self, subscriber: Callable[[Event], None]) -> Callable[[], None]:
        return self.feed.subscribe(subscriber)

    def events_since(self, revision: int, limit: int = 1000) -> list[Event] | None:
        """Events after a revision, oldest first; None when they are no longer all kept."""
        return self.feed.since(revision, limit)

    # -- reads ---------------------------------------------------------------------------------------------------------

    def info(self, reader: Reader) -> LibraryInfo:
        relation, bound = scope.visible(reader)
        live, dead = self.db.read(
            f"select coalesce(sum(live = 1), 0), coalesce(sum(live = 0), 0) from {relation}", bound
        )[0] if not reader.scope.all else self._counts()
        owner = reader.may("owner")
        stores = self._store_infos() if owner else []
        return LibraryInfo(
            self.name,
            self.public_id,
            __version__,
            live,
            dead,
            self.revision,
            stores,
            self.queue.running() if owner else [],
            self._setting("demo") is not None,
            self.read_only,
        )

    def view(self, reader: Reader, q: str = "", sort: str | None = None, at: int | None = None) -> ViewAnswer:
        """The first answer of a view: see `views.ViewAnswer`."""
        return self.views.open(reader, q, sort, at, self.revision)

    def block(self, reader: Reader, view: str, b: int) -> bytes:
        return self.views.block(reader, view, b)

    def details(self, reader: Reader, view: str, b: int) -> Rows:
        return self.views.details(reader, view, b)

    def pictures(
        self, reader: Reader, q: str = "", sort: str | None = None, offset: int = 0, limit: int = 100
    ) -> list[Picture]:
        if not (0 <= offset <= 1 << 32 and 0 <= limit <= 100_000):
            raise Invalid("offset must not be negative, and limit must be between 0 and 100000.")
        return self.views.page(reader, q, sort, offset, limit)

    def picture(self, reader: Reader, id: int) -> PictureDetail:
        return pictures.detail(self.db, reader, id)

    def payload(self, reader: Reader, id: int, name: str) -> str:
        return pictures.payload(self.db, reader, id, name)

    def thumbnail(self, reader: Reader, id: int) -> bytes:
        """The picture's still, WebP; drawn now when it is not kept."""
        scope.require(reader, id)
        rows = self.db.read("select sha256, why from picture where id = ?", (id,))
        if not rows:
            raise scope.absent()
        sha256, why = rows[0]
        still = self.thumbnails.get(sha256)
        if still is None:
            if why is not None:
                raise NotFound(why)
            still = self._redraw(reader, id)
            self.thumbnails.put([(sha256, still)])
        return still

    def original(self, reader: Reader, id: int) -> Original:
        """The picture's bytes, from the first location that has them."""
        scope.require(reader, id)
        rows = self.db.read(
            "select p.name, p.mime, p.format, hex(p.sha256), l.store_id, l.key from picture p"
            " left join location l on l.picture_id = p.id where p.id = ? order by l.state = 'missing', l.id",
            (id,),
        )
        if not rows:
            raise scope.absent()
        problem: PixlStashError = NotThere("None of this picture's locations is there any more.")
        for name, mime, _, sha256, store, key in rows:
            if store is None:
                continue
            try:
                opened = self.connect_store(store)
                size = opened.stat(key).size
            except (NotThere, StoreUnreachable) as error:
                problem = error
                continue
            read = partial(opened.read, key)
            return Original(
                name, mime, mime in INLINE, size, f'"{sha256[:32].lower()}"', None, lambda start, end: read(start, end)
            )
        raise problem

    def history(self, reader: Reader, limit: int = 50) -> list[HistoryEntry]:
        _demand(reader, "write")
        self.feed.move()
        return history.listed(self.hub, max(1, min(limit, 1000)))

    def jobs(self, reader: Reader) -> list[Job]:
        _demand(reader, "owner")
        return self.queue.list()

    def job(self, reader: Reader, id: int) -> Job:
        _demand(reader, "owner")
        return self.queue.get(id)

    def plugin_list(self, reader: Reader) -> list[PluginInfo]:
        _demand(reader, "owner")
        return self.plugins.list()

    def check(self, reader: Reader, verify: bool = False) -> CheckReport:
        """Whether everything is as it should be; `verify` reads every byte."""
        _demand(reader, "owner")
        return actions.check(self.db, self.hub, self.connect_store, verify)

    # -- writes --------------------------------------------------------------------------------------------------------

    def score(self, reader: Reader, ask: ScorePictures) -> Done:
        ids = self._selected(reader, ask)
        what = f"scored {ask.score}" if ask.score else "lost their score"
        return self._done(reader, lambda write: scores.give(write, ids, ask.score), what)

    def delete(self, reader: Reader, ask: DeletePictures) -> Done:
        """To the scrapheap."""
        ids = self._selected(reader, ask)
        return self._done(reader, lambda write: scrapheap.put(write, ids), "moved to the scrapheap")

    def restore(self, reader: Reader, ask: RestorePictures) -> Done:
        """Out of the scrapheap."""
        ids = self._selected(reader, ask)
        return self._done(reader, lambda write: scrapheap.take(write, ids), "taken out of the scrapheap")

    def purge(self, reader: Reader, ask: Selection) -> int:
        """Remove scrapheaped pictures for good, with their bytes in stores that may be written; how many."""
        _demand(reader, "owner")
        self._writable()
        ids = self.views.select(reader, ask)
        thrown = self.db.read("select picture_id from scrapheap where picture_id in carray(?)", (bind_ids(ids),))
        return actions.purge(
            self.db,
            self.hub,
            self.door,
            self.thumbnails,
            self.connect_store,
            [row[0] for row in thrown],
            reader.principal,
        )

    def undo(self, reader: Reader) -> Done:
        _demand(reader, "write", whole=True)
        self.feed.move()
        committed, sentence = history.undo(self.hub, self.door, reader)
        self.feed.move()
        return Done(committed.revision, committed.result, f"Undone: {sentence}", False)

    def redo(self, reader: Reader) -> Done:
        _demand(reader, "write", whole=True)
        self.feed.move()
        committed, sentence = history.redo(self.hub, self.door, reader)
        self.feed.move()
        return Done(committed.revision, committed.result, sentence, True)

    def upload(self, reader: Reader, name: str, path: Path) -> Uploaded:
        """Take in a durable file in `incoming`, which is moved or removed; refusals are an answer, not an error."""
        from .errors import Refused

        _demand(reader, "write", whole=True)
        self._writable()
        try:
            kept = self.intake.keep(*self._own(), path, name, move=True)
            return uploaded(kept)
        except Refused as error:
            path.unlink(missing_ok=True)
            return Uploaded("refused", None, str(error))

    def import_paths(self, reader: Reader, ask: ImportPaths) -> Job:
        """Take in files and folders of this machine: the job that does it."""
        _demand(reader, "owner")
        self._writable()
        return intake.put(self.queue, ask, self._reference)

    def import_from(self, reader: Reader, importer: str, params: dict[str, Any]) -> Job:
        """Copy in everything a plugin's importer finds."""
        _demand(reader, "owner")
        self._writable()
        return intake.put_importer(self.queue, self.plugins.importers(), importer, params)

    def add_store(self, reader: Reader, scheme: str, name: str, params: dict[str, Any]) -> int:
        """Index a store in place from now on; its id. `scan` it to take in what it holds."""
        _demand(reader, "owner")
        self._writable()
        store = self._stores.get(scheme)
        if store is None:
            raise Invalid(f"No installed plugin offers a store of scheme {scheme!r}.")
        checked = _convert(params, store.Params)
        return actions.add_store(self.door, scheme, name, msgspec.to_builtins(checked))

    def scan(self, reader: Reader, store: int) -> Job:
        """Bring the index of a store up to date: the job that does it."""
        _demand(reader, "owner")
        self._writable()
        return intake.scan(self.queue, store, self.db.value("select name from store where id = ?", (store,), "?"))

    def cancel_job(self, reader: Reader, id: int) -> Job:
        _demand(reader, "owner")
        return self.queue.cancel(id)

    def pause_job(self, reader: Reader, id: int) -> Job:
        _demand(reader, "owner")
        return self.queue.pause(id)

    def resume_job(self, reader: Reader, id: int) -> Job:
        _demand(reader, "owner")
        return self.queue.resume(id)

    def create_token(self, reader: Reader, ask: CreateToken) -> NewToken:
        _demand(reader, "owner")
        return self.access.create_token(reader, ask)

    def tokens(self, reader: Reader) -> list[TokenInfo]:
        _demand(reader, "owner")
        return self.access.tokens(reader)

    def revoke_token(self, reader: Reader, id: int) -> None:
        _demand(reader, "owner")
        self.access.revoke(reader, id)

    def reset_owner(self, reader: Reader) -> str:
        """Forget the password and every session; the secret of a new one-time link."""
        _demand(reader, "owner")
        return self.access.reset(reader)

    # -- stores --------------------------------------------------------------------------------------------------------

    def connect_store(self, store: int) -> Opened:
        """The opened store of an id."""
        if store not in self._opened:
            rows = self.db.read("select scheme, params from store where id = ?", (store,))
            if not rows:
                raise NotFound("There is no such store.")
            scheme, text = rows[0]
            kind = self._stores.get(scheme)
            if kind is None:
                raise StoreUnreachable(f"No installed plugin offers stores of scheme {scheme!r}.")
            given = msgspec.json.decode(text)
            if "path" in given:  # relative to the library, so that its folder may be moved
                given["path"] = str(self.path / given["path"])
            self._opened[store] = kind.connect(_convert(given, kind.Params))
        return self._opened[store]

    def _reference(self, path: Path) -> int:
        if self.path.is_relative_to(path) or path.is_relative_to(self.path):
            raise Invalid(f"{path} and the library at {self.path} lie within each other.")
        return actions.add_store(self.door, "folder", path.name or str(path), {"path": str(path)})

    def _find_managed(self) -> int | None:
        found: int | None = self.db.value("select id from store where scheme = 'file' order by id limit 1")
        return found

    def _own(self) -> tuple[int, Managed]:
        return self._managed or 0, self._managed_store()

    def _managed_store(self) -> Managed:
        if self._managed is None:
            raise Invalid("This library keeps no originals of its own.")
        opened = self.connect_store(self._managed)
        assert isinstance(opened, Managed)
        return opened

    def _store_infos(self) -> list[StoreInfo]:
        rows = self.db.read(
            "select s.id, s.name, s.scheme, (select count(*) from location l where l.store_id = s.id) from store s"
        )
        infos = []
        for store, name, scheme, count in rows:
            state: Presence = "present"
            writable = False
            try:
                opened = self.connect_store(store)
                writable = opened.writable
                opened.stat("\N{REPLACEMENT CHARACTER}")
            except NotThere:
                pass
            except PixlStashError:
                state = "unreachable"
            infos.append(StoreInfo(name, scheme, state, not writable, count))
        return infos

    def _redraw(self, reader: Reader, id: int) -> bytes:
        original = self.original(reader, id)
        path = self.intake.temporary(original.name)
        path.parent.mkdir(exist_ok=True)
        try:
            with original.open(0, None) as source, path.open("wb") as out:
                while block := source.read(1 << 20):
                    out.write(block)
            return self.pool.still(path, original.name)
        finally:
            path.unlink(missing_ok=True)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _counts(self) -> tuple[int, int]:
        """(live, scrapheaped), from indexes only."""
        dead = self.db.value("select count(*) from scrapheap")
        return self.db.value("select count(*) from picture") - dead, dead

    def _selected(self, reader: Reader, ask: Selection) -> list[int]:
        _demand(reader, "write")
        self._writable()
        return self.views.select(reader, ask)

    def _done(self, reader: Reader, work: Callable[[Write], int], what: str) -> Done:
        def sentence(changed: int) -> str:
            return f"1 picture {what.replace('their', 'its')}" if changed == 1 else f"{changed:,} pictures {what}"

        committed = self._do(reader, work, sentence)
        return Done(committed.revision, committed.result, sentence(committed.result), committed.changed)

    def _do(self, reader: Reader, work: Callable[[Write], T], sentence: Callable[[T], str]) -> Committed[T]:
        _demand(reader, "write")
        return self.door.do(work, lambda result: Label(reader.principal, sentence(result)))

    def _setting(self, name: str) -> str | None:
        found: str | None = self.db.value("select value from setting where name = ?", (name,))
        return found

    def _writable(self) -> None:
        if self.read_only:
            raise ReadOnly("This library is open read-only.")


class Bound:
    """A library with the reader filled in: the same methods as `Client`."""

    def __init__(self, library: Library, reader: Reader = OWNER) -> None:
        self.library = library
        self.reader = reader

    def __getattr__(self, name: str) -> Any:
        return partial(getattr(self.library, name), self.reader)

    def close(self) -> None:
        self.library.close()


#: What a browser may show in place; everything else is offered as a download.
INLINE = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "video/mp4", "video/webm"})


def _demand(reader: Reader, right: Right, *, whole: bool = False) -> None:
    """Raise unless the reader has the right (and, with `whole`, sees the whole library)."""
    if not reader.may(right) or ((whole or right == "owner") and not reader.scope.all):
        raise Forbidden("This credential may not do that.")


def _convert(given: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise Invalid(f"{error}.") from error


def _table_name(plugin: str, statement: str) -> str:
    words = statement.replace("(", " ").split()
    name = words[2] if [w.lower() for w in words[:2]] == ["create", "table"] else ""
    prefix = plugin.replace("-", "_") + "_"
    if not name.startswith(prefix) or not name.replace("_", "").isalnum():
        raise Invalid(f"A plugin's own statement must be `create table {prefix}…(…)`.")
    return name


def _disabled(path: Path) -> list[str]:
    """Plugins switched off in this installation, read before anything is loaded."""
    try:
        hub = Database(path / "hub.db", "hub", read_only=True)
    except PixlStashError:  # absent, or to be upgraded by the opening that follows
        return []
    try:
        text = hub.value("select value from setting where name = 'plugins.disabled'", default="[]")
        return msgspec.json.decode(text, type=list[str])
    finally:
        hub.writer.close()


__all__ = ["INLINE", "NOUNS", "Bound", "Library", "Original"]
