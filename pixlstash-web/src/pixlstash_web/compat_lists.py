"""Lists as clients of the public PixlStash ask for them: pictures, sets, characters, and what is in those."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, Struct
from starlette.datastructures import QueryParams

from pixlstash_core.errors import Invalid, NotFound
from pixlstash_core.library import Library
from pixlstash_core.types import AssignFaces, CharacterInfo, EditSet, Id, Picture, Reader, Selection, SetInfo

from .compat_filters import KEYS, REFUSED, Narrowed, narrowed
from .compat_groups import EVERY, NONE, EditPictureSet, move, number
from .specs import api
from .table import Call, Route

#: What pictures can be ordered by, as that interface calls it. The first is what clients begin with.
MECHANISMS = {
    "IMPORTED_AT": ("Imported", "imported"),
    "DATE": ("Date", "created"),
    "SCORE": ("Score", "score"),
    "IMAGE_SIZE": ("Size in pixels", "pixels"),
    "RANDOM": ("Random", "random"),
}
#: Sorts by how alike the faces are to a character's, who has to be named.
LIKENESS = "CHARACTER_LIKENESS"
#: What only those clients ask with, and what only ours do.
THEIRS = {"fields", "descending", *KEYS, *REFUSED} - {"q"}
OURS = {"q", "veil"}
PAGE = 100_000
#: Pictures a character is known by at most.
REFERENCES = 10


class Mechanism(Struct, frozen=True):
    key: str
    description: str


class GridPicture(Struct, frozen=True):
    id: int
    width: int
    height: int
    format: str
    score: int
    size_bytes: int
    created_at: datetime
    imported_at: datetime
    original_file_name: str


class PictureCount(Struct, frozen=True):
    """`total` is the same, as our own clients read it."""

    count: int
    total: int


class PictureSet(Struct, frozen=True):
    """`reference_character`: always null; sets with one are hidden by clients."""

    id: int
    name: str
    picture_count: int
    set_icon: str | None
    set_color: str | None
    locked: bool
    description: str
    reference_character: None = None


class Character(Struct, frozen=True):
    id: int
    name: str
    description: str
    character_color: str | None


class PictureIds(Struct, frozen=True):
    picture_ids: list[Id]


class Added(Struct, frozen=True):
    added: int
    status: Literal["success"] = "success"


class ReferencePictures(Struct, frozen=True):
    reference_picture_ids: list[int]


class Faces(Struct, frozen=True):
    """`face_ids`: those that were nobody's before; none of a picture that shows them as a whole."""

    character_id: int
    face_ids: list[int]
    already_assigned_ids: list[int]
    status: Literal["success"] = "success"


def sort_mechanisms(library: Library, reader: Reader) -> list[Mechanism]:
    """What pictures can be ordered by."""
    known = [Mechanism(key, label) for key, (label, _) in MECHANISMS.items()]
    return [*known, Mechanism(LIKENESS, "Likeness to a character")]


def list_pictures(
    call: Call,
    sort: str = "IMPORTED_AT",
    descending: bool = True,
    offset: int = 0,
    limit: int | None = None,
    reference_character_id: int | None = None,
) -> list[GridPicture]:
    """Pictures in an order, as they are narrowed; all of them without a limit.

    By CHARACTER_LIKENESS those are listed that have faces, the most similar to the reference character's first.
    """
    library, reader = call.library, call.reader
    if sort not in (*MECHANISMS, LIKENESS):
        raise Invalid(f"Pictures are sorted by one of {', '.join((*MECHANISMS, LIKENESS))}.")
    if offset < 0 or (limit is not None and limit < 0):
        raise Invalid("offset and limit must not be negative.")
    if sort != LIKENESS and reference_character_id is not None:
        raise Invalid(f"Pictures cannot be listed by reference_character_id: {REFUSED['reference_character_id']}")
    within = narrowed(call, list_pictures)
    if sort == LIKENESS:
        within, order = _like_character(library, reader, within, reference_character_id), None
    else:
        column = MECHANISMS[sort][1]
        order = column if column == "random" or not descending else f"-{column}"
    if within.kept is None:
        return [_shown(one) for one in _pages(library, reader, within.text, order, offset, limit)]
    chosen = [one for one in _pages(library, reader, within.text, order, 0, None) if within.holds(one.id)]
    return [_shown(one) for one in chosen[offset : None if limit is None else offset + limit]]


def _like_character(library: Library, reader: Reader, within: Narrowed, character: int | None) -> Narrowed:
    """The same pictures, ranked by their faces."""
    if character is None:
        raise Invalid(f"sort={LIKENESS} needs reference_character_id.")
    library.find_character(reader, character)
    return msgspec.structs.replace(within, text=f"face:character:{character} top:all {within.text}")


def count_pictures(call: Call) -> PictureCount:
    """How many pictures such a list has without a limit."""
    query = call.request.query_params
    if "reference_character_id" in query and query.get("sort") != LIKENESS:
        raise Invalid(f"Pictures cannot be listed by reference_character_id: {REFUSED['reference_character_id']}")
    within = narrowed(call, list_pictures)
    if within.kept is None:
        count = call.library.count(call.reader, within.text).total
    else:
        count = len(within.kept.intersection(call.library.find(call.reader, within.text).ids))
    return PictureCount(count, count)


def _pages(
    library: Library, reader: Reader, q: str, order: str | None, offset: int, limit: int | None
) -> Iterator[Picture]:
    """Pictures from `offset` on, at most `limit`."""
    left = limit if limit is not None else 1 << 32
    while left and (page := library.pictures(reader, q, order, offset, min(left, PAGE))):
        yield from page
        offset += len(page)
        left -= len(page)


