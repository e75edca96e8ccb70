"""The library's methods over HTTP: the same names, arguments and structs, with standard library and msgspec only.

`Client(url, token)` may be shared between threads. Errors are the library's own, with the server's sentence. Nothing
that changes something is ever sent twice.
"""

from __future__ import annotations

import http.client
import io
import os
import ssl
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import Struct

from .errors import (
    Conflict,
    DiskFull,
    Forbidden,
    Invalid,
    NotFound,
    PixlStashError,
    QueryError,
    Refused,
    StoreUnreachable,
    TooMany,
    Unauthorised,
    ViewGone,
)
from .types import (
    CheckReport,
    CreateToken,
    DeletePictures,
    Done,
    Event,
    HistoryEntry,
    ImportPaths,
    Job,
    JobChanged,
    LibraryInfo,
    NewToken,
    Picture,
    PictureDetail,
    PicturesAdded,
    PicturesChanged,
    PicturesRemoved,
    PluginInfo,
    RestorePictures,
    Rows,
    ScorePictures,
    TokenInfo,
    Uploaded,
    ViewAnswer,
    ViewHeader,
)

T = TypeVar("T")
PREFIX = "/api/v1"
#: A connection that was idle for longer may be closed by the server just now: not for what must not be sent twice.
FRESH = 1.0
BY_STATUS: Mapping[int, type[PixlStashError]] = {
    400: Invalid,
    401: Unauthorised,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: ViewGone,
    415: Refused,
    503: StoreUnreachable,
    507: DiskFull,
}
EVENTS: Mapping[str, Any] = {
    "pictures_added": PicturesAdded,
    "pictures_changed": PicturesChanged,
    "pictures_removed": PicturesRemoved,
}


class Unreachable(PixlStashError):
    """No server answers at the address."""

    status = 503


class Lagged(Struct, frozen=True):
    """In `events`: some were missed, so anything may have changed."""


