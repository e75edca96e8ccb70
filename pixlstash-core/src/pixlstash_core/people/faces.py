"""Faces: what engines found, matched by where it is to what people said, whichever engine it was.

A saying keeps its own box. It belongs to the face it overlaps most, so that an engine that finds the same faces a
little elsewhere changes nothing; a saying that no face is left for stays a face without an engine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import apsw
import msgspec
from msgspec import Struct

from ..collections import groups
from ..collections.groups import CHARACTERS
from ..database.connection import Database, bind_ids, fetch
from ..database.features import Feature, Lookup, Term
from ..database.writer import Write
from ..errors import Invalid, NotFound
from ..query import scope
from ..types import Agreement, Box, CharacterFaces, FaceInfo, Faces, Reader
from ..types.outcome import Outcome, many

#: Boxes that overlap by so much of what they cover together are of one face; those of two engines, by so much.
SAME, TWICE = 0.3, 0.5
#: Frames of a moving picture that lie so close together are the same, in seconds.
MOMENT = 0.05
#: Faces that a character is told by, at most.
REFERENCES = 10


class Saying(Struct, frozen=True):
    id: int
    character: int
    name: str
    yes: bool
    box: Box
    time: float | None
    reference: bool


class Seen(Struct):
    """A face, and all that was said of it."""

    picture: int
    box: Box
    id: int | None = None
    time: float | None = None
    confidence: float | None = None
    engine: str = ""
    producer: int = 0
    sayings: list[Saying] = []  # never changed in place
    turn: int = 0

    @property
    def yes(self) -> Saying | None:
        return next((one for one in self.sayings if one.yes), None)

    def info(self) -> FaceInfo:
        yes = self.yes
        said = yes or (self.sayings[0] if self.sayings else None)
        return FaceInfo(
            self.picture,
            self.box,
            self.id,
            said.id if said else None,
            self.time,
            self.confidence,
            self.engine,
            yes.character if yes else None,
            yes.name if yes else None,
            [one.character for one in self.sayings if not one.yes],
            bool(yes and yes.reference),
            self.turn,
        )


def overlap(one: Box, other: Box) -> float:
    """What two boxes have in common, of what they cover together."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    if across <= 0 or down <= 0:
        return 0.0
    common = across * down
    return common / (_area(one) + _area(other) - common)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


# --- looking ----------------------------------------------------------------------------------------------------------

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
    """By picture, its faces with what was said of them; from left to right."""
    bound = {"ids": bind_ids(ids)}
    found: dict[int, list[Seen]] = defaultdict(list)
    for picture, box, *rest in fetch(connection, _FOUND, bound):
        one = Seen(picture, _box(box), *rest)
        # Of a second engine, only what the first did not find.
        if all(one.producer == other.producer or not _same(one, other, TWICE) for other in found[picture]):
            found[picture].append(one)
    for picture, sayings in _said(connection, ids).items():
        match(picture, found[picture], sayings)
    for picture, turn in fetch(connection, _TURNED, bound):
        for face in found.get(picture, ()):
            face.turn = turn
    return {picture: sorted(faces, key=lambda one: (one.time or 0, one.box[0])) for picture, faces in found.items()}


def _said(connection: apsw.Connection, ids: Iterable[int]) -> dict[int, list[Saying]]:
    said: dict[int, list[Saying]] = defaultdict(list)
    for picture, id, character, name, yes, box, time, reference in fetch(connection, _SAID, {"ids": bind_ids(ids)}):
        said[picture].append(Saying(id, character, name, bool(yes), _box(box), time, bool(reference)))
    return said


def match(picture: int, faces: list[Seen], sayings: Sequence[Saying]) -> None:
    """Give each saying to the face it overlaps most; a face is one character's at most. What is left becomes a face."""
    pairs = [
        (-share, not one.yes, one.id, n, one)
        for one in sayings
        for n, face in enumerate(faces)
        if (share := _share(face, one)) >= SAME
    ]
    given: set[int] = set()
    for _, _, id, n, one in sorted(pairs, key=lambda pair: pair[:4]):
        if id not in given and not (one.yes and faces[n].yes):
            faces[n].sayings = [*faces[n].sayings, one]
            given.add(id)
    for one in sorted(sayings, key=lambda one: not one.yes):
        if one.id in given:
            continue
        home = next((face for face in faces if face.id is None and _share(face, one) >= SAME), None)
        if home is None or (one.yes and home.yes):
            home = Seen(picture, one.box, time=one.time, sayings=[])
            faces.append(home)
        home.sayings = [*home.sayings, one]


def _share(face: Seen, saying: Saying) -> float:
    return overlap(face.box, saying.box) if _at_once(face.time, saying.time) else 0.0


