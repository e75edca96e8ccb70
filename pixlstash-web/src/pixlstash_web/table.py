"""What a row of the route table is, and what a request carries once it has passed the gate."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.requests import Request
    from starlette.responses import Response

    from pixlstash_core.library import Library
    from pixlstash_core.types import Reader

    from .site import Site

Policy = Literal["public", "read", "write", "owner"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
POLICIES = ("public", "read", "write", "owner")


class Call:
    """One request: the site, who asks (None on public routes only), and headers to send with the answer."""

    def __init__(self, site: Site, request: Request) -> None:
        self.site = site
        self.request = request
        self.who: Reader | None = None
        self.secret: str | None = None
        self.headers: list[tuple[str, str]] = []

    @property
    def library(self) -> Library:
        return self.site.library

    @property
    def reader(self) -> Reader:
        """Who asks, on a route that is not public."""
        assert self.who is not None, "the gate lets nobody through without a reader"
        return self.who

    @property
    def ip(self) -> str:
        """The peer of the socket: what a proxy claims in a header is not believed."""
        return self.request.client.host if self.request.client else ""


class Route(Struct, frozen=True, eq=False):
    """One row: `function(library, reader, …)`, or `function(call, …)` when it needs the request itself.

    Arguments named in `path` come from there, a struct comes from the JSON body, the others from the query string.
    `present(call, result)` makes the answer when it is not JSON; `media` and `also` (query keys that only `present`
    reads) are for the documentation. `early` routes work before a password is set. `when(query)` tells the requests for
    this row from those for another one of the same method and path, which has none. `past`: it asks the library as of
    the snapshot that the path names. `status` is that of a JSON answer. `name` is the operation's.
    """

    method: Method
    path: str
    function: Callable[..., Any]
    right: Policy
    present: Callable[[Call, Any], Response] | None = None
    media: str = "application/json"
    also: tuple[str, ...] = ()
    early: bool = False
    when: Callable[[QueryParams], bool] | None = None
    past: bool = False
    status: int = 200
    name: str = ""
