"""Creating and revoking links, for the owner; and what their recipients see."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from ..access.feature import Access, in_future
from ..context import Context, demand_person
from ..errors import Abandoned, Cancelled, Conflict, Invalid, NotFound, PixlStashError, TooMany
from ..jobs.lanes import Jobs
from ..media.thumbnails import Rendered
from ..pictures.operations import Original
from ..types import CreateLink, Grant, LinkInfo, Reader, StepUse
from ..types.history import many
from ..types.times import when
from . import certificates
from .budgets import Budgets
from .guests import Guests
from .link_keys import Link
from .links import MINUTE, Links, has_expired
from .originals import Stripped, stripped_of, untouched_of
from .renditions import DEFAULT, Renditions
from .selecting import shown

#: Renditions that are made at the same time for recipients, and how many seconds one waits for its turn.
AT_ONCE, PATIENCE = 4, 20.0
#: Pictures of a link that shows those of now.
MOST = 50_000
JPEG = ("jpg", "jpeg")
#: The only step with which originals can be offered, because it hides nothing.
SIZE = "resize"
_turns = threading.BoundedSemaphore(AT_ONCE)


def create_link(context: Context, reader: Reader, ask: CreateLink) -> LinkInfo:
    """Share pictures by a link that recipients open without a login. Only for the owner, logged in.

    Before, the server visits the link as a stranger, as a job. If what it finds is not as it must be, there is no link.
    """
    demand_person(reader)
    steps = list(DEFAULT if ask.steps is None else ask.steps)
    context.part(Renditions).check(steps)
    _check_originals(ask, steps)
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
    id = context.part(Links).add(ask, grant, live=live, steps=steps, expires=expires, pictures=pictures)
    certificates.publish(context, id, partial(pictures_of, context), len(pictures), ask.password)
    return _info(context, context.part(Links).get(id))


def visit_link(context: Context, reader: Reader, id: int) -> LinkInfo:
    """Visit a link as a stranger now, and return it with the new certificate. Only for the owner, logged in."""
    demand_person(reader)
    if context.part(Links).path(context.part(Links).get(id)) is None:
        raise Invalid("Nobody can open this link: it has expired, or must be replaced.")
    certificates.visit(context, id, partial(pictures_of, context))
    return _info(context, context.part(Links).get(id))


def links(context: Context, reader: Reader) -> list[LinkInfo]:
    """All links with their secrets, oldest first. Only for the owner, logged in."""
    demand_person(reader)
    return [_info(context, link) for link in context.part(Links).all()]


def link_gained(context: Context, reader: Reader, id: int) -> list[int]:
    """The pictures that a live link has now and did not have when it was made, in its order. Only for the owner."""
    demand_person(reader)
    link = context.part(Links).get(id)
    pictures, _ = _shown(context, link.grant, hidden=bool(link.hidden))
    return _gained(context, link, pictures)


def replace_link(context: Context, reader: Reader, id: int) -> LinkInfo:
    """Give a link a new secret. The previous one ends at once, also in browsers that have opened it."""
    demand_person(reader)
    context.part(Links).replace(id)
    context.part(Jobs).hasten(certificates.REPEAT, 1.0)
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

    return context.part(Links).pictures(link, tuple(sorted(context.writer.topics.items())), find)


def rendition_of(context: Context, link: Link, name: str) -> Rendered:
    """Return a picture of a link. `NotFound`, the same for whatever the reason is; `TooMany` if others wait as well."""
    id = pictures_of(context, link).get(name)
    if id is None:
        raise absent()
    return _rendered(context, id, link.uses, link)


def original_of(context: Context, link: Link, name: str) -> Stripped | Original:
    """Return the original of a picture of a link that offers them. `NotFound` and `TooMany` as in `rendition_of`."""
    id = pictures_of(context, link).get(name)
    if id is None or link.offered == "none" or not may_have_originals(link.uses) or not link.download:
        raise absent()
    began = time.monotonic()
    try:
        if link.offered == "untouched":
            return untouched_of(context, id, f"picture-{name[:8]}")
        return stripped_of(context, id)
    except (Abandoned, Cancelled, TooMany):
        raise
    except PixlStashError:  # the reason is for the owner
        raise absent() from None
    finally:
        charge(context, link, worked=time.monotonic() - began)


def picture_of_token(context: Context, secret: str, extension: str) -> Rendered:
    """Return the picture of a token that reads exactly one, without metadata.

    `NotFound`, the same for whatever the reason is: also unless the extension is that of the original, or of JPEG.
    """
    id = context.part(Access).only_picture(secret)
    if id is None:
        raise absent()
    extensions = {*JPEG, context.part(Renditions).format_of(id)}
    if extension.lower() not in extensions:
        raise absent()
    return _rendered(context, id, DEFAULT)


def _rendered(context: Context, id: int, steps: Sequence[StepUse], charged: Link | None = None) -> Rendered:
    if not _turns.acquire(timeout=PATIENCE):
        raise TooMany("Many pictures are being prepared now. Try again.", 5)
    began = time.monotonic()
    try:
        return context.part(Renditions).make(id, steps)
    except (Abandoned, Cancelled):
        raise
    except PixlStashError:  # the reason is for the owner
        raise absent() from None
    finally:
        _turns.release()
        if charged is not None:
            charge(context, charged, worked=time.monotonic() - began)


def demand_budget(context: Context, link: Link) -> None:
    """Raise `TooMany` if recipients of a link have used too much. Visits by this server itself do not count."""
    if not context.part(Links).is_uncounted(link.id):
        context.part(Budgets).demand(link.id)


def charge(context: Context, link: Link, *, sent: int = 0, worked: float = 0.0) -> None:
    """Charge a link's budget with bytes that are sent, and seconds that were worked."""
    if not context.part(Links).is_uncounted(link.id):
        context.part(Budgets).charge(link.id, sent=sent, worked=worked)


def absent() -> NotFound:
    return NotFound("There is no such picture here.")


def _check_originals(ask: CreateLink, steps: Sequence[StepUse]) -> None:
    """Raise `Invalid` if originals would show what recipients are not to get."""
    if ask.originals == "none":
        return
    if not ask.download:
        raise Invalid("Originals can only be offered if recipients may save the pictures.")
    if not may_have_originals(steps):
        changing = next(step.id for step in steps if step.id != SIZE)
        raise Invalid(
            f"Originals cannot be offered together with the step {changing!r}, which they would not have."
            " Leave out one of the two."
        )


def may_have_originals(steps: Sequence[StepUse]) -> bool:
    """Return whether originals show no more than renditions with these steps, apart from their size."""
    return all(step.id == SIZE for step in steps)


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
        link.checked,
        len(_gained(context, link, pictures)),
        link.offered,
        bool(link.scores),
        len(set(pictures).intersection(context.part(Guests).pictures(link.id))),
    )


def _gained(context: Context, link: Link, pictures: list[int]) -> list[int]:
    baseline = context.part(Links).baseline(link.id) if link.live else None
    return [] if baseline is None else [picture for picture in pictures if picture not in baseline]


def _time(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else when(milliseconds)
