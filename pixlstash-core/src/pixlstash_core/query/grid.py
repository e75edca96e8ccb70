"""The grid's derived table, and rows for lists of pictures."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import apsw

from ..database.connection import Database, bind_ids
from ..database.features import Derivation
from ..types import Picture, Reader, Row
from ..types.times import clock, when
from . import scope

# Bits of `derived_grid.flags`; the lowest three are the score. STACKED: it leads a stack. TURNED: rotated by the user.
MOVING, STACKED, NO_STILL, NO_LOCATION, TURNED = 8, 16, 32, 64, 128
#: The expression for what a block shows of a picture, in `derived_grid`.
SHOWN = "(flags << 16) | colour"
COLUMNS = "g.id, p.public_id, p.name, p.kind, p.format, g.width, g.height, p.size, g.created, g.imported, g.score, h.at"
JOINS = "join picture p on p.id = g.id left join scrapheap h on h.picture_id = g.id"


def refresh_grid(connection: apsw.Connection, ids: list[int]) -> None:
    """Update the grid's rows of these pictures."""
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


#: The pictures in the same stacks as some pictures, because a change of one can change how the others are shown.
BESIDE = (
    "select picture_id from stack_member where stack_id in"
    " (select stack_id from stack_member where picture_id in carray(?))"
)
#: Whether the stack of `m` has a picture outside the scrapheap before or after it.
_LIVE_MEMBER = """exists (select 1 from stack_member o left join scrapheap x on x.picture_id = o.picture_id
          where o.stack_id = m.stack_id and x.at is null
            and (o.position, o.picture_id) {} (m.position, m.picture_id))"""
GRID = Derivation(frozenset({"picture", "location", "score", "scrapheap", "stack_member", "correction"}), refresh_grid)


def rows(db: Database, reader: Reader, ids: list[int], hidden: Sequence[int] = ()) -> list[Row]:
    """Return details of these pictures in this order, without those that are deleted or not visible.

    `hidden`: ascending ids of pictures that are not counted in stacks.
    """
    relation, bound = scope.visible(reader)
    rows = db.read(
        f"""
        select g.id, p.name, g.width, g.height, p.kind, p.format, p.size, g.created, g.score, p.seconds, p.why
        from {relation} g join picture p on p.id = g.id where g.id in carray(:ids)
        """,
        {"ids": bind_ids(ids), **bound},
    )
    sizes = stack_sizes(db, reader, ids, hidden)
    by_id = {row[0]: Row(*[*row[:7], when(row[7]), row[8], clock(row[9]), row[10], sizes.get(row[0])]) for row in rows}
    return [by_id[picture] for picture in ids if picture in by_id]


def stack_sizes(db: Database, reader: Reader, ids: list[int], hidden: Sequence[int]) -> dict[int, int]:
    """Return the number of visible pictures in stacks of two or more, by cover, for these covers."""
    relation, bound = scope.visible(reader)
    members = db.read(
        f"""
        select c.id, g.id from derived_grid c join stack_member m on m.picture_id = c.id
          join stack_member o on o.stack_id = m.stack_id join {relation} g on g.id = o.picture_id and g.live
        where c.id in carray(:ids) and c.flags & {STACKED}
        """,
        {"ids": bind_ids(ids), **bound},
    )
    sizes = Counter(cover for cover, picture in members if not contains(hidden, picture))
    return {cover: size for cover, size in sizes.items() if size > 1}


def contains(ascending: Sequence[int], value: int) -> bool:
    at = bisect_left(ascending, value)
    return at < len(ascending) and ascending[at] == value


def listed(rows: list[tuple[Any, ...]]) -> list[Picture]:
    """Return pictures from rows of `COLUMNS`."""
    return [Picture(*[*row[:8], when(row[8]), when(row[9]), row[10], row[11] and when(row[11])]) for row in rows]


def with_stacks(db: Database, ids: Iterable[int]) -> list[int]:
    """Return these pictures and all in a stack with one of them, ascending."""
    return sorted({*ids, *(picture for (picture,) in db.read(BESIDE, (bind_ids(ids),)))})
