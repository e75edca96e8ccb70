"""Collects the routes of plugins, and refuses those that clash with other routes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
from starlette.datastructures import QueryParams

from pixlstash_core.plugins.registry import Plugins

from . import hookspecs
from .adapter import RoutePlan
from .routes import PARAMETER, PREFIX, route_of, shadows, shape
from .table import Route

#: Reserved first parts of paths: below the API for plugins and snapshots; at the root for the API and browser UI.
RESERVED = {"api": {"", "x", "asof"}, "root": {"", "api", "assets", "index.html"}}


def plugin_plans(plugins: Plugins, own: Iterable[RoutePlan]) -> list[RoutePlan]:
    """Return the routes of all plugins, without all routes of a faulty plugin, and without clashing routes."""
    served = [("", plan) for plan in own]
    for plugin, hook, yielded in _offers(plugins):
        accepted: list[tuple[str, RoutePlan]] = []
        try:
            plans = [RoutePlan(route) for route in yielded()]
            for plan in sorted(plans, key=lambda plan: plan.route.conditional):
                if clash := find_clash(plugin, plan, [*served, *accepted]):
                    plugins.problem(plugin, f"{hook}: {plan.route.method} {plan.route.path} {clash}")
                else:
                    accepted.append((plugin, plan))
            served += accepted
        except (Exception, SystemExit) as error:  # a plugin may raise anything, and must not affect others
            plugins.problem(plugin, f"{hook}: {type(error).__name__}: {error}")
    return [plan for plugin, plan in served if plugin]


def _offers(plugins: Plugins) -> Iterator[tuple[str, str, Callable[[], Iterable[Route]]]]:
    """Yield (plugin, hook, function that yields routes) of each plugin with routes."""
    for table in plugins.operations():
        yield table.plugin, "operations", lambda rows=table.rows: map(_below_api, map(route_of, rows()))  # type: ignore[misc]
    if not hasattr(plugins.pm.hook, "routes") or not plugins.pm.hook.routes.has_spec():
        plugins.pm.add_hookspecs(hookspecs)
    for plugin, call in plugins.listeners("routes"):
        yield plugin, "routes", lambda plugin=plugin, call=call: [_placed(plugin, route) for route in call() or ()]  # type: ignore[misc]


def _below_api(route: Route) -> Route:
    return msgspec.structs.replace(route, path=PREFIX + route.path)


def _placed(plugin: str, route: Route) -> Route:
    """Return a plugin's route with its full path."""
    if not isinstance(route, Route) or not route.path.startswith("/"):
        raise TypeError(f"{route!r} is not made by api(method, path, function, right).")
    folder = re.sub(r"[^A-Za-z0-9._-]", "-", plugin)
    prefix = {"plugin": f"{PREFIX}/x/{folder}", "api": PREFIX, "root": ""}[route.at]
    if route.at != "plugin":
        first = route.path.split("/")[1]
        if first in RESERVED[route.at] or PARAMETER.search(first) or ":path}" in route.path:
            raise ValueError(f"{route.path} cannot be served at the root of {'the API' if prefix else 'the server'}.")
    return msgspec.structs.replace(route, path=prefix + route.path, early=False)


def find_clash(plugin: str, plan: RoutePlan, served: Sequence[tuple[str, RoutePlan]]) -> str | None:
    """Return why a plugin's route clashes with a served one, or None. Served routes are given by plugin; "": our own.

    A route never takes a request that another one answers. Only requests that its `when` or its `fields` tell from
    those of a route of our own, or of the same plugin, may be its.
    """
    route = plan.route
    rivals: list[tuple[str, RoutePlan]] = []
    for owner, other in served:
        path = other.route.path
        if path == route.path:
            rivals += [(owner, other)] if other.route.method == route.method else []
        elif shape(path) == shape(route.path):
            return f"must name its parameters as {path} does."
        elif owner != plugin and shadows(route.path, path, other.integers):
            return f"would take requests of {path}, which is {_owners_of(owner)}."
    foreign = next((owner for owner, _ in rivals if owner not in ("", plugin)), None)
    plain = next(((owner, other) for owner, other in rivals if not other.route.conditional), None)
    if foreign is not None:
        return f"is {_owners_of(foreign)} already."
    if not route.conditional:
        return f"is {_owners_of(plain[0])} already: give `when` or `fields`." if plain else None
    if plain is None:
        return "has a condition, but no route answers the other requests."
    if route.fields:
        return _fault_of_fields(plan, plain[1])
    return _fault_of_when(plan, plain[1]) if plain[0] != plugin else None


def _owners_of(owner: str) -> str:
    return f"the plugin {owner}'s" if owner else "the server's"


def _fault_of_fields(plan: RoutePlan, plain: RoutePlan) -> str | None:
    if plan.body is None or plain.body is None:
        return "has `fields`, but no JSON body in which they could be."
    if plan.route.right != plain.route.right:
        return f"must need the right to {plain.route.right}, as the route that it extends does."
    names = {field.encode_name for field in msgspec.structs.fields(plain.body.type)}
    if both := sorted(names.intersection(plan.route.fields)):
        return f"has `fields` that the route which it extends reads: {', '.join(both)}."
    return None


def _fault_of_when(plan: RoutePlan, plain: RoutePlan) -> str | None:
    """Return the fault of a route's `when`: it must be false for requests with only the fields of the other route."""
    when, keys = plan.route.when, [*(argument.name for argument in plain.query), *plain.route.also]
    for query in (keys, *([key] for key in keys)):
        if when is not None and when(QueryParams([(key, "") for key in query])):
            keys_sent = f"with {', '.join(query)}" if query else "without any key"
            return f"has a `when` that is true for requests of the route beside it, {keys_sent}."
    return None
