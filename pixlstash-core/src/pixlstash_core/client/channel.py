"""`Channel`: sends requests to a server over reused connections, and raises its errors."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Mapping
from typing import Any, BinaryIO, Self, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import Struct

from .. import outgoing
from ..errors import (
    Abandoned,
    Conflict,
    DiskFull,
    Forbidden,
    Invalid,
    Locked,
    NoSafety,
    NotFound,
    PixlStashError,
    QueryError,
    Refused,
    StoreUnreachable,
    TooMany,
    Unauthorised,
    ViewGone,
)

T = TypeVar("T")
PREFIX = "/api/v1"
#: Seconds after which the server may close an idle connection, so that it is not used for changes.
FRESH = 1.0
BY_STATUS: Mapping[int, type[PixlStashError]] = {
    400: Invalid,
    401: Unauthorised,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: ViewGone,
    412: NoSafety,
    415: Refused,
    423: Locked,
    499: Abandoned,
    503: StoreUnreachable,
    507: DiskFull,
}


class Unreachable(PixlStashError):
    """No server answers at the address."""

    status = 503


class Channel:
    """Connections to a server. `token`: a token, or the secret in the lock file; `timeout`: in seconds.

    `prefix`: the beginning of all paths.
    """

    def __init__(self, url: str, token: str | None = None, *, timeout: float = 60.0, prefix: str = PREFIX) -> None:
        self.url = url.rstrip("/")
        self.prefix = prefix
        try:
            parts = urlsplit(self.url)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_address = False
        if not is_address:
            raise Invalid(f"{url!r} is not an address like http://127.0.0.1:8020.")
        self._parts = parts
        self._headers = {"User-Agent": "pixlstash", "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._token, self._timeout = token, timeout
        self._idle: list[tuple[float, http.client.HTTPConnection]] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            for _, connection in self._idle:
                connection.close()
            self._idle.clear()

    def get(self, path: str, type: type[T], query: Mapping[str, Any] | None = None) -> T:
        return read(self.request("GET", path, query), type)

    def post(self, path: str, type: type[T], ask: Struct | None = None, *, method: str = "POST") -> T:
        body = msgspec.json.encode(ask) if ask is not None else b""
        headers = {"Content-Type": "application/json"} if ask is not None else {}
        return read(self.request(method, path, None, body, headers), type)

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: bytes | BinaryIO | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        timeout: float | None = -1,
    ) -> bytes:
        """Send a request and return the body of the answer. Raises the server's errors."""
        whole = path_of(self.prefix, path, query)
        connection, used = self._take(method, timeout)
        try:
            try:
                response = self.send(connection, method, whole, body, headers or {})
            except Unreachable:
                if not used or method != "GET":
                    raise
                connection.close()  # the server closed it while it was idle
                connection = self.connect(timeout)
                response = self.send(connection, method, whole, body, headers or {})
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

    # -- connections ---------------------------------------------------------------------------------------------------

    def send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | BinaryIO | None,
        headers: Mapping[str, str],
    ) -> http.client.HTTPResponse:
        try:
            try:
                with outgoing.CLIENT.opening():
                    connection.request(method, self._parts.path + path, body, {**self._headers, **headers})
            except (BrokenPipeError, ConnectionResetError):
                if method == "GET":
                    raise
                # The server refused before reading everything: read its answer, if it sent one.
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            why = f"{error}" or type(error).__name__
            raise Unreachable(f"PixlStash does not answer at {self.url}: {why}.") from error

    def connect(self, timeout: float | None = -1) -> http.client.HTTPConnection:
        name, seconds = self._parts.hostname or "", self._timeout if timeout == -1 else timeout
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(name, self._parts.port, timeout=seconds, context=context)
        return http.client.HTTPConnection(name, self._parts.port, timeout=seconds)

    def _take(self, method: str, timeout: float | None) -> tuple[http.client.HTTPConnection, bool]:
        """Return (a connection, whether it was used before)."""
        while timeout == -1:
            with self._lock:
                if not self._idle:
                    break
                since, connection = self._idle.pop()
            if method == "GET" or time.monotonic() - since < FRESH:
                return connection, True
            connection.close()
        return self.connect(timeout), False

    def _give_back(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse, timeout: float | None
    ) -> None:
        if response.will_close or timeout != -1:
            connection.close()
            return
        with self._lock:
            self._idle.append((time.monotonic(), connection))


def error_of(status: int, body: bytes) -> PixlStashError:
    """Return the error for an answer's status and body."""
    try:
        more = msgspec.json.decode(body, type=dict[str, Any])
        detail = more.pop("detail")
        sentence = str(detail["message"] if isinstance(detail, dict) else detail)
    except (msgspec.DecodeError, KeyError):
        more, sentence = {}, f"The server answered {status}: {body[:200].decode(errors='replace')}"
    if status == 429:
        return TooMany(sentence, int(more.get("seconds", 1)))
    if status == 400 and "at" in more:
        return QueryError(sentence, int(more["at"]))
    error = BY_STATUS.get(status, PixlStashError)(sentence, **more)
    error.status = status
    return error


def path_of(prefix: str, path: str, query: Mapping[str, Any] | None) -> str:
    present = {name: _written(value) for name, value in (query or {}).items() if value is not None}
    return f"{prefix}{path}?{urlencode(present, doseq=True)}" if present else prefix + path


def _written(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def quoted(text: str) -> str:
    return quote(text, safe="")


def read(body: bytes, type: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=type)
    except msgspec.DecodeError as error:
        raise PixlStashError(f"The server's answer cannot be read ({error}). Is it of the same version?") from error
