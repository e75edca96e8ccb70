"""The rows of reference folders: what is in them, where they are, and their removal."""

from __future__ import annotations

import json
from collections.abc import Iterator

import apsw
import msgspec
from msgspec import Struct

from ..database.connection import Database, bind_ids, fetch
from ..database.hub import Hub, now
from ..database.writer import Write
from ..errors import Conflict, NotFound
from ..imports.locations import FOLDER
from ..pictures import feature
from ..storage.files import printable
from ..storage.local import path_of
from ..types import CaptionRule, FolderBranch, FolderRemoval, FolderTree
from ..types.history import Outcome, many

GONE = "There is no such folder any more."
#: Pictures of a store whose files are nowhere else, as far as the library knows.
_ONLY_HERE = """
select distinct l.picture_id from location l where l.store_id = :store and not exists (
  select 1 from location o where o.picture_id = l.picture_id and o.store_id != :store and o.state != 'missing')
"""


class FolderRow(Struct, frozen=True):
    """A reference folder as it is stored. `scanned` in ms, `device` as `protected.device_of`."""

    id: int
    public_id: str
    name: str
    path: str
    watch: bool = True
    device: str | None = None
    scanned: int | None = None
    captions: list[CaptionRule] = []


def listed(db: Database, hub: Hub) -> list[FolderRow]:
    """Return all reference folders in the order in which they were added."""
    rows = db.read(
        "select id, public_id, name, json_extract(params, '$.path') from store where scheme = ? order by id", (FOLDER,)
    )
    about = {row[0]: row[1:] for row in hub.read("select store, watch, device, scanned, captions from folder")}
    folders = []
    for id, public_id, name, path in rows:
        watch, device, scanned, captions = about.get(public_id, (1, None, None, "[]"))
        rules = msgspec.json.decode(captions, type=list[CaptionRule])
        folders.append(FolderRow(id, public_id, name, path, bool(watch), device, scanned, rules))
    return folders


def get(db: Database, hub: Hub, id: int) -> FolderRow:
    folder = next((folder for folder in listed(db, hub) if folder.id == id), None)
    if folder is None:
        raise NotFound(GONE)
    return folder


def counts(db: Database) -> dict[int, tuple[int, int]]:
    """Return (pictures outside the scrapheap, missing files) of each store."""
    rows = db.read(
        """
        select s.id, coalesce(c.pictures, 0),
          (select count(*) from location l where l.store_id = s.id and l.state = 'missing')
        from store s left join derived_count c on c.noun = 'store' and c.id = s.id
        """
    )
    return {id: (pictures, missing) for id, pictures, missing in rows}


def set_watch(hub: Hub, public_id: str, watch: bool) -> None:
    hub.write(
        "insert into folder(store, watch) values (?, ?) on conflict(store) do update set watch = excluded.watch",
        (public_id, int(watch)),
    )


def set_captions(hub: Hub, public_id: str, captions: list[CaptionRule]) -> None:
    hub.write(
        "insert into folder(store, captions) values (?, ?)"
        " on conflict(store) do update set captions = excluded.captions",
        (public_id, msgspec.json.encode(captions).decode()),
    )


def set_scanned(hub: Hub, public_id: str, device: str) -> None:
    hub.write(
        "insert into folder(store, device, scanned) values (?, ?, ?)"
        " on conflict(store) do update set device = excluded.device, scanned = excluded.scanned",
        (public_id, device, now()),
    )


def rename(write: Write, id: int, name: str) -> Outcome:
    before = write.value("select name from store where id = ? and scheme = ?", (id, FOLDER))
    if before is None:
        raise NotFound(GONE)
    if write.value("select 1 from store where id != ? and name = ? collate nocase", (id, name)):
        raise Conflict(f"There is a folder called {name} already. Choose another name.")
    write.execute("update store set name = ? where id = ?", (name, id))
    return Outcome(int(before != name), f"Renamed folder {before} to {name}")


