"""Engines over HTTP: who may, and what the client gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import engined
import pytest
from engined import Engined
from libraries import finish
from web.conftest import OWNER, Served, serving

from pixlstash_core.client import Client
from pixlstash_core.errors import Forbidden, Invalid, NotFound
from pixlstash_core.library import Library
from pixlstash_core.types import RunEngine, SetEngine


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
    assert finish(library, job).done == 2
    changed = client.set_engine(SetEngine(engine="odd/colours", params={"prefix": "a "}, secrets={"key": "hush"}))
    assert changed.outdated == 2 and client.engine("odd/colours").secrets == ["key"]
    assert client.revert_job(job.id).changed == 2
    for ask, error in ((RunEngine(engine="no"), NotFound), (RunEngine(engine="odd/colours", params={"x": 1}), Invalid)):
        with pytest.raises(error):
            client.run_engine(ask)


def test_a_secret_does_not_come_out_again(served: tuple[Engined, Served]) -> None:
    _, one = served
    one.client.set_engine(SetEngine(engine="odd/colours", secrets={"key": "hush-0815"}))
    for path in ("/engines", "/engines/named?id=odd/colours", "/jobs", "/history", "/plugins"):
        assert b"hush-0815" not in one.local.get(path).body, path


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
