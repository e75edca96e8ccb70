"""Readers, their scopes, and tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

Right = Literal["read", "write", "owner"]


class Scope(Struct, frozen=True):
    """The pictures that a reader may see: all of them, or only these ids. No operation can widen it.

    `groups`: the sets, characters and projects, as ("set", id), that a reader of some pictures is told of; no others.
    """

    ids: frozenset[int] | None = None
    groups: frozenset[tuple[str, int]] = frozenset()

    @property
    def all(self) -> bool:
        return self.ids is None


class Reader(Struct, frozen=True):
    """The caller of an operation. `principal` names the credential (`owner`, `token:…`, `local`)."""

    principal: str
    right: Right = "read"
    scope: Scope = Scope()

    def may(self, right: Right) -> bool:
        return _RANK[self.right] >= _RANK[right]

    @property
    def is_person(self) -> bool:
        """Whether this is the owner's own session or this machine's user, and not a token or a session created from
        one.
        """
        return self.principal in ("owner", "local") and self.may("owner") and self.scope.all


_RANK: Mapping[str, int] = {"read": 0, "write": 1, "owner": 2}
OWNER = Reader("owner", "owner")
#: Not a person: what is changed on its behalf is in no history.
NOBODY = Reader("", "owner")


Ids = Annotated[list[int], Meta(max_length=50_000)]


class Grant(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the library: these pictures, and all pictures of these sets, characters, projects and of a query.

    What groups and queries contain is determined at each request. Pictures in the scrapheap are not part of it.
    """

    pictures: Ids = []
    sets: Ids = []
    characters: Ids = []
    projects: Ids = []
    query: Annotated[str, Meta(max_length=2000)] | None = None


class TokenInfo(Struct, frozen=True):
    """A token. `last_used` is accurate to the minute; without `scope`, it is for the whole library."""

    id: int
    label: str
    right: Right
    created: datetime
    last_used: datetime | None
    scope: Grant | None = None
    expires: datetime | None = None


class BrowserSession(Struct, frozen=True):
    """A signed-in browser. `browser` is what it calls itself, in a few words; empty if unknown.

    `last_used` is accurate to the minute. The session ends at `expires` unless it is used before. `token`: the name or
    number of the token that it was signed in with; None for a password or a one-time link. `current`: the caller's own.
    """

    id: int
    browser: str
    created: datetime
    last_used: datetime
    expires: datetime
    token: str | None = None
    current: bool = False


class EndedSessions(Struct, frozen=True):
    """How many sessions were ended."""

    ended: int


class CreateToken(Struct, frozen=True):
    """`scope`: only this part of the library, for the rights to read and write. `expires`: a time with its zone."""

    rights: Right = "read"
    label: str = ""
    scope: Grant | None = None
    expires: datetime | None = None


class NewToken(Struct, frozen=True):
    """A new token with its secret, which is shown only this once."""

    token: str
    id: int
    rights: Right
    expires: datetime | None = None
