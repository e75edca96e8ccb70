"""The hooks that a plugin may implement when a library is served. They join the core's in the same manager."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pluggy

from pixlstash_core import hookimpl
from pixlstash_core.plugins.hookspecs import PROJECT

from .table import POLICIES, Call, Method, Policy, Route

if TYPE_CHECKING:
    from starlette.responses import Response

hookspec = pluggy.HookspecMarker(PROJECT)

__all__ = ["api", "hookimpl", "routes"]


def api(
    method: Method,
    path: str,
    function: Callable[..., Any],
    right: Policy,
    *,
    present: Callable[[Call, Any], Response] | None = None,
    media: str = "application/json",
    also: tuple[str, ...] = (),
    early: bool = False,
    status: int = 200,
) -> Route:
    """A row of the table. The right has no default: a route without a policy cannot be written."""
    if right not in POLICIES:
        raise ValueError(f"{method} {path}: {right!r} is none of the rights {', '.join(POLICIES)}.")
    return Route(method, path, function, right, present, media, also, early, status=status, name=function.__name__)


@hookspec
def routes() -> Iterable[Route]:  # type: ignore[empty-body]
    """Yield routes, served below `/api/v1/x/<plugin>/`. They pass the same gate as the library's own.

        @hookimpl
        def routes():
            yield api("GET", "/count", count, "read")

    where `def count(library: Library, reader: Reader, q: str = "") -> int` is a plain function.
    """
