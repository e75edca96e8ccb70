"""Requests to a PixlStash server. Every failure is a `LibraryError` whose sentence says what to do."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

T = TypeVar("T")
PREFIX = "/api/v1"
#: Seconds without a byte from the server, and for an answer as a whole.
PATIENCE, LONGEST = 30.0, 600.0
#: Bytes of an answer: JSON and thumbnails, and originals.
MOST, MOST_OF_A_FILE = 64 << 20, 1 << 30
#: Seconds after which an idle connection may be closed by the server: not for what must not be sent twice.
FRESH = 1.0
SETTINGS = "ComfyUI's Settings > PixlStash"


class LibraryError(Exception):
    """A sentence for the person who runs the workflow. `status` is the HTTP status, or 0 without an answer."""

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.status = status


class Channel:
    """Connections to one server. `token` is sent in a header only, and is never part of an error or a representation.

    Threads may share it.
    """

    def __init__(self, address: str, token: str = "", *, patience: float = PATIENCE) -> None:
        self.address = address.strip().rstrip("/")
        try:
            parts = urlsplit(self.address)
            valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
            valid = valid and not (parts.username or parts.password or parts.query or parts.fragment)
        except ValueError:
            valid = False
        if not valid:
            raise LibraryError(
                "The address of PixlStash must look like http://127.0.0.1:8020, without a user name or a password: "
                f"correct it in {SETTINGS}."
            )
        if any(not "!" <= character <= "~" for character in token):
            raise LibraryError(f"The token contains spaces or unusual characters: copy it again into {SETTINGS}.")
        self._parts, self._patience = parts, patience
        self._headers = {"User-Agent": "comfyui-pixlstash", "Accept": "*/*"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._idle: list[tuple[float, http.client.HTTPConnection]] = []
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<PixlStash at {self.address}>"

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    def request(
        self,
        type: type[T],
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Struct | None = None,
        content: bytes | None = None,
    ) -> T:
        """Send a request and decode the JSON of its answer."""
        answer = self.receive(method, path, query=query, body=body, content=content)
        try:
            return msgspec.json.decode(answer, type=type)
        except msgspec.DecodeError as error:
            raise LibraryError(
                f"The answer of the server at {self.address} is not what these nodes expect ({error}). Install the "
                "same version of comfyui-pixlstash and of PixlStash, and check the address."
            ) from None

    def receive(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Struct | None = None,
        content: bytes | None = None,
    ) -> bytes:
        """Send a request and return the body of its answer."""
        present = {name: value for name, value in (query or {}).items() if value is not None}
        target = PREFIX + path + (f"?{urlencode(present)}" if present else "")
        headers = dict(self._headers)
        if body is not None:
            content, headers["Content-Type"] = msgspec.json.encode(body), "application/json"
        elif content is not None:
            headers["Content-Type"] = "application/octet-stream"
        most = MOST_OF_A_FILE if path.endswith("/original") else MOST
        try:
            status, answer = self._exchange(method, target, content, headers, most)
        except ssl.SSLCertVerificationError as error:
            raise LibraryError(
                f"The certificate of {self.address} cannot be verified ({error.verify_message}): use an address for "
                "which it is valid, or add the certificate's authority to this computer."
            ) from None
        except TimeoutError:
            raise LibraryError(
                f"PixlStash at {self.address} did not answer within {self._patience:.0f} seconds: try again when it is "
                "less busy."
            ) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or error.__class__.__name__
            raise LibraryError(
                f"PixlStash does not answer at {self.address} ({reason}): start it with `pixlstash serve`, or correct "
                f"the address in {SETTINGS}."
            ) from None
        if not 200 <= status < 300:
            raise LibraryError(explain(status, answer, self.address), status)
        return answer

    def _exchange(
        self, method: str, target: str, content: bytes | None, headers: Mapping[str, str], most: int
    ) -> tuple[int, bytes]:
        connection, used = self._take(method)
        try:
            try:
                response = self._send(connection, method, target, content, headers)
            except (ConnectionError, http.client.RemoteDisconnected):
                if not used or method != "GET":
                    raise
                connection.close()  # the server closed it while it was idle
                connection = self._connect()
                response = self._send(connection, method, target, content, headers)
            answer = _read(response, most)
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.append((time.monotonic(), connection))
        return response.status, answer

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> http.client.HTTPResponse:
        try:
            connection.request(method, self._parts.path + target, content, dict(headers))
        except (BrokenPipeError, ConnectionResetError):
            if method == "GET":
                raise
            # The server refused before it read everything: its answer says why.
        return connection.getresponse()

    def _take(self, method: str) -> tuple[http.client.HTTPConnection, bool]:
        """Return (a connection, whether it was used before)."""
        while True:
            with self._lock:
                if not self._idle:
                    return self._connect(), False
                since, connection = self._idle.pop()
            if method == "GET" or time.monotonic() - since < FRESH:
                return connection, True
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        name = self._parts.hostname or ""
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(name, self._parts.port, timeout=self._patience, context=context)
        return http.client.HTTPConnection(name, self._parts.port, timeout=self._patience)


def _read(response: http.client.HTTPResponse, most: int) -> bytes:
    """Read an answer of at most `most` bytes, whose bytes may come slowly but not forever."""
    limit = time.monotonic() + LONGEST
    if response.length is not None and response.length <= most and response.length < 1 << 16:
        return response.read()
    blocks, size = [], 0
    while block := response.read(1 << 20):
        size += len(block)
        if size > most:
            raise LibraryError(f"The server sent more than {most >> 20} MiB at once: choose smaller or fewer pictures.")
        if time.monotonic() > limit:
            raise TimeoutError
        blocks.append(block)
    return b"".join(blocks)


def explain(status: int, answer: bytes, address: str) -> str:
    """Turn an error of the server into a sentence that says what to do."""
    try:
        detail = msgspec.json.decode(answer, type=dict[str, Any])["detail"]
        sentence = str(detail["message"] if isinstance(detail, dict) else detail)
    except (msgspec.DecodeError, KeyError, TypeError):
        sentence = f"The server at {address} answered {status}"
    sentence = sentence.strip().rstrip(".")[:1000]
    advice = {
        401: f"Create a token with `pixlstash token create` and put it into {SETTINGS}",
        403: f"Use a token with the right that this node needs (write for saving) in {SETTINGS}",
        423: "Unlock it in PixlStash, or choose another one",
        429: "Wait a moment, then queue the workflow again",
        503: "Check that the folder or drive with the pictures is connected",
        507: "Free some space on the server's disk",
    }.get(status)
    if 300 <= status < 400:
        return f"The server at {address} redirects: enter its final address in {SETTINGS}."
    return f"{sentence}. {advice}." if advice else f"{sentence}."
