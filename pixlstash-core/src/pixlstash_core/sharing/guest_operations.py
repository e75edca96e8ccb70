"""Scores of recipients: what they give, and what the owner makes of it."""

from __future__ import annotations

from ..context import Context
from ..errors import NotFound
from ..pictures import feature as pictures
from ..types import AcceptScores, Done, GuestScore, Reader
from .guests import Guests, Opinion, owners_scores
from .link_keys import Link
from .link_operations import absent, pictures_of
from .links import Links


def link_scores(context: Context, reader: Reader, id: int) -> list[GuestScore]:
    """What recipients of a link think of its pictures, those with the highest mean first."""
    context.part(Links).get(id)
    return _listed(context, context.part(Guests).of_link(id))


def guest_scores(context: Context, reader: Reader, id: int) -> list[GuestScore]:
    """What recipients of each link think of a picture."""
    return _listed(context, context.part(Guests).of_picture(id))


def accept_scores(context: Context, reader: Reader, id: int, ask: AcceptScores) -> Done:
    """Score pictures as the recipients of a link did, on average. Their own scores stay."""
    chosen = link_scores(context, reader, id)
    if ask.pictures is not None:
        wanted = set(ask.pictures)
        chosen = [score for score in chosen if score.picture in wanted]
        if len(chosen) < len(wanted):
            raise NotFound("Recipients of this link have given no score to one of these pictures.")
    by_score: dict[int, list[int]] = {}
    for score in chosen:
        by_score.setdefault(score.score, []).append(score.picture)
    return context.change_pictures(
        reader,
        [score.picture for score in chosen],
        lambda write: sum(pictures.give_scores(write, ids, score) for score, ids in by_score.items()),
        "scored as guests did",
    )


def give_score(context: Context, link: Link, name: str, cookie: str | None, score: int, ip: str) -> None:
    """Store what a recipient thinks of a picture of a link; 0 stars: nothing any more.

    `NotFound`, the same for whatever the reason is; `TooMany`.
    """
    visitor = context.part(Links).visitor(link, cookie)
    id = pictures_of(context, link).get(name)
    if not link.scores or visitor is None or id is None:
        raise absent()
    context.part(Guests).give(link, visitor, id, score, ip)


def own_scores(context: Context, link: Link, cookie: str | None) -> dict[str, int] | None:
    """Return the scores of one recipient, by what recipients call the pictures; None if they may give none."""
    if not link.scores:
        return None
    visitor = context.part(Links).visitor(link, cookie)
    scores = context.part(Guests).own(link, visitor) if visitor is not None else {}
    names = pictures_of(context, link).items() if scores else ()
    return {name: scores[id] for name, id in names if id in scores}


def _listed(context: Context, opinions: list[Opinion]) -> list[GuestScore]:
    """Return opinions about pictures that exist, and are not in the scrapheap."""
    titles = {link.id: link.title for link in context.part(Links).all()}
    own = owners_scores(context.db, [opinion.picture for opinion in opinions])
    listed = [
        GuestScore(
            opinion.link,
            titles[opinion.link],
            opinion.picture,
            opinion.visitors,
            round(opinion.mean, 2),
            opinion.score,
            own[opinion.picture],
        )
        for opinion in opinions
        if opinion.picture in own and opinion.link in titles
    ]
    return sorted(listed, key=lambda score: (-score.mean, -score.visitors, score.picture))
