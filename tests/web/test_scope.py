"""A reader of three pictures learns nothing of the others, over every route that reads."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from web.asking import Answer, Peer
from web.conftest import COUNT, OWNER, Served
from web.test_downloads import READS as DOWNLOADED
from web.test_engines import READS as ENGINES
from web.test_groups import READS as GROUPED
from web.test_search import READS as SEARCHED
from web.test_tags import READS as TAGGED

from pixlstash_core.client import read_view
from pixlstash_web.routes import ROUTES

QUERIES = [
    "",
    "name:secret",
    "-name:secret-1",
    "canary5",
    '"on a shore"',
    "is:scrapheap",
    "steps:>=1",
    "seed:5",
    "score:0",
    "-score:5",
    "format:png",
    "created:2026",
]


@pytest.fixture(scope="module")
def scoped(shared: Served) -> Peer:
    return shared.scoped()


def foreign(shared: Served) -> list[int]:
    return [id for id in range(1, COUNT + 1) if id not in shared.mine]


def assert_clean(shared: Served, answer: Answer) -> None:
    """No word of a picture outside the scope is in the answer."""
    details = [shared.library.picture(OWNER, id) for id in foreign(shared)]
    words = [word for one in details for word in (one.name, one.sha256, one.public_id, one.prompt or "?")]
    text = answer.body.decode("latin-1") + str(answer.headers)
    assert [word for word in words if word in text] == []
    assert not re.search(r"canary[4-9]|secret-[4-9]", text)


@pytest.mark.parametrize("q", QUERIES)
def test_views_and_lists_start_from_the_scope(q: str, shared: Served, scoped: Peer) -> None:
    for sort in ("-created", "name", "-size", "-imported", "score"):
        answer = scoped.get(f"/views?q={quote(q)}&sort={sort}&at={foreign(shared)[0]}")
        assert answer.status == 200, answer
        view = read_view(answer.body)
        shown = [int.from_bytes(view.block[i * 4 : i * 4 + 4], "little") for i in range(view.header.count)]
        assert set(shown) <= shared.mine
        assert view.header.at_index is None
        assert_clean(shared, scoped.get(f"/views/{view.header.view}/blocks/0"))
        assert_clean(shared, scoped.get(f"/views/{view.header.view}/details/0"))
        listed = scoped.get(f"/pictures?q={quote(q)}&sort={sort}")
        assert {picture["id"] for picture in listed.json} == set(shown)
        assert_clean(shared, listed)


def test_counts_are_of_the_scope(shared: Served, scoped: Peer) -> None:
    info = scoped.get("/library").json
    assert (info["pictures"], info["scrapheap"], info["stores"], info["running"]) == (3, 0, [], [])


@pytest.mark.parametrize("path", ["", "/thumbnail", "/original", "/payloads/parameters", "/text", "/liked"])
def test_a_foreign_picture_is_as_absent_as_none(path: str, shared: Served, scoped: Peer) -> None:
    absent = scoped.get(f"/pictures/4000000{path}")
    assert absent.status == 404
    for id in foreign(shared):
        answer = scoped.get(f"/pictures/{id}{path}")
        assert (answer.status, answer.body) == (absent.status, absent.body)
        assert sorted(answer.headers.keys()) == sorted(absent.headers.keys())
    for id in shared.mine:
        assert scoped.get(f"/pictures/{id}{path}").status == 200


def test_an_owners_view_is_gone_for_others(shared: Served, scoped: Peer) -> None:
    view = shared.client.view().header.view
    assert scoped.get(f"/views/{view}/blocks/0").status == 410
    assert scoped.get(f"/views/{view}/details/0").status == 410


def test_a_write_cannot_reach_beyond_the_scope(served: Served) -> None:
    peer = served.scoped("write")
    every = list(range(1, COUNT + 1))
    foreign, absent = min(set(every) - served.mine), COUNT + 1
    for id in (foreign, absent):
        answer = peer.post("/pictures/score", {"ids": [id], "score": 5})
        assert (answer.status, answer.json["detail"]) == (404, f"There is no picture {id}. Nothing was changed.")
    assert peer.post("/pictures/score", {"ids": every, "score": 5}).status == 404
    assert peer.post("/pictures/score", {"ids": sorted(served.mine), "score": 5}).json["changed"] == 3
    view = served.client.view().header.view
    assert peer.post("/pictures/delete", {"view": view, "ranges": [[0, 2]]}).status == 410
    scores = {one.id for one in served.client.pictures("score:5")}
    assert scores == served.mine


def test_every_reading_route_was_tried_here() -> None:
    reads = {route.path for route in ROUTES if route.right == "read"}
    tried = {
        "/library",
        "/views",
        "/views/suggest",
        "/views/{view}/blocks/{b}",
        "/views/{view}/details/{b}",
        "/pictures",
        "/pictures/find",
        "/pictures/count",
        "/pictures/statistics",
        "/pictures/{id}",
        "/pictures/{id}/thumbnail",
        "/pictures/{id}/original",
        "/pictures/{id}/text",
        "/pictures/{id}/liked",
        "/pictures/{id}/payloads/{name:path}",
        *DOWNLOADED,
        *ENGINES,
        *GROUPED,
        *SEARCHED,
        *TAGGED,
    }
    assert reads - tried == {"/events", "/openapi.json"}  # the one in test_events, the other the same for everybody
