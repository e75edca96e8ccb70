"""Every route of the server: method, path, plain function, right. There is no other way in."""

from __future__ import annotations

from msgspec import Struct

from pixlstash_core import __version__
from pixlstash_core.library import Library

from .compat import LEVEL
from .engine_routes import ENGINE_ROUTES
from .events import events
from .files import present_original, present_payload, present_thumbnail
from .group_routes import GROUP_ROUTES
from .openapi import openapi
from .past_routes import past_routes
from .search_routes import SEARCH_ROUTES
from .session import session, set_password, sign_in, sign_out
from .snapshot_routes import SNAPSHOT_ROUTES
from .specs import api
from .table import Call, Route
from .tag_routes import TAG_ROUTES
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


#: Below `/api/v1`.
ROUTES: tuple[Route, ...] = (
    api("GET", "/session", session, "public"),
    api("POST", "/session", sign_in, "public"),
    api("DELETE", "/session", sign_out, "public"),
    api("PUT", "/owner/password", set_password, "owner", early=True),
    api("POST", "/owner/reset", Library.reset_owner, "owner"),
    api("GET", "/library", Library.info, "read"),
    api("GET", "/views", Library.view, "read", present=present_view, media=BINARY),
    api("GET", "/veil", Library.veil, "owner"),
    api("PUT", "/veil", Library.set_veil, "owner"),
    api("GET", "/views/suggest", Library.suggest, "read"),
    api("GET", "/views/{view}/blocks/{b}", Library.block, "read", present=present_block, media=BINARY),
    api("GET", "/views/{view}/details/{b}", Library.details, "read"),
    api("GET", "/pictures", Library.pictures, "read"),
    api("GET", "/pictures/find", Library.find, "read"),
    api("GET", "/pictures/count", Library.count, "read"),
    api("GET", "/pictures/statistics", Library.statistics, "read"),
    *SEARCH_ROUTES,
    api("GET", "/pictures/{id}", Library.picture, "read"),
    api(
        "GET",
        "/pictures/{id}/thumbnail",
        Library.thumbnail,
        "read",
        present=present_thumbnail,
        media="image/webp",
        also=("v", "turned"),
    ),
    api(
        "GET",
        "/pictures/{id}/original",
        Library.original,
        "read",
        present=present_original,
        media=BINARY,
        also=("download",),
    ),
    api(
        "GET",
        "/pictures/{id}/payloads/{name:path}",
        Library.payload,
        "read",
        present=present_payload,
        media="text/plain",
    ),
    api("POST", "/pictures/score", Library.score, "write"),
    api("POST", "/pictures/delete", Library.delete, "write"),
    api("POST", "/pictures/restore", Library.restore, "write"),
    *GROUP_ROUTES,
    *TAG_ROUTES,
    *ENGINE_ROUTES,
    api("POST", "/undo", Library.undo, "write"),
    api("POST", "/redo", Library.redo, "write"),
    api("GET", "/history", Library.history, "write"),
    api("POST", "/uploads", upload, "write"),
    api("GET", "/uploads", Library.uploads, "write"),
    api("POST", "/uploads/partial", begin_upload, "write"),
    api("GET", "/uploads/{id}", Library.find_upload, "write"),
    api("PATCH", "/uploads/{id}", continue_upload, "write"),
    api("DELETE", "/uploads/{id}", Library.cancel_upload, "write"),
    api("GET", "/uploads/{id}/files", Library.uploaded_files, "write"),
    api("POST", "/imports", Library.import_paths, "owner"),
    api("GET", "/jobs", Library.jobs, "owner"),
    api("GET", "/jobs/{id}", Library.job, "owner"),
    api("POST", "/jobs/{id}/cancel", Library.cancel_job, "owner"),
    api("POST", "/jobs/{id}/hold", Library.hold_job, "owner"),
    api("POST", "/jobs/{id}/pause", Library.pause_job, "owner"),
    api("POST", "/jobs/{id}/resume", Library.resume_job, "owner"),
    api("GET", "/events", events, "read", media="text/event-stream"),
    *SNAPSHOT_ROUTES,
    api("GET", "/tokens", Library.tokens, "owner"),
    api("POST", "/tokens", Library.create_token, "owner"),
    api("DELETE", "/tokens/{id}", Library.revoke_token, "owner"),
    api("GET", "/plugins", Library.plugin_list, "owner"),
    api("GET", "/check", Library.check, "owner"),
    api("GET", "/openapi.json", openapi, "read"),
)
#: The same as of a snapshot, below `/api/v1/asof/{snapshot}`.
PAST_ROUTES = past_routes(ROUTES)
#: At the root, where clients of other servers of this kind look.
ROOT_ROUTES: tuple[Route, ...] = (api("GET", "/version", version, "public"),)
