"""What exports read of pictures: their files, and everything that was annotated."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import apsw
import msgspec
from msgspec import Struct

from ..database.connection import Database, bind_ids, fetch
from ..imports.locations import OWN
from ..query import scope
from ..sidecars.picture_values import named_faces
from ..sidecars.values import Region
from ..storage.local import path_of
from ..tags.entries import EFFECTIVE, ENGINE, WHOLE, YES, of_pictures
from ..texts import feature as texts
from ..types import Reader

#: Pictures that are read at once.
PAGE = 500


class Source(Struct, frozen=True):
    """A picture's file. `width` and `height` in pixels as it is shown; `created` in ms; `turn` in quarters clockwise.

    `places` are (store, key), available ones first; `folder` is the first that a person would know, below the name of
    its store, or empty.
    """

    id: int
    public_id: str
    name: str
    kind: str
    format: str
    mime: str
    width: int
    height: int
    size: int
    created: int
    moving: bool
    turn: int
    score: int
    sha256: bytes
    places: list[tuple[int, str]]
    folder: str = ""


class TagUse(Struct, frozen=True):
    """An effective tag of a picture. `person`: somebody assigned or accepted it; `confidence` of an engine, 0 to 1."""

    name: str
    category: str
    confidence: float
    person: bool
    engine: bool


class Annotations(Struct):
    """What is known of one picture. `tags`: those of people first, then by confidence. `captions` by engine.

    `lines`: the text in the picture; a line that a video shows for some time occurs once. `faces`: those with a name.
    """

    tags: list[TagUse] = []
    own: str = ""
    captions: dict[str, str] = {}
    prompt: str = ""
    negative: str = ""
    characters: list[str] = []
    sets: list[str] = []
    lines: list[str] = []
    faces: list[Region] = []

    @property
    def caption(self) -> str:
        """The caption that people are shown: their own, else that of the first active captioner."""
        return self.own or next(iter(self.captions.values()), "")


def sources(db: Database, reader: Reader, ids: Sequence[int]) -> Iterator[Source]:
    """Yield these pictures in this order, without those that are deleted or not visible."""
    for start in range(0, len(ids), PAGE):
        page = [id for id in ids[start : start + PAGE] if scope.sees(reader, id)]
        with db.reading() as connection:
            rows = fetch(connection, _SOURCES, (bind_ids(page),))
            places: dict[int, list[tuple[int, str]]] = defaultdict(list)
            folders: dict[int, str] = {}
            for picture, store, key, scheme, name in fetch(connection, _PLACES, (bind_ids(page),)):
                places[picture].append((store, key))
                if scheme != OWN and reader.scope.all:
                    folders.setdefault(picture, _folder(name, key))
        by_id = {row[0]: row for row in rows}
        for id in page:
            if (row := by_id.get(id)) is not None:
                yield Source(*row[:10], bool(row[10]), *row[11:], places.get(id, []), folders.get(id, ""))  # type: ignore[call-arg]


def notes_of(db: Database, reader: Reader, ids: Sequence[int]) -> dict[int, Annotations]:
    """Return the annotations of a page of pictures by id. Groups that the reader may not know of are left out."""
    bound = bind_ids(ids)
    notes: dict[int, Annotations] = defaultdict(Annotations)
    with db.reading() as connection:
        for picture, uses in _tags(connection, ids).items():
            notes[picture].tags = uses
        for picture, text in fetch(connection, _OWN, (bound,)):
            notes[picture].own = text
        for picture, engine, text in fetch(connection, _CAPTIONS, (bound,)):
            notes[picture].captions = {**notes[picture].captions, engine: text}
        for picture, prompt, negative in fetch(connection, _WORDS, (bound,)):
            notes[picture].prompt, notes[picture].negative = prompt or "", negative or ""
        for picture, text in texts.of_pictures(connection, ids).items():
            notes[picture].lines = list(dict.fromkeys(text.split("\n")))
        for picture, names in _groups(connection, reader, "character", _CHARACTERS, bound):
            notes[picture].characters = names
        for picture, names in _groups(connection, reader, "set", _SETS, bound):
            notes[picture].sets = names
        for picture, character, face in named_faces(connection, ids):
            if _knows(reader, "character", character):
                notes[picture].faces = [*notes[picture].faces, face]
    return notes


def by_hash(db: Database, hashes: Iterable[str]) -> list[int]:
    """Return the ids of the pictures whose originals have these SHA-256 hashes, in hexadecimal."""
    valid = [text.upper() for text in hashes if len(text) == 64 and text.isascii() and text.isalnum()]
    rows = db.read(
        "select id from picture where sha256 in (select unhex(value) from json_each(?))",
        (msgspec.json.encode(valid).decode(),),
    )
    return [row[0] for row in rows]


def total_size(db: Database, ids: Sequence[int]) -> int:
    """Return the sum of the sizes of the originals, in bytes."""
    return int(db.value("select coalesce(sum(size), 0) from picture where id in carray(?)", (bind_ids(ids),)))


def _tags(connection: apsw.Connection, ids: Iterable[int]) -> dict[int, list[TagUse]]:
    pictures = of_pictures(connection, ids)
    used = {tag for values in pictures.values() for tag in values}
    names = {
        id: (name, category)
        for id, name, category in fetch(
            connection, "select id, name, category from tag where id in carray(?)", (bind_ids(used),)
        )
    }
    uses: dict[int, list[TagUse]] = {}
    for picture, values in pictures.items():
        present = [
            TagUse(*names[tag], (value >> 8) / WHOLE, bool(value & YES), bool(value & ENGINE))
            for tag, value in values.items()
            if value & EFFECTIVE and tag in names
        ]
        uses[picture] = sorted(present, key=lambda use: (not use.person, -use.confidence, use.name))
    return uses


def _groups(
    connection: apsw.Connection, reader: Reader, noun: str, sql: str, bound: object
) -> Iterator[tuple[int, list[str]]]:
    """Yield (picture, names of its groups in order)."""
    names: dict[int, list[str]] = defaultdict(list)
    for picture, group, name in fetch(connection, sql, (bound,)):
        if _knows(reader, noun, group):
            names[picture].append(name)
    yield from names.items()


def _knows(reader: Reader, noun: str, group: int) -> bool:
    return reader.scope.all or (noun, group) in reader.scope.groups


def _folder(store: str, key: str) -> str:
    """The folder of a file below the name of its store, with slashes."""
    path = os.fsencode(path_of(key)).decode(errors="replace")
    return f"{store.replace('/', '_')}/{path}".rpartition("/")[0]


_SOURCES = """
    select p.id, p.public_id, p.name, p.kind, p.format, p.mime, g.width, g.height, p.size, g.created, p.moving,
      coalesce(c.turn, 0), g.score, p.sha256
    from derived_grid g join picture p on p.id = g.id left join correction c on c.picture_id = p.id
    where g.id in carray(?)
    """
_PLACES = """
    select l.picture_id, l.store_id, l.key, s.scheme, s.name from location l join store s on s.id = l.store_id
    where l.picture_id in carray(?) order by l.state = 'missing', l.id
    """
_OWN = "select picture_id, text from said_caption where picture_id in carray(?) and text != ''"
_CAPTIONS = """
    select o.picture_id, p.engine, o.text from active a join caption_output o on o.producer_id = a.producer_id
    join producer p on p.id = o.producer_id
    where a.kind = 'caption' and o.picture_id in carray(?) and o.text != '' order by o.picture_id, a.rank, p.id
    """
_WORDS = "select picture_id, prompt, negative from words where picture_id in carray(?)"
_CHARACTERS = """
    select distinct w.picture_id, c.id, c.name from said_who w join character c on c.id = w.character_id
    where w.yes and w.picture_id in carray(?) order by w.picture_id, c.name, c.id
    """
_SETS = """
    select m.picture_id, s.id, s.name from set_member m join picture_set s on s.id = m.set_id
    where m.picture_id in carray(?) order by m.picture_id, s.name, s.id
    """
