"""Operations on tokens and on the owner's login."""

from __future__ import annotations

from ..context import Context
from ..types import BrowserSession, CreateToken, EndedSessions, NewToken, Reader, TokenInfo
from .feature import Access


def create_token(context: Context, reader: Reader, ask: CreateToken) -> NewToken:
    """Create a token; its secret is shown only once."""
    return context.part(Access).create_token(reader, ask)


def tokens(context: Context, reader: Reader) -> list[TokenInfo]:
    """All tokens, without their secrets."""
    return context.part(Access).tokens(reader)


def revoke_token(context: Context, reader: Reader, id: int) -> None:
    """Revoke a token and end all sessions created with it."""
    context.part(Access).revoke(reader, id)


def sessions(context: Context, reader: Reader) -> list[BrowserSession]:
    """All signed-in browsers, the last used first."""
    return context.part(Access).sessions(reader)


def end_session(context: Context, reader: Reader, id: int) -> None:
    """End a session: its browser is signed out."""
    context.part(Access).end_session(reader, id)


def end_sessions(context: Context, reader: Reader, keep: int | None = None) -> EndedSessions:
    """End all sessions, except the one with the number `keep`. Tokens stay valid."""
    return EndedSessions(context.part(Access).end_sessions(reader, keep))


def reset_owner(context: Context, reader: Reader) -> str:
    """Remove the password and all sessions; returns the secret of a new one-time link."""
    return context.part(Access).reset(reader)
