"""Merges a snapshot into the present database: plans the changes first, then makes them in one transaction.

The snapshot is a private copy attached as `old`, in which the plan is written down: for each table, the keys of rows
that go (`go_…`) and of rows that come or become what they were (`put_…`). Working it out only reads what there is now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import apsw
from msgspec import Struct

from ..database.connection import Rows, bind_ids, fetch
from ..database.features import Table
from ..types import RestoreKind
from .repository import Progress, unseen

#: What a library is, which no snapshot changes.
OWN_SETTINGS = "('public_id', 'epoch')"
#: Gaps between the ids of pictures that are looked into one by one.
GAPS = 1000
#: Rows of a table that one statement changes.
SLICE = 20_000


class Choice(Struct, frozen=True):
    """What to restore. `kinds`: of all pictures only these; `only`: ids by table, of pictures and groups; `bare`: of
    groups that come back without what else was in them; `but`: by topic, pictures of `only` that keep what they have;
    `lost`: what was asked for and is not in the snapshot; `all`: every row that differs, to be counted and not merged.
    """

    keep_added: bool = True
    kinds: frozenset[RestoreKind] | None = None
    only: dict[str, list[int]] | None = None
    bare: dict[str, list[int]] = {}
    but: dict[str, list[int]] = {}
    lost: dict[str, list[int]] = {}
    all: bool = False


class Step(Struct, frozen=True):
    """One table's part of a plan. `picture`: its column with a picture's id, if any; `within`: as in `Table`."""

    table: Table
    columns: list[str]
    keys: list[str]
    picture: str | None
    within: tuple[tuple[str, str], ...]
    go: int
    put: int


class RestorePlan(Struct, frozen=True):
    """The changes of a merge, and the database revision that it was planned for. `choice`: what was requested."""

    revision: int
    steps: list[Step]
    choice: Choice

    def step(self, name: str) -> Step | None:
        return next((step for step in self.steps if step.table.name == name), None)


def topic(table: Table) -> str:
    """Return the topic of the step's rows."""
    return table.topic or table.noun


def identify(connection: apsw.Connection, purged: Callable[[bytes], bool]) -> tuple[int, int]:
    """Map the snapshot's pictures to their present ids and leave out permanently deleted ones; returns the numbers.

    The same bytes are the same picture, even if it was deleted and imported again since.
    """
    lost = _lost(connection)
    there = "select id from main.picture where sha256 = ?"
    moved = [(id, now) for sha256, id in lost for (now,) in fetch(connection, there, (sha256,))]
    gone = [id for sha256, id in lost if purged(sha256)]
    if not moved and not gone:
        return 0, 0
    fetch(connection, "pragma defer_foreign_keys = on")
    naming = [(table, column) for table in _tables(connection) for column in _naming(connection, table)]
    for before, after in moved:
        fetch(connection, "update old.picture set id = ? where id = ?", (after, before))
        for table, column in naming:
            sql = f'update or ignore old."{table}" set "{column}" = ? where "{column}" = ?'
            fetch(connection, sql, (after, before))
    gone = sorted(set(gone) - {before for before, _ in moved})
    fetch(connection, "delete from old.picture where id in carray(?)", (bind_ids(gone),))
    for table, column in naming:
        if column != "cover_id":
            sql = f'delete from old."{table}" where "{column}" in carray(?)'
            fetch(connection, sql, (bind_ids([*gone, *(before for before, _ in moved)]),))
    return len(moved), len(gone)


def _lost(connection: apsw.Connection) -> Rows:
    """Return (hash, id) of the snapshot's pictures whose ids belong to no present picture."""
    import numpy as np

    # An id is only ever of one picture, so that only where ids are missing some may have been.
    ids = np.fromiter((id for (id,) in connection.execute("select id from main.picture")), np.int64)
    ids = np.concatenate([[0], np.sort(ids), [1 << 62]])
    after = np.flatnonzero(np.diff(ids) > 1)
    if len(after) > GAPS:  # then by the indexes on hashes, which are read much faster than the rows
        return fetch(connection, "select sha256, id from old.picture except select sha256, id from main.picture")
    within = "select sha256, id from old.picture where id > ? and id < ?"
    return [row for at in after for row in fetch(connection, within, (int(ids[at]), int(ids[at + 1])))]


