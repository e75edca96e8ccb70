"""The use cases of a library, as methods: what the web, the CLI and scripts call. Each checks the reader's right.

`pixlstash_core.client.Client` offers the same methods over HTTP, without the reader.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from msgspec import Struct

from . import __version__, intake, pictures
from .db import Database
from .errors import Forbidden, Invalid, NotFound, NotThere, PixlStashError, ReadOnly, Refused, StoreUnreachable
from .events import Feed
from .features import checks, history, purges, scores, scrapheap, settings, stores
from .features.access import Access
from .features.imports import Intake, uploaded
from .hub import Hub
from .jobs import Jobs
from .media.pool import DecoderPool
from .plugins import Plugins
from .thumbnails import Thumbnails
from .types import (
    CheckReport,
    CreateToken,
    DeletePictures,
    Done,
    HistoryEntry,
    ImportPaths,
    Job,
    LibraryInfo,
    NewToken,
    Picture,
    PictureDetail,
    PluginInfo,
    Reader,
    RestorePictures,
    Right,
    Rows,
    ScorePictures,
    Selection,
    TokenInfo,
    Uploaded,
    ViewAnswer,
)
from .views import Views
from .write import Committed, Door, Label, Write

T = TypeVar("T")
#: What a browser may show in place; everything else is offered as a download.
INLINE = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "video/mp4", "video/webm"})


#: The most pictures a demo library can have.
DEMO = 1_000_000


class Original(Struct, frozen=True):
    """A picture's original bytes. `open(start, end)` reads them; `local` is a path to them where there is one."""

    name: str
    mime: str
    inline: bool
    size: int | None
    etag: str
    local: Path | None
    open: Callable[[int, int | None], BinaryIO]


