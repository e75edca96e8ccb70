"""Weights are fetched from where an engine says: whole, resumed, checked, and only when a person asks and agrees."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import odd
import pytest
from engined import Engined, make
from libraries import finish

from pixlstash_core import OWNER, WeightFile, Weights
from pixlstash_core.errors import Invalid
from pixlstash_core.library import Library
from pixlstash_core.types import FetchWeights, Job

BODY = bytes(range(256)) * 5000


class Source:
    """A server of one file. `how` is what it does; `asked` are the ranges it was asked for."""

    def __init__(self) -> None:
        self.how, self.asked = "well", []  # type: ignore[var-annotated]
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                source.answer(self)

            def log_message(self, *given: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/model.onnx"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        given = handler.headers.get("Range")
        self.asked.append(given)
        start = int(given.removeprefix("bytes=").removesuffix("-")) if given and self.how != "no ranges" else 0
        body = {"page": b"<html>Log in</html>", "longer": BODY + b"x", "other": BODY[::-1]}.get(self.how, BODY)
        if self.how == "gone":
            return handler.send_error(404)
        if self.how == "broken":
            return handler.send_error(500)
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(body) - start))
        handler.end_headers()
        handler.wfile.write(body[start : 500_000 if self.how == "cut" else None])
        return None


@pytest.fixture
def source() -> Iterator[Source]:
    one = Source()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def desk(
    open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Source
) -> Engined:
    file = WeightFile(source.url, "sub/model.onnx", len(BODY), hashlib.sha256(BODY).hexdigest())
    weights = Weights((file,), "Apache-2.0", acknowledge=False)
    monkeypatch.setattr(odd.Weighed, "weights", lambda self, params: weights)
    return make(open_library, tmp_path, monkeypatch)


def fetch(desk: Engined, agree: bool = False) -> Job:
    return finish(desk.library, desk.library.fetch_weights(OWNER, FetchWeights("odd/weighed", agree)))


def there(tmp_path: Path) -> list[str]:
    place = tmp_path / "models" / "odd" / "weighed"
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


def test_fetched_once(desk: Engined, source: Source, tmp_path: Path) -> None:
    weights = desk.library.engine(OWNER, "odd/weighed").weights
    assert weights is not None and weights.hosts == ["127.0.0.1"] and weights.missing == ["sub/model.onnx"]
    job = fetch(desk)
    assert (job.state, job.error, job.done, job.total) == ("done", None, len(BODY), len(BODY))
    assert (tmp_path / "models/odd/weighed/sub/model.onnx").read_bytes() == BODY
    assert there(tmp_path) == ["sub/model.onnx"] and source.asked == [None]
    fetch(desk)
    assert source.asked == [None]
    assert desk.library.engine(OWNER, "odd/weighed").weights.missing == []  # type: ignore[union-attr]


@pytest.mark.parametrize("then", ["well", "no ranges"])
def test_what_was_cut_short_goes_on(desk: Engined, source: Source, tmp_path: Path, then: str) -> None:
    source.how = "cut"
    job = fetch(desk)
    assert job.state == "failed" and "goes on where it was" in (job.error or "")
    assert there(tmp_path) == ["sub/model.onnx.part"]
    source.how = then
    assert fetch(desk).state == "done"
    assert source.asked == [None, "bytes=500000-"]
    assert (tmp_path / "models/odd/weighed/sub/model.onnx").read_bytes() == BODY


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("gone", "Not Found"),
        ("broken", "Internal Server Error"),
        ("page", "goes on where it was"),
        ("longer", "more bytes come than 1,280,000"),
        ("other", "its SHA-256 differs"),
    ],
)
def test_what_is_not_it_is_not_kept(desk: Engined, source: Source, tmp_path: Path, how: str, said: str) -> None:
    source.how = how
    job = fetch(desk)
    assert job.state == "failed" and said in (job.error or "") and "sub/model.onnx" in (job.error or "")
    assert "sub/model.onnx" not in there(tmp_path)
    source.how = "well"
    fetch(desk)
    assert fetch(desk).state == "done" and there(tmp_path) == ["sub/model.onnx"]


def test_nobody_there(desk: Engined, source: Source, tmp_path: Path) -> None:
    source.server.shutdown()
    source.server.server_close()
    job = fetch(desk)
    assert job.state == "failed" and "by hand" in (job.error or "")
    assert str(tmp_path / "models/odd/weighed/sub/model.onnx") in (job.error or "")


def test_a_licence_is_agreed_to_first(desk: Engined, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    file = WeightFile(source.url, "model.onnx", len(BODY), hashlib.sha256(BODY).hexdigest())
    strict = Weights((file,), "research only", acknowledge=True)
    monkeypatch.setattr(odd.Weighed, "weights", lambda self, params: strict)
    assert desk.library.engine(OWNER, "odd/weighed").weights.agree  # type: ignore[union-attr]
    with pytest.raises(Invalid, match="research only: agree"):
        fetch(desk)
    assert source.asked == []
    assert fetch(desk, agree=True).state == "done"
    assert not desk.library.engine(OWNER, "odd/weighed").weights.agree  # type: ignore[union-attr]


def test_what_is_not_fetched(desk: Engined, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid, match="needs no weights"):
        desk.library.fetch_weights(OWNER, FetchWeights("odd/colours"))
    plain = WeightFile("http://example.org/model.onnx", "model.onnx", 1, "0" * 64)
    monkeypatch.setattr(odd.Weighed, "weights", lambda self, params: Weights((plain,), "MIT"))
    assert "not a safe address" in (fetch(desk).error or "")
