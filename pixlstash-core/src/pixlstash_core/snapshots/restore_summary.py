"""Summarizes a planned restore: numbers of pictures, sets, characters, projects, tags, annotations and settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import apsw

from ..database.connection import bind_ids, fetch
from ..types import Change, PreviewedResource, ResourceType, RestoreSummary, TopicChange
from . import diff
from .merge import RestorePlan, Step, topic

GroupType = Literal["picture_set", "character", "project"]
GROUPS: tuple[GroupType, ...] = ("picture_set", "character", "project")
#: Pictures, and groups of a sort, that are named, and lines of each, at most.
SHOWN, LINES = 200, 100
ANNOTATIONS = ("score", "said_tag", "said_caption", "said_who", "correction")


def summary(connection: apsw.Connection, plan: RestorePlan, purged: int) -> RestoreSummary:
    """Return the numbers of actual changes; `old` is attached and contains the plan."""
    root = plan.step("picture")
    recreated, deleted = (root.put, root.go) if root else (0, 0)
    if root and plan.choice.only is None:  # counting rows alone is quick
        both = _count(connection, "select count(*) from old.picture") - recreated
    else:
        both = _count(connection, "select count(*) from main.picture where id in (select id from old.picture)")
    added = _count(connection, "select count(*) from main.picture") - both
    reverted = _count(connection, f"select count(*) from ({touched(plan)})") if touched(plan) else 0
    groups = [_group(connection, plan, name) for name in GROUPS]
    annotations = sum(_net(connection, step) for name in ANNOTATIONS if (step := plan.step(name)))
    tags, settings = plan.step("tag"), plan.step("setting")
    return RestoreSummary(
        reverted,
        recreated,
        deleted,
        both - reverted,
        without_file(connection, plan),
        added - deleted,
        purged,
        *groups[0],
        *groups[1],
        *groups[2],
        tags.put if tags else 0,
        annotations,
        _net(connection, settings) if settings else 0,
    )


def resources(connection: apsw.Connection, plan: RestorePlan) -> list[PreviewedResource]:
    """Return the first pictures, and then the first groups, that would change, with their changes."""
    groups = [group for name in GROUPS for group in _groups(connection, plan, name)]
    return [*_lost(connection, plan), *_pictures(connection, plan), *groups]


def _lost(connection: apsw.Connection, plan: RestorePlan) -> Iterator[PreviewedResource]:
    """Yield the requested things that are not in the snapshot or were permanently deleted since."""
    types: tuple[ResourceType, ...] = ("picture", *GROUPS)
    for type in types:
        lost = plan.choice.lost.get(type, ())
        sql = f"select id, name from main.{type} where id in carray(?)"
        live: dict[int, str] = dict(fetch(connection, sql, (bind_ids(lost),)))
        for id in sorted(lost):
            yield PreviewedResource(type, id, live.get(id, ""), id in live, False, [], [])


def topics(connection: apsw.Connection, plan: RestorePlan) -> list[TopicChange]:
    """Return the changes by topic, for all known topics and those that change."""
    by_topic: dict[str, TopicChange] = {}
    for step in plan.steps:
        change = _topic(connection, step)
        if step.table.topic is not None and (change.now is not None or step.go or step.put):
            by_topic[change.topic] = _sum(by_topic[change.topic], change) if change.topic in by_topic else change
    return list(by_topic.values())


def _topic(connection: apsw.Connection, step: Step) -> TopicChange:
    table = step.table
    both = _count(connection, f"select count(*) from ({diff.both(step)})") if step.put else 0
    # To count what engines and files say takes long.
    is_counted = table.says and table.merge != "bytes" and not any(parent == "producer" for _, parent in table.within)
    now = _count(connection, f'select count(*) from main."{table.name}"') if is_counted else None
    return TopicChange(topic(table), now, both, step.put - both, step.go, diff.first(connection, step))


def _sum(first: TopicChange, second: TopicChange) -> TopicChange:
    now = None if first.now is None or second.now is None else first.now + second.now
    counts = (first.change + second.change, first.come + second.come, first.go + second.go)
    return TopicChange(first.topic, now, *counts, [*first.examples, *second.examples][: diff.EXAMPLES])


def _pictures(connection: apsw.Connection, plan: RestorePlan) -> list[PreviewedResource]:
    parts = [f"select id, 1 as live from ({sql})"] if (sql := touched(plan)) else []
    if plan.step("picture"):
        parts.append("select id, 0 as live from old.put_picture")
    if not parts:
        return []
    first: dict[int, int] = dict(fetch(connection, f"{' union all '.join(parts)} order by 1 limit {SHOWN}"))
    sql = "select id, name from old.picture where id in carray(?)"
    names: dict[int, str] = dict(fetch(connection, sql, (bind_ids(first),)))
    fields: dict[int, set[str]] = {id: set() for id in first}
    for step in plan.steps:
        if step.picture and step.table.name != "picture":
            for part in _parts(step):
                for (id,) in fetch(connection, f"select of_picture from {part}"):
                    if id in fields:
                        fields[id].add(step.table.field)
    changes = diff.changes(connection, plan, first)
    return [
        PreviewedResource("picture", id, names[id], bool(live), True, sorted(fields[id]), changes.get(id, [])[:LINES])
        for id, live in first.items()
    ]


def _groups(connection: apsw.Connection, plan: RestorePlan, name: GroupType) -> Iterator[PreviewedResource]:
    """Return the groups of a type that are restored, removed, changed, or get other members."""
    step = plan.step(name)
    if step is None:
        return
    changes: dict[int, list[Change]] = {}
    for id, now, then in fetch(connection, diff.groups(step)):
        changes.setdefault(id, []).append(Change(topic(step.table), now, then))
    for other in plan.steps:
        for column in [column for column, parent in other.table.within if parent == name and column in other.keys]:
            for id, now, then in fetch(connection, _members(other, column)):
                changes.setdefault(id, []).append(Change(topic(other.table), str(now), str(then)))
    sides: dict[str, dict[int, str]] = {
        db: dict(fetch(connection, f"select id, name from {db}.{name} where id in carray(?)", (bind_ids(changes),)))
        for db in ("main", "old")
    }
    for id in sorted(changes)[:SHOWN]:
        live, then = id in sides["main"], id in sides["old"]
        fields = sorted({change.topic for change in changes[id]})
        shown = sides["main"].get(id) or sides["old"].get(id, "")
        yield PreviewedResource(name, id, shown, live, then, fields, changes[id][:LINES])


def _members(step: Step, column: str) -> str:
    """Return a statement for (group, its present number of rows, its future number)."""
    table, keys = step.table.name, ", ".join(f'"{key}"' for key in step.keys)
    go, put = _parts(step)
    new = f'select {keys} from {put} except select {keys} from main."{table}"'
    return f'''
        with d as (select "{column}" as id, -1 as n from {go} union all select "{column}", 1 from ({new})),
          s as (select id, sum(n) as n from d group by id),
          m as (select id, (select count(*) from main."{table}" t where t."{column}" = s.id) as now, n from s)
        select id, now, now + n from m
        '''


def touched(plan: RestorePlan) -> str:
    """Return a statement that selects the ids of existing pictures that stay and change."""
    parts = [
        f"select of_picture as id from {part}"
        for step in plan.steps
        if step.picture and step.table.name != "picture"
        for part in _parts(step)
    ]
    if not parts:
        return ""
    stay = " and id not in (select id from old.go_picture)" if plan.step("picture") else ""
    return (
        f"select id from ({' union '.join(parts)}) where id in (select id from main.picture)"
        f" and id in (select id from old.picture){stay}"
    )


def without_file(connection: apsw.Connection, plan: RestorePlan) -> int:
    """Return the number of restored pictures whose files are at no known location."""
    coming = " or p.id in (select id from old.put_picture)" if plan.step("picture") else ""
    those = f"p.id in (select id from main.picture){coming}"
    if plan.choice.only is not None:
        those = f"p.id in ({touched(plan) or 'select 0'}){coming}"
    return _count(
        connection,
        f"select count(*) from old.picture p where ({those}) and not exists"
        " (select 1 from main.location l where l.picture_id = p.id and l.state = 'present')",
    )


def _group(connection: apsw.Connection, plan: RestorePlan, name: str) -> tuple[int, int, int]:
    """Return (changed, restored, removed)."""
    step = plan.step(name)
    if step is None:
        return 0, 0, 0
    recreated = _count(
        connection, f'select count(*) from old."put_{name}" where id not in (select id from main.{name})'
    )
    parts = [f'select id from old."put_{name}"']
    for other in plan.steps:
        for column, parent in other.table.within:
            if parent == name and column in other.keys:
                parts += [f'select "{column}" from {part}' for part in _parts(other)]
            elif parent == name:
                parts += _named(other, column)
    changed = _count(
        connection,
        f"select count(*) from ({' union '.join(parts)}) where id in (select id from main.{name})"
        f" and id in (select id from old.{name})",
    )
    return changed, recreated, step.go


def _named(step: Step, column: str) -> list[str]:
    """Return statements that select a non-key column of a plan's rows, now and in the snapshot."""
    keys = ", ".join(f'"{key}"' for key in step.keys)
    return [
        f'select "{column}" from {side}."{step.table.name}" where ({keys}) in (select {keys} from {part})'
        for side, part in zip(("main", "old"), _parts(step), strict=True)
    ]


def _net(connection: apsw.Connection, step: Step) -> int:
    """Return the number of changed rows; one that is removed and restored in another form counts once."""
    keys = ", ".join(f'"{key}"' for key in step.keys)
    parts = " union ".join(f"select {keys} from {part}" for part in _parts(step))
    return _count(connection, f"select count(*) from ({parts})")


def _parts(step: Step) -> tuple[str, str]:
    return f'old."go_{step.table.name}"', f'old."put_{step.table.name}"'


def _count(connection: apsw.Connection, sql: str) -> int:
    return int(fetch(connection, sql)[0][0])
