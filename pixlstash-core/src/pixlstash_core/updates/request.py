"""The request of the update check: no cookies, no redirects, and a limit on its size and time."""

from __future__ import annotations

import http.client
import ssl
import threading
from contextlib import suppress
from socket import SHUT_RDWR
from urllib.parse import quote, urlsplit

from .. import outgoing
from ..errors import Invalid, PixlStashError

#: Seconds without a byte, and in total.
PATIENCE, DEADLINE = 10.0, 30.0
LIMIT = 1 << 20
#: The same for every version and installation.
HEADERS = {"User-Agent": "PixlStash update check", "Accept": "application/json", "Connection": "close"}


class _Plain(http.client.HTTPConnection):
    """A connection that is cut after `DEADLINE` seconds, also while a server sends a byte now and then."""

    def connect(self) -> None:
        super().connect()
        self._spare = self.sock.dup()  # TLS takes the socket itself
        self._timer = threading.Timer(DEADLINE, self._cut)
        self._timer.name, self._timer.daemon = "update-deadline", True
        self._timer.start()

    def _cut(self) -> None:
        with suppress(OSError):
            self._spare.shutdown(SHUT_RDWR)

    def end(self) -> None:
        """Close the connection and stop its timer. `close` is called earlier, while the answer is still being read."""
        self.close()
        if hasattr(self, "_timer"):
            self._timer.cancel()
            self._spare.close()


class _Secure(http.client.HTTPSConnection, _Plain):
    """The same with TLS, which `HTTPSConnection.connect` adds after `_Plain.connect`."""


def address(endpoint: str, version: str, installation: str) -> str:
    """Return the URL that a check requests."""
    return f"{endpoint}/latest-version/{quote(version, safe='')}/{installation}.json"


def demand_endpoint(url: str) -> str:
    """Return an endpoint without a final slash. `Invalid` unless it is https, or http to this machine."""
    try:
        parts = urlsplit(url)
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        good = parts.scheme == "https" or (parts.scheme == "http" and local)
        good = good and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good or "?" in url or "#" in url or not url.isascii() or not url.isprintable() or " " in url:
        raise Invalid(f"{url!r} is not an address like https://updates.example.org.")
    return url.rstrip("/")


def fetch(url: str) -> bytes:
    """Request a URL and return the body. Raises `PixlStashError` for anything but a complete answer 200."""
    parts = urlsplit(url)
    connection: _Plain
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = _Secure(parts.hostname or "", parts.port, timeout=PATIENCE, context=context)
    else:
        connection = _Plain(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        with outgoing.UPDATES.opening():
            connection.request("GET", parts.path, headers=HEADERS)
            answer = connection.getresponse()
            body = answer.read(LIMIT + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise PixlStashError(f"{parts.hostname} cannot be reached ({_reason(error)}).") from error
    finally:
        connection.end()
    if answer.status != 200:
        raise PixlStashError(f"{parts.hostname} answered with status {answer.status}.")
    if len(body) > LIMIT:
        raise PixlStashError(f"The answer of {parts.hostname} is too large.")
    return body


def _reason(error: Exception) -> str:
    """Return what failed, without text of the server."""
    return getattr(error, "strerror", None) or type(error).__name__
