"""The Host check, and the headers every answer carries."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from web.asking import SAME, Peer, cookie_of
from web.conftest import Served, serving

from pixlstash_core.errors import Invalid
from pixlstash_core.library import Library
from pixlstash_web.authorization import read_host
from pixlstash_web.site import read_origin

GOOD = ["127.0.0.1", "localhost", "LOCALHOST:1", "[::1]:8020", "192.168.1.7:8020", "[fe80::1]", "10.0.0.1"]
BAD = [
    "evil.example",
    "evil.example:8020",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "localhost.",
    "2130706433",
    "0x7f.1",
    "",
    "localhost@evil.example",
    "localhost/evil",
    "localhost, evil.example",
    "[::1",
    "::1",
    "[evil]",
    "localhost:port",
    "local host",
    "<script>",
]


@pytest.mark.parametrize("host", GOOD)
def test_addresses_and_localhost_pass(host: str, shared: Served) -> None:
    assert shared.peer.ask("GET", "/version", None, {"Host": host}).status == 200


@pytest.mark.parametrize("host", BAD)
@pytest.mark.parametrize("path", ["/", "/version", "/api/v1/session", "/api/v1/nothing"])
def test_every_other_name_is_refused_everywhere(host: str, path: str, shared: Served) -> None:
    answer = shared.local.ask("GET", path, None, {"Host": host})
    assert answer.status == 421
    assert "pixlstash serve --public-url https://" in answer.json["detail"]


def test_the_page_names_the_command_and_runs_nothing(shared: Served) -> None:
    answer = shared.peer.ask("GET", "/", None, {"Host": "pictures.example.org", "Accept": "text/html"})
    assert answer.status == 421
    assert b"pixlstash serve --public-url https://pictures.example.org" in answer.body
    evil = shared.peer.ask("GET", "/", None, {"Host": "<img src=x onerror=alert(1)>", "Accept": "text/html"})
    assert b"<img" not in evil.body
    assert "script-src 'self'" in evil.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "lines", [[], ["Host: localhost", "Host: evil.example"], ["Host: localhost", "Host: localhost"]]
)
def test_one_host_header_is_needed(lines: list[str], shared: Served) -> None:
    name, _, port = shared.peer.netloc.partition(":")
    with socket.create_connection((name, int(port)), 10) as connection:
        connection.sendall("\r\n".join(["GET /version HTTP/1.0", *lines, "", ""]).encode())
        answer = connection.makefile("rb").read()
    assert answer.split(b" ", 2)[1] in (b"400", b"421")


def test_a_forwarded_name_is_not_believed(shared: Served) -> None:
    forwarded = {"X-Forwarded-Host": "localhost", "X-Forwarded-For": "127.0.0.1", "Forwarded": "host=localhost"}
    assert shared.peer.ask("GET", "/version", None, {"Host": "evil.example", **forwarded}).status == 421


@pytest.fixture
def public(library: Library) -> Iterator[Served]:
    library.access.set_password(library.access.reader_of(library.access.local_secret), "a long enough one")  # type: ignore[arg-type]
    with serving(library, public_url=["https://pictures.example.org", "http://nas.local:8020"]) as served:
        yield served


def test_public_names_pass(public: Served) -> None:
    for host in ("pictures.example.org", "PICTURES.example.org", "nas.local:8020", "127.0.0.1"):
        assert public.peer.ask("GET", "/version", None, {"Host": host}).status == 200
    assert public.peer.ask("GET", "/version", None, {"Host": "www.pictures.example.org"}).status == 421


def test_the_cookie_is_bound_to_the_https_name(public: Served) -> None:
    claim = public.library.access.claim_link
    at = {"Host": "pictures.example.org", "Origin": "https://pictures.example.org"}
    safe = Peer(public.url, at).post("/session", {"claim": claim()})
    assert safe.headers["Set-Cookie"].startswith(f"__Host-pl_session_{public.library.public_id}=pl_own_")
    assert safe.headers["Set-Cookie"].endswith("; Path=/; Max-Age=7776000; HttpOnly; SameSite=Strict; Secure")
    plain = Peer(public.url, SAME).post("/session", {"claim": claim()})
    assert plain.headers["Set-Cookie"].startswith(f"pl_session_{public.library.public_id}=pl_own_")
    assert "Secure" not in plain.headers["Set-Cookie"]
    # A cookie that a plain page could have planted does not count under https.
    planted = {**at, "Cookie": cookie_of(plain)}
    assert Peer(public.url, planted).get("/session").status == 401
    assert Peer(public.url, {**at, "Cookie": cookie_of(safe)}).get("/session").status == 200


@pytest.mark.parametrize("value", ["[::1]:1", "a.b", "127.0.0.1"])
def test_hosts_are_read(value: str) -> None:
    assert read_host(value) == value.removesuffix(":1").strip("[]")


@pytest.mark.parametrize("url", ["ftp://x", "https://", "https://a:b", "https://a:99999", "https://["])
def test_a_public_url_must_be_an_address(url: str) -> None:
    with pytest.raises(Invalid, match="--public-url"):
        read_origin(url)


PATHS = [
    "/",
    "/version",
    "/nothing",
    "/api/v1/session",
    "/api/v1/library",
    "/api/v1/nothing",
    "/api/v1/pictures/1/original",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS", "TRACE"])
def test_every_answer_carries_the_headers(method: str, path: str, shared: Served) -> None:
    for peer in (shared.peer, shared.local):
        headers = peer.ask(method, path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert (
            "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            or "sandbox" in headers["Content-Security-Policy"]
        )
        assert headers["Cache-Control"]
        assert "Server" not in headers


def test_api_answers_are_not_stored(shared: Served) -> None:
    for path in ("/library", "/session", "/pictures", "/pictures/1", "/history", "/jobs", "/tokens", "/nothing"):
        assert shared.local.get(path).headers["Cache-Control"] == "no-store"
