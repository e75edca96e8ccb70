"""The tables of pictures, scores and the scrapheap, reading them, and the derived full-text index."""

from __future__ import annotations

import re
from typing import Any

import apsw
import zstandard

from ..database.connection import Database, bind_ids, fetch
from ..database.features import PICTURE, Condition, Derivation, Feature, Sort, Table, Term
from ..database.hub import now
from ..database.writer import Write
from ..query import offers, scope
from ..query.grid import BESIDE, GRID
from ..query.language import exactly
from ..query.terms import number, within
from ..types import Location, PictureDetail, Reader, ShownFact
from ..types.files import KNOWN
from ..types.times import when

MOST = 5
_SAYS = "'in the scrapheap'"
_TABLE = Table("scrapheap", "scrapheap", 0, "deleted", ((0, BESIDE),), merge="presence", says=_SAYS)
SCRAPHEAP = Feature("scrapheap", tables=(_TABLE,))


def refresh_words(connection: apsw.Connection, ids: list[int]) -> None:
    """Update the full-text rows of these pictures."""
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


def detail(db: Database, reader: Reader, picture: int) -> PictureDetail:
    """Return everything about one picture; `NotFound` if it does not exist or is outside the scope."""
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
    # Only the owner may see where files are.
    places = [Location(*place) for place in locations] if reader.may("owner") else []
    deleted = when(row[12]) if row[12] is not None else None
    values: list[Any] = [*row[:9], when(row[9]), when(row[10]), row[11], deleted, row[13].lower(), before, row[15]]
    values += [shown_facts, row[16], row[17], [name for (name,) in payloads], places]
    values += [row[18], when(row[19]) if row[19] is not None else None]
    return PictureDetail(*values)


def hash_of(db: Database, reader: Reader, picture: int) -> tuple[bytes, str | None]:
    """Return (SHA-256, why there is no thumbnail)."""
    scope.require(reader, picture)
    rows = db.read("select sha256, why from picture where id = ?", (picture,))
    if not rows:
        raise scope.absent()
    return rows[0][0], rows[0][1]


def turn_of(db: Database, picture: int) -> int:
    """Return by how many quarters a person rotated the picture clockwise."""
    turn: int = db.value("select turn from correction where picture_id = ?", (picture,), 0)
    return turn


def names(db: Database, ids: list[int]) -> list[str]:
    """Return the names of these pictures, in no order."""
    return [name for (name,) in db.read("select name from picture where id in carray(?)", (bind_ids(ids),))]


def payload(db: Database, reader: Reader, picture: int, name: str) -> str:
    """Return one embedded text, verbatim."""
    scope.require(reader, picture)
    body = db.value("select body from payload where picture_id = ? and name = ?", (picture, name))
    if body is None:
        raise scope.absent()
    return zstandard.ZstdDecompressor().decompress(body, max_output_size=64 << 20).decode()


def shown(group: str, name: str, label: str, value: str) -> ShownFact:
    return ShownFact(group, name, label, value, f"{name}:{exactly(value)}" if len(value) <= 200 else None)


_RANK = {fact.name: rank for rank, fact in enumerate(KNOWN)}


def _order(fact: tuple[Any, ...]) -> tuple[int, int, str]:
    group, name = fact[0], fact[1]
    rank = {"Generation": 0, "Camera": 1}.get(group, 2)
    return rank, _RANK.get(name, len(_RANK)), name


def _stars(value: str) -> Condition:
    condition = within("score")(value)
    if any(not 0 <= number(text) <= MOST for text in re.findall(r"-?[\d.]*\d", value.replace("..", " "))):
        raise ValueError(f"a number of stars from 0 to {MOST}")
    return condition


SCORES = Feature(
    "scores",
    tables=(Table("score", "scores", 0, "score", kinds=frozenset({"scores"}), says="r.score"),),
    terms=(Term("score", "Score", _stars, topics=("pictures", "scores"), offers=offers.scores),),
    sorts=(Sort("score", ("scores",)),),
    inherits=("insert or ignore into score select :new, score from score where picture_id = :old",),
)


def give_scores(write: Write, ids: list[int], score: int) -> int:
    """Score these pictures; return how many changed."""
    bound = {"ids": bind_ids(ids), "score": score}
    if score == 0:
        write.execute("delete from score where picture_id in carray(:ids)", bound)
        return write.changes()
    write.execute(
        """
        insert into score select id, :score from picture where id in carray(:ids)
        on conflict(picture_id) do update set score = excluded.score where score != excluded.score
        """,
        bound,
    )
    return write.changes()


def put_in_scrapheap(write: Write, ids: list[int]) -> int:
    """Move these pictures to the scrapheap; return how many were not there yet."""
    write.execute(
        "insert or ignore into scrapheap select id, :now from picture where id in carray(:ids)",
        {"ids": bind_ids(ids), "now": now()},
    )
    return write.changes()


def take_from_scrapheap(write: Write, ids: list[int]) -> int:
    """Restore these pictures; return how many were in the scrapheap."""
    write.execute("delete from scrapheap where picture_id in carray(:ids)", {"ids": bind_ids(ids)})
    return write.changes()