def plan(
    connection: apsw.Connection, tables: Sequence[Table], choice: Choice, progress: Progress = unseen
) -> RestorePlan:
    """Plan a merge. It may be repeated, and reads `main` in one consistent state."""
    revision = fetch(connection, "select coalesce(max(revision), 0) from main.derived_revision where noun = ''")[0][0]
    there = set(_tables(connection))
    chosen = [table for table in tables if table.name in there and _wanted(table, choice)]
    chosen.sort(key=lambda table: table.merge != "kept")  # what others refer to, before what refers to it
    names = {table.name for table in chosen}
    steps: list[Step] = []
    for table in chosen:
        steps.append(_step(connection, table, choice, names))
        progress(len(steps), len(chosen))
    return RestorePlan(revision, steps, choice)


def carry_out(connection: apsw.Connection, planned: RestorePlan, at: int, progress: Progress = unseen) -> None:
    """Make the changes, inside the writer's open transaction. Progress is counted in rows."""
    done, total = 0, sum(step.go + step.put for step in planned.steps)
    for step in reversed(planned.steps):
        for within, count in _slices(connection, step, step.go):
            fetch(connection, f'delete from main."{step.table.name}" where {_in(step, _go(step), within)}')
            progress(done := done + count, total)
    for step in planned.steps:
        if step.put:
            if "folded" in step.columns:
                _free_names(connection, step)
            bound = {"at": at} if step.table.merge == "presence" else None
            for within, count in _slices(connection, step, step.put):
                fetch(connection, _putting(step, within), bound)
                progress(done := done + count, total)
    for step in planned.steps:
        if step.table.merge == "shell":
            fetch(
                connection,
                f'delete from main."{step.table.name}" where id not in (select stack_id from main.stack_member)',
            )


def _slices(connection: apsw.Connection, step: Step, count: int) -> Iterator[tuple[str, int]]:
    """Return conditions that divide the rows of a step, with their numbers, so that progress can be reported.

    Where rows name others of their own table they are done at once: foreign keys are looked at when a statement ends.
    """
    sql = 'select 1 from pragma_foreign_key_list(?1) where lower("table") = lower(?1)'
    if count <= SLICE or fetch(connection, sql, (step.table.name,)):
        yield from [("", count)] if count else []
        return
    for first in range(1, count + 1, SLICE):
        last = min(first + SLICE - 1, count)
        yield f" where rowid between {first} and {last}", last - first + 1


# --- the plan of one table --------------------------------------------------------------------------------------------


def _step(connection: apsw.Connection, table: Table, choice: Choice, chosen: set[str]) -> Step:
    now = fetch(connection, 'select name, pk from pragma_table_info(?, "main")'.replace('"', "'"), (table.name,))
    then = {name for name, _ in fetch(connection, "select name, pk from pragma_table_info(?, 'old')", (table.name,))}
    columns = [name for name, _ in now if name in then]
    keys = [name for name, _ in sorted((row for row in now if row[1]), key=lambda row: row[1])]
    picture = now[table.picture][0] if table.picture is not None else None
    parents = table.within or (((picture, "picture"),) if picture else _belonging(connection, table.name))
    step = Step(table, columns, keys, picture, parents, 0, 0)
    shown = ", ".join(f'{{0}}."{key}"' for key in keys)
    counts = []
    for name, alias, sql in (
        (_go(step), "n", _going(step, choice)),
        (_put(step), "o", _coming(connection, step, choice, chosen)),
    ):
        fetch(connection, f"drop table if exists {name}")
        seen = f', {alias}."{picture}" as of_picture' if picture else ""
        fetch(connection, f"create table {name} as select {shown.format(alias)}{seen} {sql}", _bound(choice))
        counts.append(fetch(connection, f"select count(*) from {name}")[0][0])
    return Step(table, columns, keys, picture, parents, *counts)


