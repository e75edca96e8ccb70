"""The picture itself: how it is added, read, and how the derived tables it shows in are kept.

`GRID` and `WORDS` are the rules of the two derived tables. Facts, words and payloads belong to the picture's bytes and
are written with it, in one transaction: no half picture is ever visible.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from typing import Any

import apsw
import zstandard
from msgspec import Struct

from . import scope
from .db import Database, bind_ids, fetch
from .hub import now
from .nouns import Noun, Rule, Table
from .types import Location, Picture, PictureDetail, Reader, Reading, Row, ShownFact
from .write import Write

# Bits of `derived_grid.flags`; the lowest three are the score.
MOVING, STACKED, NO_STILL, NO_LOCATION = 8, 16, 32, 64

COLUMNS = "g.id, p.public_id, p.name, p.kind, p.format, p.width, p.height, p.size, g.created, g.imported, g.score, h.at"
JOINS = "join picture p on p.id = g.id left join scrapheap h on h.picture_id = g.id"


def refresh_grid(connection: apsw.Connection, ids: list[int]) -> None:
    """Make the grid's rows of these pictures equal to truth."""
    bound = {"ids": bind_ids(ids)}
    connection.execute(
        "delete from derived_grid where id in carray(:ids) and id not in (select id from picture)", bound
    ).fetchall()
    connection.execute(
        f"""
        insert or replace into derived_grid
        select p.id, h.at is null, p.created, p.imported, coalesce(s.score, 0), p.size, p.aspect, p.colour,
          coalesce(s.score, 0) + p.moving * {MOVING} + (p.why is not null) * {NO_STILL}
          + (not exists (select 1 from location l where l.picture_id = p.id and l.state != 'missing')) * {NO_LOCATION},
          p.name
        from picture p left join score s on s.picture_id = p.id left join scrapheap h on h.picture_id = p.id
        where p.id in carray(:ids)
        """,
        bound,
    ).fetchall()


def refresh_words(connection: apsw.Connection, ids: list[int]) -> None:
    """Make the full-text rows of these pictures equal to truth."""
    bound = {"ids": bind_ids(ids)}
    connection.execute("delete from derived_words where rowid in carray(:ids)", bound).fetchall()
    connection.execute(
        """
        insert into derived_words(rowid, name, prompt)
        select p.id, p.name, coalesce(w.prompt, '') from picture p left join words w on w.picture_id = p.id
        where p.id in carray(:ids)
        """,
        bound,
    ).fetchall()


NOUN = Noun(
    "pictures",
    tables=(
        Table("picture", "pictures", 0, "picture"),
        Table("location", "pictures", 1, "location"),
        Table("fact", "pictures", 0, "facts"),
        Table("words", "pictures", 0, "facts"),
        Table("payload", "pictures", 0, "facts"),
    ),
    rules=(
        Rule(frozenset({"picture", "location", "score", "scrapheap"}), refresh_grid),
        Rule(frozenset({"picture", "words"}), refresh_words),
    ),
)


# --- writing ----------------------------------------------------------------------------------------------------------


