"""What a planned merge comes to, in pictures, sets, characters, projects, tags, sayings and settings."""

from __future__ import annotations

import apsw

from ..db import fetch
from ..types import PreviewedResource, RestoreSummary
from .merging import Plan, Step

SHOWN = 200
SAYINGS = ("score", "said_tag", "said_caption", "said_who", "correction")


def summary(connection: apsw.Connection, plan: Plan, purged: int) -> RestoreSummary:
    """Counts of what really changes; `old` is attached, with the plan in it."""
    root = plan.step("picture")
    recreated, deleted = (root.put, root.go) if root else (0, 0)
    both = _count(connection, "select count(*) from main.picture where id in (select id from old.picture)")
    added = _count(connection, "select count(*) from main.picture where id not in (select id from old.picture)")
    reverted = _count(connection, f"select count(*) from ({touched(plan)})") if touched(plan) else 0
    groups = [_group(connection, plan, name) for name in ("picture_set", "character", "project")]
    sayings = sum(_net(connection, step) for name in SAYINGS if (step := plan.step(name)))
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
        sayings,
        _net(connection, settings) if settings else 0,
    )


def resources(connection: apsw.Connection, plan: Plan) -> list[PreviewedResource]:
    """The first pictures that would change, and which sorts of things about them."""
    fields: dict[int, set[str]] = {}
    sql = touched(plan)
    if not sql:
        return []
    first = [row[0] for row in fetch(connection, f"{sql} order by 1 limit {SHOWN}")]
    fields = {id: set() for id in first}
    for step in plan.steps:
        if step.picture and step.table.name != "picture":
            for part in _parts(step):
                for (id,) in fetch(connection, f"select of_picture from {part}"):
                    if id in fields:
                        fields[id].add(step.table.field)
    return [PreviewedResource("picture", id, True, True, sorted(found)) for id, found in fields.items()]


def touched(plan: Plan) -> str:
    """A statement for the ids of pictures that are there, stay, and change."""
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


def without_file(connection: apsw.Connection, plan: Plan) -> int:
    """Pictures that are restored, and of which no location is known to have the bytes."""
    coming = " or p.id in (select id from old.put_picture)" if plan.step("picture") else ""
    those = f"p.id in (select id from main.picture){coming}"
    if plan.only:
        those = f"p.id in ({touched(plan) or 'select 0'}){coming}"
    return _count(
        connection,
        f"select count(*) from old.picture p where ({those}) and not exists"
        " (select 1 from main.location l where l.picture_id = p.id and l.state = 'present')",
    )


def _group(connection: apsw.Connection, plan: Plan, name: str) -> tuple[int, int, int]:
    """(changed, coming back, going)."""
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
    """What rows of a plan say in a column that is none of their keys."""
    keys = ", ".join(f'"{key}"' for key in step.keys)
    return [
        f'select "{column}" from {side}."{step.table.name}" where ({keys}) in (select {keys} from {part})'
        for side, part in zip(("main", "old"), _parts(step), strict=True)
    ]


def _net(connection: apsw.Connection, step: Step) -> int:
    """Rows that change: one that goes and comes back in another form counts once."""
    keys = ", ".join(f'"{key}"' for key in step.keys)
    parts = " union ".join(f"select {keys} from {part}" for part in _parts(step))
    return _count(connection, f"select count(*) from ({parts})")


def _parts(step: Step) -> tuple[str, str]:
    return f'old."go_{step.table.name}"', f'old."put_{step.table.name}"'


def _count(connection: apsw.Connection, sql: str) -> int:
    return int(fetch(connection, sql)[0][0])
