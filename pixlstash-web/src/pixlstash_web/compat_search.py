"""Searches as clients of the public PixlStash ask for them: by words, by pictures, by faces."""

from __future__ import annotations

import random as chance
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec import Struct

from pixlstash_core.errors import Invalid, QueryError, Refused
from pixlstash_core.query.quoting import quoted
from pixlstash_core.types import Alike, Combine, Picture

from .adapter import SECONDS, while_wanted
from .answers import Unavailable, Unprocessable
from .compat_filters import KEYS, Narrowed, narrowed
from .compat_groups import number
from .compat_lists import MECHANISMS
from .forms import Form, receive
from .offload import run_in_threadpool
from .specs import api
from .table import Call, Route

T = TypeVar("T")
#: Pictures that are looked through; the most of one answer, and of which some are drawn.
MOST, TOP, POOL = 100_000, 500, 2000
COMBINES: dict[str, Combine] = {
    "mean": "mean",
    "max": "max",
    "min": "min",
    "harmonic_mean": "harmonic",
    "geometric_mean": "geometric",
    # What that interface calls soft is close to the greatest.
    "softmax": "max",
}


class FoundPicture(Struct, frozen=True):
    id: int
    width: int
    height: int
    format: str
    score: int
    size_bytes: int
    created_at: datetime
    imported_at: datetime
    original_file_name: str
    deleted: bool
    likeness_score: float


class LikePicture(Struct, frozen=True):
    picture_id: int
    likeness: float


class LikeFace(Struct, frozen=True):
    picture_id: int
    face_id: int
    likeness: float
    reference_likeness: list[float] | None = None


class CharacterLikeness(Struct, frozen=True):
    """`eligible`: there is a face in the file."""

    index: int
    character_likeness: float | None
    eligible: bool


class CharacterScores(Struct, frozen=True):
    reference_character_id: int
    results: list[CharacterLikeness]


class Limits(Struct, frozen=True):
    """What a search is held to: how many, how alike, drawn or the best."""

    top_n: int = 20
    pool_m: int = 0
    random: bool = False
    threshold: float = 0.0


def search_pictures(
    call: Call,
    query: str,
    limit: int | None = None,
    offset: int = 0,
    threshold: float = 0.5,
    sort: str | None = None,
    descending: bool = True,
) -> list[FoundPicture]:
    """Pictures that are like words, by what they mean and by the words themselves; the best first.

    A picture that no engine compared with the words counts by how many of them describe it.
    """
    if not query.strip():
        raise Invalid("query must not be empty.")
    if offset < 0 or (limit is not None and limit < 0) or not 0 <= threshold <= 1:
        raise Invalid("offset and limit must not be negative, and threshold is from 0 to 1.")
    if sort is not None and sort not in MECHANISMS:
        raise Invalid(f"Pictures are sorted by one of {', '.join(MECHANISMS)}.")
    library, reader, within = call.library, call.reader, narrowed(call, search_pictures)
    text = f"like:{_quoted(f'words:{query}')} top:all {within.text}"
    found = [one for one in library.alike(reader, text, MOST) if within.holds(one.picture)]
    found = [one for one in found if _fit(one) >= threshold]
    shown = {one.id: one for one in library.pictures(reader, text, limit=MOST)}
    rows = [_row(shown[one.picture], one) for one in found if one.picture in shown]
    if sort is not None:
        column = MECHANISMS[sort][1]
        order = library.find(reader, within.text, column if column == "random" or not descending else f"-{column}").ids
        place = {picture: n for n, picture in enumerate(order)}
        rows.sort(key=lambda row: place.get(row.id, len(place)))
    return rows[offset : None if limit is None else offset + limit]


async def likeness_search(
    call: Call,
    source_picture_id: int | None = None,
    source_picture_ids: list[int] | None = None,
    combine: str = "mean",
    top_n: int = 20,
    pool_m: int = 0,
    random: bool = False,
    threshold: float = 0.0,
) -> list[LikePicture]:
    """Pictures that look like files of a form (`files`), or like pictures of the library."""
    limits = Limits(top_n, pool_m, random, threshold)
    ids = [*([] if source_picture_id is None else [source_picture_id]), *(source_picture_ids or [])]
    for id in ids:
        await run_in_threadpool(call.library.picture, call.reader, id)  # 404 where there is none
    how = _combine("min" if len(ids) > 1 else combine)

    def search(tokens: list[str]) -> list[LikePicture]:
        sources = [*(f"like:upload:{token}" for token in tokens), *(f"like:picture:{one}" for one in ids)]
        found = _ranked(call, narrowed(call, likeness_search), sources, how, limits)
        return [LikePicture(one.picture, share(one.score)) for one in found]

    return await _with_files(call, search)


