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

from ..database.connection import Database, bind_ids, fetch
from ..database.features import PICTURE, Derivation, Feature, Table
from ..database.hub import now
from ..database.writer import Write
from ..errors import Conflict, NotFound
from ..query import scope
from ..types import Location, Picture, PictureDetail, Reader, Reading, Row, ShownFact
from ..types.facts import KNOWN

# Bits of `derived_grid.flags`; the lowest three are the score. STACKED: others lie beneath it. TURNED: by a person.
MOVING, STACKED, NO_STILL, NO_LOCATION, TURNED = 8, 16, 32, 64, 128
#: What a block shows of a picture, in `derived_grid`.
SHOWN = "(flags << 16) | colour"

COLUMNS = "g.id, p.public_id, p.name, p.kind, p.format, g.width, g.height, p.size, g.created, g.imported, g.score, h.at"
JOINS = "join picture p on p.id = g.id left join scrapheap h on h.picture_id = g.id"


def refresh_grid(connection: apsw.Connection, ids: list[int]) -> None:
    """Make the grid's rows of these pictures equal to truth."""
    bound = {"ids": bind_ids(ids)}
    connection.execute(
        "delete from derived_grid where id in carray(:ids) and id not in (select id from picture)", bound
    ).fetchall()
    connection.execute(
        f"""
        insert or replace into derived_grid(id, live, created, imported, score, size, aspect, colour, flags, name,
          covered, width, height)
        select p.id, h.at is null, coalesce(c.created, p.created), p.imported, coalesce(s.score, 0), p.size,
          iif(coalesce(c.turn, 0) & 1, min(255, 256 - p.aspect), p.aspect), p.colour,
          coalesce(s.score, 0) + p.moving * {MOVING} + (p.why is not null) * {NO_STILL}
          + (not exists (select 1 from location l where l.picture_id = p.id and l.state != 'missing')) * {NO_LOCATION}
          + (coalesce(c.turn, 0) != 0) * {TURNED}
          + (m.stack_id is not null and h.at is null and not {_LIVE_MEMBER.format("<")} and {_LIVE_MEMBER.format(">")})
          * {STACKED},
          p.name, m.stack_id is not null and h.at is null and {_LIVE_MEMBER.format("<")},
          iif(coalesce(c.turn, 0) & 1, p.height, p.width), iif(coalesce(c.turn, 0) & 1, p.width, p.height)
        from picture p left join score s on s.picture_id = p.id left join scrapheap h on h.picture_id = p.id
          left join stack_member m on m.picture_id = p.id left join correction c on c.picture_id = p.id
        where p.id in carray(:ids)
        """,
        bound,
    ).fetchall()


#: The pictures in a stack with some: what becomes of one shows in the others.
BESIDE = (
    "select picture_id from stack_member where stack_id in"
    " (select stack_id from stack_member where picture_id in carray(?))"
)
#: Whether the stack of `m` has a picture that is not in the scrapheap before or behind it.
_LIVE_MEMBER = """exists (select 1 from stack_member o left join scrapheap x on x.picture_id = o.picture_id
          where o.stack_id = m.stack_id and x.at is null
            and (o.position, o.picture_id) {} (m.position, m.picture_id))"""


def refresh_words(connection: apsw.Connection, ids: list[int]) -> None:
    """Make the full-text rows of these pictures equal to truth."""
    bound = {"ids": bind_ids(ids)}
    connection.execute("delete from derived_words where rowid in carray(:ids)", bound).fetchall()
    connection.execute(
        """
        insert into derived_words(rowid, name, prompt, title, description, keywords, negative, caption)
        select p.id, p.name, coalesce(w.prompt, ''),
          (select group_concat(value, ' ') from fact where picture_id = p.id and name = 'title'),
          (select group_concat(value, ' ') from fact where picture_id = p.id and name = 'description'),
          (select group_concat(value, ' | ') from fact where picture_id = p.id and name = 'keyword'),
          coalesce(w.negative, ''), coalesce(c.text, '')
        from picture p left join words w on w.picture_id = p.id left join captions c on c.picture_id = p.id
        where p.id in carray(:ids)
        """,
        bound,
    ).fetchall()


_FACTS = ("pictures", 0, "facts")
GRID = Derivation(frozenset({"picture", "location", "score", "scrapheap", "stack_member", "correction"}), refresh_grid)
FEATURE = Feature(
    "pictures",
    tables=(
        Table("picture", "pictures", 0, "picture", merge="root", says="r.name"),
        Table(
            *("location", "pictures", 1, "location"),
            merge="bytes",
            within=PICTURE,
            topic="locations",
            says="(select name from {db}.store where id = r.store_id) || ': ' || r.key || ' (' || r.state || ')'",
        ),
        Table("fact", *_FACTS, merge="bytes", within=PICTURE, topic="facts", says="r.label || ': ' || r.value"),
        Table("words", *_FACTS, merge="bytes", within=PICTURE, topic="facts", says="r.prompt"),
        Table("payload", *_FACTS, merge="bytes", within=PICTURE, topic="facts", says="r.name"),
    ),
    rules=(
        GRID,
        Derivation(frozenset({"picture", "words", "fact", "said_caption", "caption_output"}), refresh_words),
    ),
)


