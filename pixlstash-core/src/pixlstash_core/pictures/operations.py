"""Looking at pictures, and what a person does to them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from ..collections import groups
from ..database import settings
from ..database.connection import bind_ids
from ..errors import Invalid, NotFound, NotThere, PixlStashError, StoreUnreachable
from ..imports import purges
from ..media.thumbnails import turned
from ..query import places, statistics
from ..query.language import LONGEST
from ..session import Wired, demand
from ..types import (
    DeletePictures,
    Done,
    Found,
    Picture,
    PictureDetail,
    Reader,
    RestorePictures,
    Rows,
    ScorePictures,
    Selection,
    Statistics,
    Suggestion,
    Total,
    Veil,
    ViewAnswer,
)
from . import feature as pictures
from . import scores, scrapheap

#: What a browser may show in place; everything else is offered as a download.
INLINE = frozenset({f"image/{name}" for name in ("jpeg", "png", "webp", "gif", "avif")}) | frozenset(
    {f"video/{name}" for name in ("mp4", "webm", "quicktime", "x-matroska")}
)


class Original(Struct, frozen=True):
    """A picture's original bytes. `open(start, end)` reads them; `local` is a path to them where there is one.

    No link below `local_root` is to be followed.
    """

    name: str
    mime: str
    inline: bool
    size: int | None
    etag: str
    local: Path | None
    open: Callable[[int, int | None], BinaryIO]
    local_root: Path | None = None


class Pictures(Wired):
    def view(
        self, reader: Reader, q: str = "", sort: str | None = None, at: int | None = None, veil: bool = False
    ) -> ViewAnswer:
        """The ordered result of a query: header, aspects of all of it, and the block around picture `at`.

        `veil`: leave out what is hidden, and mark what is blurred.
        """
        return self.views.open(reader, q, sort, at, self.revision, self._veil(veil))

    def veil(self, reader: Reader) -> Veil:
        """What shall not lie open."""
        demand(reader, "owner")
        return settings.veil(self.db)

    def set_veil(self, reader: Reader, ask: Veil) -> Done:
        """Say in two queries what is hidden and what is blurred; an empty one hides or blurs nothing."""
        demand(reader, "owner")
        for text in (ask.hide, ask.blur):
            self.views.count(reader, text)
        return self._organise(reader, lambda write: settings.put_veil(write, ask))

    def block(self, reader: Reader, view: str, b: int) -> bytes:
        """Rows of a view: columns ids u32, colours u16, flags u8 and marks u8 (1: blurred), little-endian."""
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

    def find(self, reader: Reader, q: str = "", sort: str | None = None) -> Found:
        """The ids of all pictures a query finds, in order."""
        ids, notes = self.views.noted(reader, q, sort)
        return Found(len(ids), ids, notes)

    def count(self, reader: Reader, q: str = "", veil: bool = False) -> Total:
        """How many pictures a query finds. `veil`: of those that are not hidden."""
        return Total(self.views.count(reader, q, self._veil(veil)))

    def suggest(self, reader: Reader, q: str = "", limit: int = 12, veil: bool = False) -> list[Suggestion]:
        """What the text of a query could go on with at its end: names, and the values that are there.

        `veil`: as if what is hidden were not there.
        """
        if not 0 < limit <= 100:
            raise Invalid("limit must be between 1 and 100.")
        return self.views.suggest(reader, q[:LONGEST], limit, self._veil(veil))

    def statistics(self, reader: Reader, q: str = "", veil: bool = False) -> Statistics:
        """How the pictures a query finds are spread over scores, sizes, dates, models and tags.

        `veil`: those that are not hidden.
        """
        return statistics.of(self.views, self.db, reader, q, self._veil(veil))

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
        turn = pictures.turn_of(self.db, id)
        return turned(still, turn) if turn else still

    def original(self, reader: Reader, id: int) -> Original:
        """The picture's bytes, from the first location that has them."""
        found = pictures.bytes_of(self.db, reader, id)
        problem: PixlStashError = NotThere("None of this picture's files is there any more.")
        for store, key in found.places:
            try:
                opened = self.stores.connect(store)
                size, local, root = opened.stat(key).size, opened.local(key), opened.local_root
            except (NotThere, StoreUnreachable) as error:
                problem = error
                continue
            inline, etag = found.mime in INLINE, f'"{found.sha256[:32]}"'
            return Original(found.name, found.mime, inline, size, etag, local, partial(opened.read, key), root)
        if places.may_know(reader) or not found.places:
            raise problem
        if isinstance(problem, StoreUnreachable):  # why, and where, is the owner's to know
            raise StoreUnreachable("The file of this picture is out of reach now. Try again later.")
        raise NotThere("None of this picture's files is there any more.")

    def score(self, reader: Reader, ask: ScorePictures) -> Done:
        """Give pictures 0 to 5 stars."""
        ids = self._selected(reader, ask)
        what = f"scored {ask.score}" if ask.score else "lost their score"
        return self._done(reader, lambda write: scores.give(write, ids, ask.score), what, words_of=ids)

    def delete(self, reader: Reader, ask: DeletePictures) -> Done:
        """To the scrapheap."""
        ids = self._selected(reader, ask, scrapped=True)
        return self._done(reader, lambda write: scrapheap.put(write, ids), "moved to the scrapheap", words_of=ids)

    def restore(self, reader: Reader, ask: RestorePictures) -> Done:
        """Out of the scrapheap."""
        ids = self._selected(reader, ask, scrapped=True)
        return self._done(reader, lambda write: scrapheap.take(write, ids), "taken out of the scrapheap")

    def purge(self, reader: Reader, ask: Selection) -> int:
        """Delete scrapheaped pictures permanently, with their bytes in stores that may be written; how many.

        `Locked` when a locked set holds one of them.
        """
        demand(reader, "owner")
        self._writable()
        ids = self.views.select(reader, ask)
        groups.refuse_if_locked(self.db.read(groups.LOCKED, (bind_ids(ids),)), ids)
        return purges.purge(self.db, self.hub, self.door, self.thumbnails, self.stores.connect, ids, reader.principal)

    def _redraw(self, reader: Reader, id: int) -> bytes:
        """Draw a still that is not kept, from the original."""
        original = self.original(reader, id)
        if original.local is not None:
            return self.pool.still(original.local, original.name, root=original.local_root)
        path = self.intake.temporary(original.name)
        try:
            with original.open(0, None) as source, path.open("wb") as out:
                while block := source.read(1 << 20):
                    out.write(block)
            return self.pool.still(path, original.name)
        finally:
            path.unlink(missing_ok=True)
