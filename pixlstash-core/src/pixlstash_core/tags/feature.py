"""What tags contribute to the library, and reading and writing the tags of pictures. `derive` computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..database.connection import Database, bind_ids, fetch
from ..database.features import COMPUTED, TAGS, Counted, Derivation, FanOut, Feature, Sort, Table
from ..database.hub import now
from ..database.writer import Write
from ..query import scope
from ..types import EngineTag, PictureTag, Reader, TagState
from . import engine_results
from .aliases import TABLES, concerned
from .entries import EFFECTIVE, ENGINE, IMPLIED, NEVER, NO, WHOLE, YES, of_pictures, unpack
from .rules import refresh, refresh_said, refresh_said_many
from .terms import TERMS, WORDS

if TYPE_CHECKING:
    import apsw
    import numpy as np
    from numpy.typing import NDArray


def _rarity(connection: apsw.Connection, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    from . import statistics  # numpy takes a while to load, and not every process sorts

    return statistics.rarity_of(connection, ids)


def _statistics(connection: apsw.Connection, ids: NDArray[np.int64]) -> Counted:
    from . import statistics

    return statistics.of(connection, ids)


_NAME = "(select name from {{db}}.tag where id = {})"
_TAG = f"r.name || iif(r.never, ', never', '') || coalesce(', stands for ' || {_NAME.format('r.alias_id')}, '')"
#: The engine tags with the highest confidence.
_FOUND = "(select group_concat(t.name, ', ') from json_each(surest_tags(r.body)) j join {db}.tag t on t.id = j.value)"
FEATURE = Feature(
    "tags",
    tables=(
        Table("tag", "tags", merge="words", kinds=TAGS, topic="vocabulary", says=_TAG),
        Table(
            *("implication", "tags"),
            within=(("tag_id", "tag"), ("implied_id", "tag")),
            kinds=TAGS,
            topic="vocabulary",
            says=f"{_NAME.format('r.tag_id')} || ' implies ' || {_NAME.format('r.implied_id')}",
        ),
        Table(*("tag_output", "tags", 0, "tags"), within=COMPUTED, kinds=TAGS, topic="engine_tags", says=_FOUND),
        Table(
            *("said_tag", "tags", 0, "tags"),
            kinds=TAGS,
            says=f"{_NAME.format('r.tag_id')} || iif(r.yes, '', ' (not)')",
        ),
        Table("weighing", "tags", merge="never", topic=None),
    ),
    spreads=(FanOut(TABLES, "tag_output", concerned),),
    rules=(
        Derivation(frozenset({"picture", "tag_output"}), refresh),
        Derivation(frozenset({"said_tag"}), refresh_said, refresh_said_many),
    ),
    terms=TERMS,
    words=WORDS,
    inherits=("insert or ignore into said_tag select :new, tag_id, yes, at from said_tag where picture_id = :old",),
    sorts=(Sort("rarity", ("tags",), _rarity),),
    outputs=(engine_results.KIND,),
    statistics=_statistics,
)


# --- writing ----------------------------------------------------------------------------------------------------------

#: The rows of `derived_tag` of some pictures for one tag.
_ROWS = """
    carray(:ids) i cross join derived_tagging s cross join derived_tag t on s.version = 0
      and t.block = i.value >> 12 and t.tag_id = :tag and t.picture_id = i.value
    """
_STATE = "(case s.phase when 2 then coalesce(t.next, t.now) else t.now end & 255)"


def annotate(write: Write, ids: list[int], tags: list[int], yes: bool) -> int:
    """Annotate these pictures as having these tags, or not; return how many changed."""
    changed: set[int] = set()
    bound = {"ids": bind_ids(ids), "yes": yes, "now": now()}
    for tag in tags:
        sql = """
            insert into said_tag
            select g.id, :tag, :yes, :now from carray(:ids) i cross join derived_grid g on g.id = i.value where true
            on conflict(picture_id, tag_id) do update set yes = excluded.yes, at = excluded.at
            where yes != excluded.yes
            """
        if len(tags) == 1:
            write.execute(sql, {**bound, "tag": tag})
            return write.changes()
        changed.update(row[0] for row in write.execute(f"{sql} returning picture_id", {**bound, "tag": tag}))
    return len(changed)


def take(write: Write, ids: list[int], tags: list[int]) -> int:
    """Remove tags from pictures; reject them where an engine or an implication would add them again.

    Return how many pictures changed.
    """
    changed: set[int] = set()
    bound = {"ids": bind_ids(ids), "now": now()}
    for tag in tags:
        changed.update(
            row[0]
            for row in write.execute(
                f"""
                insert into said_tag select t.picture_id, :tag, 0, :now from {_ROWS}
                where {_STATE} & {ENGINE | IMPLIED}
                on conflict(picture_id, tag_id) do update set yes = 0, at = excluded.at where yes
                returning picture_id
                """,
                {**bound, "tag": tag},
            )
        )
        changed.update(
            row[0]
            for row in write.execute(
                "delete from said_tag where picture_id in carray(:ids) and tag_id = :tag and yes returning picture_id",
                {**bound, "tag": tag},
            )
        )
    return len(changed)


def accept(write: Write, ids: list[int], tags: list[int] | None) -> int:
    """Accept these tags, or all, where engines suggest them; return how many pictures changed."""
    changed: set[int] = set()
    bound = {"ids": bind_ids(ids), "now": now()}
    wanted = "" if tags is None else "and t.tag_id in carray(:tags)"
    if tags is not None:
        bound["tags"] = bind_ids(tags)
    for block in sorted({picture >> 12 for picture in ids}):
        changed.update(
            row[0]
            for row in write.execute(
                f"""
                insert into said_tag select t.picture_id, t.tag_id, 1, :now
                from derived_tagging s cross join derived_tag t on t.block = :block {wanted}
                where s.version = 0 and t.picture_id in carray(:ids)
                  and {_STATE} & {ENGINE | YES | NO | NEVER} = {ENGINE}
                on conflict(picture_id, tag_id) do nothing returning picture_id
                """,
                {**bound, "block": block},
            )
        )
    return len(changed)


# --- reading ----------------------------------------------------------------------------------------------------------


def of_picture(db: Database, reader: Reader, picture: int) -> list[PictureTag]:
    """Return the tags of a picture, highest confidence first; only effective ones for readers without write access."""
    scope.require(reader, picture)
    with db.reading() as connection:
        if not fetch(connection, "select 1 from picture where id = ?", (picture,)):
            raise scope.absent()
        values = of_pictures(connection, [picture]).get(picture, {})
        by_engines: dict[int, list[EngineTag]] = {}
        for engine, low, body in fetch(connection, _FOUND, (picture,)):
            raw = unpack(body)
            stands: dict[int, int] = dict(fetch(connection, _STANDS, (bind_ids(tag for tag, _ in raw),)))
            for tag, confidence in raw:
                by_engine = EngineTag(engine, round(confidence / WHOLE, 4), confidence >= low)
                by_engines.setdefault(stands.get(tag, tag), []).append(by_engine)
        sql = "select id, name, category from tag where id in carray(?)"
        named = {row[0]: (row[1], row[2]) for row in fetch(connection, sql, (bind_ids(values),))}
    shown = [
        PictureTag(
            tag,
            *named[tag],
            _state(value),
            bool(value & EFFECTIVE),
            round((value >> 8) / WHOLE, 4) if value >> 8 else None,
            by_engines.get(tag, []),
        )
        for tag, value in values.items()
        if (value & EFFECTIVE or reader.may("write")) and not (value & NEVER and not value & (YES | NO))
    ]
    return sorted(shown, key=lambda tag: (-(tag.confidence or 0), tag.name))


_FOUND = """
    select p.engine, a.threshold, o.body from tag_output o join derived_active a on a.version = 0
      and a.producer_id = o.producer_id join producer p on p.id = o.producer_id
    where o.picture_id = ? order by a.rank
    """
_STANDS = "select tag_id, means_id from derived_meaning where version = 0 and how != 1 and tag_id in carray(?)"


def _state(value: int) -> TagState:
    if value & NO:
        return "rejected"
    if value & YES:
        return "accepted" if value >> 8 else "yours"
    if value & ENGINE:
        return "suggested"
    return "implied" if value & IMPLIED else "unsure"
