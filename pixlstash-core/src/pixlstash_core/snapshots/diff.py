"""Differences between a snapshot and another state, by topic with examples, or for one picture over time.

Built upon what a merge compares: `old` is attached, with the plan in it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

import apsw
from msgspec import Struct

from ..database.connection import Database, bind_ids, fetch
from ..database.features import Table
from ..types import Change, Difference, PictureChange, TopicDiff
from . import merge
from .merge import Choice, RestorePlan, Step, topic

#: Examples of a topic, of each sort; pictures whose changes are shown, and changes of one picture, at most.
EXAMPLES = 5
#: Tags of an engine that are named.
NAMED = 12
Sort = Literal["added", "removed", "changed"]
GROUPS = ("picture_set", "character", "project")


class Content(Struct, frozen=True):
    """The content of a row, and what it belongs to."""

    topic: str
    text: str | None


def of(connection: apsw.Connection, tables: Sequence[Table]) -> list[TopicDiff]:
    """Return the topics in which two states differ; `main` is the later one."""
    plan = merge.plan(connection, tables, Choice(all=True))
    topics: dict[str, list[Step]] = {}
    for step in plan.steps:
        if step.go or step.put:
            topics.setdefault(topic(step.table), []).append(step)
    return [_topic(connection, name, steps) for name, steps in topics.items()]


def _topic(connection: apsw.Connection, name: str, steps: list[Step]) -> TopicDiff:
    added = removed = changed = 0
    examples: list[Difference] = []
    for step in steps:
        stay = fetch(connection, f"select count(*) from ({both(step)})")[0][0]
        added += step.go
        removed += step.put - stay
        changed += stay
        examples += _examples(connection, step)
    shown = [[example for example in examples if example.change == sort][:EXAMPLES] for sort in get_args(Sort)]
    return TopicDiff(name, added, removed, changed, [example for group in shown for example in group])


def both(step: Step) -> str:
    """Return a statement for the keys of rows that are both restored and present: those that changed."""
    keys = ", ".join(f'"{key}"' for key in step.keys)
    return f'select {keys} from old."put_{step.table.name}" intersect select {keys} from main."{step.table.name}"'


def _examples(connection: apsw.Connection, step: Step) -> list[Difference]:
    listed = ", ".join(f'"{key}"' for key in step.keys)
    name, keys = step.table.name, f"({listed})" if len(step.keys) > 1 else listed
    id = "r.id" if name in GROUPS else "null"
    of_picture = f'r."{step.picture}"' if step.picture else "null"

    def rows(db: str, where: str) -> list[tuple[Any, ...]]:
        shown = f"{listed_of(step)}, {of_picture}, {id}, {_naming(step, db)}, {content_of(step, db)}"
        return fetch(connection, f'select {shown} from {db}."{name}" r where {keys} in ({where}) limit {EXAMPLES}')

    count = len(step.keys)
    put = f'select {listed} from old."put_{name}"'
    added = rows("main", f'select {listed} from old."go_{name}" limit {EXAMPLES}')
    removed = rows("old", f'{put} except select {listed} from main."{name}" limit {EXAMPLES}')
    before = rows("old", f"{both(step)} limit {EXAMPLES}")
    since = {row[:count]: row for row in rows("main", f"{both(step)} limit {EXAMPLES}")}
    differences = [_difference("added", row[count:], None, row[-1]) for row in added]
    differences += [_difference("removed", row[count:], row[-1], None) for row in removed]
    for row in before:
        if (now := since.get(row[:count])) is not None:
            differences.append(_difference("changed", now[count:], row[-1], now[-1]))
    return differences


def _difference(change: Sort, row: tuple[Any, ...], old: str | None, new: str | None) -> Difference:
    picture, id, name, _ = row
    return Difference(change, picture, id, name, old, new)


def listed_of(step: Step) -> str:
    return ", ".join(f'r."{key}"' for key in step.keys)


def content_of(step: Step, db: str) -> str:
    """Return an expression for the content of a row as text; null if there is none."""
    return f"cast(({step.table.says.format(db=db)}) as text)" if step.table.says else "null"


def _naming(step: Step, db: str) -> str:
    """Return an expression for the name of a row: its picture's, its own, or that of what it belongs to."""
    if step.picture:
        return f"coalesce((select name from {db}.picture p where p.id = r.\"{step.picture}\"), '')"
    if "name" in step.columns:
        return "r.name"
    for column, parent in step.within:
        if parent in GROUPS:
            return f'coalesce((select name from {db}."{parent}" p where p.id = r."{column}"), \'\')'
    return "''"


def first(connection: apsw.Connection, step: Step) -> list[Change]:
    """Return the first rows that a merge would change."""
    if not step.table.says or not (step.go or step.put):
        return []

    def content(db: str) -> str:
        keys = " and ".join(f'r."{key}" = p."{key}"' for key in step.keys)
        return f'(select {content_of(step, db)} from {db}."{step.table.name}" r where {keys})'

    rows = (
        f'select {content("main")} as now, null as later from old."go_{step.table.name}" p'
        f' union all select {content("main")}, {content("old")} from old."put_{step.table.name}" p'
    )
    pairs = fetch(connection, f"select now, later from ({rows}) where now is not later limit {EXAMPLES}")
    return [Change(topic(step.table), now, then) for now, then in pairs]


