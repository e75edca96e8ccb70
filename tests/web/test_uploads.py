"""Uploads: streamed, durable, limited, and leaving nothing behind."""

from __future__ import annotations

import errno
import http.client
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from web.asking import API, paint
from web.conftest import OWNER, Served, serving

from pixlstash_core.library import Library
from pixlstash_web import uploads


@pytest.fixture
def png(tmp_path: Path) -> bytes:
    return paint(tmp_path / "new.png", 60).read_bytes()


def left(library: Library) -> list[str]:
    return sorted(path.name for path in library.incoming.iterdir())


def test_a_file_becomes_a_picture_once(empty: Served, png: bytes) -> None:
    first = empty.local.post("/uploads?name=new.png", png)
    assert (first.status, first.json["status"]) == (200, "imported")
    again = empty.local.post("/uploads?name=other.png", png, {"Content-Type": "text/html"})
    assert again.json == {"status": "duplicate", "id": first.json["id"], "reason": None, "archive": None}
    assert empty.library.picture(OWNER, first.json["id"]).name == "new.png"
    assert left(empty.library) == []


def test_a_refusal_is_an_answer(empty: Served) -> None:
    for body in (b"", b"not a picture", b"<svg onload=alert(1)>"):
        answer = empty.local.post("/uploads?name=x.png", body)
        assert (answer.status, answer.json["status"], answer.json["id"]) == (200, "refused", None)
        assert answer.json["reason"]
    assert left(empty.library) == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\evil\\a.png", "a.png"),
        ("a%00b.png", "ab.png"),
        ("", "upload"),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_name_is_only_a_name(name: str, kept: str, empty: Served, png: bytes) -> None:
    answer = empty.local.post(f"/uploads?name={name}", png)
    assert answer.json["status"] == "imported", answer
    assert empty.library.picture(OWNER, answer.json["id"]).name == kept


def test_a_name_is_needed(empty: Served, png: bytes) -> None:
    answer = empty.local.post("/uploads", png)
    assert (answer.status, answer.json["detail"]) == (400, "The query parameter 'name' is missing.")


def test_a_body_without_a_length_is_taken(empty: Served, png: bytes) -> None:
    connection = empty.local.connect()
    blocks = (png[i : i + 10] for i in range(0, len(png), 10))
    connection.request("POST", f"{API}/uploads?name=c.png", blocks, empty.local.headers, encode_chunked=True)
    response = connection.getresponse()
    assert b'"imported"' in response.read()
    connection.close()


@pytest.mark.parametrize("chunked", [False, True])
def test_what_is_too_large_is_refused(chunked: bool, library: Library) -> None:
    with serving(library, upload_limit=5_000_000) as served:
        connection = served.local.connect()
        body: Any = (bytes(100_000) for _ in range(51)) if chunked else bytes(5_100_000)
        try:
            connection.request("POST", f"{API}/uploads?name=c.png", body, served.local.headers, encode_chunked=chunked)
        except OSError:
            pass  # it need not read what it refuses
        response = connection.getresponse()
        assert (response.status, b"0.005 GB" in response.read()) == (413, True)
        connection.close()
        assert left(library) == []


def test_a_full_disk_is_said_before_a_byte_is_read(library: Library) -> None:
    with serving(library, upload_limit=1 << 60) as served:
        connection = served.local.connect()
        connection.putrequest("POST", f"{API}/uploads?name=c.png")
        for name, value in {**served.local.headers, "Content-Length": str(1 << 59)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        assert (response.status, b"disk is full" in response.read()) == (507, True)
        connection.close()


def test_a_disk_that_fills_meanwhile_is_507(empty: Served, png: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(uploads, "settle", full)
    answer = empty.local.post("/uploads?name=a.png", png)
    assert answer.status == 507
    assert "disk is full" in answer.json["detail"]
    assert left(empty.library) == []
    assert empty.local.get("/library").json["pictures"] == 0


def test_a_sender_that_leaves_leaves_nothing(empty: Served) -> None:
    name, _, port = empty.peer.netloc.partition(":")
    head = f"POST {API}/uploads?name=a.png HTTP/1.1\r\nHost: {name}\r\nContent-Length: 3000000\r\n"
    head += "".join(f"{key}: {value}\r\n" for key, value in empty.local.headers.items()) + "\r\n"
    with socket.create_connection((name, int(port)), 10) as connection:
        connection.sendall(head.encode() + bytes(2_000_000))
        wait(lambda: left(empty.library) != [])
    wait(lambda: left(empty.library) == [])


def test_a_silent_sender_is_left(empty: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SILENCE", 0.2)
    connection = http.client.HTTPConnection(empty.peer.netloc, timeout=10)
    connection.putrequest("POST", f"{API}/uploads?name=a.png")
    for name, value in {**empty.local.headers, "Content-Length": "1000"}.items():
        connection.putheader(name, value)
    connection.endheaders(b"x" * 10)
    response = connection.getresponse()
    assert (response.status, b"Nothing arrived" in response.read()) == (408, True)
    connection.close()
    assert left(empty.library) == []


def wait(look: Any) -> None:
    limit = time.monotonic() + 10
    while not look():
        assert time.monotonic() < limit
        time.sleep(0.02)
