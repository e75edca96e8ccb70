"""Creates the database of a backup: a copy of the library's in which all originals are in the backup's folder."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath

import apsw
import msgspec
from msgspec import Struct

from ..database.connection import Database, bind_ids, fetch, translated
from ..database.hub import Hub
from ..database.writer import Label, Write, Writer
from ..errors import Conflict, PixlStashError
from ..snapshots.frozen_state import Alone, frozen
from ..snapshots.repository import Progress, opened, unseen
from ..storage.files import create_private, writing_to

#: The setting that marks a backup.
SETTING = "backup"
#: Parameters of the store with a backup's originals, beside its database.
PARAMS = '{"path":"media"}'
BLOCK = 1 << 20
#: A function that creates a writer for another database.
Writing = Callable[[Database, Hub], Writer]


class BackupOrigin(Struct, frozen=True):
    """The origin of a backup: the library, its revision, the query for its pictures (empty: all), and the time."""

    library: str
    revision: int
    query: str
    at: int
    access: bool = False


class Original(Struct, frozen=True):
    """An original: its hash, size, key in the backup, and its places in the library as (store, key)."""

    picture: int
    sha256: bytes
    size: int
    key: str
    places: list[tuple[int, str]]


def copied(db: Database, alone: Alone, scratch: Path, path: Path, progress: Progress = unseen) -> None:
    """Copy a consistent state of a database to a new file, while it is written to. Not durable."""
    with frozen(db, alone, scratch) as source, writing_to(path.parent), create_private(path) as out:
        for offset in range(0, source.size, BLOCK):
            out.write(source.read(offset, min(BLOCK, source.size - offset)))
            progress(offset, source.size)


def originals(path: Path, ids: Sequence[int] | None, verbatim: Callable[[int], bool]) -> Iterator[Original]:
    """Yield the originals of a copied database, or of some pictures, except those in stores that generate pictures."""
    chosen = "" if ids is None else "where p.id in carray(:ids)"
    bound = None if ids is None else {"ids": bind_ids(ids)}
    places: dict[int, list[tuple[int, str]]] = {}
    with translated(), closing(opened(path)) as connection:
        sql = f"select p.id, p.sha256, p.size, p.format from picture p {chosen} order by p.id"
        rows = fetch(connection, sql, bound)
        own = _own(connection)
        sql = "select picture_id, store_id, key from location order by state = 'missing', store_id != ?, id"
        for picture, store, key in fetch(connection, sql, (own,)):
            if verbatim(store):
                places.setdefault(picture, []).append((store, key))
    for picture, sha256, size, format in rows:
        if picture in places:
            where = places[picture]
            own_keys = [key for store, key in where if store == own]
            yield Original(picture, sha256, size, own_keys[0] if own_keys else _key(sha256, where[0][1], format), where)


def _own(connection: apsw.Connection) -> int:
    rows = fetch(connection, "select id from store where scheme = 'file' order by id limit 1")
    return int(rows[0][0]) if rows else 0


def _key(sha256: bytes, name: str, format: str) -> str:
    """Return the key of an original in a library's own store."""
    ending = PurePosixPath(name).suffix.lower().lstrip(".")
    if not re.fullmatch(r"[a-z0-9]{1,8}", ending):
        ending = re.sub(r"[^a-z0-9]", "", format.lower())[:8] or "bin"
    return f"{sha256.hex()[:2]}/{sha256.hex()}.{ending}"


def keys(path: Path) -> set[str]:
    """Return the keys of the originals in the backup with this database; empty if it does not exist."""
    if not path.is_file():
        return set()
    with translated(), closing(opened(path)) as connection:
        sql = "select l.key from location l join store s on s.id = l.store_id where s.scheme = 'file'"
        return {key for (key,) in fetch(connection, sql)}


def revision(path: Path) -> int:
    """Return the revision of a copied database."""
    with translated(), closing(opened(path)) as connection:
        return int(fetch(connection, "select coalesce(max(revision), 0) from derived_revision where noun = ''")[0][0])


def finished(
    path: Path,
    writing: Writing,
    made: BackupOrigin,
    ids: Sequence[int] | None,
    stored: Sequence[Original],
    lost: Sequence[Original],
) -> int:
    """Turn a copied database into that of the backup, durably: only chosen pictures, with their places in the backup.

    Returns the number of pictures.
    """
    db, hub = Database(path, "library", synchronous="off"), Hub(path.with_name(f"{path.name}-hub"))
    try:
        writer = writing(db, hub)
        try:
            writer.run(lambda write: _finish(write, made, ids, stored, lost), Label("", "", undoable=False))
        finally:
            writer.close()
    finally:
        hub.close()
        db.close()
    with translated(), closing(apsw.Connection(str(path))) as connection:
        if not made.access:
            fetch(connection, "delete from derived_outbox")
        fetch(connection, "pragma journal_mode = delete")
        if ids is not None:
            fetch(connection, "vacuum")  # or deleted rows would still be in the file
        fetch(connection, "pragma journal_mode = wal")
        count = int(fetch(connection, "select count(*) from picture")[0][0])
    with writing_to(path.parent), path.open("rb+") as file:
        os.fsync(file.fileno())
    return count


