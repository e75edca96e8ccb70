"""Looking at pictures, and what a person does to them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from ..collections import groups
from ..context import Context, demand
from ..database import settings
from ..database.connection import bind_ids
from ..database.writer import Write
from ..errors import Invalid, NotFound, NotThere, PixlStashError, StoreUnreachable
from ..imports import locations, picture_rows, purges
from ..media.thumbnails import turned
from ..query import places, statistics
from ..query.language import LONGEST
from ..types import (
    DatePictures,
    DeletePictures,
    Done,
    DuplicatePreview,
    Duplicates,
    EmptyPreview,
    EmptyScrapheap,
    Found,
    KeepRule,
    NotDuplicates,
    Picture,
    PictureDetail,
    Reader,
    ResolveDuplicates,
    RestorePictures,
    Rows,
    ScorePictures,
    Selection,
    Statistics,
    Suggestion,
    Total,
    TurnPictures,
    Veil,
    ViewAnswer,
)
from ..types.outcome import Outcome, many
from ..types.stacks import Distance
from . import corrections, duplicates, scores, scrapheap
from . import feature as pictures

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


def view(
    context: Context, reader: Reader, q: str = "", sort: str | None = None, at: int | None = None, veil: bool = False
) -> ViewAnswer:
    """The ordered result of a query: header, aspects of all of it, and the block around picture `at`.

    `veil`: leave out what is hidden, and mark what is blurred.
    """
    return context.views.open(reader, q, sort, at, context.revision, context.hiding(veil))


def veil(context: Context, reader: Reader) -> Veil:
    """What shall not lie open."""
    demand(reader, "owner")
    return settings.veil((context.live or context).db)


def set_veil(context: Context, reader: Reader, ask: Veil) -> Done:
    """Say in two queries what is hidden and what is blurred; an empty one hides or blurs nothing."""
    demand(reader, "owner")
    for text in (ask.hide, ask.blur):
        context.views.count(reader, text)
    return context.organise(reader, lambda write: settings.put_veil(write, ask))


def block(context: Context, reader: Reader, view: str, b: int) -> bytes:
    """Rows of a view: columns ids u32, colours u16, flags u8 and marks u8 (1: blurred), little-endian."""
    return context.views.block(reader, view, b)


def details(context: Context, reader: Reader, view: str, b: int) -> Rows:
    """Names, sizes and dates of 256 rows of a view."""
    return context.views.details(reader, view, b)


def list_pictures(
    context: Context, reader: Reader, q: str = "", sort: str | None = None, offset: int = 0, limit: int = 100
) -> list[Picture]:
    """Pictures a query finds, in order."""
    if not (0 <= offset <= 1 << 32 and 0 <= limit <= 100_000):
        raise Invalid("offset must not be negative, and limit must be between 0 and 100000.")
    return context.views.page(reader, q, sort, offset, limit)


def find(context: Context, reader: Reader, q: str = "", sort: str | None = None) -> Found:
    """The ids of all pictures a query finds, in order."""
    ids, notes = context.views.noted(reader, q, sort)
    return Found(len(ids), ids, notes)


def count(context: Context, reader: Reader, q: str = "", veil: bool = False) -> Total:
    """How many pictures a query finds. `veil`: of those that are not hidden."""
    return Total(context.views.count(reader, q, context.hiding(veil)))


def suggest(context: Context, reader: Reader, q: str = "", limit: int = 12, veil: bool = False) -> list[Suggestion]:
    """What the text of a query could go on with at its end: names, and the values that are there.

    `veil`: as if what is hidden were not there.
    """
    if not 0 < limit <= 100:
        raise Invalid("limit must be between 1 and 100.")
    return context.views.suggest(reader, q[:LONGEST], limit, context.hiding(veil))


def read_statistics(context: Context, reader: Reader, q: str = "", veil: bool = False) -> Statistics:
    """How the pictures a query finds are spread over scores, sizes, dates, models and tags.

    `veil`: those that are not hidden.
    """
    return statistics.of(context.views, context.db, reader, q, context.hiding(veil))


def picture(context: Context, reader: Reader, id: int) -> PictureDetail:
    """Everything known about one picture."""
    return pictures.detail(context.db, reader, id)


def payload(context: Context, reader: Reader, id: int, name: str) -> str:
    """One embedded text of a picture, verbatim."""
    return pictures.payload(context.db, reader, id, name)


def thumbnail(context: Context, reader: Reader, id: int) -> bytes:
    """The picture's still, WebP; drawn now when it is not kept."""
    sha256, why = pictures.hash_of(context.db, reader, id)
    still = context.thumbnails.get(sha256)
    if still is None:
        if why is not None:
            raise NotFound(why)
        still = _redraw(context, reader, id)
        with suppress(PixlStashError):  # a full disk keeps nobody from looking
            context.thumbnails.put([(sha256, still)])
    turn = pictures.turn_of(context.db, id)
    return turned(still, turn) if turn else still


