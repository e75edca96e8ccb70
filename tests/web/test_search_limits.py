"""Files to search with, which a read token may send, cannot fill the disk."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from plugins.test_compat import form
from web.asking import Answer, Peer, bearer
from web.conftest import Served

from pixlstash_core.search.query_images import MOST
from pixlstash_web import forms, uploads

#: Routes that take files to search with in a form.
ROUTES = ("likeness-search", "face-search", "score_character_likeness")
HEADERS = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.fixture
def reader(served: Served) -> Peer:
    return bearer(served.url, served.token("read"))


def files(*sizes: int) -> bytes:
    return form([("files", f"{n}.png", bytes(size)) for n, size in enumerate(sizes)])


def send(peer: Peer, route: str, body: bytes) -> Answer:
    boundary = body[2 : body.index(b"\r\n")].decode()
    return peer.post(f"/pictures/{route}", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})


def announce(peer: Peer, path: str, length: int, kind: str) -> str:
    """The status line of the answer to headers that announce a body of which no byte is sent."""
    host, _, port = peer.netloc.partition(":")
    lines = [f"POST /api/v1{path} HTTP/1.1", f"Host: {peer.netloc}", f"Authorization: {peer.headers['Authorization']}"]
    lines += [f"Content-Type: {kind}", f"Content-Length: {length}", "", ""]
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall("\r\n".join(lines).encode())
        return connection.recv(4096).decode().partition("\r\n")[0]


def left(served: Served) -> list[Path]:
    return [path for path in served.library.incoming.rglob("*") if path.is_file()]


@pytest.mark.parametrize("route", ROUTES)
def test_a_form_that_is_announced_too_large_is_refused_before_it_is_sent(
    served: Served, reader: Peer, route: str
) -> None:
    most = forms.SEARCHED * MOST + forms.FRAME
    assert " 413 " in announce(reader, f"/pictures/{route}", most + 1, HEADERS["Content-Type"])
    assert " 413 " in announce(reader, "/held?name=x", MOST + 1, "application/octet-stream")
    assert left(served) == []


@pytest.mark.parametrize("route", ROUTES)
def test_too_many_and_too_large_files_are_refused_and_leave_nothing(
    served: Served, reader: Peer, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = send(reader, route, files(*[10] * (forms.SEARCHED + 1)))
    assert refused.status == 400 and f"at most {forms.SEARCHED} files" in refused.json["detail"]
    monkeypatch.setattr(forms, "MOST", 1000)
    refused = send(reader, route, files(10, 1001))
    assert refused.status == 413 and "1e-06 GB" in refused.json["detail"]
    assert left(served) == []


def test_a_full_disk_is_seen_before_and_while_files_arrive(
    served: Served, reader: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "SPARE", 1 << 62)
    assert send(reader, "likeness-search", files(10)).status == 507
    monkeypatch.setattr(uploads, "foresee_length", lambda *arguments: None)
    monkeypatch.setattr(forms, "foresee_length", lambda *arguments: None)
    assert send(reader, "likeness-search", files(10)).status == 507
    assert reader.post("/held?name=x", b"x", {"Content-Type": "application/octet-stream"}).status == 507
    assert left(served) == []


def test_a_search_with_files_within_the_limits_is_answered(served: Served, reader: Peer) -> None:
    """Without an engine: 503 or 400, but not for its size."""
    assert send(reader, "likeness-search", files(*[10] * forms.SEARCHED)).status not in (413, 507, 500)
