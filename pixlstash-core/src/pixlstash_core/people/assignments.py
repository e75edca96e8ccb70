"""Changes the assignments of faces to characters: assigns, rejects, clears, draws and merges."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from ..collections import groups
from ..collections.groups import CHARACTERS
from ..database.connection import bind_ids
from ..database.writer import Write
from ..errors import Invalid, NotFound
from ..types import Box, Faces
from ..types.history import Outcome, many
from .faces import of_pictures
from .matching import Seen


def assign(write: Write, request: Faces, character: int) -> Outcome:
    """Assign faces to a character."""
    name = groups.name_of(write, CHARACTERS, character)

    def change(face: Seen) -> bool:
        if face.yes is not None and face.yes.character == character:
            return False
        _delete(
            write,
            [assignment.id for assignment in face.assignments if assignment.yes or assignment.character == character],
        )
        _insert(write, face, character, True)
        sql = "delete from said_who where picture_id = ? and character_id = ? and box is null and not yes"
        write.execute(sql, (face.picture, character))
        return True

    count = _each(write, request, change)
    return Outcome(count, f"{many(count, 'face')} {'is' if count == 1 else 'are'} {name}", character)


def reject(write: Write, request: Faces, character: int) -> Outcome:
    """Record that faces do not show a character."""
    name = groups.name_of(write, CHARACTERS, character)

    def change(face: Seen) -> bool:
        theirs = [assignment for assignment in face.assignments if assignment.character == character]
        if any(not assignment.yes for assignment in theirs):
            return False
        _delete(write, [assignment.id for assignment in theirs])
        _insert(write, face, character, False)
        return True

    count = _each(write, request, change)
    return Outcome(count, f"{many(count, 'face')} {'is' if count == 1 else 'are'} not {name}", character)


def forget(write: Write, request: Faces) -> Outcome:
    """Clear the assignments of faces; delete faces that were drawn by hand."""

    def change(face: Seen) -> bool:
        _delete(write, [assignment.id for assignment in face.assignments])
        return bool(face.assignments)

    count = _each(write, request, change)
    return Outcome(count, f"{many(count, 'face')} {'is' if count == 1 else 'are'} unassigned")


def refer(write: Write, request: Faces, yes: bool) -> Outcome:
    """Use faces as references for recognizing their characters, or stop using them."""

    def change(face: Seen) -> bool:
        if face.yes is None:
            raise Invalid("Assign this face first: only a character's own faces can be its references.")
        write.execute("update said_who set reference = ?1 where id = ?2 and reference != ?1", (int(yes), face.yes.id))
        return bool(write.changes())

    count = _each(write, request, change)
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


def _each(write: Write, request: Faces, change: Callable[[Seen], bool]) -> int:
    """Apply a function to each requested face and return how many it changed."""
    faces, assignment_ids = set(request.faces), set(request.said)
    if not faces and not assignment_ids:
        raise Invalid("Say which faces: give the ids of detected faces, or of assignments.")
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
    return sum(change(face) for face in chosen)


def _delete(write: Write, ids: Sequence[int]) -> None:
    write.execute("delete from said_who where id in carray(?)", (bind_ids(ids),))


def _insert(write: Write, face: Seen, character: int, yes: bool) -> int:
    box = msgspec.json.encode([round(side, 6) for side in face.box]).decode()
    return int(
        write.value(
            "insert into said_who(picture_id, character_id, yes, box, time) values (?, ?, ?, ?, ?) returning id",
            (face.picture, character, int(yes), box, face.time),
        )
    )
