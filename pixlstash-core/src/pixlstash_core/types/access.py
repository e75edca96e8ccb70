"""Who reads, and the credentials that say so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

Right = Literal["read", "write", "owner"]


class Scope(Struct, frozen=True):
    """The starting set of every read: all pictures, or just these ids. Never widened by anything asked within it.

    `groups`: the sets, characters and projects, as ("set", id), that a reader of some pictures is told of; no others.
    """

    ids: frozenset[int] | None = None
    groups: frozenset[tuple[str, int]] = frozenset()

    @property
    def all(self) -> bool:
        return self.ids is None


class Reader(Struct, frozen=True):
    """Who reads: the first argument of every read. `principal` names the credential (`owner`, `token:…`, `local`)."""

    principal: str
    right: Right = "read"
    scope: Scope = Scope()

    def may(self, right: Right) -> bool:
        return _RANK[self.right] >= _RANK[right]

    @property
    def is_person(self) -> bool:
        """Whether this is the owner, logged in, or this machine's own user: no token, nor a session made from one."""
        return self.principal in ("owner", "local") and self.may("owner") and self.scope.all


_RANK: Mapping[str, int] = {"read": 0, "write": 1, "owner": 2}
OWNER = Reader("owner", "owner")


class TokenInfo(Struct, frozen=True):
    id: int
    label: str
    right: Right
    created: datetime
    last_used: datetime | None


class CreateToken(Struct, frozen=True):
    rights: Right = "read"
    label: str = ""


class NewToken(Struct, frozen=True):
    """The only time the token is shown."""

    token: str
    id: int
    rights: Right