def _finish(
    write: Write, made: BackupOrigin, ids: Sequence[int] | None, stored: Sequence[Original], lost: Sequence[Original]
) -> None:
    if ids is not None:
        write.derive(lambda connection: _reduce(connection, ids))
    own = write.value("select id from store where scheme = 'file' order by id limit 1")
    if own is None:
        sql = "insert into store(public_id, scheme, name, params) values (?, 'file', 'Library', '') returning id"
        own = write.execute(sql, (secrets.token_hex(16),))[0][0]
    write.execute("update store set params = ?1 where id = ?2 and params != ?1", (PARAMS, own))
    elsewhere = {store for original in (*stored, *lost) for store, _ in original.places} - {own}
    write.execute("delete from location where store_id in carray(?)", (bind_ids(elsewhere),))
    here: dict[int, str] = dict(write.execute("select picture_id, state from location where store_id = ?", (own,)))
    for state, some in (("present", stored), ("missing", lost)):
        new = [
            (original.picture, own, original.key, original.size, state)
            for original in some
            if original.picture not in here
        ]
        write.many("insert into location(picture_id, store_id, key, size, state) values (?, ?, ?, ?, ?)", new)
        turned = [original.picture for original in some if here.get(original.picture, state) != state]
        sql = "update location set state = ? where store_id = ? and picture_id in carray(?)"
        write.execute(sql, (state, own, bind_ids(turned)))
    gone = "delete from store where id != ? and id not in (select store_id from location)"
    write.execute(gone, (own,))
    put = "insert or replace into setting values (?, ?)"
    write.execute(put, ("epoch", secrets.token_hex(8)))
    write.execute(put, (SETTING, msgspec.json.encode(made).decode()))


def _reduce(connection: apsw.Connection, ids: Sequence[int]) -> None:
    """Delete everything except these pictures and what they belong to, so that the backup can be given away."""
    fetch(connection, "delete from picture where id not in carray(?)", (bind_ids(ids),))
    fetch(connection, "update picture set predecessor_id = null where predecessor_id not in (select id from picture)")
    fetch(connection, "delete from stack where id not in (select stack_id from stack_member)")
    fetch(connection, "delete from picture_set where id not in (select set_id from set_member)")
    fetch(connection, "delete from character where id not in (select character_id from said_who)")
    within = " union ".join(f"select project_id from project_{kind}" for kind in ("picture", "set", "character"))
    fetch(connection, f"delete from project where id not in ({within})")
    fetch(connection, "delete from saved_query where true")
    fetch(connection, "delete from setting where name like 'veil%'")
    for group in ("picture_set", "character", "project"):
        fetch(connection, f"update {group} set cover_id = null where cover_id not in (select id from picture)")
    pairs = "delete from not_duplicate where low_id not in carray(:a) or high_id not in carray(:a)"
    fetch(connection, pairs, {"a": bind_ids(ids)})
    _forget_tags(connection)


def _forget_tags(connection: apsw.Connection) -> None:
    """Delete tags that no picture here has, directly or through aliases and implications."""
    import struct

    used = {tag for (tag,) in fetch(connection, "select tag_id from said_tag")}
    for (body,) in connection.execute("select body from tag_output"):
        used |= {tag for tag, _ in struct.iter_unpack("<IH", body)}
    means = fetch(connection, "select id, alias_id from tag where alias_id is not null")
    means += fetch(connection, "select tag_id, implied_id from implication")
    while more := {other for tag, other in means if tag in used} - used:
        used |= more
    left = bind_ids(used)
    pairs = "delete from implication where tag_id not in carray(:a) or implied_id not in carray(:a)"
    fetch(connection, pairs, {"a": left})
    fetch(connection, "delete from tag where id not in carray(?)", (left,))
    for derived in ("derived_tag_word", "derived_tag_count", "derived_meaning"):
        fetch(connection, f"delete from {derived} where tag_id not in carray(?)", (left,))


def read(path: Path) -> BackupOrigin | None:
    """Return the origin in the database of a backup; None if it is no backup, or was used as a library since."""
    try:
        with translated(), closing(opened(path)) as connection:
            rows = fetch(connection, "select value from setting where name = ?", (SETTING,))
    except (PixlStashError, apsw.Error):
        return None
    if not rows:
        return None
    made = msgspec.json.decode(rows[0][0], type=BackupOrigin)
    return made if revision(path) <= made.revision + 1 else None  # one more is the change that turned it into a backup


def decoded(text: bytes) -> BackupOrigin | None:
    """Decode the origin in a backup's file, if it is valid."""
    try:
        return msgspec.json.decode(text, type=BackupOrigin) if text else None
    except msgspec.DecodeError:
        return None


def demand_same(path: Path, made: BackupOrigin) -> None:
    """Raise `Conflict` unless a database is that of a backup of the same library and query."""
    demand_like(path.parent, read(path), made)


def demand_like(place: Path, present: BackupOrigin | None, made: BackupOrigin) -> None:
    """Raise `Conflict` unless a backup's origin has the same library and query."""
    if present is None:
        raise Conflict(f"{place} is no backup, or was used as a library since it was made. Name another place.")
    if present.library != made.library:
        raise Conflict(f"{place} holds a backup of another library. Name another place.")
    if present.query != made.query:
        what = f"of what {present.query!r} finds" if present.query else "of everything"
        raise Conflict(f"{place} holds a backup {what}. Name another place.")
