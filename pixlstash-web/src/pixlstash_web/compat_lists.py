"""Lists as clients of the public PixlStash ask for them: pictures, sets, characters, and what is in those."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct
from starlette.datastructures import QueryParams

from pixlstash_core.errors import Invalid, NotFound
from pixlstash_core.library import Library
from pixlstash_core.types import AssignFaces, CharacterInfo, Id, Picture, Reader, Selection, SetInfo

from .compat_filters import FILTERS, narrowed
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
#: What a list of pictures is asked for by, besides what narrows it: by those clients alone, and by everybody.
ONLY = frozenset("fields descending project_id set_id character_id only_deleted".split())
OWN = ONLY | {"sort", "offset", "limit"}
#: What only those clients ask with.
KEYS = ONLY | FILTERS.keys()
EVERY, NONE = "ALL", "UNASSIGNED"
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
    return [Mechanism(key, label) for key, (label, _) in MECHANISMS.items()]


def list_pictures(
    call: Call,
    sort: str = "IMPORTED_AT",
    descending: bool = True,
    offset: int = 0,
    limit: int | None = None,
    project_id: str | None = None,
    set_id: str | None = None,
    character_id: str | None = None,
    only_deleted: bool = False,
) -> list[GridPicture]:
    """Pictures in an order, of a project, set and character, and as they are narrowed; all of them without a limit."""
    library, reader = call.library, call.reader
    if sort not in MECHANISMS:
        raise Invalid(f"Pictures are sorted by one of {', '.join(MECHANISMS)}.")
    if offset < 0 or (limit is not None and limit < 0):
        raise Invalid("offset and limit must not be negative.")
    column = MECHANISMS[sort][1]
    order = column if column == "random" or not descending else f"-{column}"
    given = {"project": project_id, "set": set_id, "character": character_id}
    asked = {noun: value for noun, value in given.items() if value is not None and value != EVERY}
    where = f"{'is:scrapheap' if only_deleted else ''} {narrowed(call.request.query_params, OWN)}".strip()
    if not reader.scope.all or NONE in asked.values():  # there are no words for these
        kept = frozenset[int]().union(library.find(reader, where).ids)
        for noun, value in asked.items():
            kept &= members_of(library, reader, noun, value, kept)
        chosen = [one for one in _pages(library, reader, where, order, 0, None) if one.id in kept]
        return [_shown(one) for one in chosen[offset : None if limit is None else offset + limit]]
    for noun, value in asked.items():
        getattr(library, f"find_{noun}")(reader, number(value))
        where += f" {noun}:{number(value)}"
    return [_shown(one) for one in _pages(library, reader, where, order, offset, limit)]


def _pages(library: Library, reader: Reader, q: str, order: str, offset: int, limit: int | None) -> Iterator[Picture]:
    """Pictures from `offset` on, at most `limit`."""
    left = limit if limit is not None else 1 << 32
    while left and (page := library.pictures(reader, q, order, offset, min(left, PAGE))):
        yield from page
        offset += len(page)
        left -= len(page)


def members_of(library: Library, reader: Reader, noun: str, value: str, every: frozenset[int]) -> frozenset[int]:
    """The pictures of a set, character or project, or those of none of them."""
    members = getattr(library, f"{noun}_members")
    if value != NONE:
        return frozenset(members(reader, number(value)).ids)
    return every.difference(*(members(reader, one.id).ids for one in getattr(library, f"{noun}s")(reader)))


def number(value: str) -> int:
    if not value.isdecimal() or len(value) > 15:
        raise Invalid(f"An id is a number, {EVERY} or {NONE}, not {value[:50]!r}.")
    return int(value)


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
    return not KEYS.isdisjoint(query.keys()) or query.get("sort") in MECHANISMS


def _of_project(query: QueryParams) -> bool:
    return "project_id" in query


#: Below `/api/v1`. Two have the paths of ours, and are told by what is asked with.
ROUTES: tuple[Route, ...] = (
    api("GET", "/sort_mechanisms", sort_mechanisms, "read"),
    msgspec.structs.replace(api("GET", "/pictures", list_pictures, "read", also=("fields", *FILTERS)), when=_by_them),
    api("GET", "/picture_sets", picture_sets, "read"),
    api("GET", "/picture_sets/{id}", picture_set, "read"),
    api("GET", "/picture_sets/{id}/members", picture_set_members, "read"),
    api("POST", "/picture_sets/{id}/members", add_picture_set_members, "write"),
    msgspec.structs.replace(api("GET", "/characters", project_characters, "read"), when=_of_project),
    api("GET", "/characters/{id}/reference_pictures", reference_pictures, "read"),
    api("POST", "/characters/{id}/faces", add_faces, "write"),
)
