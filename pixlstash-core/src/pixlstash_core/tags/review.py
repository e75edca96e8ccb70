"""The review queue of a tag: engine tags that nobody accepted or rejected, and how doubtful each is."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
from msgspec import Struct

from ..database.connection import bind_ids, fetch
from ..types import EngineTag, ReviewOrder
from .entries import EFFECTIVE, NEVER, NO, WHOLE, YES, unpack

#: A confidence is doubtful if it is closer to the threshold than this.
NEAR = 0.15
#: The threshold if no engine is active.
LEAST = 0.35


class Doubtful(Struct, frozen=True):
    """A picture with an undecided engine tag: its confidence, whether it counts, and its doubt (0 to 1)."""

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
    select o.picture_id, p.engine, a.threshold, o.body,
      exists (select 1 from training where producer_id = p.id and subject = 'tags')
    from derived_active a
      join producer p on p.id = a.producer_id join tag_output o on o.producer_id = a.producer_id
    where a.version = 0 and o.picture_id in carray(?) order by o.picture_id, a.rank
    """
#: Reports of engines that learn from tags list them, with whether each was learned.
_LEARNED = """
    select 1 from derived_active a join training t on t.producer_id = a.producer_id, json_each(t.report, '$.tags') r
    where a.version = 0 and t.subject = 'tags'
      and case r.type when 'object' then r.value ->> 'id' = :tag and coalesce(r.value ->> 'learned', 1) end limit 1
    """


def of_tag(connection: apsw.Connection, tag: int) -> list[tuple[int, int, int]]:
    """Return (picture, confidence × 65,535, state) of the undecided pictures of a tag."""
    return [(picture, sure, state) for picture, sure, state in fetch(connection, _WAITING, {"tag": tag})]


def ordered(
    connection: apsw.Connection, tag: int, waiting: Sequence[tuple[int, int, int]], order: ReviewOrder
) -> list[Doubtful]:
    """Return the undecided pictures of `of_tag` in an order."""
    low = _threshold(connection)
    engines_of, learned = _engines(connection, tag, [picture for picture, _, _ in waiting])
    doubtful = [
        Doubtful(picture, round(sure / WHOLE, 4), bool(state & EFFECTIVE), round(doubt, 4), engines)
        for picture, sure, state in waiting
        for engines in [engines_of.get(picture, [])]
        for doubt in [_doubt(sure / WHOLE, low, engines)]
    ]

    def key(entry: Doubtful) -> tuple[float, float, float, int]:
        taught = 1 - abs(2 * learned.get(entry.picture, 0.0) - 1)
        first = {"doubtful": 0.0, "teaching": -taught, "likely": -entry.confidence}[order]
        return first, -entry.doubt, -entry.confidence, entry.picture

    return sorted(doubtful, key=key)


def is_learned(connection: apsw.Connection, tag: int) -> bool:
    """Return whether an active engine has learned a tag from people's decisions."""
    return bool(fetch(connection, _LEARNED, {"tag": tag}))


def tags_of(connection: apsw.Connection, ids: Sequence[int], limit: int) -> list[tuple[str, str, int, int]]:
    """Return (name, category, number undecided, number doubtful) of the tags of these pictures."""
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
    """Return the threshold of the first engine, 0 to 1."""
    rows = fetch(connection, "select threshold from derived_active where version = 0 order by rank limit 1")
    return rows[0][0] / WHOLE if rows else LEAST


def _doubt(sure: float, low: float, engines: Sequence[EngineTag]) -> float:
    """Return the doubt: by closeness to the threshold or by disagreement of engines, whichever is higher."""
    reach = 1 - low if sure >= low else low
    near = 1 - abs(sure - low) / max(reach, 1e-6)
    confidences = [tag.confidence for tag in engines]
    apart = max(confidences) - min(confidences) if len(confidences) > 1 else 0.0
    split = len({tag.above for tag in engines}) > 1
    return min(1.0, max(near, apart if split else 0.0))


def _engines(
    connection: apsw.Connection, tag: int, pictures: Sequence[int]
) -> tuple[dict[int, list[EngineTag]], dict[int, float]]:
    """Return the tag of each engine that processed a picture; confidence 0 if it did not assign it.

    The second result has the confidence of an engine that learns from people's decisions, if it assigned the tag.
    """
    meaning = "select tag_id from derived_meaning where version = 0 and means_id = ? and how != 1"
    same = {tag, *(row[0] for row in fetch(connection, meaning, (tag,)))}
    engines: dict[int, list[EngineTag]] = {}
    learned: dict[int, float] = {}
    for picture, engine, low, body, learns in fetch(connection, _ENGINES, (bind_ids(pictures),)):
        sure = max((confidence for id, confidence in unpack(body) if id in same), default=0)
        engines.setdefault(picture, []).append(EngineTag(engine, round(sure / WHOLE, 4), sure >= low > 0))
        if learns and sure:
            learned[picture] = sure / WHOLE
    return engines, learned
