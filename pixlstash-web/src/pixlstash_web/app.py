"""The application: headers, then the Host check, then the route table, then the browser UI."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Matched
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from pixlstash_core.errors import NotFound

from . import shared_routes
from .adapter import Resource, RoutePlan
from .answers import Headers, as_error, run_in_threadpool
from .authorization import Host, linked_token, may_be_linked, without_token
from .openapi import describe
from .plugin_routes import plugin_plans
from .routes import PREFIX, ROUTES, SNAPSHOT_ROUTES, order
from .site import Site
from .table import Route

#: For monitors and load balancers. It needs no login and says nothing but whether the server works.
HEALTH = "/healthz"


def build(site: Site) -> ASGIApp:
    """Build the ASGI application that serves a site."""
    own = list(plans(site))
    site.describe = partial(describe, own)
    site.private = [plan.route.path for plan in own if plan.route.method == "GET" and plan.route.right != "public"]
    by_path: dict[str, list[RoutePlan]] = {}
    for plan in (*own, *below(PREFIX, SNAPSHOT_ROUTES)):
        by_path.setdefault(plan.route.path, []).append(plan)
    router = Router(
        [Matched(path, Resource(site, by_path[path]), methods=None) for path in sorted(by_path, key=order)],
        redirect_slashes=False,
        default=Rest(site),
    )
    return Headers(Host(router, {origin.name for origin in site.public}))


def plans(site: Site) -> list[RoutePlan]:
    """Return the routes of the server and of plugins, without those of snapshots."""
    own = own_plans()
    return [*own, *plugin_plans(site.library.plugins, own)]


def own_plans() -> list[RoutePlan]:
    return list(below(PREFIX, ROUTES))


def below(prefix: str, routes: Iterable[Route]) -> Iterator[RoutePlan]:
    for route in routes:
        yield RoutePlan(msgspec.structs.replace(route, path=prefix + route.path))


class Rest:
    """The endpoint of all other paths: the browser UI, or 404 inside the API."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path == "/api" or path.startswith("/api/"):
            response = as_error(NotFound("The API has no such path."))
        elif path == HEALTH:
            response = await run_in_threadpool(self._health)
        else:
            response = await run_in_threadpool(self._page, Request(scope), path)
        await response(scope, receive, send)

    def _health(self) -> Response:
        """Whether the server can read its databases, for monitors; with nothing else in the answer."""
        try:
            self._site.library.db.setting("public_id")
            self._site.library.hub.marks()
        except Exception:  # whatever it is, strangers need not know
            return Response(None, 503, {"Cache-Control": "no-store"})
        return Response(None, 204, {"Cache-Control": "no-store"})

    def _page(self, request: Request, path: str) -> Response:
        """The page of a link, or a file of the browser UI.

        A token in the address moves to the fragment, which is sent to no server.
        """
        page = shared_routes.answer_page(request, path) or shared_routes.answer_token(self._site, request, path)
        if page is not None:
            return page
        token = linked_token(request)
        if token is None:
            return self._site.static_files.answer(request, path)
        reader = self._site.library.access.reader_of(token)
        fragment = f"token={token}" if reader is not None and may_be_linked(reader) else ""
        location = without_token(request, fragment)
        return Response(None, 303, {"Location": location, "Cache-Control": "no-store"})
