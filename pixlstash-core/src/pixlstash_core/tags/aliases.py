"""What holds for all pictures: what tags stand for and imply, which engines count, and how they are combined.

When that changes, `concerned` brings it up to date and finds the pictures whose tags it may change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import apsw

from ..database.connection import Rows, bind_ids, fetch
from . import normalise as words
from .entries import IMPLIES, NEVERMORE, SELF, threshold

#: The setting that says how engines are combined, and what it may say.
COMBINE = "tags.combine"
WAYS = ("union", "vote", "preferred")
#: Pictures that are derived anew while somebody waits.
INLINE = 20_000
TABLES = frozenset({"tag", "implication", "active", "setting"})

#: From each tag to what it stands for, and to all that this implies. `union` ends where there is a circle.
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
#: The tags that lead to these.
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
    """The pictures whose tags may be others, now that rows with these keys changed.

    When they are more than can be derived while somebody waits, what is new is prepared beside what holds (`switch`),
    and none are named.
    """
    tags = {key for (key,) in keys.get("tag", ()) if isinstance(key, int)}
    if tags:
        words.refresh(connection, tags)
    tags |= {key for row in keys.get("implication", ()) for key in row if isinstance(key, int)}
    phases = [row[0] for row in fetch(connection, "select phase from derived_tagging order by version")]
    joins = 1 in phases  # something is being prepared, or will be when what was is settled
    change = _Change(connection, 1 if joins else 0)
    if tags:
        change.mean(tags)
    if "active" in keys or (COMBINE,) in keys.get("setting", ()):
        change.weigh()
    if not change.found:
        return ()
    pictures = [] if joins else change.pictures(INLINE + 1)
    if not joins and len(pictures) <= INLINE:
        change.apply(0)
        return pictures
    if not joins:
        copy(connection, 0, 1)
    change.apply(1)
    later = phases[0] == 2  # what was prepared before is to be settled first
    sql = "update derived_tagging set phase = 1, position = 0 where version = ?"
    connection.execute(sql, (1 if later else 0,)).fetchall()
    return ()


def copy(connection: apsw.Connection, source: int, target: int) -> None:
    """Let the same hold in another version."""
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
    """What is other in truth than in a version."""

    def __init__(self, connection: apsw.Connection, version: int) -> None:
        self._connection, self._version = connection, version
        self._leading: list[int] = []
        self._meanings: set[tuple[int, int, int]] = set()
        self._active: tuple[list[tuple[int, int, int]], str] | None = None
        self._moved: set[int] = set()
        self._producers: set[int] = set()

    @property
    def found(self) -> bool:
        return bool(self._leading) or self._active is not None

    def mean(self, changed: set[int]) -> None:
        """What tags stand for and imply."""
        bound = {"tags": bind_ids(changed), "version": self._version}
        leading = [row[0] for row in fetch(self._connection, _LEADING, bound)]
        sql = "select tag_id, means_id, how from derived_meaning where version = ? and tag_id in carray(?)"
        before = set(fetch(self._connection, sql, (self._version, bind_ids(leading))))
        after = set(meanings(self._connection, leading))
        if before != after:
            self._leading, self._meanings = leading, after
            moved = {tag for tag, _, _ in before ^ after}
            self._moved = moved | {m for tag, m, how in before | after if tag in moved and how != IMPLIES}

    def weigh(self) -> None:
        """Which engines count, from which confidence on, and how they are combined."""
        connection = self._connection
        before = fetch(
            connection, "select producer_id, threshold, rank from derived_active where version = ?", (self._version,)
        )
        ((combine,),) = fetch(connection, "select combine from derived_tagging where version = ?", (self._version,))
        sql = "select producer_id, threshold, rank from active where kind = 'tag' order by producer_id"
        after = [(producer, threshold(low), rank) for producer, low, rank in fetch(connection, sql)]
        ways = fetch(connection, "select value from setting where name = ?", (COMBINE,))
        way = ways[0][0] if ways and ways[0][0] in WAYS else WAYS[0]
        if (before, combine) != (after, way):
            self._active = (after, way)
            changed = set(before) ^ set(after)
            # With one engine's say the others' may weigh differently, but only where it looked.
            self._producers = {row[0] for row in (changed if combine == way else [*before, *after])}

    def pictures(self, most: int) -> set[int]:
        """Those it may concern, or the first of them."""
        found: set[int] = set()
        if self._moved:
            sql = "select picture_id from derived_block b cross join derived_tag t on t.block = b.block and t.tag_id in"
            rows = fetch(self._connection, f"{sql} carray(?) limit ?", (bind_ids(self._moved), most))
            found.update(row[0] for row in rows)
        if self._producers:
            sql = "select picture_id from done where producer_id in carray(?) limit ?"
            rows = fetch(self._connection, sql, (bind_ids(self._producers), most))
            found.update(row[0] for row in rows)
        return found

    def apply(self, version: int) -> None:
        """Let it hold in a version."""
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
    """Rows of `derived_meaning` of these tags, without the version."""
    reached: dict[int, list[tuple[int, int]]] = {}
    for tag, means, never in fetch(connection, _REACH, {"tags": bind_ids(tags)}):
        reached.setdefault(tag, []).append((means, never))
    rows: Rows = []
    selves: dict[int, int] = dict(fetch(connection, _STANDS, {"tags": bind_ids(reached)}))
    for tag, found in reached.items():
        mine = selves[tag]
        own = [(tag, mine, NEVERMORE if never else SELF) for means, never in found if means == mine]
        implied = [(tag, means, IMPLIES) for means, never in found if means != mine and not never]
        if implied or own != [(tag, tag, SELF)]:
            rows += own + implied
    return rows


#: What each tag stands for: the end of its chain of aliases.
_STANDS = """
    with recursive stands(tag_id, means_id) as (
      select value, value from carray(:tags)
      union
      select s.tag_id, t.alias_id from stands s join tag t on t.id = s.means_id where t.alias_id is not null
    )
    select s.tag_id, s.means_id from stands s join tag t on t.id = s.means_id where t.alias_id is null
    """
