"""Routes of plugins beside the server's own: at the API's root and the server's, and never in another's place."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from sources import ROOT
from web import neighbour
from web.asking import API, bearer
from web.conftest import OWNER, Served, serving

import pixlstash_core
import pixlstash_web
from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import Create
from pixlstash_web import Route, api, hookspecs
from pixlstash_web.app import own_plans
from pixlstash_web.plugin_routes import plugin_plans

#: Has routes at some of the same paths, so it is not loaded here.
OTHERS = {"compat"}


@pytest.fixture
def beside(open_library: Callable[..., Library]) -> Iterator[Served]:
    plugins = Plugins.load(extra=["web.neighbour"], disabled=OTHERS)
    with serving(open_library(plugins=plugins)) as served:
        yield served


def offering(**tables: tuple[Route, ...]) -> tuple[set[tuple[str, str]], dict[str, list[str]]]:
    """(method, path) of what is served of these plugins' routes, and what is wrong with each plugin."""
    plugins = Plugins.load(builtin=(), disabled={found.name for found in Plugins.load().infos()})
    for name, table in tables.items():
        module = ModuleType(name)
        module.routes = pixlstash_core.hookimpl(lambda table=table: table)  # type: ignore[attr-defined]
        plugins.pm.register(module, name)
    served = {(plan.route.method, plan.route.path) for plan in plugin_plans(plugins, own_plans())}
    problems = {found.name: found.problems for found in plugins.infos()}
    return served, {name: problems.get(name, []) for name in tables}  # others are not listed


def test_each_place_is_served_and_checked(beside: Served) -> None:
    assert beside.peer.get("/x/web.neighbour/who").status == 401
    assert beside.local.get("/x/web.neighbour/who").json == "local"
    assert beside.peer.ask("GET", "/status").json == "well"
    assert beside.peer.get("/pictures/newest").status == 401
    assert beside.local.get("/pictures/newest?days=3").json == [3]
    assert beside.local.get("/pictures/3.txt").json == 3
    assert beside.local.get("/pictures/newest?days=x").status == 400
    assert beside.client.plugin_list()[-1].problems == []


def test_a_query_tells_a_plugins_requests_from_the_servers(beside: Served, caplog: pytest.LogCaptureFixture) -> None:
    assert beside.local.get("/pictures?days=2").json == [2]
    assert beside.local.get("/pictures").json == [] == beside.local.get("/pictures?limit=2").json
    assert beside.peer.get("/pictures?days=2").status == 401
    assert (beside.local.get("/shelves?who=1").json, beside.local.get("/shelves").json) == ("local", [1])
    assert beside.local.get("/tags?days=2").json == []  # the server's answer
    assert "in a condition" in caplog.text


def test_a_field_tells_a_plugins_requests_from_the_servers(beside: Served) -> None:
    project = beside.library.create_project(OWNER, Create(name="Old")).id
    path = f"{API}/projects/{project}"
    assert beside.local.ask("PATCH", path, {"shelf": 3, "name": "New"}).json == {"shelf": 3, "name": "New"}
    assert beside.local.get(f"/projects/{project}").json["name"] == "Old"
    assert beside.local.ask("PATCH", path, {"name": "New"}).json["changed"] == 1
    assert beside.local.get(f"/projects/{project}").json["name"] == "New"
    for body in (b"{", b"[]", b'{"name": 1}', b"", b'{"shelf": "x"}', b'{"a":' * 5000):
        status = beside.local.ask("PATCH", path, body, {"Content-Type": "application/json"}).status
        assert status == (200 if body == b"" else 400), body
    reader = bearer(beside.url, beside.token("read"))
    assert reader.ask("PATCH", path, {"shelf": 3}).status == 403
    assert beside.local.post(f"/projects/{project}", {"shelf": 4}).json == {"shelf": 4}


def test_they_are_described_beside_the_servers_own(beside: Served) -> None:
    document = beside.client.openapi()
    listed = document["paths"][f"{API}/pictures"]["get"]
    assert listed["operationId"] == "pictures"
    assert [one["operationId"] for one in listed["x-alternatives"]] == ["newest"]
    assert document["paths"]["/status"]["get"]["x-right"] == "public"


@pytest.mark.parametrize(
    ("route", "reason"), neighbour.BAD, ids=[f"{row.method} {row.path}" for row, _ in neighbour.BAD]
)
def test_a_route_never_takes_what_the_server_answers(route: Route, reason: str) -> None:
    served, problems = offering(thief=(route,))
    assert served == set()
    assert [reason in problem for problem in problems["thief"]] == [True], problems


def test_a_clash_costs_one_route_and_names_the_other_plugin() -> None:
    mine = (
        api("GET", "/things", neighbour.newest, "read", at="api"),
        api("GET", "/things", neighbour.who, "read", at="api", when=neighbour.has_days),
        api("GET", "/things/{name}", neighbour.text, "read", at="api"),
        api("GET", "/things/best", neighbour.newest, "read", at="api"),
    )
    theirs = (
        api("GET", "/things", neighbour.newest, "read", at="api"),
        api("GET", "/things", neighbour.newest, "read", at="api", when=lambda query: "mine" in query),
        api("GET", "/things/worst", neighbour.newest, "read", at="api"),
        api("GET", "/others", neighbour.newest, "read", at="api"),
    )
    served, problems = offering(first=mine, second=theirs)
    assert served == {("GET", f"{API}{path}") for path in ("/things", "/things/{name}", "/things/best", "/others")}
    assert problems["first"] == []
    assert problems["second"] == [
        "routes: GET /api/v1/things is the plugin first's already.",
        "routes: GET /api/v1/things/worst would take requests of /api/v1/things/{name}, which is the plugin first's.",
    ]


def test_what_a_row_cannot_be() -> None:
    with pytest.raises(ValueError, match="none of the places"):
        api("GET", "/a", neighbour.who, "read", at="everywhere")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="give one of them"):
        api("PATCH", "/a", neighbour.who, "read", when=neighbour.has_days, fields=("a",))


PAGE = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")


def test_the_example_on_the_page_runs(open_library: Callable[..., Library]) -> None:
    [section] = re.findall(r"^## routes\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    text = inspect.getdoc(hookspecs.routes) or ""
    code = textwrap.dedent(text[text.index("@hookimpl") :])
    assert re.findall(r"```python\n(.*?)\n```", section, re.S)[-1] == code
    assert " ".join(text.split("\n\n")[0].split())[1:] in " ".join(section.split())
    module = ModuleType("example")
    for package in (pixlstash_core, pixlstash_web):
        vars(module).update({name: getattr(package, name) for name in package.__all__})
    exec(compile(code, "example", "exec"), vars(module))
    plugins = Plugins.load(disabled=OTHERS)
    plugins.pm.register(module, "example")
    with serving(open_library(plugins=plugins)) as served:
        assert served.local.get("/x/example/count").json == 0
        assert served.local.get("/pictures/best").json == []
        assert served.local.get("/pictures?least=4").json == [] == served.local.get("/pictures").json
        assert served.client.pictures() == []
    assert [found.problems for found in plugins.infos() if found.name == "example"] == []  # a problem would list it


def test_every_public_name_is_on_the_page() -> None:
    assert [name for name in pixlstash_web.__all__ if f"`{name}" not in PAGE] == []
    assert all(getattr(pixlstash_web, name) for name in pixlstash_web.__all__)
    with pytest.raises(AttributeError):
        pixlstash_web.nothing_of_this_name  # noqa: B018
