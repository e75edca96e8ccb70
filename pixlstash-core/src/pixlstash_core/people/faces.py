"""Faces that engines detected, matched by position to the user's assignments.

An assignment has its own box and belongs to the detected face that overlaps it most. It therefore survives a change of
engines, whose boxes differ slightly. An assignment without such a face becomes a face without an engine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import apsw
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..collections import groups
from ..collections.groups import CHARACTERS
from ..database.connection import Database, bind_ids, fetch
from ..database.features import Feature, Lookup, Term
from ..database.writer import Write
from ..errors import Invalid, NotFound
from ..query import scope
from ..types import Agreement, Box, CharacterFaces, FaceInfo, Faces, Reader
from ..types.outcome import Outcome, many
from . import regions

#: Intersection over union from which an assignment belongs to a face, and from which two engines found the same face.
SAME, TWICE = 0.3, 0.5
#: Faces in frames of a video that are at most this many seconds apart can be the same face.
MOMENT = 0.05
#: Reference faces of a character, at most.
REFERENCES = 10


class Assignment(Struct, frozen=True):
    """The user's assignment of a face to a character, or its rejection (`yes` is false)."""

    id: int
    character: int
    name: str
    yes: bool
    box: Box
    time: float | None
    reference: bool


class Seen(Struct):
    """A face with its assignments."""

    picture: int
    box: Box
    id: int | None = None
    time: float | None = None
    confidence: float | None = None
    engine: str = ""
    producer: int = 0
    assignments: list[Assignment] = []  # never changed in place
    turn: int = 0

    @property
    def yes(self) -> Assignment | None:
        return next((assignment for assignment in self.assignments if assignment.yes), None)

    def info(self) -> FaceInfo:
        yes = self.yes
        shown = yes or (self.assignments[0] if self.assignments else None)
        return FaceInfo(
            self.picture,
            self.box,
            self.id,
            shown.id if shown else None,
            self.time,
            self.confidence,
            self.engine,
            yes.character if yes else None,
            yes.name if yes else None,
            [assignment.character for assignment in self.assignments if not assignment.yes],
            bool(yes and yes.reference),
            self.turn,
        )


def overlap(box: Box, other: Box) -> float:
    """Return the intersection of two boxes divided by their union."""
    across = min(box[2], other[2]) - max(box[0], other[0])
    down = min(box[3], other[3]) - max(box[1], other[1])
    if across <= 0 or down <= 0:
        return 0.0
    common = across * down
    return common / (_area(box) + _area(other) - common)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


# --- reading ----------------------------------------------------------------------------------------------------------

_FOUND = """
    select r.picture_id, r.box, r.id, r.time, r.confidence, p.engine, r.producer_id
    from carray(:ids) i cross join active a on a.kind = 'face'
      join region r on r.picture_id = i.value and r.producer_id = a.producer_id
      join producer p on p.id = r.producer_id
    order by r.picture_id, a.rank, r.id
    """
