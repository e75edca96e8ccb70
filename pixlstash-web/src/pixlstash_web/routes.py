"""The table of all routes: those of operations, a few of the server's own, and those of snapshots."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

import msgspec
from starlette.responses import Response

from pixlstash_core.api import Api, rows
from pixlstash_core.errors import Conflict, NotFound
from pixlstash_core.plugins.operation import op
from pixlstash_core.snapshots.as_of import refusal

from .adapter import BINARY, SNAPSHOT, Argument, present_block, present_view, read_text
from .events import events
from .files import ZIP, export_snapshot, present_download, present_original, present_payload, present_thumbnail
from .hookspecs import api
from .openapi import openapi
from .page_modules import page_module_file, page_modules
from .session import session, sessions, set_password, sign_in, sign_out
from .shared_routes import (
    open_link,
    present_preview,
    score_shared,
    shared_image,
    shared_original,
    shared_pictures,
    shared_preview,
)
from .table import Call, Method, Route
from .uploads import begin_upload, continue_upload, hold, try_engine, upload

AS_OF = "/asof/{snapshot}"
CHANGES: tuple[Method, ...] = ("POST", "PUT", "PATCH", "DELETE")
PREFIX = "/api/v1"


#: Routes of the server that are not operations.
OWN: tuple[Route, ...] = (
    api("GET", "/session", session, "public"),
    api("POST", "/session", sign_in, "public"),
    api("DELETE", "/session", sign_out, "public"),
    api("PUT", "/owner/password", set_password, "owner", early=True),
    api("POST", "/held", hold, "read"),
    api("POST", "/engines/try", try_engine, "write"),
    api("POST", "/uploads", upload, "write"),
    api("PATCH", "/uploads/{id}", continue_upload, "write"),
    api("GET", "/events", events, "read", media="text/event-stream"),
    api("GET", "/snapshots/{id}/export", export_snapshot, "owner", media=BINARY),
    api("GET", "/shared/{link}", shared_pictures, "public"),
    api("POST", "/shared/{link}/open", open_link, "public"),
    api("GET", "/shared/{link}/pictures/{picture}/preview", shared_preview, "public", media="image/jpeg"),
    api("GET", "/shared/{link}/pictures/{picture}/image", shared_image, "public", media="image/jpeg"),
    api("GET", "/shared/{link}/pictures/{picture}/original", shared_original, "public", media=BINARY),
    api("POST", "/shared/{link}/pictures/{picture}/score", score_shared, "public"),
    api("GET", "/page-modules", page_modules, "owner"),
    api("GET", "/page-modules/{plugin}/{id}/{file}", page_module_file, "owner", media="text/javascript"),
    api("GET", "/openapi.json", openapi, "read"),
)
#: Operations whose functions need the request itself.
INSTEAD: dict[op[..., Any], Callable[..., Any]] = {Api.begin_upload: begin_upload, Api.sessions: sessions}
#: Operations whose answer is not JSON: its function, media type, and additional query keys.
PRESENTED: dict[op[..., Any], tuple[Callable[[Call, Any], Response], str, tuple[str, ...]]] = {
    Api.view: (present_view, BINARY, ()),
    Api.block: (present_block, BINARY, ()),
    Api.thumbnail: (present_thumbnail, "image/webp", ("v", "turned")),
    Api.original: (present_original, BINARY, ("download",)),
    Api.download: (present_download, ZIP, ()),
    Api.preview_steps: (present_preview, "image/jpeg", ()),
    Api.payload: (present_payload, "text/plain", ()),
}
PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")


def refuse_change(call: Call) -> None:
    """Answer 409: a snapshot cannot be changed."""
    raise _refusal(call)


def refuse_other(call: Call) -> None:
    """Answer 409: the operation does not exist for snapshots."""
    raise NotFound(str(_refusal(call)))


def _refusal(call: Call) -> Conflict:
    return refusal(read_text(Argument(SNAPSHOT, int), call.request.path_params[SNAPSHOT]))


def snapshot_routes(present: Iterable[Route]) -> tuple[Route, ...]:
    """Return the routes of snapshots, given the present ones: reading needs the right "owner", changes are refused."""
    looking = {row.name for row in rows() if row.past}
    looks = [
        msgspec.structs.replace(route, path=AS_OF + route.path, right="owner", past=True)
        for route in present
        if route.name in looking
    ]
    paths = [*(route.path for route in looks), AS_OF + "/{rest:path}"]
    refusals = [api(method, path, refuse_change, "owner") for path in paths for method in CHANGES]
    return (*looks, *refusals, api("GET", AS_OF + "/{rest:path}", refuse_other, "owner"))


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


def order(path: str) -> list[int]:
    """Return a sort key for matching: fixed parts first, so that /pictures/score is not the picture "score"."""
    return [2 if PARAMETER.fullmatch(part) else 1 if "{" in part else 0 for part in path.split("/")]


def shape(path: str) -> str:
    """Return a path without the names of its parameters. Paths of the same shape match the same requests."""
    return PARAMETER.sub("{}", path)


def shadows(path: str, other: str, integers: Collection[str]) -> bool:
    """Return whether `path` is tried before `other` and matches some of its requests.

    `integers` are the parameters of `other` that must be integers: other texts are no requests of its own.
    """
    parts, others = path.split("/"), other.split("/")
    if others[-1].endswith(":path}"):  # it stands for any number of parts
        others[-1:] = ["{}"] * (len(parts) - len(others) + 1)
    if len(parts) != len(others) or order(path) >= order(other):
        return False
    return all(_meet(left, right, integers) for left, right in zip(parts, others, strict=True))


def _meet(part: str, other: str, integers: Collection[str]) -> bool:
    """Return whether some text matches both parts of paths."""
    if "{" not in other:
        return _pattern(part).fullmatch(other) is not None
    parameter = PARAMETER.fullmatch(other)
    if parameter and parameter[1] in integers:
        return re.fullmatch(r"[-+\d]*", PARAMETER.sub("", part)) is not None
    return "{" in part or _pattern(other).fullmatch(part) is not None


def _pattern(part: str) -> re.Pattern[str]:
    fixed = re.split(r"{[^{}]*}", part)
    return re.compile(".+".join(map(re.escape, fixed)))