def original(context: Context, reader: Reader, id: int) -> Original:
    """The picture's bytes, from the first location that has them."""
    if context.live is None:
        return _open(context, reader, id)
    # As of a snapshot: where they are now, or where they were then, unless something else is there now.
    sha256 = picture_rows.bytes_of(context.db, reader, id).sha256
    present = picture_rows.by_hash(context.live.db, bytes.fromhex(sha256))
    if present is not None:
        return _open(context.live, reader, present)
    for store, key, size, mtime in locations.places(context.db, id):
        try:
            stat = context.stores.connect(store).stat(key)
        except (NotThere, NotFound, StoreUnreachable):
            continue
        free = locations.unknown(context.live.db, store, [key])
        if free and stat.size == size and (mtime is None or stat.mtime == mtime):
            return _open(context, reader, id)
    raise NotThere("The bytes of this picture are no longer in the library.")


def _open(context: Context, reader: Reader, id: int) -> Original:
    found = picture_rows.bytes_of(context.db, reader, id)
    problem: PixlStashError = NotThere("None of this picture's files is there any more.")
    for store, key in found.places:
        try:
            opened = context.stores.connect(store)
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


def score(context: Context, reader: Reader, ask: ScorePictures) -> Done:
    """Give pictures 0 to 5 stars."""
    ids = context.selected(reader, ask)
    what = f"scored {ask.score}" if ask.score else "lost their score"
    return context.change_pictures(reader, lambda write: scores.give(write, ids, ask.score), what, words_of=ids)


def delete(context: Context, reader: Reader, ask: DeletePictures) -> Done:
    """To the scrapheap."""
    ids = context.selected(reader, ask, scrapped=True)
    return context.change_pictures(
        reader, lambda write: scrapheap.put(write, ids), "moved to the scrapheap", words_of=ids
    )


def restore(context: Context, reader: Reader, ask: RestorePictures) -> Done:
    """Out of the scrapheap."""
    ids = context.selected(reader, ask, scrapped=True)
    return context.change_pictures(reader, lambda write: scrapheap.take(write, ids), "taken out of the scrapheap")


def purge(context: Context, reader: Reader, ask: Selection) -> int:
    """Delete scrapheaped pictures permanently, with their bytes in stores that may be written; how many.

    `Locked` when a locked set holds one of them.
    """
    demand(reader, "owner")
    context.demand_writable()
    ids = context.views.select(reader, ask)
    groups.refuse_if_locked(context.db.read(groups.LOCKED, (bind_ids(ids),)), ids)
    return purges.purge(
        context.db, context.hub, context.writer, context.thumbnails, context.stores.connect, ids, reader.principal
    )


def _redraw(context: Context, reader: Reader, id: int) -> bytes:
    """Draw a still that is not kept, from the found."""
    found = original(context, reader, id)
    if found.local is not None:
        return context.pool.still(found.local, found.name, root=found.local_root)
    path = context.intake.temporary(found.name)
    try:
        with found.open(0, None) as source, path.open("wb") as out:
            while block := source.read(1 << 20):
                out.write(block)
        return context.pool.still(path, found.name)
    finally:
        path.unlink(missing_ok=True)


