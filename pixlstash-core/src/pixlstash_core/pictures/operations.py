"""Operations on pictures: views, files, scores, corrections, duplicates and the scrapheap."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from ..collections import groups
from ..context import Context
from ..database import settings
from ..database.writer import Write
from ..errors import Invalid, NotFound, NotThere, PixlStashError, StoreUnreachable
from ..imports import locations, picture_rows, purges
from ..imports.intake import Intake
from ..imports.locations import Stores
from ..media.thumbnails import turned
from ..query import scope, statistics
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
    HideAndBlur,
    KeepRule,
    NotDuplicates,
    Picture,
    PictureDetail,
    PreviewEmpty,
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
    ViewAnswer,
)
from ..types.history import Outcome, many
from ..types.stacks import Distance
from . import belonging, corrections, duplicates
from . import feature as pictures

#: Types that a browser may show inline; others are downloads.
INLINE = frozenset({f"image/{name}" for name in ("jpeg", "png", "webp", "gif", "avif")}) | frozenset(
    {f"video/{name}" for name in ("mp4", "webm", "quicktime", "x-matroska")}
)


class Original(Struct, frozen=True):
    """A picture's original file. `open(start, end)` reads its bytes; `local` is its path, if it has one.

    Links below `local_root` must not be followed.
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
    """The ordered result of a query: a header, all aspect ratios, and the block with picture `at`.

    `veil`: leave out what is hidden, and mark what is blurred.
    """
    return context.views.open(reader, q, sort, at, context.revision, context.hide_and_blur(veil))


def veil(context: Context, reader: Reader) -> HideAndBlur:
    """The queries whose pictures are hidden and blurred."""
    return settings.hide_and_blur((context.live or context).db)


def set_veil(context: Context, reader: Reader, ask: HideAndBlur) -> Done:
    """Set the queries whose pictures are hidden and blurred; an empty one hides or blurs nothing."""
    for text in (ask.hide, ask.blur):
        context.views.count(reader, text)
    return context.organize(reader, lambda write: settings.put_hide_and_blur(write, ask))


def block(context: Context, reader: Reader, view: str, b: int) -> bytes:
    """Rows of a view: columns ids u32, colours u16, flags u8 and marks u8 (1: blurred), little-endian."""
    return context.views.block(reader, view, b)


def details(context: Context, reader: Reader, view: str, b: int, veil: bool = False) -> Rows:
    """Names, sizes and dates of 256 rows of a view. `veil`: do not count hidden pictures in stacks."""
    return context.views.details(reader, view, b, context.hide_and_blur(veil))


def list_pictures(
    context: Context, reader: Reader, q: str = "", sort: str | None = None, offset: int = 0, limit: int = 100
) -> list[Picture]:
    """The pictures that a query finds, in order."""
    if not (0 <= offset <= 1 << 32 and 0 <= limit <= 100_000):
        raise Invalid("offset must not be negative, and limit must be between 0 and 100000.")
    return context.views.page(reader, q, sort, offset, limit)


def find(context: Context, reader: Reader, q: str = "", sort: str | None = None) -> Found:
    """The ids of all pictures that a query finds, in order."""
    ids, notes = context.views.noted(reader, q, sort)
    return Found(len(ids), ids, notes)


def count(context: Context, reader: Reader, q: str = "", veil: bool = False) -> Total:
    """The number of pictures that a query finds. `veil`: do not count hidden pictures."""
    return Total(context.views.count(reader, q, context.hide_and_blur(veil)))


def suggest(context: Context, reader: Reader, q: str = "", limit: int = 12, veil: bool = False) -> list[Suggestion]:
    """Completions of a query's text at its end: names of terms, and existing values.

    A plain word is completed by characters, sets, projects, models, LoRAs and tags together, the most used first.
    `veil`: ignore hidden pictures.
    """
    if not 0 < limit <= 100:
        raise Invalid("limit must be between 1 and 100.")
    return context.views.suggest(reader, q[:LONGEST], limit, context.hide_and_blur(veil))


def read_statistics(context: Context, reader: Reader, q: str = "", veil: bool = False) -> Statistics:
    """Statistics of the pictures that a query finds: scores, sizes, dates, models and tags.

    `veil`: those that are not hidden.
    """
    return statistics.of(context.views, context.db, context.features, reader, q, context.hide_and_blur(veil))


