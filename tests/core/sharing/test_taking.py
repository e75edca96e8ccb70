"""Taking a share from a server that may be hostile."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pixlstash_core.errors import Forbidden, Invalid, NotFound, PixlStashError
from pixlstash_core.sharing import stranger, taking
from pixlstash_core.sharing.taking import Share

ID, SECRET = "0123456789abcdef", "A" * 43


class Hostile(http.server.BaseHTTPRequestHandler):
    """Opens every link, and answers with what the test has put here."""

    listing: bytes = b"{}"
    image: bytes = b"image"
    status = 200
    asked: list[str]

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.send_header("Set-Cookie", f"pl_link_{ID}=x; Path=/")
        self.end_headers()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = self.listing if self.path.endswith(ID) else self.image
        self.send_response(self.status)
        self.send_header("Location", "http://192.0.2.1/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def hostile() -> Iterator[tuple[type[Hostile], str]]:
    handler = type("Handler", (Hostile,), {"asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield handler, f"http://127.0.0.1:{server.server_address[1]}/s/{ID}#{SECRET}"
        server.shutdown()
        thread.join(10)


def listing(**more: object) -> bytes:
    return json.dumps({"title": "x", "pictures": ["a" * 24], "download": True, **more}).encode()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "x",
        f"/s/{ID}#{SECRET}",
        f"ftp://127.0.0.1/s/{ID}#{SECRET}",
        f"file:///s/{ID}#{SECRET}",
        f"http://user:word@127.0.0.1/s/{ID}#{SECRET}",
        f"http://127.0.0.1:0/s/{ID}#{SECRET}",
        f"http://127.0.0.1:99999/s/{ID}#{SECRET}",
        f"http://[::1/s/{ID}#{SECRET}",
        f"http://127.0.0.1/s/{ID}",
        f"http://127.0.0.1/s/{ID}#{SECRET}x",
        f"http://127.0.0.1/s/{ID}#{SECRET[:-1]}/",
        f"http://127.0.0.1/s/{ID.upper()}#{SECRET}",
        f"http://127.0.0.1/s/..#{SECRET}",
        f"http://127.0.0.1/s/{ID}?x=1#{SECRET}",
    ],
)
def test_what_is_no_link_is_refused_before_a_connection(address: str) -> None:
    with pytest.raises(Invalid, match="no address of a link"):
        Share.of(address)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        listing(pictures=["../../x"]),
        listing(pictures=["a" * 23 + "/"]),
        listing(pictures=["A" * 24]),
        listing(pictures=["a" * 24 + "\n"]),
        listing(pictures="a"),
        listing(title="x" * 201),
        listing(title=None),
        listing(pictures=["a" * 24] * (taking.MOST + 1)),
        b'{"title":' + b"[" * 50_000,
    ],
    ids=lambda body: body[:40].decode("latin-1"),
)
def test_lists_that_make_no_sense_are_refused(body: bytes, hostile: tuple[type[Hostile], str]) -> None:
    handler, url = hostile
    handler.listing = body
    with pytest.raises(PixlStashError, match="cannot be read"):
        Share.of(url).enter()


def test_files_are_saved_under_our_names_only(hostile: tuple[type[Hostile], str], tmp_path: Path) -> None:
    handler, url = hostile
    handler.listing = listing(later="a key of a later version")
    share = Share.of(url)
    offered = share.enter()
    assert [path.name for path in share.save(offered.pictures, tmp_path)] == [f"picture-{'a' * 24}.jpg"]
    handler.status = 302  # no redirect is followed
    assert list(share.save(offered.pictures, tmp_path)) == []
    assert handler.asked[-1] == f"/api/v1/shared/{ID}/pictures/{'a' * 24}/image?save=true"
    handler.listing, handler.status = listing(download=False), 200
    with pytest.raises(Forbidden):
        share.enter()
    share.close()


def test_answers_are_bounded(
    hostile: tuple[type[Hostile], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, url = hostile
    monkeypatch.setattr(taking, "LONGEST", 100)
    handler.listing, handler.image = listing(), bytes(101)
    share = Share.of(url)
    with pytest.raises(PixlStashError, match="too long"):
        list(share.save(share.enter().pictures, tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_busy_server_is_asked_again_but_not_forever(
    hostile: tuple[type[Hostile], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, url = hostile
    monkeypatch.setattr(stranger.time, "sleep", lambda seconds: None)
    handler.status = 429
    with pytest.raises(PixlStashError):
        Share.of(url).enter()
    assert len(handler.asked) == stranger.TRIES


def test_a_server_that_does_not_answer_is_reported() -> None:
    with pytest.raises(PixlStashError, match="does not answer"):
        Share.of(f"http://127.0.0.1:9/s/{ID}#{SECRET}").enter()
    assert issubclass(NotFound, PixlStashError)
