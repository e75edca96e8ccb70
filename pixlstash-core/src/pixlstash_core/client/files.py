"""Uploads and downloads of files, and the layout of a view's first answer."""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from ..errors import Conflict, Invalid, PixlStashError
from ..storage.files import writing_new, writing_to
from ..types import BeginUpload, Held, Snapshot, Tried, Upload, Uploaded, ViewAnswer, ViewHeader
from .channel import Channel, Unreachable, error_of, quoted, read

#: Bytes from which a file is sent in pieces, and of a piece; attempts to send one again.
LARGE, PIECE, RETRIES = 32 << 20, 16 << 20, 8
#: Statuses of temporary errors: too slow, a server that stops, unreachable.
AGAIN = frozenset({408, 500, 503})
BARE = {"Content-Type": "application/octet-stream"}
#: Bytes at both ends of a file that identify it.
ENDS = 1 << 16


def original(channel: Channel, id: int, start: int = 0, end: int | None = None) -> BinaryIO:
    """Open the original file of a picture, from byte `start` up to `end`. Close it."""
    wanted = {"Range": f"bytes={start}-{'' if end is None else end - 1}"} if start or end is not None else {}
    connection = channel.connect()
    try:
        response = channel.send(connection, "GET", f"{channel.prefix}/pictures/{id}/original", None, wanted)
        if response.status not in (200, 206):
            raise error_of(response.status, response.read())
    except BaseException:
        connection.close()
        raise
    body = _Body(response, connection)
    if response.status == 200:  # a store whose sizes are unknown sends everything
        with suppress(ValueError):
            body.skip(start)
    return io.BufferedReader(body)


def download(channel: Channel, id: str) -> BinaryIO:
    connection = channel.connect(None)
    try:
        response = channel.send(connection, "GET", f"{channel.prefix}/downloads/{quoted(id)}", None, {})
        if response.status != 200:
            raise error_of(response.status, response.read())
    except BaseException:
        connection.close()
        raise
    return io.BufferedReader(_Body(response, connection))


def export_snapshot(channel: Channel, id: int, path: Path) -> Snapshot:
    about = channel.get(f"/snapshots/{id}", Snapshot)
    connection = channel.connect(None)
    try:
        with writing_new(path) as file:
            response = channel.send(connection, "GET", f"{channel.prefix}/snapshots/{id}/export", None, {})
            if response.status != 200:
                raise error_of(response.status, response.read())
            while block := response.read(1 << 20):
                with writing_to(path.parent):
                    file.write(block)
            if file.tell() != int(response.headers["Content-Length"]):
                raise Unreachable(f"PixlStash at {channel.url} stopped answering.")
    finally:
        connection.close()
    return about


class _Body(io.RawIOBase):
    """The body of an answer; closing it ends the connection."""

    def __init__(self, response: http.client.HTTPResponse, connection: http.client.HTTPConnection) -> None:
        self._response, self._connection = response, connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return self._response.readinto(buffer)
        except http.client.IncompleteRead as error:
            raise Unreachable("PixlStash stopped sending before the end.") from error

    def skip(self, count: int) -> None:
        while count > 0 and (block := self._response.read(min(count, 1 << 16))):
            count -= len(block)

    def close(self) -> None:
        self._response.close()
        self._connection.close()
        super().close()


def read_view(answer: bytes) -> ViewAnswer:
    """Decode a view's first answer (`docs/http.md`)."""
    (length,) = struct.unpack_from("<I", answer)
    header = msgspec.json.decode(answer[4 : 4 + length], type=ViewHeader)
    aspects = 4 + length
    block = aspects + header.count + -header.count % 4
    return ViewAnswer(header, answer[aspects : aspects + header.count], answer[block:])


def upload(channel: Channel, name: str, path: Path) -> Uploaded:
    """Upload a file. The local file stays."""
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        modified = max(0, status.st_mtime_ns // 1_000_000)
        if status.st_size > LARGE:
            return _in_pieces(channel, BeginUpload(name, status.st_size, _key(file, status), modified), file)
        headers = {**BARE, "Content-Length": str(status.st_size)}
        query = {"name": name, "modified": modified}
        return read(channel.request("POST", "/uploads", query, file, headers), Uploaded)


def continue_upload(channel: Channel, id: str, offset: int, body: bytes = b"") -> Upload:
    """Continue an upload at `offset`. `Conflict`, with `more["received"]`: the server expects another one."""
    return read(channel.request("PATCH", f"/uploads/{quoted(id)}", {"offset": offset}, body, BARE), Upload)


def hold(channel: Channel, name: str, path: Path) -> Held:
    """Upload a picture to search with, without importing it."""
    with path.open("rb") as file:
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(path.stat().st_size)}
        return read(channel.request("POST", "/held", {"name": name}, file, headers), Held)


def try_engine(channel: Channel, name: str, path: Path, kind: str, engine: str) -> Tried:
    """What an engine finds in a file of this machine; nothing is stored."""
    with path.open("rb") as file:
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(path.stat().st_size)}
        query = {"name": name, "kind": kind, "engine": engine}
        return read(channel.request("POST", "/engines/try", query, file, headers), Tried)


def _in_pieces(channel: Channel, ask: BeginUpload, file: BinaryIO) -> Uploaded:
    """Upload a large file in pieces, so that a broken connection or a restarted server costs at most one piece."""
    upload = channel.post("/uploads/partial", Upload, ask)
    failures = 0
    while upload.state == "receiving":
        file.seek(upload.received)
        block = file.read(PIECE)
        if not block:
            raise Invalid(f"{ask.name} has become shorter while it was sent.")
        try:
            upload = continue_upload(channel, upload.id, upload.received, block)
            failures = 0
        except PixlStashError as error:
            failures += 1
            if failures > RETRIES or not (isinstance(error, Conflict) or error.status in AGAIN):
                raise
            time.sleep(min(2.0**failures / 10, 5))
            with suppress(Unreachable):
                upload = channel.get(f"/uploads/{quoted(upload.id)}", Upload)
    while upload.result is None:
        time.sleep(0.5)
        upload = channel.get(f"/uploads/{quoted(upload.id)}", Upload)
    return upload.result


def _key(file: BinaryIO, status: os.stat_result) -> str:
    """Return a key that identifies a file, with which a repeated upload continues."""
    digest = hashlib.sha256(file.read(ENDS))
    file.seek(max(0, status.st_size - ENDS))
    digest.update(file.read(ENDS))
    return f"{status.st_mtime_ns}-{digest.hexdigest()}"
