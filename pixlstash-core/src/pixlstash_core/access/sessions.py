"""The sessions of signed-in browsers: which are valid, and ending them."""

from __future__ import annotations

from ..database.hub import now
from ..errors import NotFound
from ..types import BrowserSession
from ..types.times import when
from .credentials import Rows, is_same

#: The last use of a session is stored by the minute.
MINUTE = 60_000
_VALID = """
    select t.id, t.digest, iif(t.label = p.public_id, '', t.label), t.created, coalesce(t.last_used, t.created),
      min(t.expires, coalesce(t.last_used, t.created) + t.idle), p.id, p.label
    from token t left join token p on p.id = t.parent_id
    where t.kind = 'session' and t.expires > :now and coalesce(t.last_used, t.created) + t.idle > :now
      and (p.expires is null or p.expires > :now)
    order by coalesce(t.last_used, t.created) / 60000 desc, t.id desc
    """


def of(rows: Rows, current: bytes | None) -> list[BrowserSession]:
    """Return the valid sessions, the last used first. `current`: the digest of the caller's secret."""
    return [
        BrowserSession(
            id,
            browser,
            when(created),
            when(used - used % MINUTE),
            when(ends),
            None if token is None else label or f"{token}",
            current is not None and is_same(digest, current),
        )
        for id, digest, browser, created, used, ends, token, label in rows.read(_VALID, {"now": now()})
    ]


def end(rows: Rows, id: int) -> bool:
    """End one session; return whether there was one."""
    with rows.writing() as connection:
        gone = connection.execute("delete from token where id = ? and kind = 'session' returning id", (id,)).fetchall()
    return bool(gone)


def end_all(rows: Rows, keep: int | None) -> int:
    """End all sessions except `keep`; return how many valid ones ended. Raises `NotFound` if `keep` is not one."""
    ids = [session.id for session in of(rows, None)]
    if keep is not None and keep not in ids:
        raise NotFound(f"There is no session {keep}, so none was ended.")
    ended = sum(id != keep for id in ids)
    with rows.writing() as connection:
        connection.execute("delete from token where kind = 'session' and id is not ?", (keep,)).fetchall()
    return ended