_SAID = """
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
    for picture, box, *rest in fetch(connection, _FOUND, bound):
        face = Seen(picture, _box(box), *rest)
        # From further engines, add only the faces that the first one did not find.
        if all(face.producer == other.producer or not _same(face, other, TWICE) for other in faces_of[picture]):
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
    for picture, id, character, name, yes, box, time, reference in fetch(connection, _SAID, {"ids": bind_ids(ids)}):
        assignments[picture].append(Assignment(id, character, name, bool(yes), _box(box), time, bool(reference)))
    return assignments


def match(picture: int, faces: list[Seen], assignments: Sequence[Assignment]) -> None:
    """Match each assignment to the face that it overlaps most, one face per character; the unmatched become faces."""
    pairs = [
        (-share, not assignment.yes, assignment.id, n, assignment)
        for assignment in assignments
        for n, face in enumerate(faces)
        if (share := _share(face, assignment)) >= SAME
    ]
    matched: set[int] = set()
    for _, _, id, n, assignment in sorted(pairs, key=lambda pair: pair[:4]):
        if id not in matched and not (assignment.yes and faces[n].yes):
            faces[n].assignments = [*faces[n].assignments, assignment]
            matched.add(id)
    for assignment in sorted(assignments, key=lambda assignment: not assignment.yes):
        if assignment.id in matched:
            continue
        home = next((face for face in faces if face.id is None and _share(face, assignment) >= SAME), None)
        if home is None or (assignment.yes and home.yes):
            home = Seen(picture, assignment.box, time=assignment.time, assignments=[])
            faces.append(home)
        home.assignments = [*home.assignments, assignment]


def _share(face: Seen, assignment: Assignment) -> float:
    return overlap(face.box, assignment.box) if _at_once(face.time, assignment.time) else 0.0


def _same(face: Seen, other: Seen, share: float) -> bool:
    return _at_once(face.time, other.time) and overlap(face.box, other.box) >= share


def _at_once(time: float | None, other: float | None) -> bool:
    return time is None or other is None or abs(time - other) <= MOMENT


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
    clear = sorted(chosen or detected, key=lambda face: (-(face.confidence or 0), -_area(face.box), face.id))
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


# --- writing ----------------------------------------------------------------------------------------------------------


def assign(write: Write, request: Faces, character: int) -> Outcome:
    """Assign faces to a character."""
    name = groups.name_of(write, CHARACTERS, character)

    def say(face: Seen) -> bool:
        if face.yes is not None and face.yes.character == character:
            return False
        _unsay(
            write,
            [assignment.id for assignment in face.assignments if assignment.yes or assignment.character == character],
        )
        _insert(write, face, character, True)
        sql = "delete from said_who where picture_id = ? and character_id = ? and box is null and not yes"
        write.execute(sql, (face.picture, character))
        return True

    count = _each(write, request, say)
    return Outcome(count, f"{many(count, 'face')} {'is' if count == 1 else 'are'} {name}", character)


def reject(write: Write, request: Faces, character: int) -> Outcome:
    """Record that faces do not show a character."""
    name = groups.name_of(write, CHARACTERS, character)

    def say(face: Seen) -> bool:
        theirs = [assignment for assignment in face.assignments if assignment.character == character]
        if any(not assignment.yes for assignment in theirs):
            return False
        _unsay(write, [assignment.id for assignment in theirs])
        _insert(write, face, character, False)
        return True

    count = _each(write, request, say)
    return Outcome(count, f"{many(count, 'face')} {'is' if count == 1 else 'are'} not {name}", character)


def forget(write: Write, request: Faces) -> Outcome:
    """Clear the assignments of faces; delete faces that were drawn by hand."""

    def say(face: Seen) -> bool:
        _unsay(write, [assignment.id for assignment in face.assignments])
        return bool(face.assignments)

    count = _each(write, request, say)
    return Outcome(count, f"{many(count, 'face')} {'is' if count == 1 else 'are'} nobody's")


def refer(write: Write, request: Faces, yes: bool) -> Outcome:
    """Use faces as references for recognizing their characters, or stop using them."""

    def say(face: Seen) -> bool:
        if face.yes is None:
            raise Invalid("Assign this face first: only a character's own faces can be its references.")
        write.execute("update said_who set reference = ?1 where id = ?2 and reference != ?1", (int(yes), face.yes.id))
        return bool(write.changes())

    count = _each(write, request, say)
    return Outcome(count, f"{many(count, 'face')} {'chosen' if yes else 'no longer chosen'} to tell characters by")


def draw(write: Write, picture: int, box: Box, time: float | None, character: int) -> Outcome:
    """Add a face of a character by drawing a box in a picture."""
    groups.demand_live(write, [picture])
    write.guard([picture])
    left, top, right, bottom = box
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise Invalid("A box is left, top, right and bottom as fractions of the upright picture, from 0 to 1.")
    name = groups.name_of(write, CHARACTERS, character)
    id = _insert(write, Seen(picture, box, time=time), character, True)
    return Outcome(1, f"1 picture shows {name}", id)


def merge(write: Write, ids: Sequence[int], into: int) -> Outcome:
    """Merge characters into one, with all their pictures and faces."""
    name = groups.name_of(write, CHARACTERS, into)
    others = sorted(set(ids) - {into})
    bound = {"into": into, "ids": bind_ids(others)}
    for other in others:
        groups.name_of(write, CHARACTERS, other)
    pictures = write.execute("select distinct picture_id from said_who where character_id in carray(:ids)", bound)
    write.guard([picture for (picture,) in pictures])
    # A picture as a whole has one assignment per character; an acceptance replaces a rejection.
    write.execute(
        """
        insert into said_who(picture_id, character_id, yes)
        select picture_id, :into, max(yes) from said_who where character_id in carray(:ids) and box is null
        group by picture_id
        on conflict(picture_id, character_id) where box is null do update set yes = max(yes, excluded.yes)
        """,
        bound,
    )
    write.execute(
        "update said_who set character_id = :into where character_id in carray(:ids) and box is not null", bound
    )
    write.execute(
        "insert or ignore into project_character select project_id, :into from project_character"
        " where character_id in carray(:ids)",
        bound,
    )
    write.execute("delete from character where id in carray(:ids)", bound)
    return Outcome(len(others), f"{many(len(others), 'character')} merged into {name}", into)


def _each(write: Write, request: Faces, say: Callable[[Seen], bool]) -> int:
    """Apply a function to each requested face and return how many it changed."""
    faces, assignment_ids = set(request.faces), set(request.said)
    if not faces and not assignment_ids:
        raise Invalid("Say which faces: those an engine found, or those that were said.")
    sql = """
        select picture_id from region where id in carray(:faces)
        union select picture_id from said_who where id in carray(:said)
        """
    bound = {"faces": bind_ids(faces), "said": bind_ids(assignment_ids)}
    pictures = [picture for (picture,) in write.execute(sql, bound)]
    write.guard(pictures)
    faces_of = write.derive(lambda connection: of_pictures(connection, pictures))
    chosen = [
        face
        for faces_here in faces_of.values()
        for face in faces_here
        if face.id in faces or any(assignment.id in assignment_ids for assignment in face.assignments)
    ]
    missing = faces - {face.id for face in chosen} or assignment_ids - {
        assignment.id for face in chosen for assignment in face.assignments
    }
    if missing:
        raise NotFound(f"There is no face {min(missing)}. Nothing was changed.")
    return sum(say(face) for face in chosen)


def _unsay(write: Write, ids: Sequence[int]) -> None:
    write.execute("delete from said_who where id in carray(?)", (bind_ids(ids),))


def _insert(write: Write, face: Seen, character: int, yes: bool) -> int:
    box = msgspec.json.encode([round(side, 6) for side in face.box]).decode()
    return int(
        write.value(
            "insert into said_who(picture_id, character_id, yes, box, time) values (?, ?, ?, ?, ?) returning id",
            (face.picture, character, int(yes), box, face.time),
        )
    )


# --- queries ----------------------------------------------------------------------------------------------------------


def _corner(row: str, n: int) -> str:
    return f"json_extract({row}.box, '$[{n}]')"


def _common(row: str, other: str, low: int, high: int) -> str:
    most = f"min({_corner(row, high)}, {_corner(other, high)})"
    return f"max(0, {most} - max({_corner(row, low)}, {_corner(other, low)}))"


def _size(row: str) -> str:
    return f"({_corner(row, 2)} - {_corner(row, 0)}) * ({_corner(row, 3)} - {_corner(row, 1)})"


_BOTH = f"({_common('w', 'r', 0, 2)} * {_common('w', 'r', 1, 3)})"
#: Pictures with a detected face that overlaps no accepted assignment.
_UNASSIGNED = f"""
    select r.picture_id from active a join region r on r.producer_id = a.producer_id where a.kind = 'face'
      and not exists (
        select 1 from said_who w where w.picture_id = r.picture_id and w.yes and w.box is not null and json_valid(w.box)
          and (w.time is null or r.time is null or abs(w.time - r.time) <= {MOMENT})
          and {_BOTH} >= {SAME} * ({_size("w")} + {_size("r")} - {_BOTH}))
    """
TERM = Term(
    "faces:unassigned",
    "With a face that is nobody's",
    lambda value: Lookup(_UNASSIGNED, {}),
    ("pictures", "regions", "tags", "characters"),
)
FEATURE = Feature("faces", terms=(TERM,), outputs=(replace(regions.FACES, agree=agree), regions.REGIONS))
