"""Starting, the port, and stopping."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from web.asking import Peer, bearer
from web.conftest import Served

from pixlstash_core.errors import Invalid, PixlStashError
from pixlstash_core.library import Library
from pixlstash_web.server import Server, bind, running, serve
from pixlstash_web.site import is_loopback

#: Seconds: what does not wait takes a small part of it, on a machine that does much else, too.
PROMPT = 8.0
PROGRAM = """
import sys
from pathlib import Path
from pixlstash_core.library import Library
from pixlstash_web.plugin import serve
with Library.open(Path(sys.argv[1])) as library:
    serve(library, port=0, on_ready=lambda url: print(url, library.access.local_secret, flush=True))
print("closed", flush=True)
"""


def test_a_taken_port_is_a_sentence(library: Library) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PixlStashError, match=f"Port {port} is taken.*--port"):
            serve(library, port=port)


def test_an_address_that_is_not_ours_is_a_sentence() -> None:
    for host in ("203.0.113.9", "no.such.name.invalid"):
        with pytest.raises(Invalid, match=host):
            bind(host, 0)


def test_it_answers_at_once(library: Library) -> None:
    start = time.perf_counter()
    with running(library) as url:
        assert Peer(url).ask("GET", "/version").status == 200
        assert time.perf_counter() - start < PROMPT
        start = time.perf_counter()
    assert time.perf_counter() - start < PROMPT


def test_small_answers_are_not_held_back(shared: Served) -> None:
    connection = shared.local.connect()
    took = []
    for _ in range(20):
        start = time.perf_counter()
        connection.request("GET", "/api/v1/pictures/1/thumbnail", headers=shared.local.headers)
        connection.getresponse().read()
        took.append(time.perf_counter() - start)
    connection.close()
    assert sorted(took)[10] < 0.03  # 0.04 when the second packet waits for an acknowledgement


@pytest.mark.skipif(sys.platform == "win32", reason="no signals there")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_stops_it_cleanly(name: str, tmp_path: Path) -> None:
    Library.create(tmp_path / "library")
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(tmp_path / "library")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert process.stdout is not None
    url, secret = process.stdout.readline().split()
    peer = bearer(url, secret)
    assert peer.get("/library").status == 200
    connection = peer.connect()
    connection.request("GET", "/api/v1/events", headers=peer.headers)
    connection.getresponse().fp.readline()
    start = time.monotonic()
    process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=20)
    took = time.monotonic() - start
    connection.close()
    assert (process.returncode, out, err) == (0, "closed\n", "")
    assert took < 2  # with the library's own closing


def test_a_failing_start_stops_the_server(library: Library) -> None:
    seen: list[str] = []

    def fail(url: str) -> None:
        seen.append(url)
        raise PixlStashError("no")

    with pytest.raises(PixlStashError, match="no"):
        serve(library, port=0, on_ready=fail)
    with pytest.raises(ConnectionRefusedError):
        Peer(seen[0]).ask("GET", "/version")


def test_two_libraries_in_one_process(open_library: Callable[..., Library], tmp_path: Path) -> None:
    Library.create(tmp_path / "two")
    one, two = open_library("one"), open_library("two")
    with running(one) as here, running(two) as there:
        assert bearer(here, one.access.local_secret).get("/library").json["public_id"] == one.public_id
        assert bearer(there, two.access.local_secret).get("/library").json["public_id"] == two.public_id
        assert bearer(there, one.access.local_secret).get("/library").status == 401


def test_a_slow_download_does_not_hold_up_the_end(served: Served, tmp_path: Path) -> None:
    path = served.library.original(served.library.access.reader_of(served.library.access.local_secret), 1).local  # type: ignore[arg-type]
    assert path is not None
    with path.open("ab") as file:
        file.truncate(200 << 20)
    server = Server(served.library)
    server._uvicorn.config.timeout_graceful_shutdown = 60
    ready = threading.Event()
    thread = threading.Thread(target=server.run, args=(lambda url: ready.set(),))
    thread.start()
    ready.wait(10)
    peer = bearer(server.url, served.library.access.local_secret)
    connection = peer.connect()
    connection.request("GET", "/api/v1/pictures/1/original", headers=peer.headers)
    connection.getresponse().read(1000)
    start = time.monotonic()
    server.stop()
    thread.join(60)
    assert time.monotonic() - start < PROMPT
    connection.close()


def test_a_hundred_half_open_connections_hold_nobody_up(shared: Served) -> None:
    name, _, port = shared.peer.netloc.partition(":")
    waiting = [socket.create_connection((name, int(port)), 10) for _ in range(100)]
    for connection in waiting:
        connection.sendall(b"GET /version HTTP/1.1\r\nHost: ")
    start = time.monotonic()
    assert shared.local.get("/library").status == 200
    assert time.monotonic() - start < PROMPT
    for connection in waiting:
        connection.close()


@pytest.mark.parametrize(
    ("host", "inside"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_what_is_this_machine(host: str, inside: bool) -> None:
    assert is_loopback(host) is inside