def move(write: Write, id: int, path: str) -> Outcome:
    """Record that the files of a folder are at `path` now."""
    name = write.value("select name from store where id = ? and scheme = ?", (id, FOLDER))
    if name is None:
        raise NotFound(GONE)
    params = json.dumps({"path": path}, ensure_ascii=False, separators=(",", ":"))
    if write.value("select 1 from store where id != ? and scheme = ? and params = ?", (id, FOLDER, params)):
        raise Conflict("Another folder of the library is there already.")
    write.execute("update store set params = ? where id = ? and params != ?", (params, id, params))
    return Outcome(write.changes(), f"Relocated folder {name} to {path}")


def only_here(connection: apsw.Connection, id: int) -> list[int]:
    """Return the pictures of a store that have no file in another one."""
    return [picture for (picture,) in fetch(connection, _ONLY_HERE, {"store": id})]


def locked(connection: apsw.Connection, ids: list[int]) -> int:
    """Return how many of these pictures are in locked sets."""
    sql = (
        "select count(distinct m.picture_id) from picture_set s cross join set_member m on m.set_id = s.id"
        " where s.locked and m.picture_id in carray(?)"
    )
    return int(fetch(connection, sql, (bind_ids(ids),))[0][0])


def removal(db: Database, id: int) -> FolderRemoval:
    """What removing a store would do."""
    with db.reading() as connection:
        ids = only_here(connection, id)
        held = locked(connection, ids)
    sentence = f"{many(len(ids))} without another file move to the scrapheap" if ids else "No picture is lost"
    sentence += f"; {many(held)} in locked sets prevent it" if held else ""
    return FolderRemoval(counts(db).get(id, (0, 0))[0], len(ids), held, f"{sentence}. No file is deleted.")


def remove(write: Write, id: int, keep: bool, noun: str = "folder") -> Outcome:
    """Remove a store with its locations. Pictures without another file move to the scrapheap, unless they are to stay.

    `Locked` if one of them is in a locked set.
    """
    name = write.value("select name from store where id = ? and scheme != 'file'", (id,))
    if name is None:
        raise NotFound(f"There is no such {noun} any more.")
    ids = [] if keep else [row[0] for row in write.execute(_ONLY_HERE, {"store": id})]
    if ids:
        write.guard(ids)
    write.execute("delete from location where store_id = ?", (id,))
    moved = feature.put_in_scrapheap(write, ids) if ids else 0
    write.execute("delete from store where id = ?", (id,))
    rest = f"; {many(moved)} moved to the scrapheap" if moved else ""
    return Outcome(1, f"Removed {noun} {name}{rest}", id)


def present(db: Database, id: int, after: str, limit: int) -> list[tuple[str, int | None, bytes]]:
    """Return (key, size, SHA-256) of a store's files that are not missing, by key, behind one."""
    return db.read(
        "select l.key, l.size, p.sha256 from location l join picture p on p.id = l.picture_id"
        " where l.store_id = ? and l.state != 'missing' and l.key > ? order by l.key limit ?",
        (id, after, limit),
    )


def all_present(db: Database, id: int) -> Iterator[tuple[str, int | None, bytes]]:
    after = ""
    while rows := present(db, id, after, 2000):
        yield from rows
        after = rows[-1][0]


def tree(connection: apsw.Connection, id: int, path: str) -> FolderTree:
    """Return the folders directly in a folder of a store, with the number of pictures that are not in the scrapheap."""
    start = f"{path}/" if path else ""
    rows = fetch(
        connection,
        """
        with inside(picture_id, rest) as (
          select l.picture_id, substr(l.key, length(:start) + 1) from location l
            join derived_grid g on g.id = l.picture_id and g.live
          where l.store_id = :store and l.state != 'missing'
            and (:start = '' or (l.key >= :start and l.key < substr(:start, 1, length(:start) - 1) || '0')))
        select case instr(rest, '/') when 0 then null else substr(rest, 1, instr(rest, '/') - 1) end as part,
          count(distinct picture_id), max(instr(substr(rest, instr(rest, '/') + 1), '/')) > 0
        from inside group by part order by part collate nocase
        """,
        {"store": id, "start": start},
    )
    here = sum(pictures for part, pictures, _ in rows if part is None)
    branches = [
        FolderBranch(printable(path_of(part)), start + part, pictures, bool(deeper))
        for part, pictures, deeper in rows
        if part is not None
    ]
    return FolderTree(path, here, branches)