def picture(context: Context, reader: Reader, id: int, veil: bool = False) -> PictureDetail:
    """All metadata of one picture. `veil`: do not count hidden pictures in its stack."""
    hidden = context.views.hidden(reader, context.hide_and_blur(veil))
    return replace(
        pictures.detail(context.db, reader, id),
        stack=belonging.stack_of(context.db, reader, id, hidden),
        groups=belonging.groups_of(context.db, reader, id),
    )


def payload(context: Context, reader: Reader, id: int, name: str) -> str:
    """One embedded text of a picture, verbatim."""
    return pictures.payload(context.db, reader, id, name)


def thumbnail(context: Context, reader: Reader, id: int) -> bytes:
    """A picture's thumbnail as WebP; drawn now if it is not stored."""
    sha256, why = pictures.hash_of(context.db, reader, id)
    thumbnail = context.thumbnails.get(sha256)
    if thumbnail is None:
        if why is not None:
            raise NotFound(why)
        thumbnail = _redraw(context, reader, id)
        with suppress(PixlStashError):  # shown even if the disk is full
            context.thumbnails.put([(sha256, thumbnail)])
    turn = pictures.turn_of(context.db, id)
    return turned(thumbnail, turn) if turn else thumbnail


def original(context: Context, reader: Reader, id: int) -> Original:
    """A picture's original file, from the first location that has it."""
    if context.live is None:
        return _open(context, reader, id)
    # As of a snapshot: where the bytes are now, or where they were then unless another file is there now.
    sha256 = picture_rows.bytes_of(context.db, reader, id).sha256
    present = picture_rows.by_hash(context.live.db, bytes.fromhex(sha256))
    if present is not None:
        return _open(context.live, reader, present)
    for store, key, size, mtime in locations.places(context.db, id):
        try:
            stat = context.part(Stores).connect(store).stat(key)
        except (NotThere, NotFound, StoreUnreachable):
            continue
        free = locations.unknown(context.live.db, store, [key])
        if free and stat.size == size and (mtime is None or stat.mtime == mtime):
            return _open(context, reader, id)
    raise NotThere("The bytes of this picture are no longer in the library.")


def _open(context: Context, reader: Reader, id: int) -> Original:
    file = picture_rows.bytes_of(context.db, reader, id)
    problem: PixlStashError = NotThere("None of this picture's files is there any more.")
    for store, key in file.places:
        try:
            opened = context.part(Stores).connect(store)
            size, local, root = opened.stat(key).size, opened.local(key), opened.local_root
        except (NotThere, StoreUnreachable) as error:
            problem = error
            continue
        inline, etag = file.mime in INLINE, f'"{file.sha256[:32]}"'
        return Original(file.name, file.mime, inline, size, etag, local, partial(opened.read, key), root)
    if scope.may_know(reader) or not file.places:
        raise problem
    if isinstance(problem, StoreUnreachable):  # only the owner may know why, and where
        raise StoreUnreachable("The file of this picture is unreachable now. Try again later.")
    raise NotThere("None of this picture's files is there any more.")


def score(context: Context, reader: Reader, ask: ScorePictures) -> Done:
    """Give pictures 0 to 5 stars."""
    ids = context.selected(reader, ask)
    what, of_one = (f"scored {ask.score}", "") if ask.score else ("lost their score", "lost its score")
    return context.change_pictures(reader, ids, lambda write: pictures.give_scores(write, ids, ask.score), what, of_one)


def delete(context: Context, reader: Reader, ask: DeletePictures) -> Done:
    """Move pictures to the scrapheap."""
    ids = context.selected(reader, ask, scrapped=True)
    return context.change_pictures(
        reader, ids, lambda write: pictures.put_in_scrapheap(write, ids), "moved to the scrapheap"
    )


def restore(context: Context, reader: Reader, ask: RestorePictures) -> Done:
    """Restore pictures from the scrapheap."""
    ids = context.selected(reader, ask, scrapped=True)
    return context.change_pictures(
        reader, [], lambda write: pictures.take_from_scrapheap(write, ids), "taken out of the scrapheap"
    )


def purge(context: Context, reader: Reader, ask: Selection) -> int:
    """Delete scrapheaped pictures permanently, with their files in writable stores. Returns their number.

    `Locked` if one of them is in a locked set.
    """
    ids = context.views.select(reader, ask)
    context.writer.guard(ids)
    return purges.purge(
        context.db, context.hub, context.writer, context.thumbnails, context.part(Stores).connect, ids, reader.principal
    )


