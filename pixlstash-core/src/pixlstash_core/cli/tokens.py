"""`pixlstash token`: credentials for programs; `pixlstash session`: signed-in browsers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from ..api import Api
from ..types import BrowserSession, CreateToken, EndedSessions, Grant, NewToken, TokenInfo
from . import show
from .options import NamedOption, option
from .verbs import Verb, group

UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def read_expiry(text: str | None) -> datetime | None:
    """A time from now (`12h`, `30d`, `2w`), or a date or time, which is local unless it has a time zone."""
    if text is None or text == "never":
        return None
    if match := re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", text):
        return datetime.now(UTC) + timedelta(**{UNITS[match[2]]: int(match[1])})
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise click.BadParameter("use 12h, 30d, 2w, never, or a date such as 2030-01-31.") from None


def expiry(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    return read_expiry(value)


EXPIRES = option("--expires", callback=expiry, help="When it ends: 12h, 30d, 2w, or a date; never by default.")
#: What a grant contains.
SCOPE = (
    option("--scope-picture", "pictures", multiple=True, type=click.IntRange(0), help="Only this picture, by number."),
    NamedOption("set", "--scope-set", "sets", field="sets", multiple=True, help="Only the pictures of this set."),
    NamedOption(
        "character",
        "--scope-character",
        "characters",
        field="characters",
        multiple=True,
        help="Only the pictures of this character.",
    ),
    NamedOption(
        "project",
        "--scope-project",
        "projects",
        field="projects",
        multiple=True,
        help="Only the pictures of this project, and its sets and characters.",
    ),
    option("--scope-query", "query", help="Only the pictures a query finds. The scopes add up."),
)


def grant_of(values: dict[str, Any]) -> Grant | None:
    """Take the options of `SCOPE` out of the values; None if there is none."""
    names = ("pictures", "sets", "characters", "projects", "query")
    chosen = {name: value for name in names if (value := values.pop(name, None)) not in (None, [], ())}
    return Grant(**chosen) if chosen else None


def scope_text(grant: Grant | None) -> str:
    """A grant in words, without names."""
    if grant is None:
        return "everything"
    parts = [show.counted(len(grant.pictures), "picture")] if grant.pictures else []
    for noun, ids in (("set", grant.sets), ("character", grant.characters), ("project", grant.projects)):
        parts += [f"{noun} {id}" for id in ids]
    return ", ".join([*parts, *([grant.query] if grant.query else [])])


def _create(session: Any, **values: Any) -> NewToken:
    grant = grant_of(values)
    created: NewToken = session.create_token(CreateToken(scope=grant, **values))
    return created


def _created(created: NewToken) -> None:
    click.echo(created.token)
    click.echo("Keep it safe: it is not shown again.", err=True)


def _revoke(session: Any, id: int) -> str:
    session.revoke_token(id)
    return f"Revoked token {id}."


def _scope(token: TokenInfo) -> str:
    return scope_text(token.scope)


def _end(session: Any, id: int) -> str:
    session.end_session(id)
    return f"Ended session {id}."


def _ended(ended: EndedSessions) -> None:
    click.echo(f"Ended {show.counted(ended.ended, 'session')}.")


def _signed_in(session: BrowserSession) -> str:
    return "password or link" if session.token is None else f"token {session.token}"


COMMANDS = (
    group(
        "session",
        "Sessions: browsers that are signed in.",
        Verb(
            "list",
            Api.sessions,
            "List the signed-in browsers, the last used first.",
            show=show.Table(
                ">id | browser | with=with_ | since=created:%Y-%m-%d %H:%M | last used=last_used:%Y-%m-%d %H:%M",
                "No browser is signed in.",
                with_=_signed_in,
            ),
        ),
        Verb("end ID:int", _end, "Sign out one browser.", json=False, show=click.echo),
        Verb(
            "end-all",
            Api.end_sessions,
            "Sign out all browsers. Tokens stay valid.",
            option("--keep", type=int, help="Except this session, by its number."),
            show=_ended,
        ),
    ),
    group(
        "token",
        "Tokens: credentials for programs.",
        Verb(
            "create",
            _create,
            "Create a token, for the whole library or for a part of it. It is shown only once.",
            option("--rights", type=click.Choice(["owner", "write", "read"]), default="read", show_default=True),
            option("--label", default="", help="A label."),
            EXPIRES,
            *SCOPE,
            show=_created,
        ),
        Verb(
            "list",
            Api.tokens,
            "List the valid tokens.",
            show=show.Table(
                ">id | right | scope=of | expires:%Y-%m-%d %H:%M | last used=last_used:%Y-%m-%d %H:%M | label",
                "There are no tokens.",
                of=_scope,
            ),
        ),
        Verb(
            "revoke ID:int",
            _revoke,
            "Revoke a token. It and all sessions created with it end at once.",
            json=False,
            show=click.echo,
        ),
    ),
)
