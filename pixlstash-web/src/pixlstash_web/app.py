"""The application: headers, then the Host check, then the route table, then the browser UI."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec
from starlette.requests import Request
from starlette.routing import Route as Matched
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from pixlstash_core.errors import NotFound

from . import compat, specs
from .adapter import Resource, RoutePlan
from .answers import as_error
from .headers import Headers
from .host import Host
from .offload import run_in_threadpool
from .routes import PAST_ROUTES, PREFIX, ROOT_ROUTES, ROUTES, route_of
from .site import Site
from .table import Route


def build(site: Site) -> ASGIApp:
    """The ASGI application that serves a site."""
    site.plans = list(plans(site))
    by_path: dict[str, list[RoutePlan]] = {}
    for plan in (*site.plans, *below(PREFIX, PAST_ROUTES), *below(PREFIX, compat.ROUTES)):
        by_path.setdefault(plan.route.path, []).append(plan)
    # Fixed paths come first: /pictures/score is not the picture called "score".
    ordered = sorted(by_path, key=lambda path: [_openness(part) for part in path.split("/")])
    router = Router(
        [Matched(path, Resource(site, by_path[path]), methods=None) for path in ordered],
        redirect_slashes=False,
        default=Rest(site),
    )
    return Headers(Host(router, {origin.name for origin in site.public}))


def _openness(part: str) -> int:
    """How much a part of a path stands for: itself, names of a form, any name."""
    return 2 if re.fullmatch(r"{[^{}]+}", part) else 1 if "{" in part else 0


def plans(site: Site) -> Iterator[RoutePlan]:
    yield from below(PREFIX, ROUTES)
    yield from below("", ROOT_ROUTES)
    yield from _plugin_plans(site)


def below(prefix: str, routes: Iterable[Route]) -> Iterator[RoutePlan]:
    for route in routes:
        yield RoutePlan(msgspec.structs.replace(route, path=prefix + route.path))


def _plugin_plans(site: Site) -> Iterator[RoutePlan]:
    """Routes of plugins, below a path of their own. A fault in one plugin costs only its routes."""
    plugins = site.library.plugins
    for table in plugins.operations():
        try:
            yield from list(below(PREFIX, map(route_of, table.rows())))
        except Exception as error:
            plugins.problem(table.plugin, f"operations: {type(error).__name__}: {error}")
    if not hasattr(plugins.pm.hook, "routes") or not plugins.pm.hook.routes.has_spec():
        plugins.pm.add_hookspecs(specs)
    for plugin, call in plugins.listeners("routes"):
        try:
            yield from list(_placed(plugin, call() or ()))
        except Exception as error:  # a plugin may raise anything, and must hurt only itself
            plugins.problem(plugin, f"routes: {type(error).__name__}: {error}")


def _placed(plugin: str, routes: Iterable[Route]) -> Iterator[RoutePlan]:
    folder = re.sub(r"[^A-Za-z0-9._-]", "-", plugin)
    for route in routes:
        if not isinstance(route, Route) or not route.path.startswith("/"):
            raise TypeError(f"{route!r} is not made by api(method, path, function, right).")
        path = f"{PREFIX}/x/{folder}{route.path}"
        yield RoutePlan(msgspec.structs.replace(route, path=path, early=False))


class Rest:
    """What no route matched: the browser UI outside the API, a plain 404 inside it."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path == "/api" or path.startswith("/api/"):
            response = as_error(NotFound("The API has no such path."))
        else:
            response = await run_in_threadpool(self._site.statics.answer, Request(scope), path)
        await response(scope, receive, send)
