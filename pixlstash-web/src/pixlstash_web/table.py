"""`Route`: a row of the route table; `Call`: a request after its permission check."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from msgspec import Struct

from pixlstash_core.errors import ReadOnly
from pixlstash_core.plugins.operation import demand

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
#: The base of a plugin's paths: `/api/v1/x/<plugin>`, `/api/v1`, or the root of the server.
Place = Literal["plugin", "api", "root"]
PLACES = ("plugin", "api", "root")
#: Where a plugin's module appears in the browser interface.
PagePlace = Literal["picture", "grid", "viewer", "page", "menu"]


class Call:
    """A request: the site, its reader (None only on public routes), and headers for the answer."""

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
        """The reader, on a route that is not public."""
        assert self.who is not None, "requests without a reader are refused before"
        return self.who

    @property
    def ip(self) -> str:
        """The address of the client; headers are read only if a trusted proxy sends them."""
        return self.site.client_address(self.request)


class Row(Protocol):
    """The properties that a route needs of its operation."""

    name: str

    def demand(self, reader: Reader, *, read_only: bool) -> None: ...


class Route(Struct, frozen=True, eq=False):
    """One row: `function(library, reader, …)`, or `function(call, …)` when it needs the request itself.

    Arguments named in `path` come from there, a struct comes from the JSON body, the others from the query string.
    `present(call, result)` makes the answer when it is not JSON; `media` and `also` (query keys that only `present`
    reads) are for the documentation. `early` routes work before a password is set. `past`: it asks the library as of
    the snapshot that the path names. `status` is that of a JSON answer. `name` is the operation's, and
    `operation` its row in the table of operations, if it has one.

    `at` is where a plugin's row is served. Beside another row of the same method and path, which has neither, it
    answers the requests for which `when(query)` is true, or those whose JSON body has one of `fields`.
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
    operation: Row | None = None
    at: Place = "plugin"
    fields: tuple[str, ...] = ()

    def demand(self, reader: Reader, read_only: bool) -> None:
        """Raise unless the reader may use the route."""
        if self.operation is not None and not self.past:
            self.operation.demand(reader, read_only=read_only)
            return
        if self.right != "public":
            demand(reader, self.right)
        if read_only and self.right == "write" and self.method != "GET":
            raise ReadOnly("This library is open read-only, so nothing in it can be changed.")

    @property
    def conditional(self) -> bool:
        """Whether the route answers only some requests for its path."""
        return self.when is not None or bool(self.fields)


class PageModule(Struct, frozen=True):
    """A JavaScript module of a plugin, loaded by the browser interface when its place is first shown.

    `place` is where it appears: "picture", a panel beside an open picture; "grid", a panel beside the grid; "viewer",
    in place of the picture for media of the kind `kind`; "page", a page of its own, listed in the sidebar; or "menu",
    an entry in the menu of pictures. `id` is unique in the plugin. `file` is the module; the scripts, style sheets,
    JSON files and images in its folder are served beside it, at relative addresses.
    """

    place: PagePlace
    id: str
    title: str
    file: Path
    kind: str | None = None
