"""Pictures and views."""

from __future__ import annotations

import http.client
import io
import struct
from contextlib import suppress
from typing import Any, BinaryIO

import msgspec

from ..types import (
    DeletePictures,
    Done,
    Found,
    Picture,
    PictureDetail,
    RestorePictures,
    Rows,
    ScorePictures,
    Statistics,
    Suggestion,
    Total,
    Veil,
    ViewAnswer,
    ViewHeader,
)
from .channel import Channel, error_of, quoted


class Pictures(Channel):
    def view(self, q: str = "", sort: str | None = None, at: int | None = None, veil: bool = False) -> ViewAnswer:
        return read_view(self._call("GET", "/views", {"q": q, "sort": sort, "at": at, "veil": veil}))

    def veil(self) -> Veil:
        return self._get("/veil", Veil)

    def set_veil(self, ask: Veil) -> Done:
        return self._post("/veil", Done, ask, method="PUT")

    def block(self, view: str, b: int) -> bytes:
        return self._call("GET", f"/views/{quoted(view)}/blocks/{b}")

    def details(self, view: str, b: int) -> Rows:
        return self._get(f"/views/{quoted(view)}/details/{b}", Rows)

    def pictures(self, q: str = "", sort: str | None = None, offset: int = 0, limit: int = 100) -> list[Picture]:
        return self._get("/pictures", list[Picture], {"q": q, "sort": sort, "offset": offset, "limit": limit})

    def find(self, q: str = "", sort: str | None = None) -> Found:
        return self._get("/pictures/find", Found, {"q": q, "sort": sort})

    def count(self, q: str = "", veil: bool = False) -> Total:
        return self._get("/pictures/count", Total, {"q": q, "veil": veil})

    def suggest(self, q: str = "", limit: int = 12, veil: bool = False) -> list[Suggestion]:
        return self._get("/views/suggest", list[Suggestion], {"q": q, "limit": limit, "veil": veil})

    def statistics(self, q: str = "", veil: bool = False) -> Statistics:
        return self._get("/pictures/statistics", Statistics, {"q": q, "veil": veil})

    def picture(self, id: int) -> PictureDetail:
        return self._get(f"/pictures/{id}", PictureDetail)

    def payload(self, id: int, name: str) -> str:
        return self._call("GET", f"/pictures/{id}/payloads/{quoted(name)}").decode()

    def thumbnail(self, id: int) -> bytes:
        return self._call("GET", f"/pictures/{id}/thumbnail")

    def original(self, id: int, start: int = 0, end: int | None = None) -> BinaryIO:
        """The bytes from `start` up to `end`, as they arrive. Close it."""
        wanted = {"Range": f"bytes={start}-{'' if end is None else end - 1}"} if start or end is not None else {}
        connection = self._connect()
        try:
            response = self._send(connection, "GET", f"{self._prefix}/pictures/{id}/original", None, wanted)
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

    def score(self, ask: ScorePictures) -> Done:
        return self._post("/pictures/score", Done, ask)

    def delete(self, ask: DeletePictures) -> Done:
        return self._post("/pictures/delete", Done, ask)

    def restore(self, ask: RestorePictures) -> Done:
        return self._post("/pictures/restore", Done, ask)


class _Body(io.RawIOBase):
    """An answer's body; closing it ends the connection."""

    def __init__(self, response: http.client.HTTPResponse, connection: http.client.HTTPConnection) -> None:
        self._response, self._connection = response, connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._response.readinto(buffer)

    def skip(self, count: int) -> None:
        while count > 0 and (block := self._response.read(min(count, 1 << 16))):
            count -= len(block)

    def close(self) -> None:
        self._response.close()
        self._connection.close()
        super().close()


def read_view(answer: bytes) -> ViewAnswer:
    """A view's first answer as it comes over the wire (`docs/http.md`)."""
    (length,) = struct.unpack_from("<I", answer)
    header = msgspec.json.decode(answer[4 : 4 + length], type=ViewHeader)
    aspects = 4 + length
    block = aspects + header.count + -header.count % 4
    return ViewAnswer(header, answer[aspects : aspects + header.count], answer[block:])
