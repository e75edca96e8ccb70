"""All routes for clients of the public PixlStash, and the level of its interface that they offer."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from pixlstash_core import Library, Reader, __version__
from pixlstash_web import Call, Route, api

from . import collections, imports, pictures, search, snapshots, stats

#: The level of that interface which clients compare with what they need.
LEVEL = "1.6.0"


class Version(Struct, frozen=True):
    """`version` is the level of compatibility, `pixlstash` the program's own version."""

    version: str
    pixlstash: str


class LoggedIn(Struct, frozen=True):
    status: Literal["success"] = "success"


def version(call: Call) -> Version:
    """The server's version."""
    return Version(LEVEL, __version__)


def check_session(library: Library, reader: Reader) -> LoggedIn:
    """Check a cookie or token; 401 if it is not valid."""
    return LoggedIn()


ROUTES: tuple[Route, ...] = (
    api("GET", "/version", version, "public", at="root"),
    api("GET", "/check-session", check_session, "read", at="api"),
    *search.ROUTES,
    *imports.ROUTES,
    *pictures.ROUTES,
    *collections.ROUTES,
    *stats.ROUTES,
    *snapshots.ROUTES,
)
