"""Derives the routes of the library as of a snapshot, below `/asof/{snapshot}`."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from pixlstash_core.api import rows
from pixlstash_core.errors import Conflict, NotFound
from pixlstash_core.snapshots.as_of import refusal

from .adapter import SNAPSHOT, Argument, read_text
from .hookspecs import api
from .table import Call, Method, Route

BELOW = "/asof/{snapshot}"
CHANGES: tuple[Method, ...] = ("POST", "PUT", "PATCH", "DELETE")


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
        msgspec.structs.replace(route, path=BELOW + route.path, right="owner", past=True)
        for route in present
        if route.name in looking
    ]
    paths = [*(route.path for route in looks), BELOW + "/{rest:path}"]
    refusals = [api(method, path, refuse_change, "owner") for path in paths for method in CHANGES]
    return (*looks, *refusals, api("GET", BELOW + "/{rest:path}", refuse_other, "owner"))
