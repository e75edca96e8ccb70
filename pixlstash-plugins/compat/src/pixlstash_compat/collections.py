"""Sets and characters as clients of the public PixlStash list, fill and move them."""

from __future__ import annotations

from contextlib import suppress
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from pixlstash_core import AssignFaces, EditSet, Id, Library, NotFound, Reader, Selection
from pixlstash_web import Route, api

from .groups import edit_character, move, of_project
from .shapes import shaping

#: Pictures a character is known by at most.
REFERENCES = 10


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


class EditPictureSet(Struct, frozen=True, kw_only=True):
    """What of a set shall be different. With `project_id` it is moved to that project, or out of all (null)."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    project_id: Id | None | UnsetType = UNSET


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


class AssignedFaces(Struct, frozen=True):
    """`face_ids`: those that were nobody's before; none of a picture that shows them as a whole."""

    character_id: int
    face_ids: list[int]
    already_assigned_ids: list[int]
    status: Literal["success"] = "success"


as_set = shaping(PictureSet)
as_character = shaping(Character)


def picture_sets(library: Library, reader: Reader, project_id: str | None = None) -> list[PictureSet]:
    """Sets, all or those of a project."""
    only = of_project(library, reader, project_id, "sets")
    return [as_set(row) for row in library.sets(reader) if only is None or row.id in only]


def picture_set(library: Library, reader: Reader, id: int) -> PictureSet:
    """One set."""
    return as_set(library.find_set(reader, id))


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
    """Add pictures to a set."""
    return Added(library.add_to_set(reader, id, Selection(ids=ask.picture_ids)).changed)


def project_characters(library: Library, reader: Reader, project_id: str) -> list[Character]:
    """Characters of a project."""
    only = of_project(library, reader, project_id, "characters")
    return [as_character(row) for row in library.characters(reader) if only is None or row.id in only]


def reference_pictures(library: Library, reader: Reader, id: int) -> ReferencePictures:
    """The best pictures of a character."""
    members = frozenset(library.character_members(reader, id).ids)
    best = [picture for picture in library.find(reader, "", "-score").ids if picture in members]
    return ReferencePictures(best[:REFERENCES])


def add_faces(library: Library, reader: Reader, id: int, ask: PictureIds) -> AssignedFaces:
    """Add pictures to a character, by their only unassigned face or as a whole; returns the added pictures."""
    before: frozenset[int] = frozenset()
    with suppress(NotFound):  # whether it may be done is said by doing it
        before = frozenset(library.character_members(reader, id).ids)
    faces = {picture: face for picture in ask.picture_ids if (face := _only_face(library, reader, id, picture))}
    faces = {picture: face for picture, face in faces.items() if picture not in before}
    whole = [picture for picture in ask.picture_ids if picture not in faces]
    if faces:
        library.assign_faces(reader, AssignFaces(faces=list(faces.values()), character=id, pictures=whole))
    else:
        library.add_to_character(reader, id, Selection(ids=whole))
    return AssignedFaces(id, sorted(faces.values()), sorted(before.intersection(ask.picture_ids)))


def _only_face(library: Library, reader: Reader, character: int, picture: int) -> int | None:
    """The face of a picture that can only be meant: none but it is nobody's, and nobody said it is not theirs."""
    with suppress(NotFound):
        unnamed = [face for face in library.picture_faces(reader, picture) if face.character is None]
        if len(unnamed) == 1 and character not in unnamed[0].not_characters:
            return unnamed[0].id
    return None


#: Two have the paths of the library's own, and are told apart by `project_id`.
ROUTES: tuple[Route, ...] = (
    api("GET", "/picture_sets", picture_sets, "read", at="api"),
    api("GET", "/picture_sets/{id}", picture_set, "read", at="api"),
    api("PATCH", "/picture_sets/{id}", edit_picture_set, "write", at="api"),
    api("GET", "/picture_sets/{id}/members", picture_set_members, "read", at="api"),
    api("POST", "/picture_sets/{id}/members", add_picture_set_members, "write", at="api"),
    api("GET", "/characters", project_characters, "read", at="api", when=lambda query: "project_id" in query),
    api("PATCH", "/characters/{id}", edit_character, "write", at="api", fields=("project_id",)),
    api("GET", "/characters/{id}/reference_pictures", reference_pictures, "read", at="api"),
    api("POST", "/characters/{id}/faces", add_faces, "write", at="api"),
)
