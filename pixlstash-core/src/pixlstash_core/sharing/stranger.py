"""A stranger with the address of a link and nothing else, who asks this library's own server over HTTP."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Struct

from .. import outgoing
from ..context import Context
from ..errors import PixlStashError
from ..outgoing import Outgoing

API = "/api/v1"
#: Seconds to wait for an answer, and how often to ask again when the server is busy.
SECONDS, TRIES = 60.0, 12
#: The longest answer that is read, in bytes; a longer one is an error.
LONGEST = 1 << 30


class Answer(Struct, frozen=True):
    """An answer; names of headers are in lower case. `cookies` are those it sets, as `name=value`."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()


class Server(Struct, frozen=True):
    """A running server, and the paths (with `{parameters}`) of its GET requests that need a login."""

    url: str
    private: tuple[str, ...]


class Doorstep:
    """Where the server of this library can be reached from this machine."""

    def __init__(self, on_served: Callable[[], None] = lambda: None) -> None:
        self._servers: list[Server] = []
        self._on_served = on_served

    @contextmanager
    def served(self, url: str, private: Iterable[str] = ()) -> Iterator[None]:
        """Have a server be used that answers during the block. `private`: paths of GET requests that need a login."""
        server = Server(url, tuple(private))
        self._servers.append(server)
        try:
            with suppress(PixlStashError):  # such as a full disk, which must not keep a server from starting
                self._on_served()
            yield
        finally:
            self._servers.remove(server)

    @property
    def is_served(self) -> bool:
        return bool(self._servers)

    @contextmanager
    def reached(self, context: Context) -> Iterator[Server]:
        """Return the server; if there is none, run one during the block, for this machine only."""
        if self._servers:
            yield self._servers[-1]
            return
        try:
            running = import_module("pixlstash_web.server").running
        except ImportError as error:
            raise PixlStashError(
                f"Links need the web package, which is missing ({error}). Install it: pip install pixlstash-web"
            ) from error
        with running(context):
            yield self._servers[-1]


class Stranger:
    """A browser of somebody who got a link. It has no login, and keeps only the cookie it is given.

    `url`: the server's address, perhaps with a path before that of its API. `row`: as what its connections are listed.
    `verify`: check the certificate of an https server. Answers may have `longest` bytes.
    """

    def __init__(
        self,
        url: str,
        public_id: str,
        *,
        row: Outgoing = outgoing.VISITS,
        verify: bool = False,
        longest: int = LONGEST,
    ) -> None:
        self._parts = urlsplit(url)
        self._public_id, self._row, self._verify, self._longest = public_id, row, verify, longest
        self._connection: http.client.HTTPConnection | None = None
        self.cookie = ""
        self.requests = 0

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def enter(self, secret: str, password: str | None = None) -> Answer:
        """Exchange a secret for a cookie."""
        body = {"secret": secret} if password is None else {"secret": secret, "password": password}
        answer = self.ask("POST", f"{API}/shared/{self._public_id}/open", body)
        if answer.status == 204:
            self.cookie = "; ".join(answer.cookies)
        return answer

    def get(self, path: str) -> Answer:
        """Ask for something of the link."""
        return self.ask("GET", f"{API}/shared/{self._public_id}{path}")

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """Send a request. A server that is busy is asked again later. Raises `PixlStashError` if none answers."""
        headers = {"Accept": "*/*", **({"Cookie": self.cookie} if self.cookie else {})}
        sent = None
        if body is not None:
            sent, headers["Content-Type"] = msgspec.json.encode(body), "application/json"
        for _ in range(TRIES):
            answer = self._answer(method, path, sent, headers)
            if answer.status != 429:
                break
            wait = answer.headers.get("retry-after", "1")
            time.sleep(min(5.0, float(wait) if wait.isdecimal() else 1.0))
        return answer

    def _answer(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        self.requests += 1
        for again in (True, False):
            try:
                if self._connection is None:
                    self._connection = _connection(self._parts, verify=self._verify)
                with self._row.opening():  # it connects again if the server has closed the connection
                    self._connection.request(method, self._parts.path + path, body, dict(headers))
                response = self._connection.getresponse()
                read = response.read(self._longest + 1)
                if len(read) > self._longest:
                    raise http.client.HTTPException("an answer is too long")
                cookies = tuple(value.partition(";")[0] for value in response.headers.get_all("set-cookie") or ())
                return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, read, cookies)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if not again or method not in ("GET", "HEAD"):  # an idle connection may have been closed
                    raise PixlStashError(f"The server of the link does not answer: {error}.") from error
        raise AssertionError("the loop returns or raises")


def _connection(parts: SplitResult, *, verify: bool) -> http.client.HTTPConnection:
    if parts.scheme == "https":
        context = ssl.create_default_context()
        if not verify:  # our own socket, whose certificate is for the public name
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=SECONDS, context=context)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
