"""Downloads of originals and snapshots, and the layout of a view's first answer."""

from __future__ import annotations

import http.client
import io
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from ..storage.files import writing_new, writing_to
from ..types import Snapshot, ViewAnswer, ViewHeader
from .channel import Channel, Unreachable, error_of, quoted


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