# --- writing ----------------------------------------------------------------------------------------------------------


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


# --- reading ----------------------------------------------------------------------------------------------------------


def detail(db: Database, reader: Reader, picture: int) -> PictureDetail:
    """Everything about one picture; `NotFound` when it is absent or outside the scope."""
    scope.require(reader, picture)
    with db.reading() as connection:
        rows = fetch(
            connection,
            """
            select p.id, p.public_id, p.name, p.kind, p.format, p.mime, g.width, g.height, p.size, g.created,
              p.imported, g.score, h.at, hex(p.sha256), p.predecessor_id, p.why, w.prompt, w.negative,
              coalesce(c.turn, 0), iif(c.created is null, null, p.created)
            from derived_grid g join picture p on p.id = g.id left join scrapheap h on h.picture_id = p.id
              left join words w on w.picture_id = p.id left join correction c on c.picture_id = p.id
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
    values += [row[18], when(row[19]) if row[19] is not None else None]
    return PictureDetail(*values)


def counts(db: Database, reader: Reader) -> tuple[int, int]:
    """(live, scrapheaped)."""
    with db.reading() as connection:
        return counts_in(connection, reader)


def counts_in(connection: apsw.Connection, reader: Reader) -> tuple[int, int]:
    """The same within a read that sees one instant."""
    if reader.scope.all:  # from small tables, not from a million rows
        live = fetch(connection, "select pictures from derived_count where noun = 'library' and id = 0")
        dead = fetch(connection, "select count(*) from scrapheap")
        return live[0][0] if live else 0, dead[0][0]
    relation, bound = scope.visible(reader)
    live, every = fetch(connection, f"select coalesce(sum(live), 0), count(*) from {relation}", bound)[0]
    return live, every - live


def demand(db: Database, reader: Reader, ids: list[int], *, scrapped: bool) -> None:
    """Raise unless all these pictures are there; the same for absent and not visible."""
    relation, bound = scope.visible(reader)
    given = set(ids)
    bound = {**bound, "given": bind_ids(sorted(given))}
    found = f"from {relation} g where g.id in carray(:given)"
    if db.read(f"select count(*) {found}" + ("" if scrapped else " and g.live"), bound) == [(len(given),)]:
        return
    refuse(given, dict(db.read(f"select g.id, g.live {found}", bound)), scrapped=scrapped)


def refuse(given: set[int], found: dict[int, int], *, scrapped: bool) -> None:
    """Raise unless all that are given were found (by id, whether it is live), and (unless `scrapped`) live."""
    if absent := min(given - found.keys(), default=None):
        raise NotFound(f"There is no picture {absent}. Nothing was changed.")
    if not scrapped and (gone := min((id for id, live in found.items() if not live), default=None)):
        raise Conflict(f"Picture {gone} is in the scrapheap: take it out first. Nothing was changed.")


def hash_of(db: Database, reader: Reader, picture: int) -> tuple[bytes, str | None]:
    """(SHA-256, why there is no still)."""
    scope.require(reader, picture)
    rows = db.read("select sha256, why from picture where id = ?", (picture,))
    if not rows:
        raise scope.absent()
    return rows[0][0], rows[0][1]


def turn_of(db: Database, picture: int) -> int:
    """Quarters clockwise that a person turned it by."""
    turn: int = db.value("select turn from correction where picture_id = ?", (picture,), 0)
    return turn


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


def names(db: Database, ids: list[int]) -> list[str]:
    """What these pictures are called, in no order."""
    return [name for (name,) in db.read("select name from picture where id in carray(?)", (bind_ids(ids),))]


def by_hash(db: Database, sha256: bytes) -> int | None:
    """The picture with these bytes."""
    found: int | None = db.value("select id from picture where sha256 = ?", (sha256,))
    return found


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
        select g.id, p.name, g.width, g.height, p.kind, p.format, p.size, g.created, g.score, p.seconds, p.why
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
_RANK = {one.name: at for at, one in enumerate(KNOWN)}


def _order(fact: tuple[Any, ...]) -> tuple[int, int, str]:
    group, name = fact[0], fact[1]
    rank = {"Generation": 0, "Camera": 1}.get(group, 2)
    return rank, _RANK.get(name, len(_RANK)), name