def _going(step: Step, choice: Choice) -> str:
    """Return a clause that selects present rows which the snapshot covers but does not have."""
    name, merge = step.table.name, step.table.merge
    missing = f'from main."{name}" n left join old."{name}" o on {_same(step)} where o."{step.keys[0]}" is null'
    if choice.all:
        return missing
    if merge in ("rows", "presence"):
        # The plus keeps SQLite from trying each set with each picture.
        spoken = [f'+n."{column}" in (select id from old."{parent}")' for column, parent in step.within]
        return " and ".join([missing, *spoken, *_only(step, choice, "n")])
    if merge == "whole":
        return missing + (f" and n.name not in {OWN_SETTINGS}" if name == "setting" else "")
    if choice.only is None and (merge == "group" or (merge == "root" and not choice.keep_added)):
        # Ids are never used again, so that a higher one was given out since; a lower one was gone when it was taken.
        before = (
            f" and n.id <= (select seq from old.sqlite_sequence where name = '{name}')" if choice.keep_added else ""
        )
        return missing + before
    return f'from main."{name}" n where 0'


def _coming(connection: apsw.Connection, step: Step, choice: Choice, chosen: set[str]) -> str:
    """Return a clause that selects rows of the snapshot which are missing or different at present."""
    name, merge, only = step.table.name, step.table.merge, _only(step, choice, "o")
    joined = f'from old."{name}" o left join main."{name}" n on {_same(step)} where '
    if merge == "root" and choice.only is not None:  # once identified, a row that is there is the same
        return " and ".join([f'from old."{name}" o where o.id not in (select id from main.{name})', *only])
    if merge == "root" and not choice.all:  # as above, by the indexes on hashes
        lost = f"select id from (select sha256, id from old.{name} except select sha256, id from main.{name})"
        return f'from old."{name}" o where o.id in ({lost})'
    if merge == "never" and not choice.all:
        return joined + "0"
    differs = " or ".join(f'n."{column}" is not o."{column}"' for column in step.columns if column not in step.keys)
    if (merge in ("root", "bytes", "kept", "presence") and not choice.all) or not differs:
        differs = "0"
    # What files say comes only with pictures that come back: then that is enough to look for.
    needed = [f'(n."{step.keys[0]}" is null or {differs})', *(only if merge != "bytes" or choice.all else [])]
    if name == "setting":
        needed.append(f"o.name not in {OWN_SETTINGS}")
    if choice.all:
        return joined + " and ".join(needed)
    if merge == "bytes":
        needed.append('o.picture_id in (select id from old."put_picture")')
    if name == "location":
        needed.append("not exists (select 1 from main.location x where x.store_id = o.store_id and x.key = o.key)")
    for column, parent, key in fetch(
        connection, 'select "from", "table", coalesce("to", \'id\') from pragma_foreign_key_list(?, \'old\')', (name,)
    ):
        if parent not in chosen or choice.only is not None:
            comes = f' or o."{column}" in (select id from {_put_name(parent)})' if parent in chosen else ""
            needed.append(f'(o."{column}" is null or +o."{column}" in (select "{key}" from main."{parent}"){comes})')
    return joined + " and ".join(needed)


def _belonging(connection: apsw.Connection, table: str) -> tuple[tuple[str, str], ...]:
    """Return (column, parent table) of a table's cascading foreign keys."""
    refers = "select \"from\", \"table\" from pragma_foreign_key_list(?, 'main') where on_delete = 'CASCADE'"
    return tuple((column, parent) for column, parent in fetch(connection, refers, (table,)))


def _wanted(table: Table, choice: Choice) -> bool:
    if choice.all:
        return table.topic is not None
    if choice.kinds is not None:
        return bool(table.kinds & choice.kinds)
    return choice.only is None or table.merge not in ("whole", "words", "kept", "never", "shell")


def _only(step: Step, choice: Choice, alias: str) -> list[str]:
    """Return conditions for the rows of the chosen pictures and groups."""
    if choice.only is None:
        return []
    if step.table.name in choice.only:
        bare = f' or {alias}."id" in carray(:bare_{step.table.name})' if alias == "o" else ""
        return [f'({alias}."id" in carray(:{step.table.name}){bare})']
    conditions = [
        _belongs(step, choice, alias, column, parent) for column, parent in step.within if choice.only.get(parent)
    ]
    return [f"({' or '.join(conditions)})"] if conditions else ["0"]