async def face_search(
    call: Call,
    source_picture_id: int | None = None,
    source_face_id: int | None = None,
    source_character_id: int | None = None,
    combine: str | None = None,
    exclude_character_id: int | None = None,
    top_n: int = 20,
    pool_m: int = 0,
    random: bool = False,
    threshold: float = 0.0,
) -> list[LikeFace]:
    """Pictures with faces like those in files of a form (`files`), in a picture, or of a character; or like a face."""
    limits = Limits(top_n, pool_m, random, threshold)
    given = {"picture:": source_picture_id, "": source_face_id, "character:": source_character_id}
    named = [f"face:{source}{one}" for source, one in given.items() if one is not None]
    how = _combine(combine or ("max" if source_character_id is not None else "mean"))

    def search(tokens: list[str]) -> list[LikeFace]:
        if len(named) + bool(tokens) > 1:
            raise Invalid("Give one source: files, a picture, a face or a character.")
        sources = named or [f"face:upload:{token}" for token in tokens]
        within = narrowed(call, face_search)
        if exclude_character_id is not None:
            known = call.library.character_members(call.reader, exclude_character_id).ids
            within = msgspec.structs.replace(within, but=frozenset(known))
        found = _ranked(call, within, sources, how, limits)
        return [LikeFace(one.picture, one.face or 0, share(one.score)) for one in found]

    return await _with_files(call, search)


async def score_character_likeness(call: Call) -> CharacterScores:
    """How alike the faces in files of a form are to a character's."""
    async with receive(call, "files", searching=True) as form:
        return await while_wanted(call.request, SECONDS["read"], _gauge, call, form)


def _gauge(call: Call, form: Form) -> CharacterScores:
    character = number(form.fields.get("reference_character_id", ""))
    how = _combine(form.fields.get("combine") or "softmax")
    found = _asked(lambda: call.library.gauge(call.reader, character, _held(call, form), how))
    scores = [CharacterLikeness(n, None if one is None else share(one), one is not None) for n, one in enumerate(found)]
    return CharacterScores(character, scores)


# --- in common --------------------------------------------------------------------------------------------------------


async def _with_files(call: Call, search: Callable[[list[str]], list[T]]) -> list[T]:
    """Search with the files of a form, where one was sent."""
    if not call.request.headers.get("content-type", "").startswith("multipart/"):
        return await while_wanted(call.request, SECONDS["read"], search, [])
    async with receive(call, "files", searching=True) as form:
        return await while_wanted(call.request, SECONDS["read"], lambda: search(_held(call, form)))


def _held(call: Call, form: Form) -> list[str]:
    return [call.library.hold(call.reader, name, path).token for name, path in form.files]


def _ranked(call: Call, within: Narrowed, sources: list[str], combine: Combine, limits: Limits) -> list[Alike]:
    if not sources:
        raise Invalid("Give what to compare with: files, or a source of the library.")
    if not 0 < limits.top_n <= TOP or not 0 <= limits.pool_m <= POOL or not 0 <= limits.threshold <= 1:
        raise Invalid(f"top_n is from 1 to {TOP}, pool_m to {POOL}, threshold from 0 to 1.")
    text = f"{' '.join(sources)} combine:{combine} top:all {within.text}"
    found = _asked(lambda: call.library.alike(call.reader, text, MOST))
    if not found:
        notes = call.library.find(call.reader, text).notes
        if notes and "No face" in notes[0]:
            raise Unprocessable(notes[0])
    found = [one for one in found if one.score is not None and one.score >= limits.threshold]
    found = [one for one in found if within.holds(one.picture)]
    if limits.random and limits.pool_m:
        pool = found[: max(limits.pool_m, limits.top_n)]
        found = sorted(chance.sample(pool, min(limits.top_n, len(pool))), key=lambda one: -(one.score or 0))
    return found[: limits.top_n]


def _asked(ask: Callable[[], list[T]]) -> list[T]:
    """What the library answers; that nothing computes it yet is another status there."""
    try:
        return ask()
    except QueryError:
        raise
    except Invalid as error:
        if "engine" in str(error):
            raise Unavailable(str(error)) from error
        raise
    except Refused as error:  # what was sent is no picture
        raise Invalid(str(error)) from error


def _row(one: Picture, alike: Alike) -> FoundPicture:
    return FoundPicture(
        one.id,
        one.width,
        one.height,
        one.format.upper(),
        one.score,
        one.size,
        one.created,
        one.imported,
        one.name,
        one.deleted is not None,
        _fit(alike),
    )


def _fit(one: Alike) -> float:
    """How well a picture fits words: by what an engine compared, or else by how many of them describe it."""
    return share(one.words if one.likeness is None else one.likeness)


def share(likeness: float | None) -> float:
    """A likeness as those clients read it: at most 1, which rounding may exceed."""
    return min(1.0, round(likeness or 0.0, 6))


def _combine(name: str) -> Combine:
    if name not in COMBINES:
        raise Invalid(f"combine is one of {', '.join(COMBINES)}.")
    return COMBINES[name]


def _quoted(text: str) -> str:
    return quoted(text.replace("*", " "))


#: Below `/api/v1`.
ROUTES: tuple[Route, ...] = (
    api("GET", "/pictures/search", search_pictures, "read", also=KEYS),
    api("POST", "/pictures/likeness-search", likeness_search, "read", also=KEYS),
    api("POST", "/pictures/face-search", face_search, "read", also=KEYS),
    api("POST", "/pictures/score_character_likeness", score_character_likeness, "read"),
)
