"""The annotations of pictures as sidecars have them: reading them, and taking over what sidecars say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import apsw
import msgspec

from ..captions import feature as captions
from ..collections import groups
from ..collections.groups import CHARACTERS
from ..database.connection import bind_ids, fetch
from ..database.writer import Write
from ..errors import Invalid
from ..people import assignments, faces
from ..pictures import feature as pictures
from ..tags import feature as tags
from ..tags import names
from ..tags.entries import EFFECTIVE, NO, YES, of_pictures
from ..types import Box, Create
from .values import Merge, Mine, Region, Values, face_key

_TEXTS = """
    select p.id, s.text, c.text, coalesce(o.score, 0) from picture p left join said_caption s on s.picture_id = p.id
      left join captions c on c.picture_id = p.id left join score o on o.picture_id = p.id
    where p.id in carray(?)
    """
_FACES = """
    select w.id, w.picture_id, c.id, c.name, w.box from said_who w join character c on c.id = w.character_id
    where w.picture_id in carray(?) and w.yes and w.box is not null and w.time is null order by w.id
    """


def read(connection: apsw.Connection, ids: Iterable[int], *, engines: bool) -> dict[int, Mine]:
    """Return what the library has of each picture. `engines`: including what only engines assigned."""
    ids = list(ids)
    entries = of_pictures(connection, ids)
    used = {tag for values in entries.values() for tag in values}
    named: dict[int, str] = dict(fetch(connection, "select id, name from tag where id in carray(?)", (bind_ids(used),)))
    faces_of: dict[int, list[Region]] = {}
    for picture, _, face in named_faces(connection, ids):
        faces_of.setdefault(picture, []).append(face)
    mine: dict[int, Mine] = {}
    for picture, own, shown, score in fetch(connection, _TEXTS, (bind_ids(ids),)):
        states = sorted(entries.get(picture, {}).items(), key=lambda entry: (not entry[1] & YES, -entry[1], entry[0]))
        written = [named[tag] for tag, state in states if state & (EFFECTIVE if engines else YES)]
        rejected = frozenset(names.folded(named[tag]) for tag, state in states if state & NO)
        caption = (shown if engines else own) or ""
        values = Values(written, caption, score, faces_of.get(picture, []))
        by_people = {"rating", "faces"} | ({"caption"} if own else set())
        by_people |= {"tags"} if any(state & YES for _, state in states) else set()
        mine[picture] = Mine(values, rejected, frozenset(by_people))
    return mine


def named_faces(connection: apsw.Connection, ids: Iterable[int]) -> Iterator[tuple[int, int, Region]]:
    """Yield (picture, character, region) of the named faces in pictures; not those in videos."""
    for _, picture, character, name, box in fetch(connection, _FACES, (bind_ids(ids),)):
        yield picture, character, Region(name, _box(box))


def take(write: Write, picture: int, merged: Merge) -> None:
    """Change a picture as its sidecar was changed; what is not valid is left out."""
    add_tags(write, picture, merged.add)
    remove_tags(write, picture, merged.remove)
    if merged.caption is not None:
        put_caption(write, picture, merged.caption)
    if merged.rating is not None:
        pictures.give_scores(write, [picture], merged.rating)
    for face in merged.add_faces:
        add_face(write, picture, face)
    remove_faces(write, picture, merged.remove_faces)


def add_tags(write: Write, picture: int, texts: Iterable[str]) -> None:
    valid = [text for text in texts if is_tag(text)]
    if valid:
        ids = names.add(write, [(name, fold) for fold, name in names.distinct(valid).items()])
        tags.annotate(write, [picture], list(ids.values()), True)


def remove_tags(write: Write, picture: int, texts: Iterable[str]) -> None:
    folds = {names.folded(text): text for text in texts}
    tags.take(write, [picture], list(write.derive(lambda connection: _ids(connection, folds))))


def put_caption(write: Write, picture: int, text: str) -> None:
    with suppress(Invalid):
        captions.put(write, [picture], captions.fit(text))


def add_face(write: Write, picture: int, face: Region) -> None:
    """Add a face of the character with a name, who is created if missing."""
    with suppress(Invalid):
        character = faces.named(write, face.name)
        if character is None:
            character = groups.make(write, CHARACTERS, Create(name=face.name)).id
        assert character is not None, "it was created"
        assignments.draw(write, picture, face.box, None, character)


def remove_faces(write: Write, picture: int, gone: Iterable[Region]) -> None:
    keys = {face_key(face) for face in gone}
    if keys:
        rows = write.execute(_FACES, (bind_ids([picture]),))
        ids = [id for id, _, _, name, box in rows if face_key(Region(name, _box(box))) in keys]
        write.execute("delete from said_who where id in carray(?)", (bind_ids(ids),))


def is_tag(text: str) -> bool:
    with suppress(Invalid):
        return bool(names.written(text))
    return False


def _ids(connection: apsw.Connection, folds: dict[str, str]) -> Iterable[int]:
    rows = fetch(connection, names.OF, (msgspec.json.encode(list(folds)).decode(),))
    return {tag for _, tag in rows}


def _box(text: str) -> Box:
    box: Any = (0.0, 0.0, 0.0, 0.0)
    with suppress(msgspec.DecodeError):
        box = msgspec.json.decode(text, type=Box)
    return box  # type: ignore[no-any-return]
