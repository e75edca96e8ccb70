"""Whatever a parameter of any route is given, the answer is no server error, and the server still answers after it."""

from __future__ import annotations

import http.client
import logging
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import engined
import pytest
from conftest import Effort
from libraries import finish
from web.asking import Answer, Peer
from web.conftest import OWNER, Served, fill, serving
from web.extremes import Maker, Request

from pixlstash_core.library import Library
from pixlstash_core.plugins import Plugins
from pixlstash_core.types import (
    AddTags,
    BeginUpload,
    Create,
    RunEngine,
    SaveQuery,
    Selection,
    TakeSnapshot,
)
from pixlstash_web import compat
from pixlstash_web.adapter import Plan
from pixlstash_web.app import below, plans
from pixlstash_web.past_routes import refuse_change
from pixlstash_web.routes import PAST_ROUTES, PREFIX
from pixlstash_web.site import Site

#: What these requests do ends what others need, so they come last, in this order; routes that delete before them.
LAST = ("empty_scrapheap", "revoke_token", "set_password", "sign_out", "reset_owner")


def every_plan(library: Library) -> list[Plan]:
    """Of the core, of the past, of existing clients and of plugins."""
    return [*plans(Site(library)), *below(PREFIX, PAST_ROUTES), *below(PREFIX, compat.ROUTES)]


def place(plan: Plan) -> int:
    """When a route's turn is."""
    if plan.route.name in LAST:
        return 2 + LAST.index(plan.route.name)
    if plan.route.method == "DELETE":
        return 1
    return 0 if plan.route.name == "restore_snapshot" else -1


@pytest.fixture
def furnished(
    open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Served]:
    """A library with one or more of everything that can be asked for."""
    monkeypatch.chdir(tmp_path)  # a relative path in a request means a place in here
    made = engined.make(open_library, tmp_path, monkeypatch, plugins=("odd", "web.keyed"))
    library = made.library
    ids = made.take_in(6)
    for engine in ("odd/meaning", "odd/heads", "odd/colours"):
        assert finish(library, library.run_engine(OWNER, RunEngine(engine=engine))).state == "done"
    for _ in range(2):
        some = Selection(ids=ids[:3])
        name = f"name {len(library.sets(OWNER))}"
        library.add_to_set(OWNER, library.create_set(OWNER, Create(name=name)).id, some)
        library.add_to_character(OWNER, library.create_character(OWNER, Create(name=name)).id, some)
        library.add_to_project(OWNER, library.create_project(OWNER, Create(name=name)).id, some)
        library.save_query(OWNER, SaveQuery(name, "score:5"))
        library.take_snapshot(OWNER, TakeSnapshot())
    library.add_tags(OWNER, AddTags(ids=ids, tags=["red", "blue"]))
    with serving(library) as served:
        yield served


def there(served: Served) -> dict[str, str]:
    """Path parameters that lead to something which is not called 1."""
    view = served.library.view(OWNER).header.view
    upload = served.library.begin_upload(OWNER, BeginUpload("a.png", 10)).id
    return {"view": view, "b": "0", "name": "prompt", "ending": "png", "type": "picture", "rest": "a", "upload": upload}


