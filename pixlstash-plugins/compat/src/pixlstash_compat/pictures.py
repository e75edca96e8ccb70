"""Pictures as clients of the public PixlStash ask for them: lists, counts, the grid in parts, one with its bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace
from starlette.datastructures import QueryParams
from starlette.responses import Response

from pixlstash_core import Invalid, Library, Picture, Reader
from pixlstash_web import Call, Route, api, present_original, present_thumbnail

from .filters import KEYS, REFUSED, Filter, filter_of, refusal
from .shapes import shaping

T = TypeVar("T")
#: What pictures can be ordered by: their name, its label, and the library's sort. Clients begin with the first.
MECHANISMS = {
    "IMPORTED_AT": ("Imported", "imported"),
    "DATE": ("Date", "created"),
    "SCORE": ("Score", "score"),
    "IMAGE_SIZE": ("Size in pixels", "pixels"),
    "TEXT_CONTENT": ("Text in the picture", "text"),
    "RANDOM": ("Random", "random"),
}
#: Sorts by how similar the faces are to those of `reference_character_id`.
LIKENESS = "CHARACTER_LIKENESS"
SORTS = (*MECHANISMS, LIKENESS)
#: Parameters that only those clients send, and those that only the library's own routes read.
THEIRS = {"fields", "descending", *KEYS, *REFUSED} - {"q"}
OURS = {"q", "veil"}
PAGE = 100_000
#: Pictures in one part of a stream, at most.
BATCH = 5000
#: Characters of text in a picture whose text score is a half.
HALF = 100
#: Endings by which a format is also asked for.
ALIASES = {"jpg": "jpeg", "tif": "tiff", "heif": "heic"}


class Mechanism(Struct, frozen=True):
    key: str
    description: str


class GridPicture(Struct, frozen=True):
    """`text_score`: how much text the picture has, from 0 (none) to 1; null if no engine has read it."""

    id: int
    width: int
    height: int
    format: str
    score: int
    size_bytes: int
    created_at: datetime
    imported_at: datetime
    original_file_name: str
    text_score: float | None


class GridPart(Struct, frozen=True):
    """`next_offset`: where the next part begins. `done`: there is none."""

    pictures: list[GridPicture]
    done: bool
    next_offset: int


class PictureCount(Struct, frozen=True):
    """`total` is the same, as the library's own clients read it."""

    count: int
    total: int


class PictureMetadata(Struct, frozen=True):
    id: int
    format: str
    width: int
    height: int
    size_bytes: int
    created_at: datetime
    imported_at: datetime
    score: int
    deleted: bool
    original_file_name: str
    comfyui_positive_prompt: str | None
    text_score: float | None


as_grid_picture = shaping(GridPicture, "text_score")
as_metadata = shaping(PictureMetadata, "text_score")


def sort_mechanisms(library: Library, reader: Reader) -> list[Mechanism]:
    """The available sort orders."""
    mechanisms = [Mechanism(key, label) for key, (label, _) in MECHANISMS.items()]
    return [*mechanisms, Mechanism(LIKENESS, "Likeness to a character")]


def order_of(sort: str, descending: bool) -> str:
    """The library's sort."""
    column = MECHANISMS[sort][1]
    return column if column == "random" or not descending else f"-{column}"


def part(rows: list[T], offset: int, limit: int | None) -> list[T]:
    return rows[offset : None if limit is None else offset + limit]


def list_pictures(
    call: Call,
    sort: str = "IMPORTED_AT",
    descending: bool = True,
    offset: int = 0,
    limit: int | None = None,
    reference_character_id: int | None = None,
) -> list[GridPicture]:
    """Pictures matching the filters, in order; all of them without a limit.

    By CHARACTER_LIKENESS those are listed that have faces, the most similar to the reference character's first.
    """
    library, reader = call.library, call.reader
    if sort not in SORTS:
        raise Invalid(f"Pictures are sorted by one of {', '.join(SORTS)}.")
    if offset < 0 or (limit is not None and limit < 0):
        raise Invalid("offset and limit must not be negative.")
    if sort != LIKENESS and reference_character_id is not None:
        raise refusal("reference_character_id")
    within = filter_of(call, list_pictures)
    order = None if sort == LIKENESS else order_of(sort, descending)
    if sort == LIKENESS:
        within = _by_likeness(library, reader, within, reference_character_id)
    if within.only is None:
        return _rows(library, reader, list(_pages(library, reader, within.text, order, offset, limit)))
    pictures = [
        picture for picture in _pages(library, reader, within.text, order, 0, None) if within.passes(picture.id)
    ]
    return _rows(library, reader, part(pictures, offset, limit))


