"""Applies the record of a change, forwards or inverted, as a whole.

Only rows of pictures that were permanently deleted since are left out: they would refer to nothing, and must not
prevent the undo of older changes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import apsw
from msgspec import Struct

from ..errors import Conflict
from . import changesets
from .changesets import Column, Record, column_of, key_of, pictures_in
from .connection import bind_ids, fetch

#: The column of `picture` with the SHA-256 of its bytes.
SHA256 = 2


class Applied(Struct, frozen=True):
    """The number of changed rows, and of pictures that were left out because they are permanently deleted."""

    rows: int
    gone: int


def apply(connection: apsw.Connection, record: Record, *, invert: bool, purged: Callable[[bytes], bool]) -> Applied:
    """Apply a record in the open transaction, or raise `Conflict` with the conflicting rows.

    `purged(sha256)` returns whether a picture was permanently deleted.
    """
    column = cache(partial(column_of, connection))

    def pictures(change: apsw.TableChange) -> set[int]:
        """Return the pictures that a row belongs to."""
        picture_column, owners = column(change.name), record.owners.get(change.name, {})
        named = pictures_in(change, picture_column.index) if picture_column else set()
        return named or ({owners[key]} if owners and (key := key_of(change)) in owners else named)

    parts = changesets.part(record.changeset)
    rows, gone = _survey(connection, parts, column, pictures, invert, purged)
    if not gone:
        if not _apply_parts(connection, parts, invert):
            _apply(connection, record.changeset, invert, None)
        return Applied(rows, 0)

    def lives(change: apsw.TableChange) -> bool:
        return gone.isdisjoint(pictures(change))

    rows = sum(map(lives, apsw.Changeset.iter(record.changeset)))
    if rows:
        _apply(connection, record.changeset, invert, lives)
    return Applied(rows, len(gone))


def _survey(
    connection: apsw.Connection,
    parts: changesets.Parts,
    column: Callable[[str], Column | None],
    pictures: Callable[[apsw.TableChange], set[int]],
    invert: bool,
    purged: Callable[[bytes], bool],
) -> tuple[int, set[int]]:
    """Return (number of rows, missing pictures that the change does not itself restore)."""
    rows = 0
    named: set[int] = set()
    brought: dict[int, bytes] = {}
    for name, whole in parts.whole.items():
        rows += len(whole.values)
        if picture_column := column(name):
            named.update(whole.column(picture_column.index).tolist())
    for change in apsw.Changeset.iter(parts.rest):
        rows += 1
        named |= pictures(change)
        row = change.old if invert else change.new
        if change.name == "picture" and change.op != "UPDATE" and row is not None:
            brought[row[0]] = row[SHA256]  # type: ignore[index, assignment]  # as the schema says
    # the narrowest table with a row for each picture
    sql = "from carray(?) i cross join derived_grid g on g.id = i.value"
    bound = (bind_ids(sorted(named)),)
    if fetch(connection, f"select count(*) {sql}", bound) == [(len(named),)]:
        return rows, set()
    there = {row[0] for row in fetch(connection, f"select g.id {sql}", bound)}

    def back(picture: int) -> bool:
        sha256 = brought.get(picture)
        # Purged and imported again since: the same file is another picture now.
        taken = sha256 is not None and fetch(connection, "select 1 from picture where sha256 = ?", (sha256,))
        return sha256 is not None and not taken and not purged(sha256)

    return rows, {picture for picture in named - there if not back(picture)}


def _apply_parts(connection: apsw.Connection, parts: changesets.Parts, invert: bool) -> bool:
    """Apply the parts that are arrays in the order of their keys, which is fastest, before or after the rest.

    Returns False, with nothing changed, if rows conflict; `_apply` then reports which.
    """
    if not parts.whole or any(_referred(connection, name) for name in parts.whole):
        return False
    connection.execute("savepoint parts").fetchall()
    try:
        if parts.rest and not invert:  # referenced rows come first
            _apply(connection, parts.rest, invert, None)
        for name, whole in parts.whole.items():
            _put(connection, name, whole, invert)
        if parts.rest and invert:
            _apply(connection, parts.rest, invert, None)
    except (Conflict, apsw.ConstraintError):
        connection.execute("rollback to parts").fetchall()
        return False
    finally:
        connection.execute("release parts").fetchall()
    return True


def _referred(connection: apsw.Connection, table: str) -> bool:
    """Return whether other tables refer to this one."""
    sql = "select 1 from sqlite_schema s, pragma_foreign_key_list(s.name) f where s.type = 'table' and f.\"table\" = ?"
    return bool(fetch(connection, sql, (table,)))


def _put(connection: apsw.Connection, table: str, whole: changesets.Whole, invert: bool) -> None:
    """Insert and delete rows; raise `Conflict` if any of them changed since."""
    names = [f'"{row[0]}"' for row in fetch(connection, "select name from pragma_table_info(?) order by cid", (table,))]
    inserted, deleted = whole.rows(not invert), whole.rows(invert)
    before = connection.total_changes()
    same = " and ".join(f"{name} = ?" for name in names)
    connection.executemany(f'delete from "{table}" where {same}', deleted).fetchall()
    marks = ", ".join("?" * len(names))
    connection.executemany(f'insert into "{table}" values ({marks})', inserted).fetchall()
    if connection.total_changes() - before != len(whole.values):
        raise Conflict("Something changed since.")


def _apply(
    connection: apsw.Connection, changeset: bytes, invert: bool, chosen: Callable[[apsw.TableChange], bool] | None
) -> None:
    conflicts: list[str] = []

    def conflict(reason: int, change: apsw.TableChange | None) -> int:
        conflicts.append(_sentence(reason, change))
        # A foreign key conflict comes once at the end and can only abort.
        abort = reason == apsw.SQLITE_CHANGESET_FOREIGN_KEY
        return apsw.SQLITE_CHANGESET_ABORT if abort else apsw.SQLITE_CHANGESET_OMIT

    flags = apsw.SQLITE_CHANGESETAPPLY_FKNOACTION | (apsw.SQLITE_CHANGESETAPPLY_INVERT if invert else 0)
    try:
        apsw.Changeset.apply(changeset, connection, filter_change=chosen, conflict=conflict, flags=flags)
    except (apsw.AbortError, apsw.ConstraintError):  # the latter when references would lead nowhere
        if not conflicts:
            raise
    if conflicts:
        shown = "; ".join(conflicts[:3]) + (f"; and {len(conflicts) - 3} more" if len(conflicts) > 3 else "")
        raise Conflict(f"Something changed since: {shown}. Nothing was changed.")


def _sentence(reason: int, change: apsw.TableChange | None) -> str:
    why = {
        apsw.SQLITE_CHANGESET_DATA: "was changed",
        apsw.SQLITE_CHANGESET_NOTFOUND: "is gone",
        apsw.SQLITE_CHANGESET_CONFLICT: "is there already",
        apsw.SQLITE_CHANGESET_CONSTRAINT: "breaks a rule",
        apsw.SQLITE_CHANGESET_FOREIGN_KEY: "is referred to by something newer",
    }.get(reason, "is in the way")
    if change is None or reason == apsw.SQLITE_CHANGESET_FOREIGN_KEY:
        return f"a row {why}"
    row = change.old or change.new or ()
    key = ", ".join(str(row[i]) for i in sorted(change.pk_columns) if i < len(row))
    return f"{change.name} {key} {why}"
