"""The server behind the reverse proxies of `deploy/`, which run here with a certificate of their own."""

from __future__ import annotations

import http.client
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest
from click import Context
from sources import ROOT
from web.asking import SAME, Answer, Peer, bearer, paint
from web.conftest import OWNER, Served, fill, serving

from pixlstash_core.cli import pixlstash
from pixlstash_core.library import Library
from pixlstash_core.types import CreateLink, Grant
from pixlstash_web.site import read_network

DEPLOY = ROOT / "deploy"
NAME = "pictures.example.org"
FILES = ("Caddyfile", "Caddyfile.forward-auth", "nginx.conf", "nginx-forward-auth.conf")


class Tls(Peer):
    """Somebody who reaches the proxy on this machine by its public name."""

    port: int
    trusted: Path

    def connect(self, timeout: float = 20) -> http.client.HTTPConnection:
        context = ssl.create_default_context(cafile=str(self.trusted))
        connection = http.client.HTTPSConnection(NAME, self.port, timeout=timeout, context=context)
        connection.sock = context.wrap_socket(
            socket.create_connection(("127.0.0.1", self.port), timeout), server_hostname=NAME
        )
        return connection


class Behind(NamedTuple):
    served: Served
    #: A client of the proxy with additional headers.
    peer: Callable[[dict[str, str]], Tls]
    #: Paths that the proxy asked the login in front about, and whether that lets everybody through.
    login: list[str]
    open: list[bool]
    guarded: bool


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def login(asked: list[str], letting: list[bool]) -> Iterator[int]:
    """A service that the proxies ask whether a request may pass."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("X-Forwarded-Uri") or self.headers.get("X-Original-URL") or self.path)
            self.send_response(200 if letting[0] else 401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def certificate(folder: Path) -> tuple[Path, Path]:
    pem, key = folder / "pictures.pem", folder / "pictures.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    command += ["-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(key), "-out", str(pem)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return pem, key


def caddy(text: str, folder: Path, port: int, pem: Path, key: Path) -> list[str]:
    """Our file, with another port and a certificate of its own."""
    text = text.replace(f"{NAME} {{", f"https://{NAME}:{port} {{\n\ttls {pem} {key}")
    options = f"{{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system {folder / 'caddy'}\n}}\n"
    (folder / "Caddyfile").write_text(options + text, encoding="utf-8")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def nginx(text: str, folder: Path, port: int, pem: Path, key: Path) -> list[str]:
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    text = text.replace("/etc/ssl/pictures.pem", str(pem)).replace("/etc/ssl/pictures.key", str(key))
    temporary = "".join(
        f"{kind}_temp_path {folder / kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    http = f"http {{\naccess_log {folder / 'access.log'};\n{temporary}{text}}}\n"
    (folder / "nginx.conf").write_text(f"pid {folder / 'pid'};\nevents {{}}\n{http}", encoding="utf-8")
    return ["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log"), "-g", "daemon off;"]


@pytest.fixture(params=FILES)
def behind(request: pytest.FixtureRequest, library: Library, tmp_path: Path) -> Iterator[Behind]:
    """The server behind a proxy that runs one of our files."""
    file: str = request.param
    program = "caddy" if file.startswith("Caddy") else "nginx"
    if shutil.which(program) is None or shutil.which("openssl") is None:
        pytest.skip(f"no reverse proxy: {program} or openssl is not installed")
    pem, key = certificate(tmp_path)
    port, asked, letting = free_port(), list[str](), [True]
    library.access.set_password(OWNER, "a long enough one")
    pictures = tmp_path / "new"
    pictures.mkdir()
    mine = fill(library, pictures)
    public = f"https://{NAME}:{port}"
    with (
        login(asked, letting) as door,
        serving(library, mine, public_url=public, trusted_proxies=["127.0.0.1"]) as served,
    ):
        text = (DEPLOY / file).read_text(encoding="utf-8")
        text = text.replace("127.0.0.1:8020", served.peer.netloc).replace("127.0.0.1:9091", f"127.0.0.1:{door}")
        command = (caddy if program == "caddy" else nginx)(text, tmp_path, port, pem, key)
        environment = {"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": str(tmp_path)}
        with (tmp_path / "output").open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        try:
            wait_for(port, process, tmp_path / "output")

            def peer(headers: dict[str, str]) -> Tls:
                client = Tls(public, headers)
                client.port, client.trusted = port, pem
                return client

            yield Behind(served, peer, asked, letting, "forward-auth" in file)
        finally:
            process.terminate()
            process.wait(20)


def wait_for(port: int, process: subprocess.Popen[bytes], output: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert process.poll() is None, output.read_text()
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(output.read_text())


def signed_in(behind: Behind) -> Tls:
    origin = {"Origin": behind.peer({}).url, **SAME}
    claim = behind.served.library.access.claim_link()
    answer = behind.peer(origin).post("/session", {"claim": claim})
    assert answer.status == 200, answer
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-pl_session_") and cookie.endswith("Secure")
    return behind.peer({**origin, "Cookie": cookie.partition(";")[0]})


@pytest.mark.integration
def test_a_browser_works_through_the_proxy(behind: Behind, tmp_path: Path) -> None:
    page = behind.peer({}).ask("GET", "/")
    assert page.status == 200 and "Content-Security-Policy" in page.headers
    browser = signed_in(behind)
    assert browser.get("/library").status == 200
    body = paint(tmp_path / "new.png", 200, {"parameters": "x" * 3_000_000}).read_bytes()
    sent = browser.ask("POST", "/api/v1/uploads?name=new.png", body, {"Content-Type": "application/octet-stream"})
    assert sent.status == 200, sent
    part = browser.get("/pictures/1/original", {"Range": "bytes=0-7"})
    assert part.status == 206 and part.body == b"\x89PNG\r\n\x1a\n"
    connection = browser.connect()
    connection.request("GET", "/api/v1/events", headers=browser.headers)
    began = time.monotonic()
    line = connection.getresponse().readline()
    connection.close()
    assert line and time.monotonic() - began < 10
    other = behind.peer({**browser.headers, "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"})
    assert other.post("/pictures/score", {"ids": [1], "score": 1}).status == 403


@pytest.mark.integration
def test_addresses_of_clients_are_those_that_the_proxy_sees(behind: Behind) -> None:
    """What a client says of its own address is not believed: it would otherwise be in another network."""
    token = behind.served.token("owner")
    claims = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"}
    assert behind.peer(claims).get("/plugins").status == 200
    assert bearer(behind.served.url, token).get("/plugins").status == 200


@pytest.mark.integration
def test_recipients_pass_a_login_in_front_and_others_do_not(behind: Behind) -> None:
    link = behind.served.library.create_link(OWNER, CreateLink(scope=Grant(pictures=[1])))
    id, _, secret = link.path.removeprefix("/s/").partition("#")
    token = behind.served.local.post("/tokens", {"rights": "read", "scope": {"pictures": [1]}}).json["token"]
    browser = signed_in(behind)
    behind.login.clear()
    behind.open[0] = False
    stranger = behind.peer(SAME)
    assert stranger.ask("GET", f"/s/{id}").status == 200
    opened = stranger.post(f"/shared/{id}/open", {"secret": secret})
    assert opened.status == 204, opened
    cookie = opened.headers["Set-Cookie"].partition(";")[0]
    recipient = behind.peer({**SAME, "Cookie": cookie})
    [picture] = recipient.get(f"/shared/{id}").json["pictures"]
    assert recipient.get(f"/shared/{id}/pictures/{picture}/image").status == 200
    assert stranger.ask("GET", f"/share/{token}.png").status == 200
    assert stranger.ask("GET", "/healthz").status == 204
    assert behind.login == []
    answers: list[Answer] = [browser.ask("GET", path) for path in ("/", "/api/v1/library", "/shared/x", "/sx")]
    assert len(behind.login) == (len(answers) if behind.guarded else 0)
    assert [answer.status for answer in answers[:2]] == ([401, 401] if behind.guarded else [200, 200])


def test_the_commands_in_the_files_can_be_parsed() -> None:
    serve = pixlstash.get_command(Context(pixlstash), "serve")
    assert serve is not None
    for file in ("compose.yaml", "pixlstash.service"):
        [words] = re.findall(r"\bserve (--.*)", (DEPLOY / file).read_text(encoding="utf-8"))
        values = serve.make_context("serve", shlex.split(words)).params
        assert values["public_url"] == f"https://{NAME}" and list(map(read_network, values["trusted_proxies"]))


def test_the_document_names_what_recipients_need() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    for path in ("/s/", "/share/", "/api/v1/shared/", "/healthz"):
        assert f"`{path}" in text
    assert all(f"../deploy/{file.name}" in text for file in DEPLOY.iterdir())


def test_health_says_nothing_to_strangers(empty: Served) -> None:
    answer = empty.peer.ask("GET", "/healthz")
    assert (answer.status, answer.body) == (204, b"")
    assert "Server" not in answer.headers and answer.headers["Cache-Control"] == "no-store"
    empty.library.close()
    (empty.library.path / "hub.db").rename(empty.library.path / "gone.db")
    answer = empty.peer.ask("GET", "/healthz")
    assert (answer.status, answer.body) == (503, b"")
