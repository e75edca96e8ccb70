"""Every route of the server: method, path, plain function, right. There is no other way in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct
from starlette.responses import Response

from pixlstash_core import __version__
from pixlstash_core.api import Api, rows
from pixlstash_core.plugins.operation import op

from .compat import LEVEL
from .compat_groups import edit_character
from .events import events
from .exports import export_snapshot
from .files import present_original, present_payload, present_thumbnail
from .holding import hold
from .openapi import openapi
from .past_routes import past_routes
from .session import session, set_password, sign_in, sign_out
from .specs import api
from .table import Call, Route
from .uploads import begin_upload, continue_upload, upload
from .views import BINARY, present_block, present_view

PREFIX = "/api/v1"


class Version(Struct, frozen=True):
    """`version` is the level of compatibility, `pixlstash` the program's own version."""

    version: str
    pixlstash: str


def version(call: Call) -> Version:
    """What this server is."""
    return Version(LEVEL, __version__)


#: Routes of the server's own, each before the operation whose name comes first; the last ones come after all.
OWN: tuple[tuple[str, Route], ...] = (
    (Api.reset_owner.name, api("GET", "/session", session, "public")),
    (Api.reset_owner.name, api("POST", "/session", sign_in, "public")),
    (Api.reset_owner.name, api("DELETE", "/session", sign_out, "public")),
    (Api.reset_owner.name, api("PUT", "/owner/password", set_password, "owner", early=True)),
    (Api.alike.name, api("POST", "/held", hold, "read")),
    (Api.uploads.name, api("POST", "/uploads", upload, "write")),
    (Api.cancel_upload.name, api("PATCH", "/uploads/{id}", continue_upload, "write")),
    (Api.snapshots.name, api("GET", "/events", events, "read", media="text/event-stream")),
    (Api.tokens.name, api("GET", "/snapshots/{id}/export", export_snapshot, "owner", media=BINARY)),
    ("", api("GET", "/openapi.json", openapi, "read")),
)
#: Operations that need more of the request than the table says.
INSTEAD: dict[op[..., Any], Callable[..., Any]] = {
    Api.begin_upload: begin_upload,
    Api.edit_character: edit_character,
}
#: Operations whose answer is not JSON: what makes it, its media type, and query keys that only that reads.
PRESENTED: dict[op[..., Any], tuple[Callable[[Call, Any], Response], str, tuple[str, ...]]] = {
    Api.view: (present_view, BINARY, ()),
    Api.block: (present_block, BINARY, ()),
    Api.thumbnail: (present_thumbnail, "image/webp", ("v", "turned")),
    Api.original: (present_original, BINARY, ("download",)),
    Api.payload: (present_payload, "text/plain", ()),
}


def route_of(row: op[Any, Any]) -> Route:
    """The route of an operation."""
    present, media, also = PRESENTED.get(row, (None, "application/json", ()))
    return Route(
        row.method,
        row.path,
        INSTEAD.get(row, row.function),
        row.right,
        present,
        media,
        also,
        status=row.status,
        name=row.name,
    )


def _routes() -> Iterator[Route]:
    """Those of the table, and the server's own between them."""
    for row in (*rows(), None):
        name = row.name if row is not None else ""
        yield from (route for before, route in OWN if before == name)
        if row is not None:
            yield route_of(row)


#: Below `/api/v1`.
ROUTES: tuple[Route, ...] = tuple(_routes())
#: The same as of a snapshot, below `/api/v1/asof/{snapshot}`.
PAST_ROUTES = past_routes(ROUTES)
#: At the root, where clients of other servers of this kind look.
ROOT_ROUTES: tuple[Route, ...] = (api("GET", "/version", version, "public"),)
