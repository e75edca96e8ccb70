"""The rows of pictures and their locations, as imports write and read them.

Facts, words and payloads belong to the picture's bytes and are written with it, in one transaction: no half picture is
ever visible.
"""

from __future__ import annotations

import secrets

import zstandard
from msgspec import Struct

from ..database.connection import Database, bind_ids
from ..database.hub import now
from ..database.writer import Write
from ..query import scope
from ..types import Reader, Reading


def add(write: Write, reading: Reading, name: str, *, fallback: int, predecessor: int | None = None) -> int:
    """One new picture with all that its bytes say; the id. `fallback`: when it was made, if the file does not say."""
    row = write.execute(
        """
        insert into picture(public_id, sha256, name, kind, format, mime, width, height, size, created, imported, aspect,
          colour, phash, moving, seconds, why, cause, predecessor_id)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id
        """,
        (
            secrets.token_hex(16),
            reading.sha256,
            name,
            reading.kind,
            reading.format,
            reading.mime,
            reading.width,
            reading.height,
            reading.size,
            reading.created if reading.created is not None else fallback,
            now(),
            reading.aspect,
            reading.colour,
            _signed(reading.phash),
            reading.moving,
            reading.seconds,
            reading.why,
            reading.cause,
            predecessor,
        ),
    )
    picture: int = row[0][0]
    _say(write, picture, reading)
    return picture


def renew(write: Write, picture: int, reading: Reading) -> None:
    """Put what the same bytes say now, and how they look, in place of what was read from them before."""
    write.execute(
        """
        update picture set width = ?, height = ?, created = coalesce(?, created), aspect = ?, colour = ?, phash = ?,
          moving = ?, seconds = ?, why = ?, cause = ?
        where id = ?
        """,
        (
            reading.width,
            reading.height,
            reading.created,
            reading.aspect,
            reading.colour,
            _signed(reading.phash),
            reading.moving,
            reading.seconds,
            reading.why,
            reading.cause,
            picture,
        ),
    )
    for table in ("fact", "words", "payload"):
        write.execute(f"delete from {table} where picture_id = ?", (picture,))
    _say(write, picture, reading)


def give_up(write: Write, picture: int, why: str, cause: str) -> None:
    """Say why a picture still has no still."""
    write.execute("update picture set why = ?, cause = ? where id = ?", (why, cause, picture))


def _signed(phash: int) -> int:
    return phash - (1 << 64) if phash >> 63 else phash


def _say(write: Write, picture: int, reading: Reading) -> None:
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
    """Say that the bytes also lie here; whether that is news."""
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
    """Say that there is nothing at these locations any more."""
    write.execute("update location set state = 'missing' where id in carray(?)", (bind_ids(locations),))


def of_hash(write: Write, sha256: bytes) -> int | None:
    found: int | None = write.value("select id from picture where sha256 = ?", (sha256,))
    return found


class Bytes(Struct, frozen=True):
    """The name of a picture's file and its places: (store, key) pairs, the ones believed present first."""

    name: str
    mime: str
    sha256: str
    places: list[tuple[int, str]]


def bytes_of(db: Database, reader: Reader, picture: int) -> Bytes:
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


def by_hash(db: Database, sha256: bytes) -> int | None:
    """The picture with these bytes."""
    found: int | None = db.value("select id from picture where sha256 = ?", (sha256,))
    return found
