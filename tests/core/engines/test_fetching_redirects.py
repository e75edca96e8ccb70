"""Weights are never redirected from another machine to a service of this one, by address, by name or by its moving."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pixlstash_core import WeightFile, Weights
from pixlstash_core.engines.fetching import fetch, is_near
from pixlstash_core.errors import PixlStashError

BODY = b"weights"
#: Made for these tests: of any name below `pixlstash.example`, and of this machine.
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKqEaQEJrLDtRi/1u
ptOnPjZp0Fwto1QfkZZ0Mn4d7IehRANCAAQOVP8qYZ3qOo4SPTNUYV9hMtTjrpUS
dIRGZzfyqASoF4wWYMejJPAOm7+Wcd3nPy5Odyt1yHSyXoavLD8JSHs2
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmTCCAT6gAwIBAgIBAjAKBggqhkjOPQQDAjAaMRgwFgYDVQQDDA9QaXhsU3Rh
c2ggdGVzdHMwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBoxGDAW
BgNVBAMMD1BpeGxTdGFzaCB0ZXN0czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA
BA5U/yphneo6jhI9M1RhX2Ey1OOulRJ0hEZnN/KoBKgXjBZgx6Mk8A6bv5Zx3ec/
Lk53K3XIdLJehq8sPwlIezajczBxMB0GA1UdDgQWBBS5cXC/cr+pKV/Zbvomg2DH
rfBh8DAvBgNVHREEKDAmghMqLnBpeGxzdGFzaC5leGFtcGxlgglsb2NhbGhvc3SH
BH8AAAEwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAoQwCgYIKoZIzj0E
AwIDSQAwRgIhAJ9kkWC2uzqgdPAnCNNnHw8bznfO2UYZdYJ1p1v/nAuGAiEA33aw
1ZifRoLOm3jmys81Mw1cQa0xht8FqkYzsDPQUFw=
-----END CERTIFICATE-----
"""


class Server:
    """A server over TLS that sends on from `/first` to `location`, and has the file at every other path."""

    def __init__(self, folder: Path) -> None:
        self.location = ""
        self.asked: list[tuple[str, str]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append((self.headers["Host"].partition(":")[0], self.path))
                if self.path == "/first":
                    self.send_response(302)
                    self.send_header("Location", server.location)
                    body = b""
                else:
                    self.send_response(200)
                    body = BODY
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *given: object) -> None:
                pass

        (folder / "both.pem").write_text(CERTIFICATE)
        self._server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "both.pem")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    one = Server(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield one
    one.close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What names below `pixlstash.example` resolve to: each address once, and the last one from then on."""
    addresses = {"weights.pixlstash.example": ["127.0.0.1"]}  # the first machine is wherever its name says
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *given: Any, **named: Any) -> Any:
        known = addresses.get(host)
        if known:
            host = known.pop(0) if len(known) > 1 else known[0]
        return real(host, *given, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return addresses


def fetched(server: Server, location: str, folder: Path, first: str = "weights.pixlstash.example") -> bytes:
    server.location = location.format(port=server.port)
    url = f"https://{first}:{server.port}/first"
    file = WeightFile(url, "model.onnx", len(BODY), hashlib.sha256(BODY).hexdigest())
    fetch(folder, Weights((file,), "MIT"), lambda done, total: None)
    return (folder / "model.onnx").read_bytes()


@pytest.mark.parametrize(
    "location",
    [
        "https://127.0.0.1:{port}/secret",
        "http://127.0.0.1:{port}/secret",
        "https://127.1:{port}/secret",
        "https://2130706433:{port}/secret",
        "https://0.0.0.0:{port}/secret",
        "https://[::1]:{port}/secret",
        "https://[::ffff:127.0.0.1]:{port}/secret",
        "https://localhost:{port}/secret",
        "https://Any.Localhost:{port}/secret",
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1]/secret",
        "https://inside.pixlstash.example:{port}/secret",
    ],
)
def test_another_machine_does_not_lead_to_this_one(
    server: Server, names: dict[str, list[str]], tmp_path: Path, location: str
) -> None:
    names["inside.pixlstash.example"] = ["127.0.0.1"]
    with pytest.raises(PixlStashError, match="is this machine or its network link: it is not followed"):
        fetched(server, location, tmp_path / "models")
    assert server.asked == [("weights.pixlstash.example", "/first")] and not list((tmp_path / "models").rglob("*.onnx"))


def test_a_name_that_moves_between_two_lookups_is_not_asked(
    server: Server, names: dict[str, list[str]], tmp_path: Path
) -> None:
    names["moving.pixlstash.example"] = ["192.0.2.50", "127.0.0.1"]
    with pytest.raises(PixlStashError, match=r"moving\.pixlstash\.example leads to this machine or its network link"):
        fetched(server, "https://moving.pixlstash.example:{port}/secret", tmp_path / "models")
    assert server.asked == [("weights.pixlstash.example", "/first")]


def test_another_machine_leads_to_a_third_one(server: Server, names: dict[str, list[str]], tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect(("192.0.2.1", 9))  # nothing is sent: it only tells which address would be used
        except OSError:
            pytest.skip("this machine has no address but its loopback one")
        address = one.getsockname()[0]
    names["held.pixlstash.example"] = [address]
    assert fetched(server, "https://held.pixlstash.example:{port}/held", tmp_path / "models") == BODY
    assert server.asked == [("weights.pixlstash.example", "/first"), ("held.pixlstash.example", "/held")]


def test_a_mirror_on_this_machine_leads_where_it_likes(
    server: Server, names: dict[str, list[str]], tmp_path: Path
) -> None:
    assert fetched(server, "https://localhost:{port}/held", tmp_path / "models", first="localhost") == BODY


@pytest.mark.parametrize(("address", "near"), [("10.0.0.1", False), ("93.184.215.14", False), ("2001:db8::1", False)])
def test_what_is_another_machine(address: str, near: bool) -> None:
    assert is_near(address) is near
