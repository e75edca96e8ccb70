"""Searches for clients of the public PixlStash: by text, by pictures, and by faces."""

from __future__ import annotations

import random as chance
from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from pixlstash_core import Alike, Combine, Invalid, QueryError, Refused, quoted
from pixlstash_web import (
    Call,
    Form,
    Route,
    Unavailable,
    Unprocessable,
    api,
    read_in_thread,
    receive,
    run_in_threadpool,
)

from .filters import KEYS, Filter, filter_of
from .groups import number
from .pictures import MECHANISMS, GridPicture, order_of, part, text_scores
from .shapes import shaping

T = TypeVar("T")
#: The most pictures that are searched, that are returned, and from which random ones are drawn.
MOST, TOP, POOL = 100_000, 500, 2000
COMBINES: dict[str, Combine] = {
    "mean": "mean",
    "max": "max",
    "min": "min",
    "harmonic_mean": "harmonic",
    "geometric_mean": "geometric",
    # The soft maximum is close to the maximum.
    "softmax": "max",
}


class FoundPicture(GridPicture, frozen=True):
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


as_found_picture = shaping(FoundPicture, "text_score", "likeness_score")


class Limits(Struct, frozen=True):
    """The limits of a search: the number of results, their similarity, and whether they are random or the best."""

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
    """Pictures that match words, by meaning and by text; the best first.

    A picture that no engine compared with the words counts by how many of them describe it.
    """
    if not query.strip():
        raise Invalid("query must not be empty.")
    if offset < 0 or (limit is not None and limit < 0) or not 0 <= threshold <= 1:
        raise Invalid("offset and limit must not be negative, and threshold is from 0 to 1.")
    if sort is not None and sort not in MECHANISMS:
        raise Invalid(f"Pictures are sorted by one of {', '.join(MECHANISMS)}.")
    library, reader, within = call.library, call.reader, filter_of(call, search_pictures)
    text = f"like:{_quoted(f'words:{query}')} top:all {within.text}"
    results = [result for result in library.alike(reader, text, MOST) if within.passes(result.picture)]
    results = [result for result in results if _fit(result) >= threshold]
    shown = {picture.id: picture for picture in library.pictures(reader, text, limit=MOST)}
    texts = text_scores(library, reader, list(shown))
    rows = [
        as_found_picture(shown[result.picture], texts.get(result.picture), _fit(result))
        for result in results
        if result.picture in shown
    ]
    if sort is not None:
        order = library.find(reader, within.text, order_of(sort, descending)).ids
        place = {picture: n for n, picture in enumerate(order)}
        rows.sort(key=lambda row: place.get(row.id, len(place)))
    return part(rows, offset, limit)


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
    """Pictures similar to the files of a form (`files`), or to pictures of the library."""
    limits = Limits(top_n, pool_m, random, threshold)
    ids = [*([] if source_picture_id is None else [source_picture_id]), *(source_picture_ids or [])]
    for id in ids:
        await run_in_threadpool(call.library.picture, call.reader, id)  # 404 where there is none
    how = _combine("min" if len(ids) > 1 else combine)

    def search(tokens: list[str]) -> list[LikePicture]:
        sources = [*(f"like:upload:{token}" for token in tokens), *(f"like:picture:{id}" for id in ids)]
        results = _ranked(call, filter_of(call, likeness_search), sources, how, limits)
        return [LikePicture(result.picture, share(result.score)) for result in results]

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
    """Pictures with faces similar to those in a form's files (`files`), in a picture, of a character, or to a face."""
    limits = Limits(top_n, pool_m, random, threshold)
    sources_by_kind = {"picture:": source_picture_id, "": source_face_id, "character:": source_character_id}
    library_sources = [f"face:{source}{id}" for source, id in sources_by_kind.items() if id is not None]
    how = _combine(combine or ("max" if source_character_id is not None else "mean"))

    def search(tokens: list[str]) -> list[LikeFace]:
        if len(library_sources) + bool(tokens) > 1:
            raise Invalid("Give one source: files, a picture, a face or a character.")
        sources = library_sources or [f"face:upload:{token}" for token in tokens]
        within = filter_of(call, face_search)
        if exclude_character_id is not None:
            members = call.library.character_members(call.reader, exclude_character_id).ids
            within = replace(within, without=frozenset(members))
        results = _ranked(call, within, sources, how, limits)
        return [LikeFace(result.picture, result.face or 0, share(result.score)) for result in results]

    return await _with_files(call, search)


