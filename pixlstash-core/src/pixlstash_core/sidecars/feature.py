"""What sidecars contribute to a library: conflicts with the term `is:conflict`, and the pictures that are due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import apsw

from ..database.connection import bind_ids, fetch
from ..database.features import Derivation, FanOut, Feature, Lookup, Table, Term

_CONFLICTS = "select picture_id from sidecar_conflict"
#: Pictures whose tags or faces are written with other names when these tags and characters are renamed.
_NAMED = """
    select picture_id from said_tag where tag_id in carray(:tags)
    union select t.picture_id from derived_block b cross join derived_tag t
      on t.block = b.block and t.tag_id in carray(:tags)
    union select picture_id from said_who where character_id in carray(:characters) and box is not null
    """
#: Tables whose changes concern the sidecars of their pictures.
TABLES = frozenset(
    {
        *("said_tag", "said_caption", "score", "said_who", "tag_output", "caption_output"),
        *("location", "scrapheap", "sidecar_conflict"),
    }
)


def _mark_due(connection: apsw.Connection, ids: list[int]) -> None:
    """Note that the sidecars of these pictures must be compared, in the transaction that changes the pictures."""
    if fetch(connection, "select 1 from derived_sidecar_store limit 1"):
        connection.execute(TICK).fetchall()
        connection.execute(DUE.format(pictures="carray(:ids)"), {"ids": bind_ids(ids)}).fetchall()


TICK = "update derived_sidecar_clock set at = at + 1 where id = 0"
#: To be run after `TICK`.
DUE = """
    insert or replace into derived_sidecar_due
    select distinct l.picture_id, (select at from derived_sidecar_clock)
    from location l join derived_sidecar_store s on s.store_id = l.store_id
    where l.state != 'missing' and l.picture_id in {pictures}
    """


def _named(connection: apsw.Connection, keys: Mapping[str, set[tuple[object, ...]]]) -> Iterable[int]:
    """Return the pictures that have tags or characters whose rows changed."""
    if not fetch(connection, "select 1 from derived_sidecar_store limit 1"):
        return []
    tags, characters = ({key for (key,) in keys.get(table, ())} for table in ("tag", "character"))
    bound = {"tags": bind_ids(tags), "characters": bind_ids(characters)}  # type: ignore[arg-type]  # they are integers
    return [picture for (picture,) in fetch(connection, _NAMED, bound)]


FEATURE = Feature(
    "sidecars",
    tables=(
        Table(
            *("sidecar_conflict", "sidecars", 0, "conflict"),
            merge="never",
            within=(("picture_id", "picture"), ("store_id", "store")),
            topic=None,
        ),
    ),
    spreads=(FanOut(frozenset({"tag", "character"}), "sidecar_conflict", _named),),
    rules=(Derivation(TABLES, _mark_due),),
    terms=(
        Term(
            "is:conflict",
            "Changed here and in a sidecar",
            lambda value: Lookup(_CONFLICTS, among=f"{_CONFLICTS} where picture_id in carray(:among)"),
            ("pictures", "sidecars"),
            private=True,
        ),
    ),
)
