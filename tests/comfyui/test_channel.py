"""Connections of the nodes: hostile and slow servers, and what of a token may be seen."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from comfyui.conftest import Furnished
from comfyui.standin import StandIn

from comfyui_pixlstash import channel, routes
from comfyui_pixlstash.channel import LibraryError
from comfyui_pixlstash.groups import has_alternatives
from comfyui_pixlstash.operations import Operations

TOKEN = "pl_api_canary"


@contextmanager
def answering(answer: bytes | None) -> Iterator[str]:
    """A server that answers each request with these bytes, or never (None); its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stopped = threading.Event()

        def serve() -> None:
            while not stopped.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    if answer is None:
                        stopped.wait(10)
                    else:
                        connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        stopped.set()
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def http(status: str, body: bytes = b"{}", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n".encode() + body


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (http("200 OK", b'{"name": 1}'), "not what these nodes expect"),
        (http("200 OK", b"<html>"), "not what these nodes expect"),
        (http("302 Found", headers="Location: http://127.0.0.1:1/\r\n"), "redirects: enter its final address"),
        (http("423 Locked", b'{"detail": "This set is locked."}'), "This set is locked. Unlock it in PixlStash"),
        (http("503 Busy", b'{"detail": ["odd"]}'), "Check that the folder or drive"),
        (http("500 Error", b"\xff\xfe"), "answered 500"),
        (b"not http at all\r\n\r\n", "does not answer at"),
        (b"", "does not answer at"),
    ],
)
def test_odd_answers_are_sentences(answer: bytes, sentence: str) -> None:
    with answering(answer) as url, pytest.raises(LibraryError, match=sentence) as error:
        Operations(url, TOKEN).info()
    assert TOKEN not in str(error.value)


def test_a_server_that_is_silent_ends_with_a_sentence() -> None:
    with answering(None) as url, pytest.raises(LibraryError, match="did not answer within 0 seconds"):
        Operations(url, TOKEN, patience=0.3).info()


def test_an_endless_answer_is_not_read_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "MOST", 1 << 16)
    body = b"x" * (1 << 20)
    with answering(http("200 OK", body)) as url, pytest.raises(LibraryError, match="sent more than"):
        Operations(url, TOKEN).info()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost",
        "ftp://a",
        "file:///etc/passwd",
        "http://user:pass@host",
        "http://a?x=1",
        "http://a#b",
        "http://[::1",
    ],
)
def test_bad_addresses(address: str) -> None:
    with pytest.raises(LibraryError, match="must look like http"):
        Operations(address, TOKEN)


def test_a_token_is_in_no_text_and_breaks_no_header() -> None:
    library = Operations("http://127.0.0.1:1", TOKEN)
    assert TOKEN not in repr(library) + str(library)
    with pytest.raises(LibraryError, match="copy it again") as error:
        Operations("http://127.0.0.1:1", f"{TOKEN}\r\nX-Other: 1")
    assert TOKEN not in str(error.value)


@pytest.mark.parametrize(
    "id", ["", "../../tokens", "1/original", "1?x=1", "%2e%2e", "http://a", "1\r\nX: 1", "-1", "٣", "1" * 10]
)
def test_thumbnails_have_no_other_paths(id: str, nodes: StandIn) -> None:
    with pytest.raises(LibraryError, match="number of a picture"):
        routes.read_thumbnail(id)


def test_the_picker_reads_lists_and_thumbnails(nodes: StandIn, furnished: Furnished) -> None:
    rows = routes.list_page("canary sort:imported", "0")
    assert [row["id"] for row in rows] == furnished.ids
    assert routes.read_thumbnail(str(furnished.ids[0]))[8:12] == b"WEBP"
    for query, offset in (("x" * 5000, "0"), ("", "1; drop"), ("", "-1")):
        with pytest.raises(LibraryError):
            routes.list_page(query, offset)
    nodes.args.multi_user = True
    with pytest.raises(LibraryError, match="multi-user"):
        routes.read_thumbnail(str(furnished.ids[0]))


def test_what_is_no_thumbnail_is_not_passed_on(nodes: StandIn) -> None:
    with answering(http("200 OK", b"<script>")) as url:
        nodes.connect(url, TOKEN)
        with pytest.raises(LibraryError, match="not a thumbnail"):
            routes.read_thumbnail("1")


def test_alternatives_are_seen_outside_of_quotes_and_parentheses() -> None:
    assert has_alternatives("a OR b") and has_alternatives('"x" OR (a b)')
    assert not any(map(has_alternatives, ["", "a or b", '"a OR b"', "(a OR b) c", 'tag:"x \\" OR y"', "ORCHID"]))
