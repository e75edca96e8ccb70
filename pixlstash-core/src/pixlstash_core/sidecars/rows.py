"""The rows of sidecars: policies and what is known of files, in the hub; due pictures and conflicts, in the library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import apsw
import msgspec
from msgspec import Struct

from ..database.connection import Database, fetch
from ..database.hub import Hub
from ..database.writer import Write
from ..storage.local import key_of, path_of
from ..types import SidecarPlace, SidecarPolicy, SidecarProblem
from .feature import DUE, TICK
from .values import Values

Place = tuple[SidecarPlace, str]


class Record(Struct, frozen=True):
    """What is known of a sidecar: size, mtime in ns and hash when it was last read or written, and its values then.

    `next_sha256`, `next_base`: what was about to be written. `problem`: why it is left alone.
    """

    size: int | None = None
    mtime: int | None = None
    sha256: bytes | None = None
    base: Values = Values()
    next_sha256: bytes | None = None
    next_base: Values | None = None
    problem: str = ""


# -- policies ------------------------------------------------------------------------------------------------------


def policies(hub: Hub) -> dict[str, SidecarPolicy]:
    """Return the policies of folders by the public ids of their stores."""
    rows = hub.read("select store, sidecars from folder where sidecars != '{}'")
    return {store: msgspec.json.decode(text, type=SidecarPolicy) for store, text in rows}


def set_policy(hub: Hub, public_id: str, policy: SidecarPolicy) -> None:
    hub.write(
        "insert into folder(store, sidecars) values (?, ?)"
        " on conflict(store) do update set sidecars = excluded.sidecars",
        (public_id, msgspec.json.encode(policy).decode()),
    )


# -- files ---------------------------------------------------------------------------------------------------------


def records(hub: Hub, store: str, places: Iterable[Place]) -> dict[Place, Record]:
    """Return what is known of these sidecars; paths are relative to their place."""
    present: dict[Place, Record] = {}
    for place, path in places:
        rows = hub.read(
            "select size, mtime, sha256, base, next_sha256, next_base, problem from sidecar"
            " where store = ? and place = ? and file = ?",
            (store, place, key_of(path)),
        )
        for size, mtime, sha256, base, next_sha256, next_base, problem in rows:
            next = msgspec.json.decode(next_base, type=Values) if next_base is not None else None
            values = msgspec.json.decode(base, type=Values)
            present[place, path] = Record(size, mtime, sha256, values, next_sha256, next, problem)
    return present


def remember(hub: Hub, store: str, rows: Sequence[tuple[Place, Record]]) -> None:
    """Store what is known of sidecars, in one transaction."""
    encode = msgspec.json.encode
    with hub.writing() as connection:
        connection.executemany(
            "insert or replace into sidecar values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(store, place, key_of(path), row.size, row.mtime, row.sha256, encode(row.base).decode()),
                    *(row.next_sha256, encode(row.next_base).decode() if row.next_base is not None else None),
                    row.problem,
                )
                for (place, path), row in rows
            ],
        ).fetchall()


def sizes(hub: Hub, store: str, place: SidecarPlace) -> dict[str, tuple[int | None, int | None]]:
    """Return (size, mtime) of the sidecars of a place by path."""
    rows = hub.read("select file, size, mtime from sidecar where store = ? and place = ?", (store, place))
    return {path_of(file): (size, mtime) for file, size, mtime in rows}


def problems(hub: Hub, store: str, limit: int) -> list[SidecarProblem]:
    rows = hub.read(
        "select file, place, problem from sidecar where store = ? and problem != '' order by file limit ?",
        (store, limit),
    )
    return [SidecarProblem(*row) for row in rows]


def count_problems(hub: Hub, store: str) -> tuple[int, str]:
    """Return (number of sidecars with a problem, one of the problems)."""
    row = hub.read("select count(*), max(problem) from sidecar where store = ? and problem != ''", (store,))[0]
    return row[0], row[1] or ""


# -- due pictures --------------------------------------------------------------------------------------------------


def set_stores(write: Write, stores: Iterable[int]) -> None:
    """Note which stores have a policy."""
    present = {store for (store,) in write.execute("select store_id from derived_sidecar_store")}
    wanted = set(stores)
    for store in present - wanted:
        write.execute("delete from derived_sidecar_store where store_id = ?", (store,))
    for store in wanted - present:
        write.execute("insert into derived_sidecar_store values (?)", (store,))
    if present - wanted:
        write.execute(
            "delete from derived_sidecar_due where picture_id not in (select l.picture_id from location l"
            " join derived_sidecar_store s on s.store_id = l.store_id)"
        )


def mark_all(write: Write, store: int) -> None:
    """Note that all sidecars of a store must be compared."""
    write.execute(TICK)
    write.execute(DUE.format(pictures="(select picture_id from location where store_id = :store)"), {"store": store})


def mark(write: Write, store: int, bases: Iterable[str]) -> None:
    """The same of the pictures whose paths are these, with any extension or none."""
    write.execute(TICK)
    for base in bases:
        key = key_of(base)
        write.execute(
            DUE.format(pictures=f"({_NAMED})"), {"store": store, "key": key, "from": f"{key}.", "to": f"{key}/"}
        )


_NAMED = """
    select picture_id from location where store_id = :store and key = :key
    union select picture_id from location where store_id = :store and key > :from and key < :to
    """


def due(db: Database, after: tuple[int, int], limit: int) -> list[tuple[int, int]]:
    """Return (at, picture) of due pictures in the order in which they became due, behind one."""
    return db.read(
        "select at, picture_id from derived_sidecar_due where (at, picture_id) > (?, ?)"
        " order by at, picture_id limit ?",
        (*after, limit),
    )


def done(write: Write, pictures: Iterable[tuple[int, int]]) -> None:
    """Note that these pictures were compared, unless they changed meanwhile."""
    write.many("delete from derived_sidecar_due where at = ? and picture_id = ?", list(pictures))


def count_due(db: Database, store: int) -> int:
    sql = (
        "select count(distinct d.picture_id) from derived_sidecar_due d join location l on l.picture_id = d.picture_id"
        " where l.store_id = ?"
    )
    return int(db.value(sql, (store,), 0))


def count_conflicts(db: Database, store: int) -> int:
    return int(db.value("select count(distinct picture_id) from sidecar_conflict where store_id = ?", (store,), 0))


def files_of(connection: apsw.Connection, store: int, pictures: Iterable[int]) -> list[tuple[int, str]]:
    """Return (picture, path) of the files of pictures in a store that are there, of those not in the scrapheap."""
    rows = [
        row
        for picture in pictures
        for row in fetch(
            connection,
            "select l.picture_id, l.key from location l left join scrapheap h on h.picture_id = l.picture_id"
            " where l.picture_id = ? and l.store_id = ? and l.state != 'missing' and h.at is null order by l.key",
            (picture, store),
        )
    ]
    return [(picture, path_of(key)) for picture, key in rows]


def has_others(connection: apsw.Connection, store: int, path: str, stem: str) -> bool:
    """Whether another file in a store has the same name but for its extension, or is called like the stem."""
    key = key_of(stem)
    sql = f"select 1 from location where store_id = :store and state != 'missing' and key != :own and ({_SIBLINGS})"
    bound = {"store": store, "own": key_of(path), "key": key, "from": f"{key}.", "to": f"{key}/"}
    rows = fetch(connection, sql + " limit 20", bound)
    return bool(rows)


_SIBLINGS = "key = :key or key > :from and key < :to and instr(substr(key, length(:from) + 1), '.') = 0"


# -- conflicts -----------------------------------------------------------------------------------------------------


def put_conflicts(write: Write, picture: int, store: int, place: Place, conflicts: dict[str, tuple[str, str]]) -> None:
    """Store the conflicts of a sidecar, and delete those that are no more."""
    bound = {"picture": picture, "store": store, "place": place[0], "file": key_of(place[1])}
    rows = write.execute(f"select field, mine, theirs from sidecar_conflict where {_OF_FILE}", bound)
    before = {field: (mine, theirs) for field, mine, theirs in rows}
    for field in before.keys() - conflicts.keys():
        write.execute(f"delete from sidecar_conflict where {_OF_FILE} and field = :field", {**bound, "field": field})
    for field, (mine, theirs) in conflicts.items():
        if before.get(field) != (mine, theirs):
            write.execute(
                "insert or replace into sidecar_conflict"
                " values (:picture, :store, :place, :file, :field, :mine, :theirs)",
                {**bound, "field": field, "mine": mine, "theirs": theirs},
            )


_OF_FILE = "picture_id = :picture and store_id = :store and place = :place and file = :file"


def conflicts_of(connection: apsw.Connection, picture: int, store: int, place: Place) -> dict[str, tuple[str, str]]:
    bound = {"picture": picture, "store": store, "place": place[0], "file": key_of(place[1])}
    rows = fetch(connection, f"select field, mine, theirs from sidecar_conflict where {_OF_FILE}", bound)
    return {field: (mine, theirs) for field, mine, theirs in rows}