def _same(one: Seen, other: Seen, share: float) -> bool:
    return _at_once(one.time, other.time) and overlap(one.box, other.box) >= share


def _at_once(one: float | None, other: float | None) -> bool:
    return one is None or other is None or abs(one - other) <= MOMENT


def _box(text: str) -> Box:
    try:
        found: Box = msgspec.json.decode(text, type=Box)
    except msgspec.DecodeError:
        return (0.0, 0.0, 0.0, 0.0)
    return found


def of_picture(connection: apsw.Connection, reader: Reader, picture: int) -> list[FaceInfo]:
    """The faces of a picture. A reader who may not change who is who is not told of characters outside the scope."""
    scope.require(reader, picture)
    if not fetch(connection, "select 1 from picture where id = ?", (picture,)):
        raise scope.absent()
    return [shown(reader, one.info()) for one in of_pictures(connection, [picture]).get(picture, [])]


def shown(reader: Reader, face: FaceInfo) -> FaceInfo:
    """What of a face a reader may know."""
    if reader.scope.all:
        return face
    known = face.character is not None and groups.shows(reader, "character", face.character)
    return msgspec.structs.replace(
        face,
        said=None,
        not_characters=[],
        character=face.character if known else None,
        name=face.name if known else None,
    )


def of_character(connection: apsw.Connection, reader: Reader, id: int) -> CharacterFaces:
    """The faces that are said to be a character's, and those it is told by."""
    groups.one(connection, reader, CHARACTERS, id)
    faces = [one for one in _theirs(connection, id) if scope.sees(reader, one.picture)]
    known = [shown(reader, one.info()) for one in faces]
    return CharacterFaces(known, [shown(reader, one.info()) for one in _best(faces)])


def named(write: Write, name: str) -> int | None:
    """The character of a name, if there is one."""
    found: int | None = write.value("select id from character where folded = ?", (groups.folded(name),))
    return found


def references_of(db: Database, name: str) -> list[int]:
    """The engine's faces that the characters of a name (as `character:` takes it) are told by."""
    with db.reading() as connection:
        found = groups.of_name(connection, name, CHARACTERS)
        return [face for character in found for face in references(connection, character)]


def references(connection: apsw.Connection, character: int) -> list[int]:
    """The engine's faces that a character is told by."""
    return [one.id for one in _best(_theirs(connection, character)) if one.id is not None]


def _theirs(connection: apsw.Connection, character: int) -> list[Seen]:
    sql = "select distinct picture_id from said_who where character_id = ? and yes and box is not null"
    pictures = [picture for (picture,) in fetch(connection, sql, (character,))]
    found = of_pictures(connection, pictures)
    return [one for faces in found.values() for one in faces if one.yes and one.yes.character == character]


def _best(faces: Sequence[Seen]) -> list[Seen]:
    """Those a person chose, else the clearest ones."""
    known = [one for one in faces if one.id is not None]
    chosen = [one for one in known if one.yes and one.yes.reference]
    clear = sorted(chosen or known, key=lambda one: (-(one.confidence or 0), -_area(one.box), one.id))
    return clear[:REFERENCES]


def assigned(connection: apsw.Connection) -> dict[int, Seen]:
    """The engine's faces that anything was said of, by id."""
    sql = "select distinct picture_id from said_who where box is not null"
    found = of_pictures(connection, [picture for (picture,) in fetch(connection, sql)])
    return {one.id: one for faces in found.values() for one in faces if one.id is not None and one.sayings}


def infos(connection: apsw.Connection, ids: Sequence[int]) -> dict[int, FaceInfo]:
    """The engine's faces by id."""
    sql = "select distinct picture_id from region where id in carray(?)"
    pictures = [picture for (picture,) in fetch(connection, sql, (bind_ids(ids),))]
    found = of_pictures(connection, pictures)
    wanted = set(ids)
    return {one.id: one.info() for faces in found.values() for one in faces if one.id in wanted}


def agree(connection: apsw.Connection, found: dict[int, list[dict[str, Any]]], threshold: float) -> Agreement:
    """Of the faces that people drew or named, how many an engine's results have where they are."""
    accepted = there = 0
    for picture, sayings in _said(connection, found).items():
        said = [one for one in sayings if one.yes]
        faces = [Seen(picture, msgspec.convert(one["box"], Box), time=one.get("time")) for one in found[picture]]
        seen = list(faces)
        match(picture, faces, said)
        accepted += len(said)
        there += sum(len(one.sayings) for one in seen)
    return Agreement(accepted, there, of="faces")


# --- saying -----------------------------------------------------------------------------------------------------------


