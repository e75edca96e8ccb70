"""Which pictures of a grant are shared now, and in which order."""

from __future__ import annotations

from contextlib import suppress

from ..access.scopes import Scopes, write_grant
from ..collections.groups import SETS, members
from ..context import Context
from ..database.connection import bind_ids
from ..errors import PixlStashError
from ..types import OWNER, Grant


def shown(context: Context, scopes: Scopes, grant: Grant, *, hidden: bool) -> tuple[list[int], int]:
    """Return the pictures in order, and how many hidden or blurred ones were left out (none if `hidden`).

    A set comes in its own order, a query in that of its results, and everything else by date, the newest first.
    """
    ids = set(scopes.resolve(write_grant(grant)).ids or ())
    queries = context.hide_and_blur(not hidden)
    visibility = context.views.visibility(OWNER, queries) if queries is not None else None
    left = {id for id in ids if not (visibility is not None and (visibility.hides(id) or visibility.blurs(id)))}
    first = [id for id in _ordered(context, grant) if id in left]
    seen = set(first)
    sql = "select id from picture where id in carray(?) order by created desc, id desc"
    rest = [id for (id,) in context.db.read(sql, (bind_ids(left - seen),)) if id not in seen]
    return [*first, *rest], len(ids) - len(left)


def _ordered(context: Context, grant: Grant) -> list[int]:
    if len(grant.sets) == 1:
        with context.db.reading() as connection:
            exists = connection.execute("select 1 from picture_set where id = ?", (grant.sets[0],)).fetchall()
            return members(connection, OWNER, SETS, grant.sets[0]).ids if exists else []
    if grant.query is not None:
        with suppress(PixlStashError):  # it names what is gone
            return context.views.ids(OWNER, grant.query)
    return []
