"""Tokens and the owner."""

from __future__ import annotations

from ..types import CreateToken, NewToken, TokenInfo
from .channel import Channel


class Access(Channel):
    def create_token(self, ask: CreateToken) -> NewToken:
        return self._post("/tokens", NewToken, ask)

    def tokens(self) -> list[TokenInfo]:
        return self._get("/tokens", list[TokenInfo])

    def revoke_token(self, id: int) -> None:
        self._call("DELETE", f"/tokens/{id}")

    def reset_owner(self) -> str:
        return self._post("/owner/reset", str)