# -- corrections ----------------------------------------------------------------------------------------------------


def turn(context: Context, reader: Reader, ask: TurnPictures) -> Done:
    """Turn pictures by quarters."""
    demand(reader, "write", whole=True)
    ids = context.selected(reader, ask)

    def work(write: Write) -> Outcome:
        groups.refuse_locked(write, ids)
        return corrections.turn(write, ids, ask.quarters)

    return context.organise(reader, work)


def date(context: Context, reader: Reader, ask: DatePictures) -> Done:
    """Say when pictures were made: set it, shift it, name the zone of their clocks, or take it back."""
    demand(reader, "write", whole=True)
    ids = context.selected(reader, ask)

    def work(write: Write) -> Outcome:
        groups.refuse_locked(write, ids)
        return corrections.date(write, ids, ask)

    return context.organise(reader, work)


# -- duplicates -----------------------------------------------------------------------------------------------------

#: Statements that hand what people said of a duplicate on to the one that is kept.


def find_duplicates(
    context: Context, reader: Reader, rule: KeepRule = "larger", distance: Distance = 4, veil: bool = False
) -> Duplicates:
    """Groups of pictures that look the same, each with the one first that is to be kept.

    `veil`: as if what is hidden were not there.
    """
    demand(reader, "read", whole=True)
    hidden = context.views.hidden(reader, context.hiding(veil))
    with context.db.reading() as connection:
        return duplicates.find(connection, rule, distance, hidden)


def preview_duplicates(context: Context, reader: Reader, ask: ResolveDuplicates) -> DuplicatePreview:
    """What keeping the first of each group would do."""
    chosen = _groups(context, reader, ask)
    with context.db.reading() as connection:
        return duplicates.preview(connection, chosen)


def resolve_duplicates(context: Context, reader: Reader, ask: ResolveDuplicates) -> Done:
    """Keep the first of each group, hand on to it what was said of the others, and throw those away."""
    chosen = _groups(context, reader, ask)
    every = [picture for group in chosen for picture in group]

    def work(write: Write) -> Outcome:
        groups.demand_live(write, every)
        groups.refuse_locked(write, every)
        return duplicates.resolve(write, chosen, context.handed_on)

    return context.organise(reader, work)


def not_duplicates(context: Context, reader: Reader, ask: NotDuplicates) -> Done:
    """Remember that pictures are no duplicates of each other."""

    def work(write: Write) -> Outcome:
        groups.demand_live(write, ask.ids)
        return duplicates.deny(write, ask.ids)

    return context.organise(reader, work)


def _groups(context: Context, reader: Reader, ask: ResolveDuplicates) -> list[list[int]]:
    demand(reader, "write", whole=True)
    if ask.groups is not None:
        return duplicates.checked(ask.groups)
    return find_duplicates(context, reader, ask.rule, ask.distance, ask.veil).groups


# -- the scrapheap -------------------------------------------------------------------------------------------------


def preview_empty(context: Context, reader: Reader) -> EmptyPreview:
    """What emptying the scrapheap would do, and the token to do it with. It is never emptied by itself."""
    demand(reader, "owner")
    context.demand_writable()
    return purges.preview(context.db, context.hub, context.stores.connect)[0]


def empty_scrapheap(context: Context, reader: Reader, ask: EmptyScrapheap) -> Done:
    """Remove for good what a preview named; a conflict when anything of it changed since."""
    demand(reader, "owner")
    context.demand_writable()
    parts = (context.db, context.hub, context.writer, context.thumbnails, context.stores.connect)
    seen = purges.empty(*parts, ask.token, reader.principal)
    sentence = f"{many(seen.pictures)} removed for good: {seen.sentence}"
    return Done(context.revision, seen.pictures, sentence, False)
