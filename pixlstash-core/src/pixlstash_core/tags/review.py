"""What engines suggest of a tag and nobody decided on, with how doubtful each is."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
from msgspec import Struct

from ..database.connection import bind_ids, fetch
from ..types import EngineTag
from .entries import EFFECTIVE, NEVER, NO, WHOLE, YES, unpack

#: Closer to a threshold than this is doubtful; so far apart do engines disagree.
NEAR = 0.15


class Doubtful(Struct, frozen=True):
    """A picture with an engine's tag: how sure that is of it, whether it counts, and how doubtful it is (0 to 1)."""

    picture: int
    confidence: float
    effective: bool
    doubt: float
    engines: list[EngineTag]


_WAITING = f"""
    select t.picture_id, t.confidence, t.state from derived_tagged t
    where t.tag_id = :tag and t.confidence > 0 and not t.state & {YES | NO | NEVER}
    """
_TAGS = f"""
    select t.tag_id, count(*), sum(abs(t.confidence - :least) <= :near) from derived_tagged t
    where t.picture_id in carray(:ids) and t.confidence > 0 and not t.state & {YES | NO | NEVER}
      and (t.state & {EFFECTIVE} or abs(t.confidence - :least) <= :near)
    group by t.tag_id order by 3 desc, 2 desc, t.tag_id limit :limit
    """
_ENGINES = """
    select o.picture_id, p.engine, a.threshold, o.body from derived_active a
      join producer p on p.id = a.producer_id join tag_output o on o.producer_id = a.producer_id
    where a.version = 0 and o.picture_id in carray(?) order by o.picture_id, a.rank
    """


def of_tag(connection: apsw.Connection, tag: int) -> list[tuple[int, int, int]]:
    """(picture, confidence × 65,535, state) of what nobody decided on."""
    return [(picture, sure, state) for picture, sure, state in fetch(connection, _WAITING, {"tag": tag})]


def ordered(connection: apsw.Connection, tag: int, waiting: Sequence[tuple[int, int, int]]) -> list[Doubtful]:
    """The same, the most doubtful first."""
    low = _threshold(connection)
    told = _engines(connection, tag, [picture for picture, _, _ in waiting])
    found = [
        Doubtful(picture, round(sure / WHOLE, 4), bool(state & EFFECTIVE), round(doubt, 4), engines)
        for picture, sure, state in waiting
        for engines in [told.get(picture, [])]
        for doubt in [_doubt(sure / WHOLE, low, engines)]
    ]
    return sorted(found, key=lambda one: (-one.doubt, -one.confidence, one.picture))


def tags_of(connection: apsw.Connection, ids: Sequence[int], limit: int) -> list[tuple[str, str, int, int]]:
    """(name, category, how many nobody decided on, how many of these are doubtful) of tags in pictures."""
    low = int(_threshold(connection) * WHOLE)
    bound = {"ids": bind_ids(ids), "least": low, "near": int(NEAR * WHOLE), "limit": limit}
    rows = fetch(connection, _TAGS, bound)
    named = {
        id: (name, category)
        for id, name, category in fetch(
            connection, "select id, name, category from tag where id in carray(?)", (bind_ids(row[0] for row in rows),)
        )
    }
    return [(*named[tag], waiting, doubtful) for tag, waiting, doubtful in rows]


def _threshold(connection: apsw.Connection) -> float:
    """The one that counts most: of the first engine."""
    rows = fetch(connection, "select threshold from derived_active where version = 0 order by rank limit 1")
    return rows[0][0] / WHOLE if rows else 0.35


def _doubt(sure: float, low: float, engines: Sequence[EngineTag]) -> float:
    """How close to the threshold it is, or how far apart engines are, whichever is more."""
    reach = 1 - low if sure >= low else low
    near = 1 - abs(sure - low) / max(reach, 1e-6)
    each = [one.confidence for one in engines]
    apart = max(each) - min(each) if len(each) > 1 else 0.0
    split = len({one.above for one in engines}) > 1
    return min(1.0, max(near, apart if split else 0.0))


def _engines(connection: apsw.Connection, tag: int, pictures: Sequence[int]) -> dict[int, list[EngineTag]]:
    """What each engine that looked at a picture says of a tag; 0 where it did not find it."""
    meaning = "select tag_id from derived_meaning where version = 0 and means_id = ? and how != 1"
    same = {tag, *(row[0] for row in fetch(connection, meaning, (tag,)))}
    found: dict[int, list[EngineTag]] = {}
    for picture, engine, low, body in fetch(connection, _ENGINES, (bind_ids(pictures),)):
        sure = max((confidence for one, confidence in unpack(body) if one in same), default=0)
        found.setdefault(picture, []).append(EngineTag(engine, round(sure / WHOLE, 4), sure >= low > 0))
    return found
