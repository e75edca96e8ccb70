"""Tokens and the owner."""

from __future__ import annotations

from ..context import Context, demand
from ..types import CreateToken, NewToken, Reader, TokenInfo


def create_token(context: Context, reader: Reader, ask: CreateToken) -> NewToken:
    """Make a token; it is shown this once."""
    demand(reader, "owner")
    return context.access.create_token(reader, ask)


def tokens(context: Context, reader: Reader) -> list[TokenInfo]:
    """The tokens there are, without their secrets."""
    demand(reader, "owner")
    return context.access.tokens(reader)


def revoke_token(context: Context, reader: Reader, id: int) -> None:
    """End a token and every session made with it."""
    demand(reader, "owner")
    context.access.revoke(reader, id)


def reset_owner(context: Context, reader: Reader) -> str:
    """Forget the password and every session; the secret of a new one-time link."""
    demand(reader, "owner")
    return context.access.reset(reader)