class UseCases:
    """Mixed into `Library`, which sets these."""

    path: Path
    name: str
    public_id: str
    read_only: bool
    db: Database
    hub: Hub
    thumbnails: Thumbnails
    feed: Feed
    door: Door
    views: Views
    access: Access
    pool: DecoderPool
    queue: Jobs
    stores: stores.Stores
    intake: Intake
    plugins: Plugins

    @property
    def revision(self) -> int:
        return self.door.revision

    # -- reads ---------------------------------------------------------------------------------------------------------

    def info(self, reader: Reader) -> LibraryInfo:
        """What is in the library, and what is going on."""
        live, dead = pictures.counts(self.db, reader)
        owner = reader.may("owner")
        stores = self.stores.infos() if owner else []
        return LibraryInfo(
            self.name,
            self.public_id,
            __version__,
            live,
            dead,
            self.revision,
            stores,
            self.queue.running() if owner else [],
            self.db.setting("demo") is not None,
            self.read_only,
        )

    def view(self, reader: Reader, q: str = "", sort: str | None = None, at: int | None = None) -> ViewAnswer:
        """The ordered result of a query: header, aspects of all of it, and the block around picture `at`."""
        return self.views.open(reader, q, sort, at, self.revision)

    def block(self, reader: Reader, view: str, b: int) -> bytes:
        """Rows of a view: ids u32, colours u16 and flags u8, one column after the other, little-endian."""
        return self.views.block(reader, view, b)

    def details(self, reader: Reader, view: str, b: int) -> Rows:
        """Names, sizes and dates of 256 rows of a view."""
        return self.views.details(reader, view, b)

    def pictures(
        self, reader: Reader, q: str = "", sort: str | None = None, offset: int = 0, limit: int = 100
    ) -> list[Picture]:
        """Pictures a query finds, in order."""
        if not (0 <= offset <= 1 << 32 and 0 <= limit <= 100_000):
            raise Invalid("offset must not be negative, and limit must be between 0 and 100000.")
        return self.views.page(reader, q, sort, offset, limit)

    def picture(self, reader: Reader, id: int) -> PictureDetail:
        """Everything known about one picture."""
        return pictures.detail(self.db, reader, id)

    def payload(self, reader: Reader, id: int, name: str) -> str:
        """One embedded text of a picture, verbatim."""
        return pictures.payload(self.db, reader, id, name)

    def thumbnail(self, reader: Reader, id: int) -> bytes:
        """The picture's still, WebP; drawn now when it is not kept."""
        sha256, why = pictures.hash_of(self.db, reader, id)
        still = self.thumbnails.get(sha256)
        if still is None:
            if why is not None:
                raise NotFound(why)
            still = self._redraw(reader, id)
            with suppress(PixlStashError):  # a full disk keeps nobody from looking
                self.thumbnails.put([(sha256, still)])
        return still

    def original(self, reader: Reader, id: int) -> Original:
        """The picture's bytes, from the first location that has them."""
        found = pictures.bytes_of(self.db, reader, id)
        problem: PixlStashError = NotThere("None of this picture's locations is there any more.")
        for store, key in found.places:
            try:
                opened = self.stores.connect(store)
                size, local = opened.stat(key).size, opened.local(key)
            except (NotThere, StoreUnreachable) as error:
                problem = error
                continue
            inline, etag = found.mime in INLINE, f'"{found.sha256[:32]}"'
            return Original(found.name, found.mime, inline, size, etag, local, partial(opened.read, key))
        raise problem

    def history(self, reader: Reader, limit: int = 50) -> list[HistoryEntry]:
        """What people did, the newest first."""
        _demand(reader, "write", whole=True)
        self.feed.catch_up()
        return history.listed(self.hub, max(1, min(limit, 1000)))

    def jobs(self, reader: Reader) -> list[Job]:
        """Background jobs: running ones first, then the newest."""
        _demand(reader, "owner")
        return self.queue.newest()

    def job(self, reader: Reader, id: int) -> Job:
        """One job."""
        _demand(reader, "owner")
        return self.queue.get(id)

    def plugin_list(self, reader: Reader) -> list[PluginInfo]:
        """Every plugin found, working or not, and its problems."""
        _demand(reader, "owner")
        return self.plugins.infos()

    def check(self, reader: Reader, verify: bool = False) -> CheckReport:
        """Whether everything is as it should be; `verify` reads every byte."""
        _demand(reader, "owner")
        return checks.check(self.db, self.hub, self.stores.connect, verify)

    # -- writes --------------------------------------------------------------------------------------------------------

    def score(self, reader: Reader, ask: ScorePictures) -> Done:
        """Give pictures 0 to 5 stars."""
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
        return purges.purge(self.db, self.hub, self.door, self.thumbnails, self.stores.connect, ids, reader.principal)

    def undo(self, reader: Reader) -> Done:
        """Undo the newest change that is not undone."""
        _demand(reader, "write", whole=True)
        self._writable()
        self.feed.move()
        committed, sentence = history.undo(self.hub, self.door, reader)
        self.feed.catch_up()  # it is done, whatever comes of this
        return Done(committed.revision, committed.result, f"Undone: {sentence}", False)

    def redo(self, reader: Reader) -> Done:
        """Redo what was undone last."""
        _demand(reader, "write", whole=True)
        self._writable()
        self.feed.move()
        committed, sentence = history.redo(self.hub, self.door, reader)
        self.feed.catch_up()
        return Done(committed.revision, committed.result, sentence, True)

    def upload(self, reader: Reader, name: str, path: Path) -> Uploaded:
        """Take in a durable file in `incoming`, which is moved or removed; refusals are an answer, not an error."""
        _demand(reader, "write", whole=True)
        self._writable()
        try:
            kept = self.intake.keep(*self.stores.own(), path, name, move=True)
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

    def fill_demo(self, reader: Reader, pictures: int) -> Job:
        """Paint the demo library: the job that does it."""
        _demand(reader, "owner")
        self._writable()
        settings.set(self.door, "demo", str(pictures))
        return intake.put_demo(self.queue, stores.add(self.door, "demo", "Demo", {"pictures": DEMO}), pictures)

    def add_store(self, reader: Reader, scheme: str, name: str, params: dict[str, Any]) -> int:
        """Index a store in place from now on; its id. `scan` it to take in what it holds."""
        _demand(reader, "owner")
        self._writable()
        return stores.add(self.door, scheme, name, self.stores.checked(scheme, params))

    def scan(self, reader: Reader, store: int) -> Job:
        """Bring the index of a store up to date: the job that does it."""
        _demand(reader, "owner")
        self._writable()
        return intake.scan(self.queue, store, self.stores.name(store))

    def cancel_job(self, reader: Reader, id: int) -> Job:
        """Stop a job; what it finished stays."""
        _demand(reader, "owner")
        return self.queue.cancel(id)

    def pause_job(self, reader: Reader, id: int) -> Job:
        """Halt a job until it is resumed."""
        _demand(reader, "owner")
        return self.queue.pause(id)

    def resume_job(self, reader: Reader, id: int) -> Job:
        """Go on with a paused, failed or cancelled job."""
        _demand(reader, "owner")
        return self.queue.resume(id)

    def create_token(self, reader: Reader, ask: CreateToken) -> NewToken:
        """Make a token; it is shown this once."""
        _demand(reader, "owner")
        return self.access.create_token(reader, ask)

    def tokens(self, reader: Reader) -> list[TokenInfo]:
        """The tokens there are, without their secrets."""
        _demand(reader, "owner")
        return self.access.tokens(reader)

    def revoke_token(self, reader: Reader, id: int) -> None:
        """End a token and every session made with it."""
        _demand(reader, "owner")
        self.access.revoke(reader, id)

    def reset_owner(self, reader: Reader) -> str:
        """Forget the password and every session; the secret of a new one-time link."""
        _demand(reader, "owner")
        return self.access.reset(reader)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _reference(self, path: Path) -> int:
        if self.path.is_relative_to(path) or path.is_relative_to(self.path):
            raise Invalid(f"{path} and the library at {self.path} lie within each other.")
        return stores.add(self.door, "folder", path.name or str(path), {"path": str(path)})

    def _redraw(self, reader: Reader, id: int) -> bytes:
        """Draw a still that is not kept, from the original."""
        original = self.original(reader, id)
        if original.local is not None:
            return self.pool.still(original.local, original.name)
        path = self.intake.temporary(original.name)
        try:
            with original.open(0, None) as source, path.open("wb") as out:
                while block := source.read(1 << 20):
                    out.write(block)
            return self.pool.still(path, original.name)
        finally:
            path.unlink(missing_ok=True)

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

    def _writable(self) -> None:
        if self.read_only:
            raise ReadOnly("This library is open read-only.")


def _demand(reader: Reader, right: Right, *, whole: bool = False) -> None:
    """Raise unless the reader has the right (and, with `whole`, sees the whole library)."""
    if not reader.may(right) or ((whole or right == "owner") and not reader.scope.all):
        raise Forbidden("This credential may not do that.")
