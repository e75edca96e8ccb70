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
from pixlstash_core.errors import Invalid, PixlStashError
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
    assert job.state == "failed" and "resume the download" in (job.error or "")
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
        ("page", "resume the download"),
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


def test_a_hash_without_a_size_is_enough(
    desk: Engined, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A published SHA-256 pins a file even where nobody says how many bytes it has."""
    file = WeightFile(source.url, "sub/model.onnx", 0, hashlib.sha256(BODY).hexdigest())
    monkeypatch.setattr(odd.Weighed, "weights", lambda self, params: Weights((file,), "Apache-2.0"))
    source.how = "other"
    job = fetch(desk)
    assert job.state == "failed" and "SHA-256 differs" in (job.error or "") and there(tmp_path) == []
    source.how = "well"
    assert fetch(desk).state == "done"


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


@pytest.fixture
def unknown(desk: Engined, source: Source, monkeypatch: pytest.MonkeyPatch) -> Engined:
    """Weights of which neither size nor hash was known beforehand."""
    weights = Weights((WeightFile(source.url, "model.onnx"),), "Apache-2.0", folder="shared/by-some@1")
    monkeypatch.setattr(odd.Weighed, "weights", lambda self, params: weights)
    return desk


def test_what_nobody_knew_is_what_came_first(unknown: Engined, source: Source, tmp_path: Path) -> None:
    place = tmp_path / "models" / "shared" / "by-some@1" / "model.onnx"
    assert fetch(unknown).state == "done" and place.read_bytes() == BODY
    weights = unknown.library.engine(OWNER, "odd/weighed").weights
    assert weights is not None and weights.missing == [] and weights.folder == str(place.parent)
    from pixlstash_core.engines.weights import checked

    needed = odd.Weighed().weights(None)
    assert checked(tmp_path / "models", "odd/weighed", needed) == place.parent
    place.write_bytes(BODY[::-1])
    with pytest.raises(PixlStashError, match="SHA-256 differs"):
        checked(tmp_path / "models", "odd/weighed", needed)
    place.write_bytes(BODY)
    assert checked(tmp_path / "models", "odd/weighed", needed) == place.parent


@pytest.mark.parametrize(("how", "said"), [("page", "is a web page"), ("cut", "resume the download")])
def test_what_is_not_it_is_not_kept_either(
    unknown: Engined, source: Source, tmp_path: Path, how: str, said: str
) -> None:
    source.how = how
    job = fetch(unknown)
    assert job.state == "failed" and said in (job.error or "")
    source.how = "well"
    assert fetch(unknown).state == "done"
    assert (tmp_path / "models/shared/by-some@1/model.onnx").read_bytes() == BODY


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, None),
        ({"X-Linked-ETag": f'"{hashlib.sha256(BODY).hexdigest()}"', "X-Linked-Size": str(len(BODY))}, None),
        ({"X-Linked-ETag": f'"{"0" * 64}"'}, "its SHA-256 differs"),
        ({"X-Linked-Size": "1000"}, "more bytes come than 1,000"),
        ({"X-Linked-Size": str(len(BODY) + 1)}, "resume the download"),
        ({"Location": "http://other.example/model.onnx"}, "is not a safe address"),
        ({"Location": "ftp://127.0.0.1/model.onnx"}, "is not a safe address"),
        ({"Location": "https://["}, "Invalid IPv6 URL"),
    ],
)
def test_what_is_said_where_it_is_sent_on_counts(
    unknown: Engined, source: Source, headers: dict[str, str], said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = source.answer

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path != "/model.onnx":
            return plain(handler)
        handler.send_response(302)
        for name, value in {"Location": source.url.replace("model.onnx", "held"), **headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        return handler.end_headers()

    monkeypatch.setattr(source, "answer", answer)
    job = fetch(unknown)
    assert (job.state == "done") is (said is None), job.error
    assert said is None or said in (job.error or "")


@pytest.mark.parametrize("folder", ["../up", "/etc", "a//b", "a/../b", "..", "a b"])
def test_a_folder_that_leads_elsewhere(desk: Engined, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    weights = Weights((WeightFile("https://example.org/a.onnx", "a.onnx"),), "MIT", folder=folder)
    monkeypatch.setattr(odd.Weighed, "weights", lambda self, params: weights)
    desk.take_in(1)
    job = desk.run("odd/weighed")
    assert job.state == "failed" and "folder" in (job.error or "")
