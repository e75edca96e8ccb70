"""Downloads weights: only at the user's request, from the engine's sources, and with the right SHA-256.

An interrupted download is resumed. A file gets its final name when it is complete and verified.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import os
import re
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .. import outgoing
from ..errors import Invalid, PixlStashError
from ..plugins.engines import WeightFile, Weights
from ..storage.files import fsync_folder, writing_to
from .weights import is_right, place_of, verify

#: Seconds without a byte after which a download is given up.
PATIENCE = 60.0
BLOCK = 1 << 20
_LOCAL = ("127.0.0.1", "localhost", "::1")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to safe addresses only, and keeps the response headers about the file.

    A remote server must not redirect to services of this machine, or to link-local addresses, where cloud machines get
    their keys. Hugging Face sends SHA-256 and size with the redirect to the server of a large file.
    """

    def __init__(self) -> None:
        self.size, self.sha256 = 0, ""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        _demand_safe(newurl, req.full_url)
        far = not _is_near_name(urlsplit(req.full_url).hostname or "")
        if far:
            _demand_far(newurl, req.full_url)
        tag = str(headers.get("X-Linked-ETag") or "").strip('"')
        if re.fullmatch(r"[0-9a-f]{64}", tag):
            self.sha256 = tag
        self.size = int(headers.get("X-Linked-Size") or 0)
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is None or not far:
            return following
        return _Far(following.full_url, headers=following.headers, unverifiable=True)


class _Far(urllib.request.Request):
    """A request that another server redirected to."""


class _FarConnection(http.client.HTTPSConnection):
    """Checks the connected address before sending anything: a name may resolve differently the second time."""

    def connect(self) -> None:
        super().connect()
        if is_near(self.sock.getpeername()[0]):
            self.close()
            raise Invalid(f"{self.host} leads to this machine or its network link: it is not followed.")


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        proxied = req.host != urlsplit(req.full_url).netloc
        if isinstance(req, _Far) and not proxied:
            return self.do_open(_FarConnection, req, context=ssl.create_default_context())
        return super().https_open(req)


def fetch(place: Path, weights: Weights, step: Callable[[int, int], None]) -> None:
    """Download the missing files into a folder. `step(done, total)` is called with bytes, and may raise."""
    with outgoing.WEIGHTS.opening():
        _fetch_all(place, weights, step)


def _fetch_all(place: Path, weights: Weights, step: Callable[[int, int], None]) -> None:
    total, before = weights.size, 0
    for file in weights.files:
        path = place_of(place, file.path)
        if not is_right(path, file):
            _fetch(path, file, lambda done, before=before: step(before + done, max(before + done, total)))  # type: ignore[misc]
        before += path.stat().st_size
        step(before, max(before, total))
    step(before, before)


def _fetch(path: Path, file: WeightFile, step: Callable[[int], None]) -> None:
    host = urlsplit(file.url).hostname or ""
    _demand_safe(file.url, file.path)
    part = path.with_name(f"{path.name}.part")
    with writing_to(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        verified = _receive(part, file, step)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        why = getattr(error, "reason", None) or error
        if getattr(error, "code", 0) == 416:  # the partial file is not the start of the server's present file
            part.unlink(missing_ok=True)
        raise PixlStashError(
            f"{file.path} cannot be fetched from {host} ({why}). Try again to resume the download, or put the"
            f" file at {path} by hand."
        ) from error
    try:
        verify(part, verified)
    except PixlStashError:
        part.unlink(missing_ok=True)  # it cannot be resumed
        raise
    part.replace(path)
    fsync_folder(path.parent)


def _demand_safe(url: str, what: str) -> None:
    try:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
    except ValueError:
        is_safe = False
    if not is_safe:
        raise Invalid(f"{what} would come from {url}, which is not a safe address.")


def _demand_far(url: str, where: str) -> None:
    """Raise `Invalid` for an address of this machine. Names that only a proxy can resolve are allowed."""
    name = urlsplit(url).hostname or ""
    addresses: list[str] = []
    with contextlib.suppress(OSError, UnicodeError):
        addresses = [str(row[4][0]) for row in socket.getaddrinfo(name, None)]
    if _is_near_name(name) or any(map(is_near, addresses)):
        raise Invalid(f"{where} sends on to {url}, which is this machine or its network link: it is not followed.")


def _is_near_name(host: str) -> bool:
    return host in _LOCAL or host.endswith(".localhost") or is_near(host)


def is_near(address: str) -> bool:
    """Return whether an IP address is a loopback or link-local one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # a name
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return ip.is_loopback or ip.is_link_local or ip.is_unspecified


def _receive(part: Path, file: WeightFile, step: Callable[[int], None]) -> WeightFile:
    """Download the rest of a file into `part`; return the file with the size and SHA-256 to verify."""
    have = part.stat().st_size if part.exists() else 0
    if file.size and have > file.size:
        have = 0
    if file.size and have == file.size:
        return file
    request = urllib.request.Request(file.url, headers={"User-Agent": "pixlstash"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    redirects = _Redirects()
    with urllib.request.build_opener(redirects, _Https).open(request, timeout=PATIENCE) as answer:
        if have and answer.status != 206:  # the server sends the whole file again
            have = 0
        size = file.size or redirects.size or have + int(answer.headers.get("Content-Length") or 0)
        with writing_to(part.parent):
            out = part.open("ab" if have else "wb")
        with out:
            while block := answer.read(BLOCK):
                have += len(block)
                if size and have > size:  # an error page, or another file
                    raise PixlStashError(f"{file.path} is not what it should be: more bytes come than {size:,}.")
                with writing_to(part.parent):
                    out.write(block)
                step(have)
            with writing_to(part.parent):
                out.flush()
                os.fsync(out.fileno())
    if have < size:
        raise http.client.IncompleteRead(b"", size - have)
    return WeightFile(file.url, file.path, size, file.sha256 or redirects.sha256)
