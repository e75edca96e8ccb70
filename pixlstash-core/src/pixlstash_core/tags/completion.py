"""Tags that begin like what was typed, the most used first: at two hundred thousand of them, in a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import apsw

from ..database.connection import Database, Rows, bind_ids, fetch
from ..database.features import Hidden
from ..types import Completion, Reader
from . import normalise as words
from .entries import EFFECTIVE, of_pictures

#: Tags that are looked at one by one. Of a beginning that more have, those most used are.
FEW, WALKED = 1000, 2_000
LAST = "\U0010ffff"
_ROW = """
    select t.id, t.name, t.folded, t.category, t.alias_id, a.name, a.category, coalesce(c.pictures, 0)
    from tag t left join tag a on a.id = t.alias_id
      left join derived_tag_count c on c.tag_id = coalesce(t.alias_id, t.id)
    """


def complete(db: Database, reader: Reader, text: str, limit: int, hidden: Hidden | None = None) -> list[Completion]:
    """At most `limit` tags of which each word typed begins a word, by how many pictures have them.

    Pictures that are `hidden` do not count, and tags that only they have are not there.
    """
    with db.reading() as connection:
        if reader.scope.ids is None:
            return of_all(connection, text, limit, hidden)
        typed, wanted = _typed(text)
        return _best(_within(connection, reader.scope.ids.difference(hidden or ())), typed, wanted, limit)


def of_all(connection: apsw.Connection, text: str, limit: int, hidden: Hidden | None = None) -> list[Completion]:
    """The same of the whole library."""
    typed, wanted = _typed(text)
    fewer = hidden.counted("tags", lambda: counted(connection, hidden)) if hidden else {}
    # The best without what is hidden are among the best with it, and those of which some is hidden.
    spare = len(fewer)
    if not typed:
        sql = "select tag_id from derived_tag_count where pictures > 0 order by pictures desc limit ?"
        tags = {row[0] for row in fetch(connection, sql, (limit + spare,))}.union(fewer)
        found = fetch(connection, f"{_ROW} where t.id in carray(?)", (bind_ids(tags),))
        return _best(found, "", [], limit, fewer)
    first, *others = sorted(wanted, key=len, reverse=True)
    bound: dict[str, object] = {"low": first, "high": first + LAST, "few": FEW + spare}
    bound |= {"limit": limit * 4 + spare, "walked": WALKED + spare}
    filters = ""
    for number, word in enumerate(others[:5]):
        bound |= {f"low{number}": word, f"high{number}": word + LAST}
        filters += f"and {_HAS.format(f'low{number}', f'high{number}')} "
    rows = fetch(connection, _BEGINNING.format(filters), bound)
    if fetch(
        connection,
        "select count(*) from (select 1 from derived_tag_word where word >= :low and word < :high limit :few)",
        bound,
    ) == [(FEW + spare,)]:
        rows += fetch(connection, _MOST_USED.format(filters), bound)
        rows += fetch(connection, _BEGINNING.format(""), {**bound, "low": typed, "high": typed + LAST})
    rows += fetch(connection, "select id from tag where folded = ?", (typed,))
    ids = {row[0] for row in rows}.union(fewer)
    found = fetch(connection, f"{_ROW} where t.id in carray(?)", (bind_ids(ids),))
    return _best(found, typed, wanted, limit, fewer)


def counted(connection: apsw.Connection, ids: Sequence[int]) -> dict[int, int]:
    """How many of these pictures have each tag, 0 of one that does not count where it was found."""
    import numpy as np

    from ..database.arrays import distinct
    from . import rows

    found = rows.shown(connection, distinct(np.sort(np.asarray(ids, np.int64))))
    pictures = np.bincount(found.tags, found.values & EFFECTIVE != 0).astype(np.int64)
    tags = np.bincount(found.tags).nonzero()[0]
    return dict(zip(tags.tolist(), pictures[tags].tolist(), strict=True))


#: Whether a tag has a word that begins so.
_HAS = "exists (select 1 from derived_tag_word w where w.tag_id = t.id and w.word >= :{} and w.word < :{})"
#: Of the first tags with such a word, those most used.
_BEGINNING = """
    select t.id from (select distinct tag_id from derived_tag_word where word >= :low and word < :high limit :few) f
    join tag t on t.id = f.tag_id left join derived_tag_count c on c.tag_id = coalesce(t.alias_id, t.id)
    where true {} order by coalesce(c.pictures, 0) desc limit :limit
    """
#: Of the most used tags, those with such a word.
_MOST_USED = (
    "select t.id from (select tag_id as id from derived_tag_count order by pictures desc limit :walked) t where "
    + _HAS.format("low", "high")
    + " {} limit :limit"
)


def _typed(text: str) -> tuple[str, list[str]]:
    """(as names are compared, its words)."""
    typed = words.folded(" ".join(text[: words.LONGEST].split()))
    return typed, words.parts(typed) if typed else []


def _best(
    rows: Rows, typed: str, wanted: list[str], limit: int, fewer: Mapping[int, int] = MappingProxyType({})
) -> list[Completion]:
    """`fewer`: by how many pictures less a tag is to be counted; where none is left, nobody is told of it."""
    found: dict[int, tuple[tuple[object, ...], Completion]] = {}
    for id, name, folded, category, alias, stands, stands_category, pictures in rows:
        its = words.found_by(folded)
        if not all(any(word.startswith(one) for word in its) for one in wanted):
            continue
        stood_for = id if alias is None else alias
        pictures -= fewer.get(stood_for, 0)
        if stood_for in fewer and pictures <= 0:
            continue
        rank = (folded != typed, -pictures, not folded.startswith(typed), alias is not None, len(name), folded)
        tag, shown = (id, name) if alias is None else (alias, stands)
        told = Completion(tag, shown, category if alias is None else stands_category, pictures, name if alias else None)
        if tag not in found or rank < found[tag][0]:
            found[tag] = (rank, told)
    return [told for _, told in sorted(found.values(), key=lambda one: one[0])[:limit]]


def _within(connection: apsw.Connection, ids: Iterable[int]) -> Rows:
    """The same rows of the tags that these pictures have: nobody learns of others."""
    counts: dict[int, int] = {}
    for found in of_pictures(connection, ids).values():
        for tag, value in found.items():
            if value & EFFECTIVE:
                counts[tag] = counts.get(tag, 0) + 1
    sql = "select id, name, folded, category from tag where id in carray(?)"
    rows = fetch(connection, sql, (bind_ids(counts),))
    return [(*row, None, None, None, counts[row[0]]) for row in rows]