def _redraw(context: Context, reader: Reader, id: int) -> bytes:
    """Draw a thumbnail again from the original file."""
    picture = original(context, reader, id)
    if picture.local is not None:
        return context.pool.thumbnail(picture.local, picture.name, root=picture.local_root)
    path = context.part(Intake).temporary(picture.name)
    try:
        with picture.open(0, None) as source, path.open("wb") as out:
            while block := source.read(1 << 20):
                out.write(block)
        return context.pool.thumbnail(path, picture.name)
    finally:
        path.unlink(missing_ok=True)


# -- corrections ----------------------------------------------------------------------------------------------------


def turn(context: Context, reader: Reader, ask: TurnPictures) -> Done:
    """Rotate pictures by quarters."""
    ids = context.selected(reader, ask)
    return context.organize(reader, lambda write: corrections.turn(write, ids, ask.quarters), guarded=ids)


def date(context: Context, reader: Reader, ask: DatePictures) -> Done:
    """Correct the dates of pictures: set or shift them, name the camera's time zone, or reset them."""
    ids = context.selected(reader, ask)
    return context.organize(reader, lambda write: corrections.date(write, ids, ask), guarded=ids)


# -- duplicates -----------------------------------------------------------------------------------------------------


def find_duplicates(
    context: Context, reader: Reader, rule: KeepRule = "larger", distance: Distance = 5, veil: bool = False
) -> Duplicates:
    """Groups of pictures that look the same, each beginning with the picture to keep.

    `distance`: bits in which hashes may differ; as far as near ones by default. `veil`: ignore hidden pictures.
    """
    hidden = context.views.hidden(reader, context.hide_and_blur(veil))
    with context.db.reading() as connection:
        return duplicates.find(connection, rule, distance, hidden)


def preview_duplicates(context: Context, reader: Reader, ask: ResolveDuplicates) -> DuplicatePreview:
    """Preview the result of keeping the first picture of each group."""
    chosen = _groups(context, reader, ask)
    with context.db.reading() as connection:
        return duplicates.preview(connection, chosen)


def resolve_duplicates(context: Context, reader: Reader, ask: ResolveDuplicates) -> Done:
    """Keep the first of each group with the annotations of the others, which move to the scrapheap."""
    chosen = _groups(context, reader, ask)
    every = [picture for group in chosen for picture in group]
    # Corrections and stacks belong to the bytes of each picture, and are not inherited.
    inherited = [statement for feature in context.features if not feature.of_bytes for statement in feature.inherits]

    def work(write: Write) -> Outcome:
        groups.demand_live(write, every)
        write.guard(every)
        return duplicates.resolve(write, chosen, inherited)

    return context.organize(reader, work)


def not_duplicates(context: Context, reader: Reader, ask: NotDuplicates) -> Done:
    """Mark pictures as not duplicates of each other."""

    def work(write: Write) -> Outcome:
        groups.demand_live(write, ask.ids)
        return duplicates.deny(write, ask.ids)

    return context.organize(reader, work)


def _groups(context: Context, reader: Reader, ask: ResolveDuplicates) -> list[list[int]]:
    if ask.groups is not None:
        return duplicates.checked(ask.groups)
    return find_duplicates(context, reader, ask.rule, ask.distance, ask.veil).groups


# -- the scrapheap -------------------------------------------------------------------------------------------------


def preview_empty(context: Context, reader: Reader, ask: PreviewEmpty) -> EmptyPreview:
    """Preview emptying the scrapheap, or deleting a selection of it; returns the token that confirms it."""
    only = _selected_scrap(context, reader, ask)
    return purges.preview(context.db, context.hub, context.part(Stores).connect, only)[0]


def empty_scrapheap(context: Context, reader: Reader, ask: EmptyScrapheap) -> Done:
    """Permanently delete what a preview listed; a conflict if anything has changed since."""
    parts = (context.db, context.hub, context.writer, context.thumbnails, context.part(Stores).connect)
    seen = purges.empty(*parts, ask.token, reader.principal, _selected_scrap(context, reader, ask))
    sentence = f"{many(seen.pictures)} permanently deleted: {seen.sentence}"
    return Done(context.revision, seen.pictures, sentence, False)


def _selected_scrap(context: Context, reader: Reader, ask: PreviewEmpty) -> list[int] | None:
    """Return the ids that are selected; None if the whole scrapheap is meant."""
    if ask.ids is None and ask.view is None and ask.ranges is None:
        return None
    return context.selected(reader, ask, scrapped=True)
