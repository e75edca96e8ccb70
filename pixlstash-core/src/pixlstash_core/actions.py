"""What spans several nouns, or both databases and a store: purge, check, adding stores, successors.

An action that spans files writes its intent to the hub, acts in repeatable steps, and clears the intent; the next
start finishes what it finds.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

import msgspec

from .contracts import Opened
from .db import Database, bind_ids
from .errors import NotThere, PixlStashError, StoreUnreachable
from .hub import Hub, now
from .thumbnails import Thumbnails
from .types import CheckReport
from .write import Door, Label, Write

Connect = Callable[[int], Opened]


# --- stores -----------------------------------------------------------------------------------------------------------


def add_store(door: Door, scheme: str, name: str, params: object) -> int:
    """The id of the store of this scheme and these params; made when there is none."""
    text = msgspec.json.encode(params, order="sorted").decode()

    def work(write: Write) -> int:
        found = write.value("select id from store where scheme = ? and params = ?", (scheme, text))
        if found is not None:
            return int(found)
        row = write.execute(
            "insert into store(public_id, scheme, name, params) values (?, ?, ?, ?) returning id",
            (secrets.token_hex(16), scheme, name, text),
        )
        return int(row[0][0])

    return door.do(work, Label("", "", undoable=False)).result


# --- purge ------------------------------------------------------------------------------------------------------------


def purge(db: Database, hub: Hub, door: Door, thumbnails: Thumbnails, connect: Connect, ids: list[int], by: str) -> int:
    """Remove pictures for good: rows first, then bytes in stores that may be written. How many."""
    rows = db.read(
        "select p.id, hex(p.sha256), l.store_id, l.key from picture p left join location l on l.picture_id = p.id"
        " where p.id in carray(?)",
        (bind_ids(ids),),
    )
    if not rows:
        return 0
    gone = sorted({row[0] for row in rows})
    plan = {
        "ids": gone,
        "hashes": sorted({row[1] for row in rows}),
        "places": [[row[2], row[3]] for row in rows if row[2] is not None],
    }
    intent = hub.write(
        "insert into intent(kind, body, at) values ('purge', ?, ?) returning id",
        (msgspec.json.encode(plan).decode(), now()),
    )[0][0]
    what = "1 picture removed for good" if len(gone) == 1 else f"{len(gone)} pictures removed for good"
    _finish_purge(hub, door, thumbnails, connect, plan, Label(by, what, undoable=False))
    hub.write("delete from intent where id = ?", (intent,))
    return len(gone)


def finish_purges(hub: Hub, door: Door, thumbnails: Thumbnails, connect: Connect) -> None:
    """At start: carry out purges a crash interrupted."""
    for intent, body in hub.read("select id, body from intent where kind = 'purge'"):
        _finish_purge(hub, door, thumbnails, connect, msgspec.json.decode(body), Label("", "", undoable=False))
        hub.write("delete from intent where id = ?", (intent,))


def _finish_purge(
    hub: Hub, door: Door, thumbnails: Thumbnails, connect: Connect, plan: dict[str, list[object]], label: Label
) -> None:
    ids = [int(str(picture)) for picture in plan["ids"]]
    door.do(lambda write: write.execute("delete from picture where id in carray(?)", (bind_ids(ids),)), label)
    hashes = [bytes.fromhex(str(sha256)) for sha256 in plan["hashes"]]
    with hub.writing() as connection:
        connection.executemany("insert or ignore into purged values (?, ?)", [(h, now()) for h in hashes]).fetchall()
    for sha256 in hashes:
        thumbnails.drop(sha256)
    for place in plan["places"]:
        store, key = place  # type: ignore[misc]  # written above as pairs
        opened = connect(store)
        if opened.writable:
            opened.delete(key)


# --- check ------------------------------------------------------------------------------------------------------------


def check(db: Database, hub: Hub, connect: Connect, verify: bool) -> CheckReport:
    """Whether the databases are sound and the bytes are where they should be; with `verify`, every byte is read."""
    problems: list[str] = []
    for database in (db, hub.db):
        for (line,) in database.read("pragma integrity_check(20)"):
            if line != "ok":
                problems.append(f"{database.path.name}: {line}")
        if broken := database.read("pragma foreign_key_check"):
            problems.append(f"{database.path.name}: {len(broken)} references lead nowhere")
    places = db.read(
        "select l.store_id, s.name, l.key, p.sha256, l.size, p.name from location l join store s on s.id = l.store_id"
        " join picture p on p.id = l.picture_id where l.state != 'missing' order by l.store_id, l.key"
    )
    unreachable: set[int] = set()
    verified = 0
    for store, store_name, key, sha256, size, _ in places:
        if store in unreachable:
            continue
        try:
            opened = connect(store)
            found = opened.stat(key)
            if size is not None and found.size is not None and found.size != size:
                problems.append(f"{store_name}: {key} has {found.size} bytes instead of {size}.")
            elif verify and opened.verbatim:
                if _digest(opened, key) != sha256:
                    problems.append(f"{store_name}: the bytes of {key} have changed.")
                verified += 1
        except NotThere:
            problems.append(f"{store_name}: {key} is missing.")
        except StoreUnreachable as error:
            problems.append(str(error))
            unreachable.add(store)
        except PixlStashError as error:
            problems.append(f"{store_name}: {error}")
    lost = db.value("select count(*) from picture where not exists (select 1 from location where picture_id = picture.id)")
    if lost:
        problems.append(f"{lost} pictures have no location.")
    return CheckReport(db.value("select count(*) from picture"), len(places), verified, problems)


def _digest(opened: Opened, key: str) -> bytes:
    digest = hashlib.sha256()
    with opened.read(key) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.digest()