def _rows(library: Library, reader: Reader, pictures: list[Picture]) -> list[GridPicture]:
    scores = text_scores(library, reader, [picture.id for picture in pictures])
    return [as_grid_picture(picture, scores.get(picture.id)) for picture in pictures]


def text_scores(library: Library, reader: Reader, ids: list[int]) -> dict[int, float]:
    """How much text pictures have, from 0 to 1, by id, in the order of TEXT_CONTENT; none for unread ones."""
    lengths = library.text_lengths(reader, ids)
    return {id: round(length / (length + HALF), 4) for id, length in lengths.items()}


def _by_likeness(library: Library, reader: Reader, within: Filter, character: int | None) -> Filter:
    """The same pictures, ranked by their faces."""
    if character is None:
        raise Invalid(f"sort={LIKENESS} needs reference_character_id.")
    library.find_character(reader, character)
    return replace(within, text=f"face:character:{character} top:all {within.text}")


def _pages(
    library: Library, reader: Reader, q: str, order: str | None, offset: int, limit: int | None
) -> Iterator[Picture]:
    """Pictures from `offset` on, at most `limit`."""
    left = limit if limit is not None else 1 << 32
    while left and (page := library.pictures(reader, q, order, offset, min(left, PAGE))):
        yield from page
        offset += len(page)
        left -= len(page)


def stream_pictures(
    call: Call,
    sort: str = "IMPORTED_AT",
    descending: bool = True,
    offset: int = 0,
    batch_limit: int = 1000,
    grid_lite: bool = False,
    reference_character_id: int | None = None,
) -> GridPart:
    """A page of a list of pictures, and where the next one begins."""
    if not 1 <= batch_limit <= BATCH:
        raise Invalid(f"batch_limit is from 1 to {BATCH}.")
    pictures = list_pictures(call, sort, descending, offset, batch_limit, reference_character_id)
    return GridPart(pictures, len(pictures) < batch_limit, offset + len(pictures))


def count_pictures(call: Call) -> PictureCount:
    """The number of pictures in such a list without a limit."""
    query = call.request.query_params
    if "reference_character_id" in query and query.get("sort") != LIKENESS:
        raise refusal("reference_character_id")
    within = filter_of(call, list_pictures)
    if within.only is None:
        count = call.library.count(call.reader, within.text).total
    else:
        count = len(within.only.intersection(call.library.find(call.reader, within.text).ids))
    return PictureCount(count, count)


def picture_metadata(library: Library, reader: Reader, id: int) -> PictureMetadata:
    """The metadata of a picture in the public PixlStash's format."""
    return as_metadata(library.picture(reader, id), text_scores(library, reader, [id]).get(id))


def picture_file(call: Call, id: int, ending: str) -> Response:
    """A picture's original file, requested with its file extension."""
    format = call.library.picture(call.reader, id).format.lower()
    if ALIASES.get(ending.lower(), ending.lower()) != ALIASES.get(format, format):
        raise Invalid(f"This picture is of the format {format}, not {ending[:20]}.")
    return present_original(call, call.library.original(call.reader, id))


def picture_thumbnail(library: Library, reader: Reader, id: int) -> bytes:
    """A picture's thumbnail as WebP."""
    return library.thumbnail(reader, id)


def _listed_by_them(query: QueryParams) -> bool:
    return not THEIRS.isdisjoint(query.keys()) or query.get("sort") in SORTS


def _counted_by_them(query: QueryParams) -> bool:
    return _listed_by_them(query) or OURS.isdisjoint(query.keys())


#: Two have the paths of the library's own, and are told apart by their parameters.
ROUTES: tuple[Route, ...] = (
    api("GET", "/sort_mechanisms", sort_mechanisms, "read", at="api"),
    api("GET", "/pictures", list_pictures, "read", at="api", also=("fields", *KEYS), when=_listed_by_them),
    api("GET", "/pictures/count", count_pictures, "read", at="api", also=KEYS, when=_counted_by_them),
    api("GET", "/pictures/stream", stream_pictures, "read", at="api", also=("fields", *KEYS)),
    api("GET", "/pictures/{id}/metadata", picture_metadata, "read", at="api"),
    api("GET", "/pictures/{id}.{ending}", picture_file, "read", at="api", media="application/octet-stream"),
    api(
        "GET",
        "/pictures/thumbnails/{id}.webp",
        picture_thumbnail,
        "read",
        at="api",
        present=present_thumbnail,
        media="image/webp",
    ),
)
