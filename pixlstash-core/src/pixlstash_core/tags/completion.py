"""Completion of tags while typing, the most used first; fast with 200,000 tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import apsw

from ..database.connection import Database, Rows, bind_ids, fetch
from ..database.features import Hidden
from ..types import Completion, Reader
from . import names as words
from .entries import EFFECTIVE, of_pictures

#: Tags that are checked one by one: those with a prefix, or if there are more, the most used tags.
FEW, WALKED = 1000, 2_000
LAST = "\U0010ffff"
_ROW = """
    select t.id, t.name, t.folded, t.category, t.alias_id, a.name, a.category, coalesce(c.pictures, 0)
    from tag t left join tag a on a.id = t.alias_id
      left join derived_tag_count c on c.tag_id = coalesce(t.alias_id, t.id)
    """


def complete(db: Database, reader: Reader, text: str, limit: int, hidden: Hidden | None = None) -> list[Completion]:
    """Return up to `limit` tags in which each typed word begins a word, the most used first.

    `hidden` pictures do not count, and tags that only they have are left out.
    """
    with db.reading() as connection:
        if reader.scope.ids is None:
            return of_all(connection, text, limit, hidden)
        typed, wanted = _typed(text)
        return _best(_within(connection, reader.scope.ids.difference(hidden or ())), typed, wanted, limit)


def of_all(connection: apsw.Connection, text: str, limit: int, hidden: Hidden | None = None) -> list[Completion]:
    """Complete from the tags of the whole library, as `complete` does."""
    typed, wanted = _typed(text)
    fewer = hidden.counted("tags", lambda: counted(connection, hidden)) if hidden else {}
    # The best tags without hidden pictures are among the best with them, plus the tags of hidden pictures.
    spare = len(fewer)
    if not typed:
        sql = "select tag_id from derived_tag_count where pictures > 0 order by pictures desc limit ?"
        tags = {row[0] for row in fetch(connection, sql, (limit + spare,))}.union(fewer)
        return _best(fetch(connection, f"{_ROW} where t.id in carray(?)", (bind_ids(tags),)), "", [], limit, fewer)
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
    rows = fetch(connection, f"{_ROW} where t.id in carray(?)", (bind_ids(ids),))
    return _best(rows, typed, wanted, limit, fewer)


def counted(connection: apsw.Connection, ids: Sequence[int]) -> dict[int, int]:
    """Return how many of these pictures have each tag; 0 for tags that are not effective on any."""
    import numpy as np

    from ..database.arrays import distinct
    from . import rows

    shown = rows.shown(connection, distinct(np.sort(np.asarray(ids, np.int64))))
    pictures = np.bincount(shown.tags, shown.values & EFFECTIVE != 0).astype(np.int64)
    tags = np.bincount(shown.tags).nonzero()[0]
    return dict(zip(tags.tolist(), pictures[tags].tolist(), strict=True))


#: Whether a tag has a word with this prefix.
_HAS = "exists (select 1 from derived_tag_word w where w.tag_id = t.id and w.word >= :{} and w.word < :{})"
#: The most used of the first tags with such a word.
_BEGINNING = """
    select t.id from (select distinct tag_id from derived_tag_word where word >= :low and word < :high limit :few) f
    join tag t on t.id = f.tag_id left join derived_tag_count c on c.tag_id = coalesce(t.alias_id, t.id)
    where true {} order by coalesce(c.pictures, 0) desc limit :limit
    """
#: Those of the most used tags with such a word.
_MOST_USED = (
    "select t.id from (select tag_id as id from derived_tag_count order by pictures desc limit :walked) t where "
    + _HAS.format("low", "high")
    + " {} limit :limit"
)


def _typed(text: str) -> tuple[str, list[str]]:
    """Return (the folded text, its words)."""
    typed = words.folded(" ".join(text[: words.LONGEST].split()))
    return typed, words.parts(typed) if typed else []


def _best(
    rows: Rows, typed: str, wanted: list[str], limit: int, fewer: Mapping[int, int] = MappingProxyType({})
) -> list[Completion]:
    """Rank the rows of `_ROW`. `fewer`: the number of hidden pictures of a tag; without others it is left out."""
    best: dict[int, tuple[tuple[object, ...], Completion]] = {}
    for id, name, folded, category, alias, stands, stands_category, pictures in rows:
        tag_words = words.found_by(folded)
        if not all(any(word.startswith(typed_word) for word in tag_words) for typed_word in wanted):
            continue
        stood_for = id if alias is None else alias
        pictures -= fewer.get(stood_for, 0)
        if stood_for in fewer and pictures <= 0:
            continue
        rank = (folded != typed, -pictures, not folded.startswith(typed), alias is not None, len(name), folded)
        tag, shown = (id, name) if alias is None else (alias, stands)
        completion = Completion(
            tag, shown, category if alias is None else stands_category, pictures, name if alias else None
        )
        if tag not in best or rank < best[tag][0]:
            best[tag] = (rank, completion)
    return [completion for _, completion in sorted(best.values(), key=lambda ranked: ranked[0])[:limit]]


def _within(connection: apsw.Connection, ids: Iterable[int]) -> Rows:
    """Return rows like those of `_ROW`, only of tags that these pictures have."""
    counts: dict[int, int] = {}
    for tags in of_pictures(connection, ids).values():
        for tag, value in tags.items():
            if value & EFFECTIVE:
                counts[tag] = counts.get(tag, 0) + 1
    sql = "select id, name, folded, category from tag where id in carray(?)"
    rows = fetch(connection, sql, (bind_ids(counts),))
    return [(*row, None, None, None, counts[row[0]]) for row in rows]
