"""Purges: scrapheaped pictures removed for good.

A purge spans both databases and stores: its intent is written to the hub first, its steps can be repeated, and the next
start finishes what a crash interrupted.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Struct

from ..contracts import Opened
from ..db import Database, bind_ids
from ..errors import NotFound, StoreUnreachable
from ..hub import Hub, now
from ..thumbnails import Thumbnails
from ..write import Door, Label

Connect = Callable[[int], Opened]


class _Purge(Struct):
    """What a purge will do, as its intent holds it: picture ids, hex hashes, (store id, key) pairs, on whose behalf."""

    ids: list[int]
    hashes: list[str]
    places: list[tuple[int, str]]
    by: str = ""

    def label(self) -> Label:
        count = len(self.ids)
        what = "1 picture removed for good" if count == 1 else f"{count:,} pictures removed for good"
        return Label(self.by, what, undoable=False)


def purge(db: Database, hub: Hub, door: Door, thumbnails: Thumbnails, connect: Connect, ids: list[int], by: str) -> int:
    """Remove those of these pictures that are in the scrapheap: rows first, then bytes where they may be. How many."""
    rows = db.read(
        "select p.id, hex(p.sha256), l.store_id, l.key from picture p join scrapheap h on h.picture_id = p.id"
        " left join location l on l.picture_id = p.id where p.id in carray(?)",
        (bind_ids(ids),),
    )
    if not rows:
        return 0
    gone = sorted({row[0] for row in rows})
    places = [(row[2], row[3]) for row in rows if row[2] is not None]
    plan = _Purge(gone, sorted({row[1] for row in rows}), places, by)
    intent = hub.write(
        "insert into intent(kind, body, at) values ('purge', ?, ?) returning id",
        (msgspec.json.encode(plan).decode(), now()),
    )[0][0]
    _carry_out(hub, door, thumbnails, connect, intent, plan)
    return len(gone)


def finish(hub: Hub, door: Door, thumbnails: Thumbnails, connect: Connect) -> None:
    """At start: carry out purges a crash interrupted."""
    for intent, body in hub.read("select id, body from intent where kind = 'purge'"):
        plan = msgspec.json.decode(body, type=_Purge)
        _carry_out(hub, door, thumbnails, connect, intent, plan)


def _carry_out(hub: Hub, door: Door, thumbnails: Thumbnails, connect: Connect, intent: int, plan: _Purge) -> None:
    # Somebody may have taken a picture back, or brought the same bytes again, since this was planned.
    condemned = "id in carray(?) and id in (select picture_id from scrapheap)"
    door.do(lambda write: write.execute(f"delete from picture where {condemned}", (bind_ids(plan.ids),)), plan.label())
    hashes = [
        sha256
        for sha256 in map(bytes.fromhex, plan.hashes)
        if not door.db.read("select 1 from picture where sha256 = ?", (sha256,))
    ]
    with hub.writing() as connection:
        connection.executemany("insert or ignore into purged values (?, ?)", [(h, now()) for h in hashes]).fetchall()
    for sha256 in hashes:
        thumbnails.drop(sha256)
    left = [place for place in plan.places if not _forget(door.db, hub, connect, *place)]
    if left:  # out of reach now: the next start tries again
        plan.places = left
        hub.write("update intent set body = ? where id = ?", (msgspec.json.encode(plan).decode(), intent))
    else:
        hub.write("delete from intent where id = ?", (intent,))


def _forget(db: Database, hub: Hub, connect: Connect, store: int, key: str) -> bool:
    """Delete bytes that are nobody's; False when their store is out of reach.

    The same bytes may have come back since, as another picture under the same key: those stay. The hub is held
    meanwhile, so that nobody who is about to keep them gets to say so between looking and deleting.
    """
    with hub.writing():
        if db.read("select 1 from location where store_id = ? and key = ?", (store, key)):
            return True
        if hub.read("select 1 from intent where kind = 'keep' and body = ?", (f"{store} {key}",)):
            return True
        try:
            opened = connect(store)
            if opened.writable:
                opened.delete(key)
        except StoreUnreachable:
            return False
        except NotFound:  # the whole store is gone
            return True
        return True