def _belongs(step: Step, choice: Choice, alias: str, column: str, parent: str) -> str:
    """Return a condition: a row belongs to a chosen picture or group, and is of a wanted topic."""
    chosen, topics = f'{alias}."{column}" in carray(:{parent})', sorted(choice.but)
    if parent != "picture" or topic(step.table) not in topics:
        return chosen
    return f'({chosen} and {alias}."{column}" not in carray(:but_{topics.index(topic(step.table))}))'


def _bound(choice: Choice) -> dict[str, Any] | None:
    if choice.only is None:
        return None
    bare = {f"bare_{name}": bind_ids(choice.bare.get(name, [])) for name in choice.only}
    but = {f"but_{n}": bind_ids(choice.but[topic]) for n, topic in enumerate(sorted(choice.but))}
    return {**{name: bind_ids(ids) for name, ids in choice.only.items()}, **bare, **but}


# --- carrying it out --------------------------------------------------------------------------------------------------


def _putting(step: Step, within: str = "") -> str:
    name = step.table.name
    values = [":at" if step.table.merge == "presence" and column == "at" else f'"{column}"' for column in step.columns]
    changed = [column for column in step.columns if column not in step.keys]
    update = (
        "do update set " + ", ".join(f'"{column}" = excluded."{column}"' for column in changed)
        if changed
        else "do nothing"
    )
    return (
        f'insert into main."{name}"({_listed(step.columns)}) select {", ".join(values)} from old."{name}"'
        f" where {_in(step, _put(step), within)} on conflict({_listed(step.keys)}) {update}"
    )


def _free_names(connection: apsw.Connection, step: Step) -> None:
    """Rename rows added since whose names the restored rows need."""
    name = step.table.name
    taken = fetch(
        connection,
        f'select n.id, n.name, n.folded, o.id from main."{name}" n join old."{name}" o on o.folded = n.folded'
        f' where n.id != o.id and n.id not in (select id from old."{name}")'
        f" and o.id in (select id from {_put(step)})",
    )
    for id, text, folded, holder in taken:
        end = _free(connection, name, folded)
        bindings = (text + end, folded + end, id)
        fetch(connection, f'update main."{name}" set name = ?, folded = ? where id = ?', bindings)
        if "alias_id" in step.columns:  # a tag of the same name means the same
            fetch(connection, f'update main."{name}" set alias_id = ? where id = ?', (holder, id))
    # Two that swapped names would otherwise be in each other's way.
    fetch(
        connection,
        f'update main."{name}" set folded = char(1) || id where id in (select id from {_put(step)})',
    )


def _free(connection: apsw.Connection, table: str, folded: str) -> str:
    """Return a suffix such as ` (2)` that makes a name unique, now and in the snapshot."""
    number = 2
    sql = f'select 1 from main."{table}" where folded = :it union all select 1 from old."{table}" where folded = :it'
    while fetch(connection, sql, {"it": f"{folded} ({number})"}):
        number += 1
    return f" ({number})"


# --- names ------------------------------------------------------------------------------------------------------------


def _tables(connection: apsw.Connection) -> Iterator[str]:
    """Return the tables that both databases have."""
    for (name,) in fetch(
        connection,
        "select name from old.sqlite_schema where type = 'table' and name in"
        " (select name from main.sqlite_schema where type = 'table') and name not like 'sqlite%'"
        " and name not like 'derived%'",
    ):
        yield name


def _naming(connection: apsw.Connection, table: str) -> list[str]:
    """Return the columns of a table that refer to pictures, even without a foreign key."""
    named = {
        row[0]
        for row in fetch(
            connection, "select \"from\" from pragma_foreign_key_list(?, 'old') where \"table\" = 'picture'", (table,)
        )
    }
    columns = {row[0] for row in fetch(connection, "select name from pragma_table_info(?, 'old')", (table,))}
    return sorted(named | columns & {"cover_id", "low_id", "high_id"})


def _same(step: Step) -> str:
    return " and ".join(f'o."{key}" = n."{key}"' for key in step.keys)


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _in(step: Step, part: str, within: str = "") -> str:
    keys = _listed(step.keys)
    return f"{f'({keys})' if len(step.keys) > 1 else keys} in (select {keys} from {part}{within})"


def _go(step: Step) -> str:
    return f'old."go_{step.table.name}"'


def _put(step: Step) -> str:
    return _put_name(step.table.name)


def _put_name(table: str) -> str:
    return f'old."put_{table}"'