async def score_character_likeness(call: Call) -> CharacterScores:
    """The similarity of the faces in the files of a form to those of a character."""
    async with receive(call, "files", searching=True) as form:
        return await read_in_thread(call, _gauge, call, form)


def _gauge(call: Call, form: Form) -> CharacterScores:
    character = number(form.fields.get("reference_character_id", ""))
    how = _combine(form.fields.get("combine") or "softmax")
    likenesses = _answered(lambda: call.library.gauge(call.reader, character, _held(call, form), how))
    scores = [
        CharacterLikeness(n, None if likeness is None else share(likeness), likeness is not None)
        for n, likeness in enumerate(likenesses)
    ]
    return CharacterScores(character, scores)


# --- in common --------------------------------------------------------------------------------------------------------


async def _with_files(call: Call, search: Callable[[list[str]], list[T]]) -> list[T]:
    """Search with the files of a form, if there is one."""
    if not call.request.headers.get("content-type", "").startswith("multipart/"):
        return await read_in_thread(call, search, [])
    async with receive(call, "files", searching=True) as form:
        return await read_in_thread(call, lambda: search(_held(call, form)))


def _held(call: Call, form: Form) -> list[str]:
    return [call.library.hold(call.reader, name, path).token for name, path in form.files]


def _ranked(call: Call, within: Filter, sources: list[str], combine: Combine, limits: Limits) -> list[Alike]:
    if not sources:
        raise Invalid("Give what to compare with: files, or a source of the library.")
    if not 0 < limits.top_n <= TOP or not 0 <= limits.pool_m <= POOL or not 0 <= limits.threshold <= 1:
        raise Invalid(f"top_n is from 1 to {TOP}, pool_m to {POOL}, threshold from 0 to 1.")
    text = f"{' '.join(sources)} combine:{combine} top:all {within.text}"
    results = _answered(lambda: call.library.alike(call.reader, text, MOST))
    if not results:
        notes = call.library.find(call.reader, text).notes
        if notes and "No face" in notes[0]:
            raise Unprocessable(notes[0])
    results = [result for result in results if result.score is not None and result.score >= limits.threshold]
    results = [result for result in results if within.passes(result.picture)]
    if limits.random and limits.pool_m:
        pool = results[: max(limits.pool_m, limits.top_n)]
        results = sorted(chance.sample(pool, min(limits.top_n, len(pool))), key=lambda result: -(result.score or 0))
    return results[: limits.top_n]


def _answered(ask: Callable[[], list[T]]) -> list[T]:
    """Return what `ask` returns, with the statuses of errors that these clients expect."""
    try:
        return ask()
    except QueryError:
        raise
    except Invalid as error:
        if "engine" in str(error):
            raise Unavailable(str(error)) from error
        raise
    except Refused as error:  # an uploaded file is not a picture
        raise Invalid(str(error)) from error


def _fit(result: Alike) -> float:
    """Return how well a picture matches the text: an engine's similarity, or else the share of matching words."""
    return share(result.words if result.likeness is None else result.likeness)


def share(likeness: float | None) -> float:
    """Return a likeness rounded and limited to 1, which rounding may exceed."""
    return min(1.0, round(likeness or 0.0, 6))


def _combine(name: str) -> Combine:
    if name not in COMBINES:
        raise Invalid(f"combine is one of {', '.join(COMBINES)}.")
    return COMBINES[name]


def _quoted(text: str) -> str:
    return quoted(text.replace("*", " "))


ROUTES: tuple[Route, ...] = (
    api("GET", "/pictures/search", search_pictures, "read", at="api", also=KEYS),
    api("POST", "/pictures/likeness-search", likeness_search, "read", at="api", also=KEYS),
    api("POST", "/pictures/face-search", face_search, "read", at="api", also=KEYS),
    api("POST", "/pictures/score_character_likeness", score_character_likeness, "read", at="api"),
)
