"""What people decided, as engines that learn get it: their scores, or the tags that they accepted and rejected.

Only people's own decisions are read, never results of engines, and only of pictures outside the scrapheap that the
preferred embedder has processed. A decision has a key: the picture's id for scores; for tags, the picture's id and the
tag's, as `picture << 31 | tag`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..database.connection import Database, bind_ids, fetch
from ..plugins.engines import Engine
from ..plugins.training import OF_EACH
from ..types import LearnedTag

if TYPE_CHECKING:
    import apsw

#: Pictures with decisions, at most: those that were added last.
MOST = 20_000
#: Tags that are learned at once, and decisions about them, at most: those with the most decisions.
TAGS, DECISIONS = 250, 200_000
#: Bits of a tag's id in a key.
BITS = 31

_SCORES = """
    select v.picture_id, s.score from score s
    join vector_output v on v.picture_id = s.picture_id and v.producer_id = :vectors_of
    where not exists (select 1 from scrapheap where picture_id = s.picture_id)
    order by v.picture_id desc limit :most
    """
#: Decisions about tags that may be used; one about an alias is one about the tag that it stands for.
_DECIDED = """
    from said_tag s join vector_output v on v.picture_id = s.picture_id and v.producer_id = :vectors_of
    left join derived_meaning m on m.version = 0 and m.tag_id = s.tag_id and m.how != 1
    where coalesce(m.how, 0) = 0 and not exists (select 1 from scrapheap where picture_id = s.picture_id)
    """
_COUNTS = f"""
    select coalesce(m.means_id, s.tag_id) as tag, sum(s.yes), count(*) - sum(s.yes) {_DECIDED} group by tag
    """
_TAGS = f"""
    select s.picture_id, coalesce(m.means_id, s.tag_id) as tag, s.yes {_DECIDED}
      and tag in carray(:tags) order by s.picture_id desc, s.at
    """


def decided(db: Database, engine: Engine[Any, Any], vectors_of: int) -> dict[int, float]:
    """Return the decisions that an engine can learn from, ascending by key: a score, or whether a tag was accepted."""
    if engine.learns == "scores":
        rows = db.read(_SCORES, {"vectors_of": vectors_of, "most": MOST})
        return {picture: float(value) for picture, value in reversed(rows)}
    with db.reading() as connection:
        return _tags(connection, engine, vectors_of)


def _tags(connection: apsw.Connection, engine: Engine[Any, Any], vectors_of: int) -> dict[int, float]:
    tags, left = [], DECISIONS
    for tag in counted(connection, engine, vectors_of)[:TAGS]:
        left -= tag.yes + tag.no
        if not tag.enough or left < 0:
            break
        tags.append(tag.id)
    values: dict[int, float] = {}
    pictures: set[int] = set()
    for picture, tag_id, yes in fetch(connection, _TAGS, {"vectors_of": vectors_of, "tags": bind_ids(tags)}):
        pictures.add(picture)
        if len(pictures) > MOST:
            break
        values[picture << BITS | tag_id] = float(yes)  # the later one counts
    return dict(sorted(enough(values, engine).items()))


def counted(connection: apsw.Connection, engine: Engine[Any, Any], vectors_of: int) -> list[LearnedTag]:
    """Return the tags with decisions, and whether these are enough to learn from: first those with the most."""
    rows: Sequence[tuple[int, int, int]] = fetch(connection, _COUNTS, {"vectors_of": vectors_of})
    rows = sorted(rows, key=lambda row: (-min(row[1], row[2], OF_EACH), -row[1] - row[2], row[0]))
    tags = [(tag, yes, no, suffice(yes, no, engine)) for tag, yes, no in rows]
    tags = sorted(tags, key=lambda tag: not tag[3])[: 2 * TAGS]
    names = names_of(connection, [tag[0] for tag in tags])
    return [LearnedTag(id, names.get(id, ""), yes, no, ready) for id, yes, no, ready in tags]


def names_of(connection: apsw.Connection, tags: Iterable[int]) -> dict[int, str]:
    return dict(fetch(connection, "select id, name from tag where id in carray(?)", (bind_ids(tags),)))


def suffice(yes: int, no: int, engine: Engine[Any, Any]) -> bool:
    """Return whether decisions about a tag are enough for an engine."""
    return yes + no >= engine.fewest and min(yes, no) >= OF_EACH


def enough(values: Mapping[int, float], engine: Engine[Any, Any]) -> dict[int, float]:
    """Return decisions about tags without those about tags that have too few."""
    yes = Counter(tag_of(key) for key, value in values.items() if value)
    no = Counter(tag_of(key) for key, value in values.items() if not value)
    ready = {tag for tag in yes.keys() | no.keys() if suffice(yes[tag], no[tag], engine)}
    return {key: value for key, value in values.items() if tag_of(key) in ready}


def tag_of(key: int) -> int:
    return key & ((1 << BITS) - 1)


def picture_of(key: int, subject: str) -> int:
    return key >> BITS if subject == "tags" else key
