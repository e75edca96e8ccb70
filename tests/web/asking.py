"""Asking a server with plain `http.client`, byte for byte as the test says."""

from __future__ import annotations

import http.client
import json
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

API = "/api/v1"
SAME = {"Sec-Fetch-Site": "same-origin"}


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.status} {self.body[:300]!r}"


class Peer:
    """Somebody who sends the same headers with everything."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        self.url = url
        self.netloc = urlsplit(url).netloc
        self.headers = dict(headers or {})

    def connect(self, timeout: float = 20) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.netloc, timeout=timeout)

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request. A body that is not bytes is sent as JSON; headers given here replace those of the peer."""
        sent = {**self.headers, **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent = {"Content-Type": "application/json", **sent}
        connection = self.connect()
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.ask("GET", API + path, None, headers)

    def post(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        return self.ask("POST", API + path, body, headers)


def bearer(url: str, secret: str) -> Peer:
    return Peer(url, {"Authorization": f"Bearer {secret}"})


def cookie_of(answer: Answer) -> str:
    """`name=value` of the cookie an answer sets."""
    return answer.headers["Set-Cookie"].partition(";")[0]


def sign_in(url: str, proof: Mapping[str, str]) -> Peer:
    """A browser that has logged in."""
    answer = Peer(url, SAME).post("/session", proof)
    assert answer.status == 200, answer
    return Peer(url, {**SAME, "Cookie": cookie_of(answer)})


def paint(path: Path, number: int, text: Mapping[str, str] | None = None) -> Path:
    """A small PNG, different for each number, with these text chunks."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    width, height = 40 + number, 30
    row = b"\0" + bytes((number * 20 % 256, 90, 160)) * width
    texts = b"".join(chunk(b"tEXt", f"{k}\0{v}".encode("latin-1")) for k, v in (text or {}).items())
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = b"\x89PNG\r\n\x1a\n" + head + texts + chunk(b"IDAT", zlib.compress(row * height)) + chunk(b"IEND", b"")
    path.write_bytes(body)
    return path
