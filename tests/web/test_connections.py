"""Connections are bounded in number and time, without hurting anybody who sends a request and reads the answer."""

from __future__ import annotations

import http.client
import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from libraries import until
from PIL import Image
from web.asking import Peer, bearer

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER
from pixlstash_web import connections
from pixlstash_web.answers import ALWAYS
from pixlstash_web.connections import Limits, network
from pixlstash_web.server import running


@contextmanager
def limited(library: Library, **values: float) -> Iterator[Peer]:
    """A server with these limits; a peer with the owner's rights."""
    with running(library, limits=Limits(**values)) as url:  # type: ignore[arg-type]
        yield bearer(url, library.access.local_secret)


def connect(peer: Peer, sent: bytes = b"") -> socket.socket:
    host, _, port = peer.netloc.partition(":")
    connection = socket.create_connection((host, int(port)), timeout=30)
    connection.sendall(sent)
    return connection


def read_all(connection: socket.socket) -> bytes:
    """What the server sends until it closes."""
    received = b""
    try:
        while block := connection.recv(65536):
            received += block
    except ConnectionResetError:
        pass
    return received


def is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


@pytest.mark.parametrize("sent", [b"", b"GET /version HTTP/1.1\r\nHost: x\r\nX-A: "], ids=["nothing", "half"])
def test_headers_that_do_not_arrive_end_the_connection(library: Library, sent: bytes) -> None:
    with limited(library, headers=0.3) as peer, connect(peer, sent) as connection:
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 408 ") and b'"detail"' in answer
    assert all(f"{name}: {value}".lower().encode() in answer.lower() for name, value in ALWAYS.items())


def test_headers_that_drip_in_do_not_move_the_deadline(library: Library) -> None:
    with limited(library, headers=0.5) as peer, connect(peer, b"GET /version HTTP/1.1\r\n") as connection:
        ended = threading.Event()
        answer: list[bytes] = []
        reader = threading.Thread(target=lambda: (answer.append(read_all(connection)), ended.set()))
        reader.start()
        for _ in range(600):
            if ended.wait(0.05):
                break
            try:
                connection.sendall(b"X-A: b\r\n")
            except OSError:
                break
        reader.join(30)
    assert ended.is_set() and (answer == [b""] or b" 408 " in answer[0])


def test_half_a_second_request_on_a_kept_connection_has_the_same_deadline(library: Library) -> None:
    with limited(library, headers=0.3) as peer, connect(peer) as connection:
        connection.sendall(f"GET /version HTTP/1.1\r\nHost: {peer.netloc}\r\n\r\nGET /ver".encode())
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 200 ") and b"HTTP/1.1 408 " in answer


