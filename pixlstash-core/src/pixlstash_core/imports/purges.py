"""Purges: scrapheaped pictures permanently deleted.

A purge changes both databases and stores. Its intent is written to the hub first, its steps can be repeated, and the
next start completes a purge that a crash interrupted.
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
from ..types.history import many

Connect = Callable[[int], Opened]


class _Purge(Struct):
    """The plan of a purge, as its intent stores it.

    `ids` of pictures, their `hashes` in upper-case hex, `places` as (store, key), `by` which login, and `at` in ms:
    pictures scrapheaped after that are not removed.
    """

    ids: list[int]
    hashes: list[str]
    places: list[tuple[int, str]]
    by: str = ""
    at: int = 1 << 62

    def label(self, gone: list[int]) -> Label:
        return Label(self.by, f"{_counted(gone)} permanently deleted", undoable=False)


def purge(
    db: Database, hub: Hub, writer: Writer, thumbnails: Thumbnails, connect: Connect, ids: list[int], by: str
) -> int:
    """Remove those of the pictures that are in the scrapheap, rows before files. Return their number."""
    at = now()
    rows = db.read(
        "select p.id, hex(p.sha256), l.store_id, l.key from picture p join scrapheap h on h.picture_id = p.id"
        " left join location l on l.picture_id = p.id where p.id in carray(?)",
        (bind_ids(ids),),
    )
    if not rows:
        return 0
    places = [(row[2], row[3]) for row in rows if row[2] is not None]
    plan = _Purge(sorted({row[0] for row in rows}), sorted({row[1] for row in rows}), places, by, at)
    sql = "insert into intent(kind, body, at) values ('purge', ?, ?) returning id"
    intent = hub.write(sql, (_encoded(plan), at))[0][0]
    gone: list[int] | None = None
    try:
        gone = _remove(writer, plan)
        _clear_up(hub, writer, thumbnails, connect, intent, plan)
    except PixlStashError as error:
        error.args = (_report(error, gone),)
        raise
    return len(gone)


def _report(error: PixlStashError, gone: list[int] | None) -> str:
    """Describe what an interrupted purge has done, and what happens to the rest."""
    why = str(error).partition(". ")[0].rstrip(".")
    if gone is None:
        return f"{why}. Nothing is removed yet. The next start does it, unless they are taken back before."
    verb = "is" if len(gone) == 1 else "are"
    return f"{why}. {_counted(gone)} {verb} permanently deleted, but files may be left: the next start deletes them."


def preview(db: Database, hub: Hub, connect: Connect, only: list[int] | None = None) -> tuple[EmptyPreview, list[int]]:
    """Return what emptying the scrapheap would do, and the pictures it would remove. Those in locked sets stay.

    `only`: limit it to these pictures, as far as they are in the scrapheap.
    """
    chosen = None if only is None else set(only)
    with db.reading() as connection:
        locked = {
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
    if chosen is not None:
        locked &= chosen
        rows = [row for row in rows if row[0] in chosen]
    rows = [row for row in rows if row[0] not in locked]
    writable = {store: _writable(connect, store) for store in {row[3] for row in rows if row[3] is not None}}
    files = [row for row in rows if writable.get(row[3])]
    ids = sorted({row[0] for row in rows})
    forgotten = len(ids) - len({row[0] for row in files})
    size = sum(row[2] for row in files)
    sentence = f"{many(len(files), 'file')} deleted, {forgotten:,} only forgotten"
    sentence += f"; {many(len(locked))} in a locked set stay" if locked else ""
    shown = msgspec.json.encode([rows, sorted(locked), sorted(writable.items())])
    token = hmac.new(_key(hub), shown, "sha256").hexdigest()
    return EmptyPreview(len(ids), len(files), size, forgotten, len(locked), sentence, token), ids


def empty(
    db: Database,
    hub: Hub,
    writer: Writer,
    thumbnails: Thumbnails,
    connect: Connect,
    token: str,
    by: str,
    only: list[int] | None = None,
) -> EmptyPreview:
    """Remove what the preview with this token listed; `Conflict` if anything has changed since."""
    seen, ids = preview(db, hub, connect, only)
    if not hmac.compare_digest(seen.token.encode(), token.encode()):
        raise Conflict("The scrapheap has changed since the preview. Preview it again; nothing was deleted.")
    if ids:
        purge(db, hub, writer, thumbnails, connect, ids, by)
    return seen


def _writable(connect: Connect, store: int) -> bool:
    """Return whether files of a store are deleted; an unreachable store is tried again at each start."""
    try:
        return connect(store).writable
    except StoreUnreachable:
        return True
    except NotFound:
        return False


def _key(hub: Hub) -> bytes:
    """Return the secret that signs the tokens of previews."""
    hub.write("insert or ignore into setting values ('scrapheap.key', ?)", (secrets.token_hex(32),))
    return str(hub.db.setting("scrapheap.key")).encode()


def finish(hub: Hub, writer: Writer, thumbnails: Thumbnails, connect: Connect) -> None:
    """Complete purges that a crash interrupted; called at the start."""
    for intent, body in hub.read("select id, body from intent where kind = 'purge'"):
        plan = msgspec.json.decode(body, type=_Purge)
        _remove(writer, plan)
        _clear_up(hub, writer, thumbnails, connect, intent, plan)


def _remove(writer: Writer, plan: _Purge) -> list[int]:
    """Delete the rows; return the ids of the deleted pictures."""
    # Since the plan was made, a picture may have been restored or imported again.
    sql = (
        "delete from picture where id in carray(?) and id in (select picture_id from scrapheap where at <= ?)"
        " returning id"
    )
    return writer.run(
        lambda write: [id for (id,) in write.execute(sql, (bind_ids(plan.ids), plan.at))], plan.label
    ).result


def _clear_up(hub: Hub, writer: Writer, thumbnails: Thumbnails, connect: Connect, intent: int, plan: _Purge) -> None:
    """After the rows are deleted, update the purge log and delete thumbnails and files."""
    with hub.writing() as connection:  # checks and writes in one transaction: see `intents.wanted`
        hashes = [
            sha256
            for sha256 in map(bytes.fromhex, plan.hashes)
            if not writer.db.read("select 1 from picture where sha256 = ?", (sha256,))
        ]
        connection.executemany("insert or ignore into purged values (?, ?)", [(h, now()) for h in hashes]).fetchall()
        left = {id for (id,) in writer.db.read("select id from picture where id in carray(?)", (bind_ids(plan.ids),))}
        gone = [(id,) for id in plan.ids if id not in left]
        connection.executemany("delete from guest_score where picture = ?", gone).fetchall()
    for sha256 in hashes:
        thumbnails.drop(sha256)
    remaining = [place for place in plan.places if not _delete_bytes(writer.db, hub, connect, *place)]
    if remaining:  # their store is unreachable: the next start tries again
        hub.write("update intent set body = ? where id = ?", (_encoded(_Purge([], [], remaining)), intent))
    else:
        hub.write("delete from intent where id = ?", (intent,))


def _encoded(plan: _Purge) -> str:
    return msgspec.json.encode(plan).decode()


def _counted(ids: list[int]) -> str:
    return "1 picture" if len(ids) == 1 else f"{len(ids):,} pictures"


def _delete_bytes(db: Database, hub: Hub, connect: Connect, store: int, key: str) -> bool:
    """Delete bytes that belong to no picture; False if their store is unreachable.

    If the same bytes were imported again under the same key, they stay. The hub's transaction lasts until the file is
    deleted, so that no import can announce the key between the check and the deletion.
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
