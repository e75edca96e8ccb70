"""Reads the faces that engines detected and the user drew, with their assignments to characters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import apsw
import msgspec

from ..collections import groups
from ..collections.groups import CHARACTERS
from ..database.connection import Database, bind_ids, fetch
from ..database.writer import Write
from ..query import scope
from ..types import Agreement, Box, CharacterFaces, FaceInfo, Reader
from .matching import Assignment, Seen, area, match, same

#: Intersection over union from which two engines found the same face.
TWICE = 0.5
#: Reference faces of a character, at most.
REFERENCES = 10

_DETECTED = """
    select r.picture_id, r.box, r.id, r.time, r.confidence, p.engine, r.producer_id
    from carray(:ids) i cross join active a on a.kind = 'face'
      join region r on r.picture_id = i.value and r.producer_id = a.producer_id
      join producer p on p.id = r.producer_id
    order by r.picture_id, a.rank, r.id
    """
_ASSIGNED = """
    select w.picture_id, w.id, w.character_id, c.name, w.yes, w.box, w.time, w.reference
    from carray(:ids) i cross join said_who w on w.picture_id = i.value and w.box is not null
      join character c on c.id = w.character_id
    order by w.picture_id, w.id
    """
_TURNED = "select picture_id, turn from correction where turn and picture_id in carray(:ids)"


def of_pictures(connection: apsw.Connection, ids: Iterable[int]) -> dict[int, list[Seen]]:
    """Return the faces of each picture with their assignments, from left to right."""
    bound = {"ids": bind_ids(ids)}
    faces_of: dict[int, list[Seen]] = defaultdict(list)
    for picture, box, *rest in fetch(connection, _DETECTED, bound):
        face = Seen(picture, _box(box), *rest)
        # From further engines, add only the faces that the first one did not find.
        if all(face.producer == other.producer or not same(face, other, TWICE) for other in faces_of[picture]):
            faces_of[picture].append(face)
    for picture, assignments in _assigned(connection, ids).items():
        match(picture, faces_of[picture], assignments)
    for picture, turn in fetch(connection, _TURNED, bound):
        for face in faces_of.get(picture, ()):
            face.turn = turn
    return {
        picture: sorted(faces, key=lambda face: (face.time or 0, face.box[0])) for picture, faces in faces_of.items()
    }


def _assigned(connection: apsw.Connection, ids: Iterable[int]) -> dict[int, list[Assignment]]:
    assignments: dict[int, list[Assignment]] = defaultdict(list)
    for picture, id, character, name, yes, box, time, reference in fetch(connection, _ASSIGNED, {"ids": bind_ids(ids)}):
        assignments[picture].append(Assignment(id, character, name, bool(yes), _box(box), time, bool(reference)))
    return assignments


def _box(text: str) -> Box:
    try:
        box: Box = msgspec.json.decode(text, type=Box)
    except msgspec.DecodeError:
        return (0.0, 0.0, 0.0, 0.0)
    return box


def of_picture(connection: apsw.Connection, reader: Reader, picture: int) -> list[FaceInfo]:
    """Return the faces of a picture. Readers without the right to write do not see characters outside their scope."""
    scope.require(reader, picture)
    if not fetch(connection, "select 1 from picture where id = ?", (picture,)):
        raise scope.absent()
    return [shown(reader, face.info()) for face in of_pictures(connection, [picture]).get(picture, [])]


def shown(reader: Reader, face: FaceInfo) -> FaceInfo:
    """Return the part of a face that a reader may see."""
    if reader.scope.all:
        return face
    visible = face.character is not None and groups.shows(reader, "character", face.character)
    return msgspec.structs.replace(
        face,
        said=None,
        not_characters=[],
        character=face.character if visible else None,
        name=face.name if visible else None,
    )


def of_character(connection: apsw.Connection, reader: Reader, id: int) -> CharacterFaces:
    """Return the faces assigned to a character, and its references."""
    groups.find(connection, reader, CHARACTERS, id)
    faces = [face for face in _theirs(connection, id) if scope.sees(reader, face.picture)]
    infos = [shown(reader, face.info()) for face in faces]
    return CharacterFaces(infos, [shown(reader, face.info()) for face in _best(faces)])


def named(write: Write, name: str) -> int | None:
    """Return the id of the character with a name, if there is one."""
    id: int | None = write.value("select id from character where folded = ?", (groups.folded(name),))
    return id


def references_of(db: Database, name: str) -> list[int]:
    """Return the ids of the reference faces of the characters with a name, written as in `character:`."""
    with db.reading() as connection:
        characters = groups.of_name(connection, name, CHARACTERS)
        return [face for character in characters for face in references(connection, character)]


def references(connection: apsw.Connection, character: int) -> list[int]:
    """Return the ids of a character's reference faces that an engine found."""
    return [face.id for face in _best(_theirs(connection, character)) if face.id is not None]


def _theirs(connection: apsw.Connection, character: int) -> list[Seen]:
    sql = "select distinct picture_id from said_who where character_id = ? and yes and box is not null"
    pictures = [picture for (picture,) in fetch(connection, sql, (character,))]
    faces_of = of_pictures(connection, pictures)
    return [face for faces in faces_of.values() for face in faces if face.yes and face.yes.character == character]


def _best(faces: Sequence[Seen]) -> list[Seen]:
    """Return the references that the user chose, or else the clearest faces."""
    detected = [face for face in faces if face.id is not None]
    chosen = [face for face in detected if face.yes and face.yes.reference]
    clear = sorted(chosen or detected, key=lambda face: (-(face.confidence or 0), -area(face.box), face.id))
    return clear[:REFERENCES]


def assigned(connection: apsw.Connection) -> dict[int, Seen]:
    """Return the faces that an engine found and that have assignments, by id."""
    sql = "select distinct picture_id from said_who where box is not null"
    faces_of = of_pictures(connection, [picture for (picture,) in fetch(connection, sql)])
    return {face.id: face for faces in faces_of.values() for face in faces if face.id is not None and face.assignments}


def infos(connection: apsw.Connection, ids: Sequence[int]) -> dict[int, FaceInfo]:
    """Return faces that an engine found, by id."""
    sql = "select distinct picture_id from region where id in carray(?)"
    pictures = [picture for (picture,) in fetch(connection, sql, (bind_ids(ids),))]
    faces_of = of_pictures(connection, pictures)
    wanted = set(ids)
    return {face.id: face.info() for faces in faces_of.values() for face in faces if face.id in wanted}


def shown_by_id(db: Database, reader: Reader, ids: Sequence[int]) -> dict[int, FaceInfo]:
    """Return faces that an engine found, by id, with the parts that a reader may see."""
    with db.reading() as connection:
        return {id: shown(reader, face) for id, face in infos(connection, ids).items()}


def agree(connection: apsw.Connection, detected: dict[int, list[dict[str, Any]]], threshold: float) -> Agreement:
    """Return how many of the faces that the user drew or named an engine found in the same place."""
    accepted = there = 0
    for picture, assignments in _assigned(connection, detected).items():
        accepted_boxes = [assignment for assignment in assignments if assignment.yes]
        faces = [Seen(picture, msgspec.convert(face["box"], Box), time=face.get("time")) for face in detected[picture]]
        seen = list(faces)
        match(picture, faces, accepted_boxes)
        accepted += len(accepted_boxes)
        there += sum(len(face.assignments) for face in seen)
    return Agreement(accepted, there, of="faces")
