"""Records of changes for undo: a changeset, and the pictures that it does not name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import apsw
import msgspec
import zstandard
from msgspec import Struct

from ..errors import PixlStashError
from . import changesets
from .connection import bind_ids, fetch


class Record(Struct, frozen=True, array_like=True):
    """A changeset, with data that it lacks: by table, the picture (value) of each updated row (key)."""

    changeset: bytes
    owners: dict[str, dict[int, int]] = {}


class Column(Struct, frozen=True):
    """The column of a table that refers to a picture. `key`: the primary key, if the picture is not part of it."""

    name: str
    index: int
    key: str | None


def record(connection: apsw.Connection, changeset: bytes, tables: Iterable[str]) -> Record:
    """Return the record of a change. Call it before the changed rows change again."""
    loose = {name: column for name in tables if (column := column_of(connection, name)) and column.key}
    keys: dict[str, list[int]] = {}
    for change in apsw.Changeset.iter(changeset) if loose else ():
        if change.name in loose and change.op == "UPDATE" and not pictures_in(change, loose[change.name].index):
            keys.setdefault(change.name, []).append(key_of(change))
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
    """Return a packed record. Raises `PixlStashError` if it is damaged."""
    if hashlib.sha256(packed).digest() != digest:
        raise PixlStashError("The record of this change is damaged, so it cannot be undone. Nothing was changed.")
    plain: bytes = zstandard.ZstdDecompressor().decompress(packed)
    # Older ones are the bare changeset, which begins with a T.
    return Record(plain) if plain[:1] == b"T" else msgspec.msgpack.decode(plain, type=Record)


def tables(record: Record) -> set[str]:
    """Return the names of the tables that a record changes."""
    return changesets.tables(record.changeset)


def column_of(connection: apsw.Connection, table: str) -> Column | None:
    """Return the column of a table that refers to a picture, on whose deletion its rows are deleted."""
    if table == "picture":
        return Column("id", 0, None)
    info = fetch(connection, "select name, cid, pk from pragma_table_info(?)", (table,))
    refers = "select \"from\" from pragma_foreign_key_list(?) where \"table\" = 'picture' and on_delete = 'CASCADE'"
    owning = {row[0] for row in fetch(connection, refers, (table,))}
    keys = [name for name, _, pk in info if pk]
    for name, cid, pk in info:
        if name in owning:
            return Column(name, cid, keys[0] if not pk and len(keys) == 1 else None)
    return None


def pictures_in(change: apsw.TableChange, column: int) -> set[int]:
    """Return the pictures in the change of a row. An update has only the key and changed columns."""
    old, new = change.old, change.new
    before, after = old[column] if old else None, new[column] if new else None
    if before == after or not isinstance(after, int):
        return {before} if isinstance(before, int) else set()
    return {before, after} if isinstance(before, int) else {after}


def key_of(change: apsw.TableChange) -> int:
    """Return the integer key of a changed row; -1 if it has none."""
    row = change.old or change.new or ()
    key = row[min(change.pk_columns)]
    return key if isinstance(key, int) else -1
