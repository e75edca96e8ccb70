"""Running an engine on a file that is not imported: what it finds is returned, and nothing is stored."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import engined
import pytest
from engined import Engined
from libraries import until
from PIL import Image
from web.asking import API, Answer, Peer, bearer
from web.conftest import OWNER, Served, serving

from pixlstash_core.library import Library
from pixlstash_core.search.query_images import MOST
from pixlstash_core.types import SetEngine, Tried, TriedTag

RAW = {"Content-Type": "application/octet-stream"}


def png(color: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (48, 40)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "PNG")
    return file.getvalue()


class Desk:
    def __init__(self, made: Engined, served: Served) -> None:
        self.made, self.served, self.library = made, served, made.library
        self.writer = bearer(served.url, served.token("write"))

    def send(self, body: bytes, query: str = "", peer: Peer | None = None) -> Answer:
        return (peer or self.writer).post(f"/engines/try?name=a.png{query}", body, RAW)

    def tables(self) -> dict[str, int]:
        names = [name for (name,) in self.library.db.read("select name from sqlite_schema where type = 'table'")]
        return {name: self.library.db.value(f'select count(*) from "{name}"') for name in names}

    def left(self) -> list[Path]:
        return [path for path in self.library.incoming.rglob("*") if path.is_file()]


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = engined.make(open_library, tmp_path, monkeypatch)
    with serving(made.library) as served:
        yield Desk(made, served)


def test_a_tagger_and_nothing_is_stored(desk: Desk, tmp_path: Path) -> None:
    before, revision = desk.tables(), desk.library.revision
    answer = desk.send(png(), "&engine=odd/colours")
    assert answer.json == {
        "engine": "odd/colours",
        "kind": "tag",
        "tags": [{"name": "red", "confidence": 0.9}],
        "text": "red",
    }
    (tmp_path / "green.png").write_bytes(png((30, 200, 30)))
    found = desk.served.client.try_engine("green.png", tmp_path / "green.png", engine="odd/colours")
    assert found == Tried("odd/colours", "tag", [TriedTag("green", 0.9)], "green")
    assert (desk.tables(), desk.library.revision, desk.left()) == (before, revision, [])
    assert len(desk.made.notes("load")) == 1, "the model stays loaded"
    scratch = desk.library.host._scratch.path()
    assert [path.name for path in scratch.iterdir()] == ["library"]


def test_the_default_engine_with_its_settings_and_threshold(desk: Desk) -> None:
    answer = desk.send(png())
    assert answer.status == 400 and "No engine is the default for tag" in answer.json["detail"]
    desk.made.take_in(1)
    desk.library.set_engine(OWNER, SetEngine(engine="odd/colours", params={"prefix": "very "}, default=True))
    desk.made.run("odd/colours", {"prefix": "very "})
    producer = desk.library.host.producers.find(desk.library.host.catalogue.offered("odd/colours"))
    desk.library.outputs.activate(producer, 0.05)
    tags = [{"name": "very red", "confidence": 0.9}, {"name": "noise", "confidence": 0.1}]
    assert desk.send(png()).json["tags"] == tags


@pytest.mark.parametrize(
    ("query", "status", "why"),
    [
        ("&engine=odd/none", 404, "No installed plugin offers"),
        ("&engine=odd/colours&kind=caption", 400, "of the kind tag, not caption"),
        ("&kind=nothing", 400, "There is no kind of output"),
        ("&engine=smart-score&kind=measure", 400, "cannot be tried on a file"),
        ("&engine=odd/weighed", 500, "weights"),
    ],
)
def test_what_cannot_be_run_says_why(desk: Desk, query: str, status: int, why: str) -> None:
    answer = desk.send(png(), query)
    assert answer.status == status and why in answer.json["detail"], answer
    assert desk.left() == []


def test_what_is_no_picture_is_refused(desk: Desk) -> None:
    for body in (b"", b"no picture", png()[:60]):
        answer = desk.send(body, "&engine=odd/colours")
        assert answer.status == 415, answer
    assert desk.send(png(), "&engine=odd/colours").status == 200
    assert desk.left() == []


def test_an_engine_that_fails_or_crashes_is_reported(desk: Desk) -> None:
    for what in ("tell", "nothing", "few"):
        desk.library.set_engine(OWNER, SetEngine(engine="odd/trouble", params={"what": what}))
        answer = desk.send(png(), "&engine=odd/trouble")
        assert answer.status == 500 and "odd/trouble" in answer.json["detail"], answer
    desk.library.set_engine(OWNER, SetEngine(engine="odd/trouble", params={"what": ""}))
    assert desk.send(png(), "&engine=odd/trouble").status == 200


def test_who_may(desk: Desk) -> None:
    reader = bearer(desk.served.url, desk.served.token("read"))
    assert desk.send(png(), "&engine=odd/colours", reader).status == 403
    for right in ("read", "write"):
        assert desk.send(png(), "&engine=odd/colours", desk.served.scoped(right)).status == 403
    assert desk.send(png(), "&engine=odd/colours", desk.served.peer).status == 401
    assert desk.made.notes("load") == [] and desk.left() == []


def test_it_is_given_up_when_its_client_leaves(desk: Desk) -> None:
    desk.library.set_engine(OWNER, SetEngine(engine="odd/colours", params={"slow": 600.0}))
    connection = desk.writer.connect(60)
    headers = {**desk.writer.headers, **RAW}
    connection.request("POST", f"{API}/engines/try?name=a.png&engine=odd/colours", png(), headers)
    until(lambda: desk.made.notes("run"))
    connection.close()
    until(lambda: not desk.left())
    trying = desk.library.host.trying
    assert trying._thread is not None
    trying._thread.submit(int).result(30)  # it is free again, and the busy process was ended
    desk.library.set_engine(OWNER, SetEngine(engine="odd/colours", params={}))
    assert desk.send(png(), "&engine=odd/colours").json["text"] == "red"


def test_it_is_bounded_in_time_and_size(desk: Desk) -> None:
    desk.library.set_engine(OWNER, SetEngine(engine="odd/colours", params={"slow": 600.0}))
    desk.library.host.trying.patience = 0.5
    began = time.monotonic()
    answer = desk.send(png(), "&engine=odd/colours")
    assert answer.status == 400 and "gave no result in" in answer.json["detail"] and time.monotonic() - began < 30
    assert desk.send(bytes(MOST + 1), "&engine=odd/colours").status == 413
    assert desk.left() == []
