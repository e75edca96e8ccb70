"""Records a person's change for undo, and applies it, forwards or inverted, as a whole.

Only rows of pictures that were permanently deleted since are left out: they would refer to nothing, and must not
prevent the undo of older changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import cache, partial

import apsw
import msgspec
import zstandard
from msgspec import Struct

from ..errors import Conflict, PixlStashError
from . import changesets
from .connection import bind_ids, fetch

#: The column of `picture` with the SHA-256 of its bytes.
SHA256 = 2


class Record(Struct, frozen=True, array_like=True):
    """A changeset, with data that it lacks: by table, the picture (value) of each updated row (key)."""

    changeset: bytes
    owners: dict[str, dict[int, int]] = {}


class Applied(Struct, frozen=True):
    """The number of changed rows, and of pictures that were left out because they are permanently deleted."""

    rows: int
    gone: int


class _Column(Struct, frozen=True):
    """The column of a table that refers to a picture. `key`: the primary key, if the picture is not part of it."""

    name: str
    index: int
    key: str | None


def record(connection: apsw.Connection, changeset: bytes, tables: Iterable[str]) -> Record:
    """Return the record of a change. Call it before the changed rows change again."""
    loose = {name: column for name in tables if (column := _column(connection, name)) and column.key}
    keys: dict[str, list[int]] = {}
    for change in apsw.Changeset.iter(changeset) if loose else ():
        if change.name in loose and change.op == "UPDATE" and not _named(change, loose[change.name].index):
            keys.setdefault(change.name, []).append(_key(change))
    return Record(
        changeset,
        {
            name: dict(
                fetch(
                    connection,
                    f'select "{loose[name].key}", "{loose[name].name}" from "{name}" where "{loose[name].key}"'
                    " in carray(?)",
                    (bind_ids(ids),),
                )
            )
            for name, ids in keys.items()
        },
    )


def pack(record: Record) -> tuple[bytes, bytes]:
    """Return (compressed record, its SHA-256), with which a damaged record is detected."""
    packed = zstandard.ZstdCompressor(level=3).compress(msgspec.msgpack.encode(record))
    return packed, hashlib.sha256(packed).digest()


def unpack(packed: bytes, digest: bytes) -> Record:
    if hashlib.sha256(packed).digest() != digest:
        raise PixlStashError("The record of this change is damaged, so it cannot be undone. Nothing was changed.")
    plain: bytes = zstandard.ZstdDecompressor().decompress(packed)
    # Older ones are the bare changeset, which begins with a T.
    return Record(plain) if plain[:1] == b"T" else msgspec.msgpack.decode(plain, type=Record)


def tables(record: Record) -> set[str]:
    """Return the names of the tables that a record changes."""
    return changesets.tables(record.changeset)


def apply(connection: apsw.Connection, record: Record, *, invert: bool, purged: Callable[[bytes], bool]) -> Applied:
    """Apply a record in the open transaction, or raise `Conflict` with the conflicting rows.

    `purged(sha256)` returns whether a picture was permanently deleted.
    """
    column = cache(partial(_column, connection))

    def pictures(change: apsw.TableChange) -> set[int]:
        """Return the pictures that a row belongs to."""
        picture_column, owners = column(change.name), record.owners.get(change.name, {})
        named = _named(change, picture_column.index) if picture_column else set()
        return named or ({owners[key]} if owners and (key := _key(change)) in owners else named)

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
    column: Callable[[str], _Column | None],
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


def _column(connection: apsw.Connection, table: str) -> _Column | None:
    """Return the column of a table that refers to a picture, on whose deletion its rows are deleted."""
    if table == "picture":
        return _Column("id", 0, None)
    info = fetch(connection, "select name, cid, pk from pragma_table_info(?)", (table,))
    refers = "select \"from\" from pragma_foreign_key_list(?) where \"table\" = 'picture' and on_delete = 'CASCADE'"
    owning = {row[0] for row in fetch(connection, refers, (table,))}
    keys = [name for name, _, pk in info if pk]
    for name, cid, pk in info:
        if name in owning:
            return _Column(name, cid, keys[0] if not pk and len(keys) == 1 else None)
    return None


def _named(change: apsw.TableChange, column: int) -> set[int]:
    """Return the pictures in the change of a row. An update has only the key and changed columns."""
    old, new = change.old, change.new
    before, after = old[column] if old else None, new[column] if new else None
    if before == after or not isinstance(after, int):
        return {before} if isinstance(before, int) else set()
    return {before, after} if isinstance(before, int) else {after}


def _key(change: apsw.TableChange) -> int:
    row = change.old or change.new or ()
    key = row[min(change.pk_columns)]
    return key if isinstance(key, int) else -1


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
