"""Purges: scrapheaped pictures removed for good.

A purge spans both databases and stores: its intent is written to the hub first, its steps can be repeated, and the next
start finishes what a crash interrupted.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable

import msgspec
from msgspec import Struct

from ..database.connection import Database, bind_ids, fetch
from ..database.hub import Hub, now
from ..database.writer import Label, Writer
from ..errors import Conflict, NotFound, PixlStashError, StoreUnreachable
from ..media.thumbnails import Thumbnails
from ..plugins.contracts import Opened
from ..types import EmptyPreview
from ..types.outcome import many

Connect = Callable[[int], Opened]


class _Purge(Struct):
    """What a purge will do, as its intent holds it: picture ids, upper-case hex hashes, (store id, key) pairs, on whose
    behalf, and when: what was thrown away later is another matter."""

    ids: list[int]
    hashes: list[str]
    places: list[tuple[int, str]]
    by: str = ""
    at: int = 1 << 62

    def label(self, gone: list[int]) -> Label:
        return Label(self.by, f"{_counted(gone)} removed for good", undoable=False)


def purge(
    db: Database, hub: Hub, writer: Writer, thumbnails: Thumbnails, connect: Connect, ids: list[int], by: str
) -> int:
    """Remove those of these pictures that are in the scrapheap: rows first, then bytes where they may be. How many."""
    at = now()
    rows = db.read(
        "select p.id, hex(p.sha256), l.store_id, l.key from picture p join scrapheap h on h.picture_id = p.id"
        " left join location l on l.picture_id = p.id where p.id in carray(?)",
        (bind_ids(ids),),
    )
    if not rows:
        return 0
    condemned = sorted({row[0] for row in rows})
    places = [(row[2], row[3]) for row in rows if row[2] is not None]
    plan = _Purge(condemned, sorted({row[1] for row in rows}), places, by, at)
    planned = "insert into intent(kind, body, at) values ('purge', ?, ?) returning id"
    intent = hub.write(planned, (_written(plan), at))[0][0]
    gone: list[int] | None = None
    try:
        gone = _remove(writer, plan)
        _clear_up(hub, writer, thumbnails, connect, intent, plan)
    except PixlStashError as error:
        error.args = (_told(error, gone),)
        raise
    return len(gone)


def _told(error: PixlStashError, gone: list[int] | None) -> str:
    """What a purge that was cut short has done, and what becomes of the rest."""
    why = str(error).partition(". ")[0].rstrip(".")
    if gone is None:
        return f"{why}. Nothing is removed yet. The next start does it, unless they are taken back before."
    verb = "is" if len(gone) == 1 else "are"
    return f"{why}. {_counted(gone)} {verb} removed for good, but files may be left: the next start deletes them."


def preview(db: Database, hub: Hub, connect: Connect) -> tuple[EmptyPreview, list[int]]:
    """What emptying the scrapheap would do, and the pictures it would remove. Those in a locked set are left."""
    with db.reading() as connection:
        held = {
            picture
            for (picture,) in fetch(
                connection,
                "select h.picture_id from picture_set s cross join set_member m on m.set_id = s.id"
                " join scrapheap h on h.picture_id = m.picture_id where s.locked",
            )
        }
        rows = fetch(
            connection,
            """
            select p.id, h.at, p.size, l.store_id, l.key from scrapheap h join picture p on p.id = h.picture_id
              left join location l on l.picture_id = p.id and l.state != 'missing' order by 1, 4, 5
            """,
        )
    rows = [row for row in rows if row[0] not in held]
    writable = {store: _writable(connect, store) for store in {row[3] for row in rows if row[3] is not None}}
    files = [row for row in rows if writable.get(row[3])]
    ids = sorted({row[0] for row in rows})
    forgotten = len(ids) - len({row[0] for row in files})
    size = sum(row[2] for row in files)
    sentence = f"{many(len(files), 'file')} deleted, {forgotten:,} only forgotten"
    sentence += f"; {many(len(held))} in a locked set stay" if held else ""
    shown = msgspec.json.encode([rows, sorted(held), sorted(writable.items())])
    token = hmac.new(_key(hub), shown, "sha256").hexdigest()
    return EmptyPreview(len(ids), len(files), size, forgotten, len(held), sentence, token), ids


def empty(
    db: Database, hub: Hub, writer: Writer, thumbnails: Thumbnails, connect: Connect, token: str, by: str
) -> EmptyPreview:
    """Remove what the preview with this token named; `Conflict` when anything changed since."""
    seen, ids = preview(db, hub, connect)
    if not hmac.compare_digest(seen.token.encode(), token.encode()):
        raise Conflict("The scrapheap is not as it was in the preview. Look at it again; nothing was removed.")
    if ids:
        purge(db, hub, writer, thumbnails, connect, ids, by)
    return seen


def _writable(connect: Connect, store: int) -> bool:
    """Whether files of a store are deleted; one that is out of reach is tried again at each start."""
    try:
        return connect(store).writable
    except StoreUnreachable:
        return True
    except NotFound:
        return False


def _key(hub: Hub) -> bytes:
    """What makes a token one that only this installation can have made."""
    hub.write("insert or ignore into setting values ('scrapheap.key', ?)", (secrets.token_hex(32),))
    return str(hub.db.setting("scrapheap.key")).encode()


def finish(hub: Hub, writer: Writer, thumbnails: Thumbnails, connect: Connect) -> None:
    """At start: carry out purges a crash interrupted."""
    for intent, body in hub.read("select id, body from intent where kind = 'purge'"):
        plan = msgspec.json.decode(body, type=_Purge)
        _remove(writer, plan)
        _clear_up(hub, writer, thumbnails, connect, intent, plan)


def _remove(writer: Writer, plan: _Purge) -> list[int]:
    """The rows; the ids of the pictures they were of."""
    # Somebody may have taken a picture back, or brought the same bytes again, since this was planned.
    sql = (
        "delete from picture where id in carray(?) and id in (select picture_id from scrapheap where at <= ?)"
        " returning id"
    )
    return writer.run(
        lambda write: [id for (id,) in write.execute(sql, (bind_ids(plan.ids), plan.at))], plan.label
    ).result


def _clear_up(hub: Hub, writer: Writer, thumbnails: Thumbnails, connect: Connect, intent: int, plan: _Purge) -> None:
    """What is left when the rows are gone: the ledger, stills, and bytes."""
    with hub.writing() as connection:  # looking and writing at once: see `intents.wanted`
        hashes = [
            sha256
            for sha256 in map(bytes.fromhex, plan.hashes)
            if not writer.db.read("select 1 from picture where sha256 = ?", (sha256,))
        ]
        connection.executemany("insert or ignore into purged values (?, ?)", [(h, now()) for h in hashes]).fetchall()
    for sha256 in hashes:
        thumbnails.drop(sha256)
    left = [place for place in plan.places if not _forget(writer.db, hub, connect, *place)]
    if left:  # out of reach now: the next start tries again
        hub.write("update intent set body = ? where id = ?", (_written(_Purge([], [], left)), intent))
    else:
        hub.write("delete from intent where id = ?", (intent,))


def _written(plan: _Purge) -> str:
    return msgspec.json.encode(plan).decode()


def _counted(ids: list[int]) -> str:
    return "1 picture" if len(ids) == 1 else f"{len(ids):,} pictures"


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
