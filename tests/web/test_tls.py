"""The server speaks TLS by itself: with a certificate that can be renewed, and handshakes that cannot exhaust it."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from web.asking import SAME, bearer, paint
from web.conftest import OWNER, Served, fill, serving
from web.test_deploy import NAME, certificate, free_port
from web.test_deploy import Tls as Client

from pixlstash_core.errors import Invalid
from pixlstash_core.library import Library
from pixlstash_core.types import CreateLink, Grant
from pixlstash_web import tls
from pixlstash_web.server import Server

PASSWORD = "a long enough one"


class Tls(Client):
    def with_headers(self, headers: dict[str, str]) -> Tls:
        other = Tls(self.url, headers)
        other.port, other.trusted = self.port, self.trusted
        return other


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    return certificate(tmp_path)


@contextmanager
def secured(library: Library, files: tuple[Path, Path | None]) -> Iterator[tuple[Served, Tls]]:
    """A server with this certificate; a client that trusts it and reaches it by its public name."""
    library.access.set_password(OWNER, PASSWORD)
    port = free_port()
    public = f"https://{NAME}:{port}"
    with serving(library, host="127.0.0.1", port=port, public_url=public, certificate=files) as served:
        peer = Tls(public)
        peer.port, peer.trusted = port, files[0]
        yield served, peer


def test_browsers_log_in_over_tls(library: Library, files: tuple[Path, Path]) -> None:
    with secured(library, files) as (served, peer):
        headers = {**SAME, "Origin": f"https://{NAME}:{peer.port}"}
        answer = peer.ask("POST", "/api/v1/session", {"password": PASSWORD}, headers)
        assert answer.status == 200, answer.body
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-") and "Secure" in cookie
        seen = peer.ask("GET", "/api/v1/session", None, {"Cookie": cookie.partition(";")[0]})
        assert seen.status == 200 and b'"owner"' in seen.body
        # The other address is for programs on this machine, such as `pixlstash` itself.
        assert bearer(served.url, library.access.local_secret).get("/session").status == 200
        assert served.peer.netloc.startswith("127.0.0.1:") and not served.peer.netloc.endswith(f":{peer.port}")


def test_links_are_visited_and_opened_over_tls(library: Library, files: tuple[Path, Path], tmp_path: Path) -> None:
    pictures = tmp_path / "new"
    pictures.mkdir()
    ids = sorted(fill(library, pictures))
    with secured(library, files) as (_, peer):
        link = library.create_link(OWNER, CreateLink(scope=Grant(pictures=ids[:1])))
        id, _, secret = (link.path or "").removeprefix("/s/").partition("#")
        stranger = peer.with_headers({**SAME, "Origin": peer.url})
        assert stranger.ask("GET", f"/s/{id}").status == 200
        opened = stranger.post(f"/shared/{id}/open", {"secret": secret})
        assert opened.status == 204 and opened.headers["Set-Cookie"].endswith("Secure")


def test_plain_requests_get_nothing_on_the_tls_port(library: Library, files: tuple[Path, Path]) -> None:
    with secured(library, files) as (_, peer):
        plain = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=20)
        with pytest.raises((http.client.HTTPException, OSError)):
            plain.request("GET", "/api/v1/session")
            plain.getresponse()
        assert peer.ask("GET", "/healthz").status == 204


def test_handshakes_that_are_never_finished_are_bounded(
    library: Library, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "SECONDS", 1.0)
    with secured(library, files) as (_, peer), ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(("127.0.0.1", peer.port), 20)) for _ in range(tls.EACH)]
        time.sleep(0.2)
        with socket.create_connection(("127.0.0.1", peer.port), 20) as refused:
            assert ended(refused)
        begun = time.monotonic()
        assert all(map(ended, silent)) and time.monotonic() - begun < 15
        assert peer.ask("GET", "/healthz").status == 204


def ended(connection: socket.socket) -> bool:
    """Wait until the server has closed a connection."""
    try:
        while connection.recv(4096):
            pass
    except ConnectionResetError:
        pass
    return True


def test_large_files_pass_both_ways(library: Library, files: tuple[Path, Path], tmp_path: Path) -> None:
    """More than fits into the buffers of a connection."""
    body = paint(tmp_path / "new.png", 200, {"parameters": "x" * 3_000_000}).read_bytes()
    with secured(library, files) as (_, peer):
        writer = peer.with_headers({"Authorization": f"Bearer {library.access.local_secret}"})
        sent = writer.ask("POST", "/api/v1/uploads?name=new.png", body, {"Content-Type": "application/octet-stream"})
        assert sent.status == 200, sent
        got = writer.get("/pictures/1/original")
        assert got.status == 200 and got.body == body
        part = writer.get("/pictures/1/original", {"Range": "bytes=2999990-"})
        assert part.status == 206 and part.body == body[2999990:]


def test_a_renewed_certificate_is_used_without_a_restart(
    library: Library, files: tuple[Path, Path], tmp_path: Path
) -> None:
    with secured(library, files) as (_, peer):
        first = presented(peer.port)
        other = tmp_path / "renewed"
        other.mkdir()
        pem, key = certificate(other)
        replace(pem, files[0])  # its key is still missing: the old one stays in use
        assert presented(peer.port) == first
        replace(key, files[1])
        assert presented(peer.port) == ssl.PEM_cert_to_DER_cert(pem.read_text()) != first
        files[0].write_text("half a certi")
        assert presented(peer.port) == ssl.PEM_cert_to_DER_cert(pem.read_text())


def replace(source: Path, target: Path) -> None:
    shutil.copy(source, target.with_suffix(".new"))
    os.replace(target.with_suffix(".new"), target)


def presented(port: int) -> bytes | None:
    """The certificate that a client is shown."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), 20) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as one,
    ):
        return one.getpeercert(binary_form=True)


