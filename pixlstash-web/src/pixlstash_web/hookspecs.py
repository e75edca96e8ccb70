"""Hooks of the web package, which plugins may implement to add routes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec
import pluggy

from pixlstash_core import hookimpl
from pixlstash_core.plugins.hookspecs import PROJECT

from .table import PLACES, POLICIES, Call, Method, PageModule, Place, Policy, Route

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.responses import Response

hookspec = pluggy.HookspecMarker(PROJECT)

__all__ = ["PageModule", "api", "hookimpl", "page_modules", "routes"]


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
    at: Place = "plugin",
    when: Callable[[QueryParams], bool] | None = None,
    fields: tuple[str, ...] = (),
) -> Route:
    """A row of the table. The right has no default: a route without a policy cannot be written.

    For plugins: `at` is where the path begins, and `when` or `fields` tell its requests from those of another row of
    the same method and path (see `Route`).
    """
    if right not in POLICIES:
        raise ValueError(f"{method} {path}: {right!r} is none of the rights {', '.join(POLICIES)}.")
    if at not in PLACES:
        raise ValueError(f"{method} {path}: {at!r} is none of the places {', '.join(PLACES)}.")
    if when is not None and fields:
        raise ValueError(f"{method} {path}: `when` is about the query and `fields` about the body; give one of them.")
    row = Route(method, path, function, right, present, media, also, early, when, status=status, name=function.__name__)
    return msgspec.structs.replace(row, at=at, fields=fields)


@hookspec
def routes() -> Iterable[Route]:  # type: ignore[empty-body]
    """Yield HTTP routes, served below `/api/v1/x/<plugin>/`, with the same checks as the server's own.

    @hookimpl
    def routes():
        def count(library: Library, reader: Reader, kind: str = "image") -> int:
            return len(library.find(reader, f"kind:{kind}").ids)

        def best(call: Call, least: int = 5) -> list[int]:
            return call.library.find(call.reader, f"score:>={least}").ids

        yield api("GET", "/count", count, "read")
        yield api("GET", "/pictures/best", best, "read", at="api")
        yield api("GET", "/pictures", best, "read", at="api", when=lambda query: "least" in query)
    """


@hookspec
def page_modules() -> Iterable[PageModule]:  # type: ignore[empty-body]
    """Yield JavaScript modules that extend the browser interface: panels, viewers, pages and menu entries.

    @hookimpl
    def page_modules():
        yield PageModule("picture", "palette", "Palette", Path(__file__).parent / "web" / "palette.js")
    """
