"""The table of all routes of the server: those of operations, and a few of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from pixlstash_core.api import Api, rows
from pixlstash_core.plugins.operation import op

from .events import events
from .exports import ZIP, export_snapshot, present_download
from .files import present_original, present_payload, present_thumbnail
from .hookspecs import api
from .openapi import openapi
from .search_uploads import hold
from .session import session, set_password, sign_in, sign_out
from .shared_routes import open_link, shared_image, shared_pictures, shared_preview
from .snapshot_routes import snapshot_routes
from .table import Call, Route
from .uploads import begin_upload, continue_upload, upload
from .views import BINARY, present_block, present_view

PREFIX = "/api/v1"


#: Routes of the server that are not operations.
OWN: tuple[Route, ...] = (
    api("GET", "/session", session, "public"),
    api("POST", "/session", sign_in, "public"),
    api("DELETE", "/session", sign_out, "public"),
    api("PUT", "/owner/password", set_password, "owner", early=True),
    api("POST", "/held", hold, "read"),
    api("POST", "/uploads", upload, "write"),
    api("PATCH", "/uploads/{id}", continue_upload, "write"),
    api("GET", "/events", events, "read", media="text/event-stream"),
    api("GET", "/snapshots/{id}/export", export_snapshot, "owner", media=BINARY),
    api("GET", "/shared/{link}", shared_pictures, "public"),
    api("POST", "/shared/{link}/open", open_link, "public"),
    api("GET", "/shared/{link}/pictures/{picture}/preview", shared_preview, "public", media="image/jpeg"),
    api("GET", "/shared/{link}/pictures/{picture}/image", shared_image, "public", media="image/jpeg"),
    api("GET", "/openapi.json", openapi, "read"),
)
#: Operations whose functions need the request itself.
INSTEAD: dict[op[..., Any], Callable[..., Any]] = {Api.begin_upload: begin_upload}
#: Operations whose answer is not JSON: its function, media type, and additional query keys.
PRESENTED: dict[op[..., Any], tuple[Callable[[Call, Any], Response], str, tuple[str, ...]]] = {
    Api.view: (present_view, BINARY, ()),
    Api.block: (present_block, BINARY, ()),
    Api.thumbnail: (present_thumbnail, "image/webp", ("v", "turned")),
    Api.original: (present_original, BINARY, ("download",)),
    Api.download: (present_download, ZIP, ()),
    Api.payload: (present_payload, "text/plain", ()),
}


def route_of(row: op[Any, Any]) -> Route:
    """Return the route of an operation."""
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
        operation=row,
    )


#: All routes, below `/api/v1`.
ROUTES: tuple[Route, ...] = (*map(route_of, rows()), *OWN)
#: The routes of snapshots, below `/api/v1/asof/{snapshot}`.
SNAPSHOT_ROUTES = snapshot_routes(ROUTES)
