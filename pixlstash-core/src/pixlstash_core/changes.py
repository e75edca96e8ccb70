"""Reads a changeset: which rows of which tables changed, and what that means as events.

Also applies one, forwards or inverted, all or nothing (`docs/decisions`: traps of SQLite's session extension).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import apsw
import zstandard
from msgspec import Struct

from .db import bind_ids, fetch
from .errors import Conflict, PixlStashError
from .nouns import Table
from .types import Event, PicturesAdded, PicturesChanged, PicturesRemoved, RowsChanged

#: Ids an event carries at most; `count` is always the whole number.
SHOWN = 1000


class Changes(Struct, frozen=True):
    """The picture ids touched, by table, and counts of other rows."""

    ids: dict[str, set[int]]
    added: set[int]
    removed: set[int]
    rows: dict[str, int]
    inserted: set[str]

    def nouns(self, tables: Mapping[str, Table]) -> set[str]:
        return {tables[name].noun for name in self.rows}

    def pictures(self, names: Iterable[str]) -> list[int]:
        """Ids of pictures whose rows in any of these tables changed, ascending."""
        found: set[int] = set()
        for name in names:
            found |= self.ids.get(name, set())
        return sorted(found)


def read(changeset: bytes, tables: Mapping[str, Table]) -> Changes:
    ids: dict[str, set[int]] = {}
    rows: dict[str, int] = {}
    inserted: set[str] = set()
    added: set[int] = set()
    removed: set[int] = set()
    for change in apsw.Changeset.iter(changeset):
        name, op = change.name, change.op
        rows[name] = rows.get(name, 0) + 1
        if op == "INSERT":
            inserted.add(name)
        for picture in _pictures(change, tables[name]):
            ids.setdefault(name, set()).add(picture)
            if name == "picture" and op == "INSERT":
                added.add(picture)
            elif name == "picture" and op == "DELETE":
                removed.add(picture)
    return Changes(ids, added, removed, rows, inserted)


def _pictures(change: apsw.TableChange, table: Table) -> Iterable[int]:
    """The picture ids a row's change carries: an update names a column only where it changed, and the key."""
    if table.picture is None:
        return
    for values in (change.old, change.new):
        value = values[table.picture] if values is not None else None
        if isinstance(value, int):
            yield value


def complete(connection: apsw.Connection, changes: Changes, tables: Mapping[str, Table], changeset: bytes) -> None:
    """Find the pictures of updated rows whose changeset does not carry the picture's id (`location`)."""
    unknown: dict[str, list[int]] = {}
    for change in apsw.Changeset.iter(changeset):
        table = tables[change.name]
        if table.picture and change.op == "UPDATE" and change.old and not isinstance(change.old[table.picture], int):
            key = change.old[min(change.pk_columns)]
            if isinstance(key, int):
                unknown.setdefault(change.name, []).append(key)
    for name, keys in unknown.items():
        sql = f"select distinct picture_id from {name} where id in carray(?)"
        changes.ids.setdefault(name, set()).update(row[0] for row in fetch(connection, sql, (bind_ids(keys),)))


def events(changes: Changes, tables: Mapping[str, Table], revision: int) -> list[Event]:
    """What is announced of a commit."""
    told: list[Event] = []
    if changes.added:
        told.append(PicturesAdded(revision, len(changes.added), sorted(changes.added)[:SHOWN]))
    if changes.removed:
        told.append(PicturesRemoved(revision, len(changes.removed), sorted(changes.removed)[:SHOWN]))
    touched: set[int] = set()
    fields: set[str] = set()
    for name, found in changes.ids.items():
        rest = found - changes.added - changes.removed
        if rest:
            touched |= rest
            fields.add(tables[name].field or name)
    if touched:
        told.append(PicturesChanged(revision, len(touched), sorted(touched)[:SHOWN], sorted(fields)))
    for name, count in changes.rows.items():
        if tables[name].noun not in CORE_NOUNS and tables[name].picture is None:
            told.append(RowsChanged(revision, name, count))
    return told


CORE_NOUNS = frozenset({"pictures", "scores", "scrapheap", "stores", "settings"})


def pack(changeset: bytes) -> tuple[bytes, bytes]:
    """(compressed, SHA-256 of the compressed): a flipped byte would otherwise silently do nothing when applied."""
    packed = zstandard.ZstdCompressor(level=3).compress(changeset)
    return packed, hashlib.sha256(packed).digest()


def unpack(packed: bytes, digest: bytes) -> bytes:
    if hashlib.sha256(packed).digest() != digest:
        raise PixlStashError("The record of this change is damaged, so it cannot be undone. Nothing was changed.")
    plain: bytes = zstandard.ZstdDecompressor().decompress(packed)
    return plain


def apply(connection: apsw.Connection, changeset: bytes, *, invert: bool) -> None:
    """Apply all of it inside the open transaction, or raise `Conflict` that names what is in the way."""
    conflicts: list[str] = []

    def conflict(reason: int, change: apsw.TableChange | None) -> int:
        conflicts.append(_named(reason, change))
        # A foreign key conflict comes once at the end and can only abort.
        abort = reason == apsw.SQLITE_CHANGESET_FOREIGN_KEY
        return apsw.SQLITE_CHANGESET_ABORT if abort else apsw.SQLITE_CHANGESET_OMIT

    flags = apsw.SQLITE_CHANGESETAPPLY_FKNOACTION | (apsw.SQLITE_CHANGESETAPPLY_INVERT if invert else 0)
    try:
        apsw.Changeset.apply(changeset, connection, conflict=conflict, flags=flags)
    except (apsw.AbortError, apsw.ConstraintError):  # the latter when references would lead nowhere
        if not conflicts:
            raise
    if conflicts:
        shown = "; ".join(conflicts[:3]) + (f"; and {len(conflicts) - 3} more" if len(conflicts) > 3 else "")
        raise Conflict(f"Something changed since: {shown}. Nothing was changed.")


def _named(reason: int, change: apsw.TableChange | None) -> str:
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