def test_one_file_may_hold_both(library: Library, files: tuple[Path, Path]) -> None:
    files[0].write_text(files[0].read_text() + files[1].read_text())
    with secured(library, (files[0], None)) as (_, peer):
        assert peer.ask("GET", "/healthz").status == 204


def test_what_cannot_work_is_said_before_it_starts(library: Library, files: tuple[Path, Path], tmp_path: Path) -> None:
    def start(*pair: Path | None, url: str | None = f"https://{NAME}") -> str:
        with pytest.raises(Invalid) as error:
            Server(library, public_url=url, certificate=(pair[0], pair[1]))  # type: ignore[arg-type]
        return str(error.value)

    assert "--public-url https://" in start(*files, url=None)
    assert "--public-url https://" in start(*files, url="http://pictures.example.org")
    assert "No such file or directory" in start(tmp_path / "none.pem", None)
    assert "a certificate and a key in PEM format are expected" in start(files[0], None)
    other = tmp_path / "other"
    other.mkdir()
    assert "the key belongs to another certificate" in start(files[0], certificate(other)[1])
    locked = tmp_path / "locked.key"
    command = ["openssl", "rsa", "-aes256", "-passout", "pass:secret", "-in", str(files[1]), "-out", str(locked)]
    subprocess.run(command, check=True, capture_output=True)
    assert "the key is encrypted; remove its password first" in start(files[0], locked)


def test_peers_that_leave_in_the_middle_end_nothing(library: Library, files: tuple[Path, Path]) -> None:
    with secured(library, files) as (_, peer):
        for sent in (b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n", os.urandom(4096)):
            with socket.create_connection(("127.0.0.1", peer.port), 20) as connection:
                connection.sendall(sent)
        assert peer.ask("GET", "/healthz").status == 204


def test_it_stops_while_handshakes_wait(library: Library, files: tuple[Path, Path]) -> None:
    with socket.socket() as silent:
        silent.settimeout(20)
        with secured(library, files) as (_, peer):
            silent.connect(("127.0.0.1", peer.port))
            time.sleep(0.2)
            begun = time.monotonic()
        assert time.monotonic() - begun < 5 and ended(silent)
