"""The library as of a snapshot over HTTP: the same answers below another path, and nothing that is mixed up."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from web.conftest import COUNT, Served

from pixlstash_core.api import every
from pixlstash_core.client import Client
from pixlstash_core.errors import Conflict, Forbidden, NotFound, ViewGone
from pixlstash_core.types import AddTags, DeletePictures, ScorePictures, TakeSnapshot
from pixlstash_web.routes import ROUTES, SNAPSHOT_ROUTES


def test_every_look_is_a_route_and_the_owners() -> None:
    looks = {route.name for route in SNAPSHOT_ROUTES if route.past}
    assert looks == {name for name, row in every().items() if row.past}
    assert looks <= {route.name for route in ROUTES}
    assert {route.right for route in SNAPSHOT_ROUTES} == {"owner"}
    assert {route.method for route in SNAPSHOT_ROUTES if route.past} == {"GET"}


@pytest.fixture
def past(served: Served) -> Iterator[tuple[int, Client]]:
    """A snapshot, and its past, since which pictures were scored, tagged and thrown away."""
    served.client.score(ScorePictures(ids=[1], score=2))
    taken = served.client.take_snapshot(TakeSnapshot()).id
    served.client.score(ScorePictures(ids=[1, 2], score=5))
    served.client.add_tags(AddTags(ids=[3], tags=["river"]))
    served.client.delete(DeletePictures(ids=[4]))
    with served.client.as_of(taken) as then:
        yield taken, then


def test_the_client_looks_at_it(served: Served, past: tuple[int, Client]) -> None:
    taken, then = past
    assert [then.picture(id).score for id in (1, 2)] == [2, 0]
    assert [served.client.picture(id).score for id in (1, 2)] == [5, 5]
    assert then.count().total == COUNT - 1 == served.client.count().total + 1
    assert then.find("score:5").ids == [] and then.find("score:2").ids == [1]
    assert then.picture_tags(3) == [] and then.sidebar().pictures == COUNT - 1
    header = then.view("canary3").header
    assert header.count == 1 and then.details(header.view, 0).rows[0].id == 3
    assert then.thumbnail(4) == served.client.thumbnail(4)
    with then.original(4, 2, 9) as past_file, served.client.original(4, 2, 9) as file:
        assert past_file.read() == file.read()
    for act in (
        lambda: then.score(ScorePictures(ids=[1], score=3)),
        lambda: then.undo(),
        lambda: then.take_snapshot(TakeSnapshot()),
        lambda: then.delete_snapshot(taken),
    ):
        with pytest.raises(Conflict, match=f"as of snapshot {taken}"):
            act()
    assert served.client.picture(1).score == 5


def test_whatever_would_change_something_is_refused(served: Served, past: tuple[int, Client]) -> None:
    """Each route that changes something answers 409 of the past, whatever it is sent, and so does each that looks."""
    taken, _ = past
    before = served.local.get("/history").body
    given = {
        "id": "1",
        "view": "gone",
        "b": "0",
        "name": "prompt",
        "link": "1",
        "picture": "1",
        "plugin": "x",
        "file": "x.js",
    }
    for route in ROUTES:
        path = re.sub(r"{(\w+)(:\w+)?}", lambda match: given[match[1]], route.path)
        method = route.method if route.method != "GET" else "POST"
        answer = served.local.ask(method, f"/api/v1/asof/{taken}{path}", {} if method != "DELETE" else None)
        assert answer.status == 409 and "can be looked at" in answer.json["detail"], (method, path)
    assert served.local.get("/history").body == before


def test_nothing_else_is_there(served: Served, past: tuple[int, Client]) -> None:
    taken, _ = past
    for path in ("/events", "/snapshots", "/tokens", "/check", "/jobs", "/nonsense", "/history", "/plugins"):
        assert served.local.get(f"/asof/{taken}{path}").status == 404, path
    assert served.local.get("/asof/99/views").status == 404
    assert served.local.get("/asof/x/views").status == 400
    assert served.local.get("/asof/0/views").status == 404


def test_blocks_and_tags_of_two_times_never_mix(served: Served, past: tuple[int, Client]) -> None:
    """No view's key, block or picture's address is the same, and no entity tag of one answers for the other."""
    taken, then = past
    now_view, then_view = served.client.view().header, then.view().header
    assert now_view.view != then_view.view and now_view.thumbnails != then_view.thumbnails
    with pytest.raises(ViewGone):
        then.block(now_view.view, 0)
    with pytest.raises(ViewGone):
        served.client.block(then_view.view, 0)
    for path in ("/views", "/pictures/1", f"/views/{now_view.view}/blocks/0"):
        now = served.local.get(path)
        tag = now.headers.get("ETag")
        if tag:
            other = served.local.get(f"/asof/{taken}{path}", {"If-None-Match": tag})
            assert other.status != 304, path
    second = served.client.take_snapshot(TakeSnapshot()).id
    with served.client.as_of(second) as later:
        assert later.view().header.view not in (now_view.view, then_view.view)
        assert later.picture(1).score == 5


def test_only_the_owner_looks(served: Served, past: tuple[int, Client]) -> None:
    taken, _ = past
    for right in ("read", "write"):
        with Client(served.url, served.token(right)).as_of(taken) as then, pytest.raises(Forbidden):
            then.count()
    with Client(served.url, served.token("owner")).as_of(taken) as then:
        assert then.count().total == COUNT - 1
    assert served.scoped("owner").get(f"/asof/{taken}/views").status == 403
    assert served.peer.get(f"/asof/{taken}/views").status == 401


def test_a_deleted_snapshot_is_gone(served: Served, past: tuple[int, Client]) -> None:
    taken, then = past
    assert then.count().total == COUNT - 1
    served.client.delete_snapshot(taken)
    with pytest.raises(NotFound):
        then.count()