class Client:
    """A served library. `token` is a token, or the local secret of the lock file; `timeout` is in seconds."""

    def __init__(self, url: str, token: str | None = None, *, timeout: float = 60.0) -> None:
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid(f"{url!r} is not an address like http://127.0.0.1:8020.")
        self._parts = parts
        self._headers = {"User-Agent": "pixlstash", "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._timeout = timeout
        self._idle: list[tuple[float, http.client.HTTPConnection]] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            for _, connection in self._idle:
                connection.close()
            self._idle.clear()

    # -- the library's methods -----------------------------------------------------------------------------------------

    def info(self) -> LibraryInfo:
        return self._get("/library", LibraryInfo)

    def view(self, q: str = "", sort: str | None = None, at: int | None = None) -> ViewAnswer:
        return read_view(self._call("GET", "/views", {"q": q, "sort": sort, "at": at}))

    def block(self, view: str, b: int) -> bytes:
        return self._call("GET", f"/views/{_name(view)}/blocks/{b}")

    def details(self, view: str, b: int) -> Rows:
        return self._get(f"/views/{_name(view)}/details/{b}", Rows)

    def pictures(self, q: str = "", sort: str | None = None, offset: int = 0, limit: int = 100) -> list[Picture]:
        return self._get("/pictures", list[Picture], {"q": q, "sort": sort, "offset": offset, "limit": limit})

    def picture(self, id: int) -> PictureDetail:
        return self._get(f"/pictures/{id}", PictureDetail)

    def payload(self, id: int, name: str) -> str:
        return self._call("GET", f"/pictures/{id}/payloads/{_name(name)}").decode()

    def thumbnail(self, id: int) -> bytes:
        return self._call("GET", f"/pictures/{id}/thumbnail")

    def original(self, id: int, start: int = 0, end: int | None = None) -> BinaryIO:
        """The bytes from `start` up to `end`, as they arrive. Close it."""
        wanted = {"Range": f"bytes={start}-{'' if end is None else end - 1}"} if start or end is not None else {}
        connection = self._connect()
        try:
            response = self._send(connection, "GET", f"{PREFIX}/pictures/{id}/original", None, wanted)
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

    def undo(self) -> Done:
        return self._post("/undo", Done)

    def redo(self) -> Done:
        return self._post("/redo", Done)

    def history(self, limit: int = 50) -> list[HistoryEntry]:
        return self._get("/history", list[HistoryEntry], {"limit": limit})

    def upload(self, name: str, path: Path) -> Uploaded:
        """Send a file; it stays where it is."""
        size = os.stat(path).st_size
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        with path.open("rb") as file:
            return _read(self._call("POST", "/uploads", {"name": name}, file, headers), Uploaded)

    def import_paths(self, ask: ImportPaths) -> Job:
        return self._post("/imports", Job, ask)

    def jobs(self) -> list[Job]:
        return self._get("/jobs", list[Job])

    def job(self, id: int) -> Job:
        return self._get(f"/jobs/{id}", Job)

    def cancel_job(self, id: int) -> Job:
        return self._post(f"/jobs/{id}/cancel", Job)

    def pause_job(self, id: int) -> Job:
        return self._post(f"/jobs/{id}/pause", Job)

    def resume_job(self, id: int) -> Job:
        return self._post(f"/jobs/{id}/resume", Job)

    def plugin_list(self) -> list[PluginInfo]:
        return self._get("/plugins", list[PluginInfo])

    def check(self, verify: bool = False) -> CheckReport:
        """Takes as long as it takes: with `verify`, every byte is read."""
        query = {"verify": str(verify).lower()}
        return _read(self._call("GET", "/check", query, timeout=None), CheckReport)

    def create_token(self, ask: CreateToken) -> NewToken:
        return self._post("/tokens", NewToken, ask)

    def tokens(self) -> list[TokenInfo]:
        return self._get("/tokens", list[TokenInfo])

    def revoke_token(self, id: int) -> None:
        self._call("DELETE", f"/tokens/{id}")

    def reset_owner(self) -> str:
        return self._post("/owner/reset", str)

    # -- what only a served library has --------------------------------------------------------------------------------

    def version(self) -> dict[str, str]:
        return _read(self._call("GET", "/version", prefix=""), dict[str, str])

    def openapi(self) -> dict[str, Any]:
        return self._get("/openapi.json", dict[str, Any])

    def events(self, after: int | None = None) -> Iterator[Event | Lagged]:
        """What happens, as it happens, from now on or from behind a revision. Ends when the server does."""
        connection = self._connect()
        try:
            path = _path(PREFIX, "/events", {"after": after})
            response = self._send(connection, "GET", path, None, {})
            if response.status != 200:
                raise error_of(response.status, response.read())
            name = ""
            for line in response:
                field, _, value = line.decode().rstrip("\r\n").partition(": ")
                if field == "event":
                    name = value
                elif field == "data" and name == "job_changed":
                    yield JobChanged(_read(value.encode(), Job))
                elif field == "data" and name in EVENTS:
                    yield _read(value.encode(), EVENTS[name])
                elif field == "data" and name == "lagged":
                    yield Lagged()
        finally:
            connection.close()

    # -- inside --------------------------------------------------------------------------------------------------------

    def _get(self, path: str, type: type[T], query: Mapping[str, Any] | None = None) -> T:
        return _read(self._call("GET", path, query), type)

    def _post(self, path: str, type: type[T], ask: Struct | None = None) -> T:
        body = msgspec.json.encode(ask) if ask is not None else b""
        headers = {"Content-Type": "application/json"} if ask is not None else {}
        return _read(self._call("POST", path, None, body, headers), type)

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: bytes | BinaryIO | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        prefix: str = PREFIX,
        timeout: float | None = -1,
    ) -> bytes:
        """One request and its answer's body; errors are raised."""
        whole = _path(prefix, path, query)
        connection, used = self._take(method, timeout)
        try:
            try:
                response = self._send(connection, method, whole, body, headers or {})
            except Unreachable:
                if not used or method != "GET":
                    raise
                connection.close()  # the server closed it while it was idle
                connection = self._connect(timeout)
                response = self._send(connection, method, whole, body, headers or {})
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Unreachable(f"PixlStash at {self.url} stopped answering: {error}.") from error
        except BaseException:
            connection.close()
            raise
        self._give_back(connection, response, timeout)
        if not 200 <= response.status < 300:
            raise error_of(response.status, answer)
        return answer

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | BinaryIO | None,
        headers: Mapping[str, str],
    ) -> http.client.HTTPResponse:
        try:
            try:
                connection.request(method, self._parts.path + path, body, {**self._headers, **headers})
            except (BrokenPipeError, ConnectionResetError):
                if method == "GET":
                    raise
                # The server refused before it had read everything: it says why, if it is not gone.
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            why = f"{error}" or type(error).__name__
            raise Unreachable(f"PixlStash does not answer at {self.url}: {why}.") from error

    def _connect(self, timeout: float | None = -1) -> http.client.HTTPConnection:
        name, seconds = self._parts.hostname or "", self._timeout if timeout == -1 else timeout
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(name, self._parts.port, timeout=seconds, context=context)
        return http.client.HTTPConnection(name, self._parts.port, timeout=seconds)

    def _take(self, method: str, timeout: float | None) -> tuple[http.client.HTTPConnection, bool]:
        """(a connection, whether it was used before)."""
        while timeout == -1:
            with self._lock:
                if not self._idle:
                    break
                since, connection = self._idle.pop()
            if method == "GET" or time.monotonic() - since < FRESH:
                return connection, True
            connection.close()
        return self._connect(timeout), False

    def _give_back(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse, timeout: float | None
    ) -> None:
        if response.will_close or timeout != -1:
            connection.close()
            return
        with self._lock:
            self._idle.append((time.monotonic(), connection))


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


def error_of(status: int, body: bytes) -> PixlStashError:
    """The error that an answer with this status and body means."""
    try:
        more = msgspec.json.decode(body, type=dict[str, Any])
        sentence = str(more.pop("detail"))
    except (msgspec.DecodeError, KeyError):
        more, sentence = {}, f"The server answered {status}: {body[:200].decode(errors='replace')}"
    if status == 429:
        return TooMany(sentence, int(more.get("seconds", 1)))
    if status == 400 and "at" in more:
        return QueryError(sentence, int(more["at"]))
    error = BY_STATUS.get(status, PixlStashError)(sentence, **more)
    error.status = status
    return error


def read_view(answer: bytes) -> ViewAnswer:
    """A view's first answer as it comes over the wire (`docs/http.md`)."""
    (length,) = struct.unpack_from("<I", answer)
    header = msgspec.json.decode(answer[4 : 4 + length], type=ViewHeader)
    aspects = 4 + length
    block = aspects + header.count + -header.count % 4
    return ViewAnswer(header, answer[aspects : aspects + header.count], answer[block:])


def _path(prefix: str, path: str, query: Mapping[str, Any] | None) -> str:
    given = {name: value for name, value in (query or {}).items() if value is not None}
    return f"{prefix}{path}?{urlencode(given)}" if given else prefix + path


def _name(text: str) -> str:
    return quote(text, safe="")


def _read(body: bytes, type: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=type)
    except msgspec.DecodeError as error:
        raise PixlStashError(f"The server's answer cannot be read ({error}). Is it of the same version?") from error