def groups(step: Step) -> str:
    """Return a statement for (id, present content, earlier content) of a plan's sets, characters or projects."""
    name = step.table.name
    now, then = (f'(select {content_of(step, db)} from {db}."{name}" r where r.id = x.id)' for db in ("main", "old"))
    ids = f'select id from old."go_{name}" union select id from old."put_{name}"'
    return f"select id, {now}, {then} from ({ids}) x order by id"


# --- of some pictures -------------------------------------------------------------------------------------------------


def changes(connection: apsw.Connection, plan: RestorePlan, ids: Iterable[int]) -> dict[int, list[Change]]:
    """Return the changes that a merge would make to each of these pictures."""
    wanted = bind_ids(ids)
    by_picture: dict[int, list[Change]] = {}
    for step in plan.steps:
        if step.picture is None or step.table.name == "picture":
            continue
        now = _content(connection, step, "main", wanted, ("go", "put"))
        then = _content(connection, step, "old", wanted, ("put",))
        for key in sorted({*now, *then}, key=repr):
            picture, says = now.get(key, (0, None)) if key in now else (then[key][0], None)
            change = Change(topic(step.table), says, then[key][1] if key in then else None)
            by_picture.setdefault(picture, []).append(change)
    return by_picture


def _content(
    connection: apsw.Connection, step: Step, db: str, ids: object, parts: Sequence[str]
) -> dict[tuple[object, ...], tuple[int, str | None]]:
    """Return, by key, the picture and the content of a plan's rows in one of the two databases."""
    name, count = step.table.name, len(step.keys)
    listed = ", ".join(f'"{key}"' for key in step.keys)
    keys = f"({listed})" if count > 1 else listed
    by_key: dict[tuple[object, ...], tuple[int, str | None]] = {}
    for part in parts:
        planned = f'select {listed} from old."{part}_{name}" where of_picture in carray(:ids)'
        sql = (
            f'select {listed_of(step)}, r."{step.picture}", {content_of(step, db)} from {db}."{name}" r'
            f" where {keys} in ({planned})"
        )
        for row in fetch(connection, sql, {"ids": ids}):
            by_key[row[:count]] = (row[count], row[count + 1])
    return by_key


def state(connection: apsw.Connection, tables: Sequence[Table], picture: int) -> dict[tuple[object, ...], Content]:
    """Return the content of one picture's rows by table and key, without the facts of its file."""
    connection.create_scalar_function("surest_tags", surest_tags, 1, deterministic=True)
    there = {name for (name,) in fetch(connection, "select name from sqlite_schema where type = 'table'")}
    by_row: dict[tuple[object, ...], Content] = {}
    for table in tables:
        if table.picture is None or not table.says or table.merge == "bytes" or table.name not in there:
            continue
        columns = fetch(connection, "select name, pk from pragma_table_info(?)", (table.name,))
        keyed = _keyed(columns)
        keys = ", ".join(f'r."{name}"' for name, _ in keyed)
        says = f"cast(({table.says.format(db='main')}) as text)"
        sql = f'select {says}, {keys} from "{table.name}" r where r."{columns[table.picture][0]}" = ?'
        for text, *key in fetch(connection, sql, (picture,)):
            # A picture that was imported again has another id, but the same annotations.
            named = tuple(
                value for value, (name, _) in zip(key, keyed, strict=True) if name != columns[table.picture][0]
            )
            by_row[table.name, *named] = Content(topic(table), text)
    return by_row


def _keyed(columns: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted((row for row in columns if row[1]), key=lambda row: row[1])


def surest_tags(*bodies: Any) -> str:
    """SQL function: return the ids of the most certain tags in a body of `tag_output`, as a JSON array."""
    entries = list(struct.iter_unpack("<IH", bodies[0] or b""))
    entries.sort(key=lambda entry: (-entry[1], entry[0]))
    return json.dumps([tag for tag, _ in entries[:NAMED]])


State = dict[tuple[object, ...], Content]


def identity(db: Database, picture: int) -> bytes | None:
    """Return the SHA-256 of a picture's file, which identifies it under any id."""
    sha256: bytes | None = db.value("select sha256 from picture where id = ?", (picture,))
    return sha256


def state_by_hash(db: Database, tables: Sequence[Table], sha256: bytes) -> State | None:
    """Return the metadata of the picture with this hash; None if there is none."""
    with db.reading() as connection:
        rows = fetch(connection, "select id from picture where sha256 = ?", (sha256,))
        return state(connection, tables, rows[0][0]) if rows else None


def changes_between(before: State, after: State) -> list[PictureChange]:
    """Return what was added, removed or changed, by topic."""
    changes = []
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if old != new:
            topic = (new or old or Content("", None)).topic
            changes.append(PictureChange(topic, old.text if old else None, new.text if new else None))
    return sorted(changes, key=lambda change: (change.topic, change.old or "", change.new or ""))