def test_idle_connections_slow_bodies_and_streams_outlive_the_deadline(library: Library) -> None:
    with limited(library, headers=0.3) as peer, ExitStack() as open_connections:
        kept = peer.connect()
        open_connections.callback(kept.close)
        for _ in range(2):
            kept.request("GET", "/version")
            assert kept.getresponse().read()
            time.sleep(0.6)
        stream = peer.connect()
        open_connections.callback(stream.close)
        stream.request("GET", "/api/v1/events", headers=peer.headers)
        events = stream.getresponse()
        slow = connect(peer)
        open_connections.callback(slow.close)
        head = f"POST /api/v1/tags/never HTTP/1.1\r\nHost: {peer.netloc}"
        head += f"\r\nAuthorization: {peer.headers['Authorization']}"
        body = json.dumps({"tags": ["a"]}).encode()
        slow.sendall(f"{head}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        time.sleep(0.6)
        slow.sendall(body)
        assert slow.recv(12).startswith(b"HTTP/1.1 2")
        assert events.status == 200 and stream.sock is not None and is_open(stream.sock)


def test_a_broken_request_is_answered_with_our_headers(library: Library) -> None:
    with limited(library) as peer, connect(peer, b"NONSENSE\r\n\r\n") as connection:
        answer = read_all(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ") and "detail" in json.loads(body)
    sent = http.client.parse_headers(io.BytesIO(head.partition(b"\r\n")[2] + b"\r\n\r\n"))
    assert {name: sent[name] for name in ALWAYS} == ALWAYS
    assert sent["Cache-Control"] == "no-store" and "sandbox" in sent["Content-Security-Policy"]


def test_half_open_connections_make_room_for_requests(library: Library) -> None:
    """Many more than there may be: those that wait longest are closed, and requests are answered."""
    with limited(library, total=20, headers=30) as peer, ExitStack() as stack:
        waiting = [stack.enter_context(connect(peer, b"GET /version HTTP/1.1\r\nHost: ")) for _ in range(60)]
        for _ in range(5):
            assert peer.get("/library").status == 200
        assert sum(map(is_open, waiting)) <= 20


def test_connections_that_are_being_answered_are_not_closed_for_others(library: Library) -> None:
    with limited(library, total=4) as peer, ExitStack() as stack:
        streams = []
        for _ in range(4):
            connection = peer.connect()
            stack.callback(connection.close)
            connection.request("GET", "/api/v1/events", headers=peer.headers)
            streams.append((connection, connection.getresponse()))
        refused = peer.ask("GET", "/version")
        assert refused.status == 503 and "too many connections" in refused.json["detail"]
        assert all(connection.sock is None or is_open(connection.sock) for connection, _ in streams)


def test_one_address_cannot_take_all_connections(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "is_loopback", lambda address: address == "127.0.0.2")
    with limited(library, total=100, each=5, headers=30) as peer, ExitStack() as stack:
        waiting = [stack.enter_context(connect(peer, b"GET ")) for _ in range(30)]
        assert peer.get("/library").status == 200
        assert sum(map(is_open, waiting)) <= 5


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="the state of connections is read from /proc")
def test_an_answer_that_nobody_reads_is_given_up(library: Library) -> None:
    with limited(library, reading=0.5) as peer:
        path = library.intake.temporary("big.png")
        Image.effect_noise((4000, 4000), 100).save(path, compress_level=0)  # more than the buffers of both sides hold
        answer = library.upload(OWNER, "big.png", path)
        assert answer.id is not None
        connection = connect(peer)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        head = f"GET /api/v1/pictures/{answer.id}/original HTTP/1.1\r\nHost: {peer.netloc}"
        connection.sendall(f"{head}\r\nAuthorization: {peer.headers['Authorization']}\r\n\r\n".encode())
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
        assert is_established(connection)
        until(lambda: not is_established(connection), 20)  # reading what is on the way would take minutes
        connection.close()


def is_established(connection: socket.socket) -> bool:
    """Whether the server's side of a connection on this machine is open, as Linux lists it."""
    ours, theirs = (f":{address[1]:04X}" for address in (connection.getsockname(), connection.getpeername()))
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[1].endswith(theirs) and row[2].endswith(ours) and row[3] == "01" for row in rows)


def test_the_limits_leave_descriptors_for_everything_else() -> None:
    found = connections.limits()
    assert 16 <= found.total <= 512 and found.each <= found.total
    resource = pytest.importorskip("resource")
    assert 2 * found.total + connections.RESERVED <= resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def test_few_descriptors_mean_few_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_descriptors", lambda: 300)
    assert connections.limits() == Limits(total=22, each=11)
    monkeypatch.setattr(connections, "_descriptors", lambda: 100)
    assert connections.limits() == Limits(total=16, each=8)


def test_addresses_of_one_network_count_together() -> None:
    assert network("2001:db8:1:2::5") == network("2001:db8:1:2:ffff::9") != network("2001:db8:1:3::5")
    assert network("::ffff:203.0.113.7") == network("203.0.113.7") == "203.0.113.7"
    assert network("::1") == "::1" and network("fe80::1%eth0") == network("fe80::2")