def assign(write: Write, asked: Faces, character: int) -> Outcome:
    """Say that faces are a character's."""
    name = groups.name_of(write, CHARACTERS, character)

    def say(face: Seen) -> bool:
        if face.yes is not None and face.yes.character == character:
            return False
        _unsay(write, [one.id for one in face.sayings if one.yes or one.character == character])
        _insert(write, face, character, True)
        sql = "delete from said_who where picture_id = ? and character_id = ? and box is null and not yes"
        write.execute(sql, (face.picture, character))
        return True

    said = _each(write, asked, say)
    return Outcome(said, f"{many(said, 'face')} {'is' if said == 1 else 'are'} {name}", character)


def reject(write: Write, asked: Faces, character: int) -> Outcome:
    """Say that faces are not a character's."""
    name = groups.name_of(write, CHARACTERS, character)

    def say(face: Seen) -> bool:
        theirs = [one for one in face.sayings if one.character == character]
        if any(not one.yes for one in theirs):
            return False
        _unsay(write, [one.id for one in theirs])
        _insert(write, face, character, False)
        return True

    said = _each(write, asked, say)
    return Outcome(said, f"{many(said, 'face')} {'is' if said == 1 else 'are'} not {name}", character)


def forget(write: Write, asked: Faces) -> Outcome:
    """Say nothing of faces any longer; those that people drew go."""

    def say(face: Seen) -> bool:
        _unsay(write, [one.id for one in face.sayings])
        return bool(face.sayings)

    said = _each(write, asked, say)
    return Outcome(said, f"{many(said, 'face')} {'is' if said == 1 else 'are'} nobody's")


def refer(write: Write, asked: Faces, yes: bool) -> Outcome:
    """Have characters be told by these of their faces, or no longer."""

    def say(face: Seen) -> bool:
        if face.yes is None:
            raise Invalid("Say first whose face this is: a character is told by its own.")
        write.execute("update said_who set reference = ?1 where id = ?2 and reference != ?1", (int(yes), face.yes.id))
        return bool(write.changes())

    said = _each(write, asked, say)
    return Outcome(said, f"{many(said, 'face')} {'chosen' if yes else 'no longer chosen'} to tell characters by")


def draw(write: Write, picture: int, box: Box, time: float | None, character: int) -> Outcome:
    """Say that a character is in a box of a picture."""
    groups.demand_live(write, [picture])
    groups.refuse_locked(write, [picture])
    left, top, right, bottom = box
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise Invalid("A box is left, top, right and bottom as fractions of the upright picture, from 0 to 1.")
    name = groups.name_of(write, CHARACTERS, character)
    id = _insert(write, Seen(picture, box, time=time), character, True)
    return Outcome(1, f"1 picture shows {name}", id)


def merge(write: Write, ids: Sequence[int], into: int) -> Outcome:
    """Make characters one: what was said of them is said of the one that stays."""
    name = groups.name_of(write, CHARACTERS, into)
    others = sorted(set(ids) - {into})
    bound = {"into": into, "ids": bind_ids(others)}
    for other in others:
        groups.name_of(write, CHARACTERS, other)
    pictures = write.execute("select distinct picture_id from said_who where character_id in carray(:ids)", bound)
    groups.refuse_locked(write, [picture for (picture,) in pictures])
    # Of the whole of a picture something is said once; a yes goes before a no.
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


def _each(write: Write, asked: Faces, say: Callable[[Seen], bool]) -> int:
    """Say something of each face that is asked for; of how many it was news."""
    faces, said = set(asked.faces), set(asked.said)
    if not faces and not said:
        raise Invalid("Say which faces: those an engine found, or those that were said.")
    sql = """
        select picture_id from region where id in carray(:faces)
        union select picture_id from said_who where id in carray(:said)
        """
    bound = {"faces": bind_ids(faces), "said": bind_ids(said)}
    pictures = [picture for (picture,) in write.execute(sql, bound)]
    groups.refuse_locked(write, pictures)
    found = write.derive(lambda connection: of_pictures(connection, pictures))
    chosen = [
        one
        for of_one in found.values()
        for one in of_one
        if one.id in faces or any(saying.id in said for saying in one.sayings)
    ]
    missing = faces - {one.id for one in chosen} or said - {saying.id for one in chosen for saying in one.sayings}
    if missing:
        raise NotFound(f"There is no face {min(missing)}. Nothing was changed.")
    return sum(say(one) for one in chosen)


def _unsay(write: Write, ids: Sequence[int]) -> None:
    write.execute("delete from said_who where id in carray(?)", (bind_ids(ids),))


def _insert(write: Write, face: Seen, character: int, yes: bool) -> int:
    box = msgspec.json.encode([round(one, 6) for one in face.box]).decode()
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
#: A face that nobody is said to be: no yes overlaps it.
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
FEATURE = Feature("faces", terms=(TERM,))
