"""The routes for logging in and out, and for the owner's password."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from pixlstash_core.access.feature import ABSOLUTE
from pixlstash_core.errors import Invalid, Unauthorised
from pixlstash_core.types import BrowserSession, Reader, Right

from .authorization import session_cookie
from .browsers import name_of_browser
from .table import Call

Secret = Annotated[str, Meta(max_length=1024)]


class SessionInfo(Struct, frozen=True):
    """The current login. `needs_password`: all other requests are refused until a password is set."""

    principal: str
    rights: Right
    library: str
    claimed: bool
    needs_password: bool
    read_only: bool
    public_id: str


class SignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly one credential: the secret of a one-time link, the password, or a token."""

    claim: Secret | None = None
    password: Secret | None = None
    token: Secret | None = None


class SetPassword(Struct, frozen=True, forbid_unknown_fields=True):
    """The new password; `current` is required if one is set."""

    password: Secret
    current: Secret | None = None


def session(call: Call) -> SessionInfo:
    """The current session. A 401 response says whether logging in with a password is possible."""
    if call.who is None:
        access = call.library.access
        raise Unauthorised("Nobody is logged in.", claimed=access.claimed, password=access.has_password)
    return _info(call, call.who)


def sign_in(call: Call, ask: SignIn) -> SessionInfo:
    """Log in; the response sets the session cookie and replaces any earlier session of the browser."""
    if sum(proof is not None for proof in (ask.claim, ask.password, ask.token)) != 1:
        raise Invalid('Give exactly one of "claim", "password" and "token".')
    access = call.library.access
    browser = name_of_browser(call.request.headers.get("user-agent", ""))
    with call.site.logins.attempt(call.ip):
        secret, reader = access.login(
            claim=ask.claim, password=ask.password, token=ask.token, ip=call.ip, browser=browser
        )
    if call.secret:
        access.logout(call.secret)
    _set_cookie(call, secret, ABSOLUTE // 1000)
    return _info(call, reader)


def sign_out(call: Call) -> None:
    """Log out: end the session on the server."""
    if call.secret:
        call.library.access.logout(call.secret)
    _set_cookie(call, "", 0)


def sessions(call: Call) -> list[BrowserSession]:
    """All signed-in browsers, the last used first; `current` is the one that asks."""
    return call.library.access.sessions(call.reader, call.secret)


def set_password(call: Call, ask: SetPassword) -> None:
    """Set or change the owner's password, at least 12 characters. All other sessions of the owner end."""
    call.library.access.set_password(call.reader, ask.password, ask.current, keep=call.secret, ip=call.ip)


def _info(call: Call, reader: Reader) -> SessionInfo:
    library = call.library
    return SessionInfo(
        reader.principal,
        reader.right,
        library.name,
        library.access.claimed,
        call.site.needs_password(),
        library.read_only,
        library.public_id,
    )


def _set_cookie(call: Call, secret: str, seconds: int) -> None:
    call.headers.append(("Set-Cookie", session_cookie(call, secret, seconds)))
