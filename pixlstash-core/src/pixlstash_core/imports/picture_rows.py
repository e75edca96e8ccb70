"""The rows of pictures and their locations, as imports write and read them.

Facts, prompts and payloads are written with the picture in one transaction, so no incomplete picture is ever visible.
"""

from __future__ import annotations

import secrets
from typing import Any

import zstandard
from msgspec import Struct

from ..database.connection import Database, bind_ids
from ..database.hub import now
from ..database.writer import Write
from ..query import scope
from ..types import Fact, Reader, Reading


def add(write: Write, reading: Reading, name: str, *, fallback: int, predecessor: int | None = None) -> int:
    """Add a picture with its facts, prompts and payloads, and return its id.

    `fallback` is its date, in ms UTC, if the file has none; `predecessor` is the picture that it replaces.
    """
    columns = {
        "public_id": secrets.token_hex(16),
        "sha256": reading.sha256,
        "name": name,
        "kind": reading.kind,
        "format": reading.format,
        "mime": reading.mime,
        "size": reading.size,
        "created": reading.created if reading.created is not None else fallback,
        "imported": now(),
        "predecessor_id": predecessor,
        **_read_columns(reading),
    }
    row = write.execute(
        f"insert into picture({', '.join(columns)}) values ({', '.join(f':{name}' for name in columns)}) returning id",
        columns,
    )
    picture: int = row[0][0]
    _add_metadata(write, picture, reading)
    return picture


def renew(write: Write, picture: int, reading: Reading) -> None:
    """Replace what was read from the picture's bytes before with a new reading of the same bytes."""
    columns = _read_columns(reading)
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    write.execute(
        f"update picture set {assignments}, created = coalesce(:created, created) where id = :id",
        {**columns, "created": reading.created, "id": picture},
    )
    for table in ("fact", "words", "payload"):
        write.execute(f"delete from {table} where picture_id = ?", (picture,))
    _add_metadata(write, picture, reading)


def give_up(write: Write, picture: int, why: str, cause: str, note: Fact) -> None:
    """Record why a picture has no thumbnail, and remove the fact `note`, which marks it as waiting for a reader."""
    write.execute("update picture set why = ?, cause = ? where id = ? and why is not null", (why, cause, picture))
    write.execute("delete from fact where picture_id = ? and name = ? and value = ?", (picture, note.name, note.value))


def _read_columns(reading: Reading) -> dict[str, Any]:
    """The columns of a picture that another reading of the same bytes may change."""
    columns = ("width", "height", "aspect", "colour", "moving", "seconds", "why", "cause")
    phash = reading.phash - (1 << 64) if reading.phash >> 63 else reading.phash  # SQLite's integers are signed
    return {"phash": phash, **{name: getattr(reading, name) for name in columns}}


def _add_metadata(write: Write, picture: int, reading: Reading) -> None:
    if reading.facts:
        write.many(
            "insert or ignore into fact values (?, ?, ?, ?, ?, ?)",
            [(picture, f.name, f.value, f.number, f.group, f.label) for f in reading.facts],
        )
    if reading.prompt or reading.negative:
        write.execute("insert into words values (?, ?, ?)", (picture, reading.prompt, reading.negative))
    if reading.payloads:
        pack = zstandard.ZstdCompressor(level=3)
        write.many(
            "insert into payload values (?, ?, ?)",
            [(picture, key, pack.compress(text.encode())) for key, text in reading.payloads.items()],
        )


def locate(write: Write, picture: int, store: int, key: str, size: int | None, mtime: int | None) -> bool:
    """Record a location of the picture; return whether anything changed."""
    write.execute(
        """
        insert into location(picture_id, store_id, key, size, mtime) values (?, ?, ?, ?, ?)
        on conflict(store_id, key) do update set picture_id = excluded.picture_id, size = excluded.size,
          mtime = excluded.mtime, state = 'present'
        where picture_id != excluded.picture_id or size is not excluded.size or mtime is not excluded.mtime
          or state != 'present'
        """,
        (picture, store, key, size, mtime),
    )
    return write.changes() > 0


def miss(write: Write, locations: list[int]) -> None:
    """Record that these files are gone: as missing, or not at all where the picture has another file in the store.

    That is what a file that was moved or renamed looks like.
    """
    write.execute(
        """
        delete from location where id in carray(:gone) and exists (
          select 1 from location o where o.picture_id = location.picture_id and o.store_id = location.store_id
            and o.state = 'present' and o.id not in carray(:gone))
        """,
        {"gone": bind_ids(locations)},
    )
    write.execute("update location set state = 'missing' where id in carray(?)", (bind_ids(locations),))


class Bytes(Struct, frozen=True):
    """The file of a picture: its name, type and hash, and its places as (store, key), those present first."""

    name: str
    mime: str
    sha256: str
    places: list[tuple[int, str]]


def bytes_of(db: Database, reader: Reader, picture: int) -> Bytes:
    """Return the file of a picture; `NotFound` if there is no such picture or the reader must not see it."""
    scope.require(reader, picture)
    rows = db.read(
        "select p.name, p.mime, lower(hex(p.sha256)), l.store_id, l.key from picture p"
        " left join location l on l.picture_id = p.id where p.id = ? order by l.state = 'missing', l.id",
        (picture,),
    )
    if not rows:
        raise scope.absent()
    places = [(row[3], row[4]) for row in rows if row[3] is not None]
    return Bytes(rows[0][0], rows[0][1], rows[0][2], places)


def by_hash(source: Database | Write, sha256: bytes) -> int | None:
    """Return the id of the picture with these bytes."""
    picture: int | None = source.value("select id from picture where sha256 = ?", (sha256,))
    return picture