def add(write: Write, reading: Reading, name: str, *, fallback: int, predecessor: int | None = None) -> int:
    """One new picture with all that its bytes say; the id. `fallback`: when it was made, if the file does not say."""
    row = write.execute(
        """
        insert into picture(public_id, sha256, name, kind, format, mime, width, height, size, created, imported, aspect,
          colour, phash, moving, seconds, why, predecessor_id)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id
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
            reading.phash - (1 << 64) if reading.phash >> 63 else reading.phash,
            reading.moving,
            reading.seconds,
            reading.why,
            predecessor,
        ),
    )
    picture: int = row[0][0]
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
    return picture


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


# --- reading ----------------------------------------------------------------------------------------------------------


def detail(db: Database, reader: Reader, picture: int) -> PictureDetail:
    """Everything about one picture; `NotFound` when it is absent or outside the scope."""
    scope.require(reader, picture)
    with db.reading() as connection:
        rows = fetch(
            connection,
            """
            select p.id, p.public_id, p.name, p.kind, p.format, p.mime, p.width, p.height, p.size, p.created,
              p.imported, g.score, h.at, hex(p.sha256), p.predecessor_id, p.why, w.prompt, w.negative
            from derived_grid g join picture p on p.id = g.id left join scrapheap h on h.picture_id = p.id
              left join words w on w.picture_id = p.id
            where g.id = ?
            """,
            (picture,),
        )
        if not rows:
            raise scope.absent()
        facts = fetch(connection, "select grouping, name, label, value from fact where picture_id = ?", (picture,))
        payloads = fetch(connection, "select name from payload where picture_id = ?", (picture,))
        locations = fetch(
            connection,
            """
            select l.id, s.name, l.key, l.size, l.state from location l join store s on s.id = l.store_id
            where l.picture_id = ? order by l.id
            """,
            (picture,),
        )
    row = rows[0]
    before = row[14] if row[14] is not None and scope.sees(reader, row[14]) else None
    shown_facts = [shown(*fact) for fact in sorted(facts, key=_order)]
    # Where a file lies is the owner's business: a path tells more than a picture.
    places = [Location(*place) for place in locations] if reader.may("owner") else []
    deleted = when(row[12]) if row[12] is not None else None
    values: list[Any] = [*row[:9], when(row[9]), when(row[10]), row[11], deleted, row[13].lower(), before, row[15]]
    values += [shown_facts, row[16], row[17], [name for (name,) in payloads], places]
    return PictureDetail(*values)


def counts(db: Database, reader: Reader) -> tuple[int, int]:
    """(live, scrapheaped)."""
    if reader.scope.all:  # from small tables, not from a million rows
        dead = db.value("select count(*) from scrapheap")
        return db.value("select count(*) from picture") - dead, dead
    relation, bound = scope.visible(reader)
    found = db.read(f"select coalesce(sum(live), 0), count(*) from {relation}", bound)[0]
    return found[0], found[1] - found[0]


def hash_of(db: Database, reader: Reader, picture: int) -> tuple[bytes, str | None]:
    """(SHA-256, why there is no still)."""
    scope.require(reader, picture)
    rows = db.read("select sha256, why from picture where id = ?", (picture,))
    if not rows:
        raise scope.absent()
    return rows[0][0], rows[0][1]


class Bytes(Struct, frozen=True):
    """What a picture's bytes are called and where they lie: (store, key) pairs, those believed present first."""

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


def payload(db: Database, reader: Reader, picture: int, name: str) -> str:
    """One embedded text, verbatim."""
    scope.require(reader, picture)
    body = db.value("select body from payload where picture_id = ? and name = ?", (picture, name))
    if body is None:
        raise scope.absent()
    return zstandard.ZstdDecompressor().decompress(body, max_output_size=64 << 20).decode()


def rows(db: Database, reader: Reader, ids: list[int]) -> list[Row]:
    """Details of these pictures, in this order, without those that are gone or not visible."""
    relation, bound = scope.visible(reader)
    found = db.read(
        f"""
        select g.id, p.name, p.width, p.height, p.kind, p.format, p.size, g.created, g.score, p.seconds, p.why
        from {relation} g join picture p on p.id = g.id where g.id in carray(:ids)
        """,
        {"ids": bind_ids(ids), **bound},
    )
    by_id = {row[0]: Row(*[*row[:7], when(row[7]), row[8], clock(row[9]), row[10]]) for row in found}
    return [by_id[picture] for picture in ids if picture in by_id]


def listed(found: list[tuple[Any, ...]]) -> list[Picture]:
    """Pictures from rows of `COLUMNS`."""
    return [Picture(*[*row[:8], when(row[8]), when(row[9]), row[10], row[11] and when(row[11])]) for row in found]


def shown(group: str, name: str, label: str, value: str) -> ShownFact:
    return ShownFact(group, name, label, value, f"{name}:{exactly(value)}" if len(value) <= 200 else None)


def exactly(value: str) -> str:
    """The value of a query term that finds just this value."""
    return value if _NUMBER.fullmatch(value) else f"={quoted(value)}"


def quoted(value: str) -> str:
    """A value as the query language writes it."""
    if value and not any(c in '"():,' or c.isspace() for c in value) and not value.startswith(("-", ">", "<", "=")):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


#: 0001-01-01 and 9999-12-31: a file may claim any date.
EARLIEST, LATEST = -62_135_596_800_000, 253_402_300_799_999


def when(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(max(EARLIEST, min(milliseconds, LATEST)) / 1000, UTC)


def clock(seconds: float | None) -> str | None:
    return None if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_FIRST = ("model", "lora", "seed", "steps", "cfg", "sampler", "scheduler", "camera", "lens", "tool")


def _order(fact: tuple[Any, ...]) -> tuple[int, int, str]:
    group, name = fact[0], fact[1]
    rank = {"Generation": 0, "Camera": 1}.get(group, 2)
    return rank, _FIRST.index(name) if name in _FIRST else len(_FIRST), name