class Sender:
    """Sends requests over one connection as long as the server keeps it."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._connection = peer.connect(60)

    def send(self, request: Request) -> Answer:
        headers = {**self._peer.headers, "Content-Type": request.media}
        try:
            self._connection.request(request.method, request.path, request.body, headers)
            response = self._connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):  # it may close after an answer
            self._connection.close()
            self._connection.request(request.method, request.path, request.body, headers)
            response = self._connection.getresponse()
        if response.headers.get("Content-Type", "").startswith("text/event-stream"):
            self._connection.close()
            return Answer(response.status, response.headers, b"")
        answer = Answer(response.status, response.headers, response.read())
        if response.headers.get("Connection") == "close":
            self._connection.close()
        return answer

    def close(self) -> None:
        self._connection.close()


@pytest.mark.attack
def test_no_parameter_of_any_route_causes_a_server_error(
    furnished: Served, rng: random.Random, effort: Effort, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    found = there(furnished)
    every = every_plan(furnished.library)
    every = [plan for n, plan in enumerate(every) if plan.route.function is not refuse_change or n % 10 == 0]
    every.sort(key=place)
    sender = Sender(furnished.local)
    wrong: list[str] = []
    reached: set[str] = set()
    count = 0
    for plan in every:
        ids = {"id": found["upload"]} if "/uploads/{id}" in plan.route.path else {}
        for request in Maker(plan, {**found, **ids}).requests(rng, effort.of(2, 10_000)):
            caplog.clear()
            answer = sender.send(request)
            count += 1
            if answer.status < 400:
                reached.add(f"{plan.route.method} {plan.route.path}")
            if answer.status >= 500:
                trouble = caplog.records[-1].exc_text if caplog.records and caplog.records[-1].exc_text else ""
                wrong.append(f"{request} -> {answer} {trouble.splitlines()[-1:]}")
    sender.close()
    assert furnished.peer.ask("GET", "/version").status == 200
    assert len(reached) > 150, "the requests do not get past what is checked first"
    assert not wrong, f"{len(wrong)} of {count}:\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    "path",
    [
        "/pictures/find?q=like:_",
        "/pictures/search?query=_",
        "/pictures/1/why?q=_",
        "/pictures/find?q=created:99999m",
        "/pictures/find?q=imported:%3E99999m",
        "/pictures/search?query=a&threshold=nan",
    ],
)
def test_what_once_was_a_server_error_is_answered(path: str, shared: Served) -> None:
    assert shared.local.get(path).status in (200, 400)


@pytest.mark.parametrize("path", ["restore/batch", "restore/preview/batch", "hash-compare"])
def test_ids_beyond_the_database_are_refused_where_snapshots_are_compared(path: str, served: Served) -> None:
    snapshot = served.library.take_snapshot(OWNER, TakeSnapshot()).id
    for id in (2**63, 2**63 - 1, -(2**63) - 1, 10**400, 2**32):
        resources = [{"type": "picture", "id": id}]
        answer = served.local.post(f"/snapshots/{snapshot}/{path}", {"resources": resources, "picture_ids": [id]})
        assert 200 <= answer.status < 500 and (answer.status == 400 or id < 2**63), answer


@pytest.fixture
def keyed(open_library: Callable[..., Library]) -> Iterator[Served]:
    library = open_library(plugins=Plugins.load(extra=["web.keyed"]))
    with serving(library, fill(library, library.path.parent)) as served:
        yield served


def test_a_plugins_route_that_breaks_a_rule_of_its_table_is_a_conflict(keyed: Served) -> None:
    assert keyed.local.post("/x/web.keyed/notes", {"picture": 1, "text": "taken"}).status == 200
    for note, rule in (
        ({"picture": 4_000_000}, "FOREIGN KEY"),
        ({"picture": 1, "weight": -1}, "CHECK"),
        ({"picture": 1, "text": "taken"}, "UNIQUE"),
    ):
        answer = keyed.local.post("/x/web.keyed/notes", note)
        assert (answer.status, rule in answer.json["detail"]) == (409, True), answer
    assert keyed.local.post("/x/web.keyed/notes", {"picture": 2}).status == 200
    assert keyed.library.read("select count(*) from keyed_note") == [(2,)]


def test_numbers_in_a_body_that_the_database_cannot_hold_are_refused(keyed: Served) -> None:
    for field, value in (
        ("number", 2**63),
        ("numbers", [1, 2**63]),
        ("pair", [-(2**63) - 1, ""]),
        ("notes", [{"picture": 10**400}]),
    ):
        answer = keyed.local.post("/x/web.keyed/echo", {field: value})
        assert (answer.status, answer.json["detail"]) == (400, "Number out of range."), field
    assert keyed.local.post("/x/web.keyed/echo", {"weights": {"a": 1e308, "b": 2**80}}).status == 200


def test_numbers_in_a_list_of_a_query_are_refused_like_others(keyed: Served) -> None:
    for query in ("numbers=9223372036854775808", "numbers=1&numbers=-9223372036854775809", "share=inf"):
        answer = keyed.local.get(f"/x/web.keyed/look/1?word=a&{query}")
        assert answer.status == 400
        assert answer.json["detail"].startswith(query.partition("=")[0]), answer