def _shown(one: Picture) -> GridPicture:
    return GridPicture(
        one.id, one.width, one.height, one.format.upper(), one.score, one.size, one.created, one.imported, one.name
    )


def picture_sets(library: Library, reader: Reader, project_id: str | None = None) -> list[PictureSet]:
    """Sets, all or those of a project."""
    held = _held(library, reader, project_id, "sets")
    return [_set(one) for one in library.sets(reader) if held is None or one.id in held]


def picture_set(library: Library, reader: Reader, id: int) -> PictureSet:
    """One set."""
    return _set(library.find_set(reader, id))


def _set(one: SetInfo) -> PictureSet:
    return PictureSet(one.id, one.name, one.pictures, one.icon, one.colour, one.locked, one.note)


def edit_picture_set(library: Library, reader: Reader, id: int, ask: EditPictureSet) -> PictureSet:
    """Rename, describe or move a set."""
    library.find_set(reader, id)
    if ask.project_id is not UNSET:
        move(library, reader, "sets", id, ask.project_id)
    plain = EditSet(name=ask.name, note=ask.description)
    if plain != EditSet():
        library.edit_set(reader, id, plain)
    return picture_set(library, reader, id)


def picture_set_members(library: Library, reader: Reader, id: int) -> PictureIds:
    """The pictures of a set, in its order."""
    return PictureIds(library.set_members(reader, id).ids)


def add_picture_set_members(library: Library, reader: Reader, id: int, ask: PictureIds) -> Added:
    """Put pictures into a set."""
    return Added(library.add_to_set(reader, id, Selection(ids=ask.picture_ids)).changed)


def project_characters(library: Library, reader: Reader, project_id: str) -> list[Character]:
    """Characters of a project."""
    held = _held(library, reader, project_id, "characters")
    return [_character(one) for one in library.characters(reader) if held is None or one.id in held]


def _character(one: CharacterInfo) -> Character:
    return Character(one.id, one.name, one.note, one.colour)


def reference_pictures(library: Library, reader: Reader, id: int) -> ReferencePictures:
    """The best pictures of a character."""
    members = frozenset(library.character_members(reader, id).ids)
    best = [one for one in library.find(reader, "", "-score").ids if one in members]
    return ReferencePictures(best[:REFERENCES])


def add_faces(library: Library, reader: Reader, id: int, ask: PictureIds) -> Faces:
    """Say that pictures show a character, by their one face that is nobody's or as a whole. Those that do are named."""
    before: frozenset[int] = frozenset()
    with suppress(NotFound):  # whether it may be done is said by doing it
        before = frozenset(library.character_members(reader, id).ids)
    alone = {picture: face for picture in ask.picture_ids if (face := _alone(library, reader, id, picture))}
    alone = {picture: face for picture, face in alone.items() if picture not in before}
    whole = [picture for picture in ask.picture_ids if picture not in alone]
    if alone:
        library.assign_faces(reader, AssignFaces(faces=list(alone.values()), character=id, pictures=whole))
    else:
        library.add_to_character(reader, id, Selection(ids=whole))
    return Faces(id, sorted(alone.values()), sorted(before.intersection(ask.picture_ids)))


def _alone(library: Library, reader: Reader, character: int, picture: int) -> int | None:
    """The face of a picture that can only be meant: none but it is nobody's, and nobody said it is not theirs."""
    with suppress(NotFound):
        free = [one for one in library.picture_faces(reader, picture) if one.character is None]
        if len(free) == 1 and character not in free[0].not_characters:
            return free[0].id
    return None


def _held(library: Library, reader: Reader, project: str | None, nouns: str) -> frozenset[int] | None:
    """The sets or characters of a project; None for all of them."""
    if project is None or project == EVERY:
        return None
    if project == NONE:
        taken = {id for one in library.projects(reader) for id in getattr(one, nouns)}
        return frozenset(one.id for one in getattr(library, nouns)(reader)) - taken
    return frozenset(getattr(library.find_project(reader, number(project)), nouns))


def _by_them(query: QueryParams) -> bool:
    return not THEIRS.isdisjoint(query.keys()) or query.get("sort") in (*MECHANISMS, LIKENESS)


def _counted_by_them(query: QueryParams) -> bool:
    return _by_them(query) or OURS.isdisjoint(query.keys())


def _of_project(query: QueryParams) -> bool:
    return "project_id" in query


#: Below `/api/v1`. Three have the paths of ours, and are told by what is asked with.
ROUTES: tuple[Route, ...] = (
    api("GET", "/sort_mechanisms", sort_mechanisms, "read"),
    msgspec.structs.replace(api("GET", "/pictures", list_pictures, "read", also=("fields", *KEYS)), when=_by_them),
    msgspec.structs.replace(api("GET", "/pictures/count", count_pictures, "read", also=KEYS), when=_counted_by_them),
    api("GET", "/picture_sets", picture_sets, "read"),
    api("GET", "/picture_sets/{id}", picture_set, "read"),
    api("PATCH", "/picture_sets/{id}", edit_picture_set, "write"),
    api("GET", "/picture_sets/{id}/members", picture_set_members, "read"),
    api("POST", "/picture_sets/{id}/members", add_picture_set_members, "write"),
    msgspec.structs.replace(api("GET", "/characters", project_characters, "read"), when=_of_project),
    api("GET", "/characters/{id}/reference_pictures", reference_pictures, "read"),
    api("POST", "/characters/{id}/faces", add_faces, "write"),
)
