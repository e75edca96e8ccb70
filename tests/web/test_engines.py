"""Engines over HTTP: who may, and what the client gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import engined
import pytest
from engined import Engined
from libraries import finish
from web.asking import bearer, sign_in
from web.conftest import COUNT, OWNER, Served, serving

from pixlstash_core.client import Client
from pixlstash_core.engines.outputs import Output
from pixlstash_core.errors import Forbidden, Invalid, NotFound
from pixlstash_core.library import Library
from pixlstash_core.search.matrix import unit
from pixlstash_core.types import FindSimilar, RunEngine, SetEngine

#: Every route here that reads.
READS = {"/pictures/similar"}


@pytest.fixture
def served(
    open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Engined, Served]]:
    desk = engined.make(open_library, tmp_path, monkeypatch)
    with serving(desk.library) as one:
        yield desk, one


def test_the_client_gives_what_the_library_gives(served: tuple[Engined, Served]) -> None:
    desk, one = served
    ids = desk.take_in(3)
    client, library = one.client, desk.library
    assert client.engines() == library.engines(OWNER)
    assert client.engine("odd/colours") == library.engine(OWNER, "odd/colours")
    job = client.run_engine(RunEngine(engine="odd/colours", ids=ids[:2]))
    assert job.engine == "odd/colours" and client.job(job.id).engine == "odd/colours"
    assert finish(library, job).done == 2
    changed = client.set_engine(SetEngine(engine="odd/colours", params={"prefix": "a "}, secrets={"key": "hush"}))
    assert changed.outdated == 2 and client.engine("odd/colours").secrets == ["key"]
    assert client.revert_job(job.id).changed == 2
    for ask, error in ((RunEngine(engine="no"), NotFound), (RunEngine(engine="odd/colours", params={"x": 1}), Invalid)):
        with pytest.raises(error):
            client.run_engine(ask)


def test_likeness_stays_in_the_scope(shared: Served) -> None:
    outputs = shared.library.outputs
    producer = outputs.register("vector", "synthetic", "1", {})
    outputs.activate(producer)
    found = [Output(id, unit([1.0, id / 10], {})) for id in range(1, COUNT + 1)]
    for future in outputs.store(producer, found):
        future.result(10)
    mine = sorted(shared.mine)
    scoped = shared.scoped()
    answer = scoped.post("/pictures/similar", {"ids": mine[:1]})
    assert answer.status == 200 and {one["picture"]["id"] for one in answer.json["found"]} == set(mine[1:])
    assert {one["like"] for one in answer.json["found"]} == {mine[0]} and b"secret-4" not in answer.body
    foreign = next(id for id in range(1, COUNT + 1) if id not in shared.mine)
    assert scoped.post("/pictures/similar", {"ids": [foreign]}).status == 400
    both = scoped.post("/pictures/similar", {"ids": [foreign, mine[0]]})
    assert {one["like"] for one in both.json["found"]} == {mine[0]}
    ask = FindSimilar(ids=mine[:1], q="canary2", limit=5)
    assert shared.client.similar(ask) == shared.library.similar(OWNER, ask)
    outputs.deactivate(producer)


def test_a_secret_does_not_come_out_again(served: tuple[Engined, Served]) -> None:
    _, one = served
    one.client.set_engine(SetEngine(engine="odd/colours", secrets={"key": "hush-0815"}))
    for path in ("/engines", "/engines/named?id=odd/colours", "/jobs", "/history", "/plugins"):
        assert b"hush-0815" not in one.local.get(path).body, path


@pytest.mark.parametrize("how", ["bearer", "session"])
def test_a_token_of_all_rights_sets_no_secret_and_allows_no_host(served: tuple[Engined, Served], how: str) -> None:
    _, one = served
    token = one.token("owner")
    peer = bearer(one.url, token) if how == "bearer" else sign_in(one.url, {"token": token})
    secret = {"engine": "odd/colours", "secrets": {"key": "hush"}}
    assert peer.post("/engines/settings", {"engine": "odd/colours", "params": {"prefix": "a "}}).status == 200
    assert peer.post("/engines/settings", secret).status == 403
    assert peer.post("/engines/allow", {"engine": "odd/colours", "host": "a"}).status == 403
    assert one.client.engine("odd/colours").secrets == []
    for person in (one.browser(), one.local):
        assert person.post("/engines/settings", secret).status == 200
        assert person.post("/engines/allow", {"engine": "odd/colours", "host": "a"}).status == 400  # it sends nothing


def test_who_may(served: tuple[Engined, Served]) -> None:
    desk, one = served
    desk.take_in(1)
    for right, may in (("read", set()), ("write", {"run"})):
        with Client(one.url, one.token(right)) as client:
            acts = {
                "list": client.engines,
                "show": lambda client=client: client.engine("odd/colours"),
                "set": lambda client=client: client.set_engine(SetEngine(engine="odd/colours", default=True)),
                "run": lambda client=client: client.run_engine(RunEngine(engine="odd/colours")),
            }
            for name, act in acts.items():
                if name in may:
                    finish(desk.library, act())
                else:
                    with pytest.raises(Forbidden):
                        act()
    scoped = one.scoped("write")
    assert scoped.post("/engines/run", {"engine": "odd/colours"}).status == 403
    assert scoped.post("/jobs/1/revert", {}).status == 403
