"""The settings of tags that apply to all pictures: aliases, implications, and which engines count and how.

When they change, `concerned` updates what is derived from them and finds the pictures whose tags may change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import apsw

from ..database.connection import Rows, bind_ids, fetch
from . import names as words
from .entries import IMPLIES, NEVERMORE, SELF, threshold

#: The setting of how engines are combined, and its values.
COMBINE = "tags.combine"
WAYS = ("union", "vote", "preferred")
#: The most pictures whose tags are derived again while a request waits.
INLINE = 20_000
TABLES = frozenset({"tag", "implication", "active", "setting"})

#: From each tag to the tag it is an alias of, and to all that this implies. `union` ends cycles.
_REACH = """
    with recursive reach(tag_id, means_id) as (
      select value, value from carray(:tags)
      union
      select r.tag_id, t.alias_id from reach r join tag t on t.id = r.means_id where t.alias_id is not null
      union
      select r.tag_id, i.implied_id from reach r join tag t on t.id = r.means_id
        join implication i on i.tag_id = t.id where t.alias_id is null
    )
    select r.tag_id, r.means_id, t.never from reach r join tag t on t.id = r.means_id where t.alias_id is null
    """
#: The tags whose aliases or implications lead to these.
_LEADING = """
    with recursive leading(id) as (
      select value from carray(:tags)
      union select t.id from leading l join tag t on t.alias_id = l.id
      union select i.tag_id from leading l join implication i on i.implied_id = l.id
    )
    select id from leading
    union select tag_id from derived_meaning where version = :version and means_id in carray(:tags)
    """


def concerned(connection: apsw.Connection, keys: Mapping[str, set[tuple[object, ...]]]) -> Iterable[int]:
    """Return the pictures whose tags may change because rows with these keys changed.

    If these are more than `INLINE`, the new state is prepared in the background instead (see `switch`), and the result
    is empty.
    """
    tags = {key for (key,) in keys.get("tag", ()) if isinstance(key, int)}
    if tags:
        words.refresh_words(connection, tags)
    tags |= {key for row in keys.get("implication", ()) for key in row if isinstance(key, int)}
    phases = [row[0] for row in fetch(connection, "select phase from derived_tagging order by version")]
    joins = 1 in phases  # a change is being prepared, or is waiting for an earlier one
    change = _Change(connection, 1 if joins else 0)
    if tags:
        change.compare_meanings(tags)
    if "active" in keys or (COMBINE,) in keys.get("setting", ()):
        change.compare_engines()
    if change.is_empty:
        return ()
    pictures = [] if joins else change.pictures(INLINE + 1)
    if not joins and len(pictures) <= INLINE:
        change.apply(0)
        return pictures
    if not joins:
        copy(connection, 0, 1)
    change.apply(1)
    later = phases[0] == 2  # an earlier change is still being completed
    sql = "update derived_tagging set phase = 1, position = 0 where version = ?"
    connection.execute(sql, (1 if later else 0,)).fetchall()
    return ()


def copy(connection: apsw.Connection, source: int, target: int) -> None:
    """Copy the settings of one version to another."""
    for table, columns in (("meaning", "tag_id, means_id, how"), ("active", "producer_id, threshold, rank")):
        connection.execute(f"delete from derived_{table} where version = ?", (target,)).fetchall()
        connection.execute(
            f"insert into derived_{table} select ?, {columns} from derived_{table} where version = ?", (target, source)
        ).fetchall()
    connection.execute(
        "update derived_tagging set combine = (select combine from derived_tagging where version = ?)"
        " where version = ?",
        (source, target),
    ).fetchall()


class _Change:
    """The difference between the stored settings and those of a derived version."""

    def __init__(self, connection: apsw.Connection, version: int) -> None:
        self._connection, self._version = connection, version
        self._leading: list[int] = []
        self._meanings: set[tuple[int, int, int]] = set()
        self._active: tuple[list[tuple[int, int, int]], str] | None = None
        self._moved: set[int] = set()
        self._producers: set[int] = set()

    @property
    def is_empty(self) -> bool:
        return not self._leading and self._active is None

    def compare_meanings(self, changed: set[int]) -> None:
        """Compare aliases and implications, given the tags that changed."""
        bound = {"tags": bind_ids(changed), "version": self._version}
        leading = [row[0] for row in fetch(self._connection, _LEADING, bound)]
        sql = "select tag_id, means_id, how from derived_meaning where version = ? and tag_id in carray(?)"
        before = set(fetch(self._connection, sql, (self._version, bind_ids(leading))))
        after = set(meanings(self._connection, leading))
        if before != after:
            self._leading, self._meanings = leading, after
            moved = {tag for tag, _, _ in before ^ after}
            self._moved = moved | {m for tag, m, how in before | after if tag in moved and how != IMPLIES}

    def compare_engines(self) -> None:
        """Compare which engines count, their thresholds, and how they are combined."""
        connection = self._connection
        before = fetch(
            connection, "select producer_id, threshold, rank from derived_active where version = ?", (self._version,)
        )
        ((combine,),) = fetch(connection, "select combine from derived_tagging where version = ?", (self._version,))
        sql = "select producer_id, threshold, rank from active where kind = 'tag' order by producer_id"
        after = [(producer, threshold(low), rank) for producer, low, rank in fetch(connection, sql)]
        settings = fetch(connection, "select value from setting where name = ?", (COMBINE,))
        way = settings[0][0] if settings and settings[0][0] in WAYS else WAYS[0]
        if (before, combine) != (after, way):
            self._active = (after, way)
            changed = set(before) ^ set(after)
            # A changed engine may change the weight of others, but only on pictures that it has processed.
            self._producers = {row[0] for row in (changed if combine == way else [*before, *after])}

    def pictures(self, most: int) -> set[int]:
        """Return pictures whose tags may change, about `most` at most."""
        pictures: set[int] = set()
        if self._moved:
            sql = "select picture_id from derived_block b cross join derived_tag t on t.block = b.block and t.tag_id in"
            rows = fetch(self._connection, f"{sql} carray(?) limit ?", (bind_ids(self._moved), most))
            pictures.update(row[0] for row in rows)
        if self._producers:
            sql = "select picture_id from done where producer_id in carray(?) limit ?"
            rows = fetch(self._connection, sql, (bind_ids(self._producers), most))
            pictures.update(row[0] for row in rows)
        return pictures

    def apply(self, version: int) -> None:
        """Write the difference to a version."""
        connection = self._connection
        if self._leading:
            sql = "delete from derived_meaning where version = ? and tag_id in carray(?)"
            connection.execute(sql, (version, bind_ids(self._leading))).fetchall()
            rows = [(version, *row) for row in sorted(self._meanings)]
            connection.executemany("insert into derived_meaning values (?, ?, ?, ?)", rows).fetchall()
        if self._active is not None:
            active, way = self._active
            connection.execute("delete from derived_active where version = ?", (version,)).fetchall()
            connection.executemany(
                "insert into derived_active values (?, ?, ?, ?)", [(version, *row) for row in active]
            ).fetchall()
            connection.execute("update derived_tagging set combine = ? where version = ?", (way, version)).fetchall()


def meanings(connection: apsw.Connection, tags: Iterable[int]) -> Rows:
    """Return the rows of `derived_meaning` of these tags, without the version."""
    reached: dict[int, list[tuple[int, int]]] = {}
    for tag, means, never in fetch(connection, _REACH, {"tags": bind_ids(tags)}):
        reached.setdefault(tag, []).append((means, never))
    rows: Rows = []
    selves: dict[int, int] = dict(fetch(connection, _STANDS, {"tags": bind_ids(reached)}))
    for tag, reached_tags in reached.items():
        target = selves[tag]
        own = [(tag, target, NEVERMORE if never else SELF) for means, never in reached_tags if means == target]
        implied = [(tag, means, IMPLIES) for means, never in reached_tags if means != target and not never]
        if implied or own != [(tag, tag, SELF)]:
            rows += own + implied
    return rows


#: The tag at the end of each tag's chain of aliases.
_STANDS = """
    with recursive stands(tag_id, means_id) as (
      select value, value from carray(:tags)
      union
      select s.tag_id, t.alias_id from stands s join tag t on t.id = s.means_id where t.alias_id is not null
    )
    select s.tag_id, s.means_id from stands s join tag t on t.id = s.means_id where t.alias_id is null
    """
