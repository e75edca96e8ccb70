"""A request whose client is gone takes no more of the server's time; a change that was asked for is made."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator

import pytest
from web import endless
from web.asking import API, Peer, bearer
from web.conftest import Served, serving

from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
from pixlstash_web import adapter

PATH = f"{API}/x/web.endless"
FOREVER = 1 << 50
#: More than the server has threads.
CROWD = 45
WAIT = 60.0


@pytest.fixture
def served(open_library: Callable[..., Library]) -> Iterator[Served]:
    while not endless.events.empty():
        endless.events.get()
    with serving(open_library(plugins=Plugins.load(extra=["web.endless"]))) as served:
        yield served


def send(peer: Peer, method: str, path: str, steps: int) -> http.client.HTTPConnection:
    """A connection on which a request was sent, whose answer is not read."""
    connection = peer.connect(WAIT)
    if method == "GET":
        connection.request("GET", f"{path}?steps={steps}", headers=peer.headers)
    else:
        headers = {**peer.headers, "Content-Type": "application/json"}
        connection.request(method, path, json.dumps({"steps": steps}), headers)
    return connection


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_read_ends_when_its_client_disconnects(method: str, served: Served) -> None:
    connection = send(bearer(served.url, served.token("read")), method, f"{PATH}/read", FOREVER)
    assert endless.events.get(timeout=WAIT) == "begun"
    connection.close()
    assert endless.events.get(timeout=WAIT) == "Abandoned"


def test_clients_that_left_take_no_threads_from_the_others(served: Served) -> None:
    reader = bearer(served.url, served.token("read"))
    connections = [send(reader, "GET", f"{PATH}/read", FOREVER) for _ in range(CROWD)]
    for connection in connections:
        connection.close()
    assert reader.get("/library").status == 200


def test_one_client_that_disconnects_does_not_stop_another(served: Served) -> None:
    reader = bearer(served.url, served.token("read"))
    leaving, staying = (send(reader, "GET", f"{PATH}/read", steps) for steps in (FOREVER, 3_000_000))
    leaving.close()
    assert staying.getresponse().read() == b"3000000"
    staying.close()


def test_a_change_is_made_although_its_client_disconnects(served: Served) -> None:
    connection = send(bearer(served.url, served.token("write")), "POST", f"{PATH}/change", 3_000_000)
    assert endless.events.get(timeout=WAIT) == "begun"
    connection.close()
    assert endless.events.get(timeout=WAIT) == "ended"


def test_a_read_has_a_time_limit(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(adapter.SECONDS, "read", 0.2)
    answer = bearer(served.url, served.token("read")).get(f"/x/web.endless/read?steps={FOREVER}")
    assert answer.status == 400
    assert answer.json["detail"].startswith("This took longer than 0.2 seconds and was stopped.")


def test_every_right_has_a_time_limit_for_reads() -> None:
    assert all(0 < adapter.SECONDS[right] <= 900 for right in ("public", "read", "write", "owner"))


def test_saved_queries_within_saved_queries_are_refused_over_http(served: Served) -> None:
    each = 200
    owner = served.local
    for name, condition in (("c", "score:5"), ("b", "query:c"), ("a", "query:b")):
        assert owner.post("/queries", {"name": name, "text": " OR ".join([condition] * each)}).status == 200
    reader = bearer(served.url, served.token("read"))
    for path in ("/views", "/pictures", "/pictures/find", "/pictures/count", "/pictures/statistics"):
        answer = reader.get(f"{path}?q=query:a")
        assert answer.status == 400, path
        assert "at most 500 conditions" in answer.json["detail"]
