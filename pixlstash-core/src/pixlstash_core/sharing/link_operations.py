"""Creating and revoking links, for the owner; and what their recipients see."""

from __future__ import annotations

import threading
from datetime import datetime

from msgspec.structs import replace

from ..access.feature import Access, in_future
from ..context import Context, demand_person
from ..errors import Abandoned, Cancelled, Conflict, Invalid, NotFound, PixlStashError, TooMany
from ..media.thumbnails import Rendered
from ..types import CreateLink, Grant, LinkInfo, Reader
from ..types.outcome import many
from ..types.times import when
from .links import MINUTE, Link, Links, has_expired
from .renditions import DEFAULT, Renditions
from .selecting import shown

#: Renditions that are made at the same time for recipients, and how many seconds one waits for its turn.
AT_ONCE, PATIENCE = 4, 20.0
#: Pictures of a link that shows those of now.
MOST = 50_000
_turns = threading.BoundedSemaphore(AT_ONCE)


def create_link(context: Context, reader: Reader, ask: CreateLink) -> LinkInfo:
    """Share pictures by a link that recipients open without a login. Only for the owner, logged in."""
    demand_person(reader)
    steps = list(DEFAULT if ask.steps is None else ask.steps)
    context.part(Renditions).check(steps)
    scope = _chosen(context, reader, ask)
    context.part(Access).scopes.check(scope)
    pictures, left_out = _shown(context, scope, hidden=ask.hidden)
    live = ask.live
    if live is None:
        live = not scope.pictures and scope.query is None
    if not pictures and not live:
        raise Conflict(
            f"{many(left_out)} would be shared, but all are hidden or blurred." if left_out else "There is no picture."
        )
    if len(pictures) > MOST and not live:
        raise Invalid(f"A link has at most {MOST:,} pictures, and these are {len(pictures):,}.")
    expires = None if ask.expires is None else in_future(ask.expires)
    grant = scope if live else Grant(pictures=pictures)
    id = context.part(Links).add(ask, grant, live=live, steps=steps, expires=expires)
    return _info(context, context.part(Links).get(id))


def links(context: Context, reader: Reader) -> list[LinkInfo]:
    """All links with their secrets, oldest first. Only for the owner, logged in."""
    demand_person(reader)
    return [_info(context, link) for link in context.part(Links).all()]


def replace_link(context: Context, reader: Reader, id: int) -> LinkInfo:
    """Give a link a new secret. The previous one ends at once, also in browsers that have opened it."""
    demand_person(reader)
    context.part(Links).replace(id)
    return _info(context, context.part(Links).get(id))


def revoke_link(context: Context, reader: Reader, id: int) -> None:
    """Revoke a link. It ends at once, also in browsers that have opened it."""
    demand_person(reader)
    context.part(Links).revoke(id)


# -- for recipients, who have no reader --------------------------------------------------------------------------------


def pictures_of(context: Context, link: Link) -> dict[str, int]:
    """Return the pictures of a link in order, by what recipients call them."""

    def find() -> list[int]:
        try:
            return _shown(context, link.grant, hidden=bool(link.hidden))[0]
        except Abandoned:
            raise
        except PixlStashError:  # which pictures are hidden cannot be determined now, so none is shown
            return []

    return context.part(Links).pictures(link, tuple(sorted(context.writer.nouns.items())), find)


def rendition_of(context: Context, link: Link, name: str) -> Rendered:
    """Return a picture of a link. `NotFound`, the same for whatever the reason is; `TooMany` if others wait as well."""
    id = pictures_of(context, link).get(name)
    if id is None:
        raise absent()
    if not _turns.acquire(timeout=PATIENCE):
        raise TooMany("Many pictures are being prepared now. Try again.", 5)
    try:
        return context.part(Renditions).make(id, link.uses)
    except (Abandoned, Cancelled):
        raise
    except PixlStashError:  # the reason is for the owner
        raise absent() from None
    finally:
        _turns.release()


def absent() -> NotFound:
    return NotFound("There is no such picture here.")


def _chosen(context: Context, reader: Reader, ask: CreateLink) -> Grant:
    if (ask.scope is None) == (ask.selection is None):
        raise Invalid('Say what to share: either a "scope" or a "selection".')
    if ask.scope is not None:
        return ask.scope
    assert ask.selection is not None
    return Grant(pictures=context.selected(reader, ask.selection))


# -- inside ------------------------------------------------------------------------------------------------------------


def _shown(context: Context, grant: Grant, *, hidden: bool) -> tuple[list[int], int]:
    """Return the pictures in order: listed ones as they are listed, if there is nothing else."""
    ids, left_out = shown(context, context.part(Access).scopes, grant, hidden=hidden)
    if grant == Grant(pictures=grant.pictures):
        present = set(ids)
        ids = [id for id in dict.fromkeys(grant.pictures) if id in present]
    return ids, left_out


def _info(context: Context, link: Link) -> LinkInfo:
    try:
        pictures, left_out = _shown(context, link.grant, hidden=bool(link.hidden))
    except PixlStashError:  # what is hidden cannot be told now, so recipients see nothing
        pictures, left_out = [], 0
    grant = link.grant
    return LinkInfo(
        link.id,
        context.part(Links).path(link),
        link.title,
        bool(link.live),
        grant if link.live else replace(grant, pictures=pictures),
        len(pictures),
        left_out,
        bool(link.download),
        link.password is not None,
        when(link.created),
        _time(link.expires),
        has_expired(link),
        link.visits,
        _time(None if link.last_visit is None else link.last_visit - link.last_visit % MINUTE),
    )


def _time(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else when(milliseconds)
