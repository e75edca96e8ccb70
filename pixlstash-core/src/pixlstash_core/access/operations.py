"""Tokens and the owner."""

from __future__ import annotations

from ..session import Wired, demand
from ..types import CreateToken, NewToken, Reader, TokenInfo


class Access(Wired):
    def create_token(self, reader: Reader, ask: CreateToken) -> NewToken:
        """Make a token; it is shown this once."""
        demand(reader, "owner")
        return self.access.create_token(reader, ask)

    def tokens(self, reader: Reader) -> list[TokenInfo]:
        """The tokens there are, without their secrets."""
        demand(reader, "owner")
        return self.access.tokens(reader)

    def revoke_token(self, reader: Reader, id: int) -> None:
        """End a token and every session made with it."""
        demand(reader, "owner")
        self.access.revoke(reader, id)

    def reset_owner(self, reader: Reader) -> str:
        """Forget the password and every session; the secret of a new one-time link."""
        demand(reader, "owner")
        return self.access.reset(reader)
