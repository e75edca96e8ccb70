"""Fetches weights: only when a person asks, only from where the engine says, and only what its SHA-256 says it is.

What was interrupted goes on where it was; a file gets its name when it is whole and right.
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

from ..errors import Invalid, PixlStashError
from ..plugins.engines import WeightFile, Weights
from ..storage.files import fsync_folder, writing_to
from .weights import is_right, place_of, verify

#: Seconds without a byte, after which a server is given up.
PATIENCE = 60.0
BLOCK = 1 << 20
_LOCAL = ("127.0.0.1", "localhost", "::1")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to safe addresses only, and keeps what is said about the file on the way.

    Another machine leads to no service of this one, nor to one on its network link, such as those from which rented
    machines get their keys. Hugging Face says SHA-256 and size where it sends on to the machine with a large file.
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
    """A request that another machine led to."""


class _FarConnection(http.client.HTTPSConnection):
    """Sends nothing before it is clear where it ended: a name may lead elsewhere when it is looked up again."""

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
    """Bring the files that are not there into a folder. `step(done, total)` is called in bytes, and may raise."""
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
        told = _receive(part, file, step)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        why = getattr(error, "reason", None) or error
        if getattr(error, "code", 0) == 416:  # what is there is no beginning of what the server has now
            part.unlink(missing_ok=True)
        raise PixlStashError(
            f"{file.path} cannot be fetched from {host} ({why}). Try again, and it goes on where it was; or put the"
            f" file at {path} by hand."
        ) from error
    try:
        verify(part, told)
    except PixlStashError:
        part.unlink(missing_ok=True)  # going on with it would help nobody
        raise
    part.replace(path)
    fsync_folder(path.parent)


def _demand_safe(url: str, what: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
        raise Invalid(f"{what} would come from {url}, which is not a safe address.")


def _demand_far(url: str, where: str) -> None:
    """Refuse what leads to this machine. A name that is not found here may be known to a proxy."""
    name = urlsplit(url).hostname or ""
    found: list[str] = []
    with contextlib.suppress(OSError, UnicodeError):
        found = [str(row[4][0]) for row in socket.getaddrinfo(name, None)]
    if _is_near_name(name) or any(map(is_near, found)):
        raise Invalid(f"{where} sends on to {url}, which is this machine or its network link: it is not followed.")


def _is_near_name(host: str) -> bool:
    return host in _LOCAL or host.endswith(".localhost") or is_near(host)


def is_near(address: str) -> bool:
    """Whether an IP address is of this machine alone, or of its network link: a loopback or link-local one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # a name
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return ip.is_loopback or ip.is_link_local or ip.is_unspecified


def _receive(part: Path, file: WeightFile, step: Callable[[int], None]) -> WeightFile:
    """Bring what is not there yet; the file with what its server said about it."""
    have = part.stat().st_size if part.exists() else 0
    if file.size and have > file.size:
        have = 0
    if file.size and have == file.size:
        return file
    request = urllib.request.Request(file.url, headers={"User-Agent": "pixlstash"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    told = _Redirects()
    with urllib.request.build_opener(told, _Https).open(request, timeout=PATIENCE) as answer:
        if have and answer.status != 206:  # the server begins anew
            have = 0
        size = file.size or told.size or have + int(answer.headers.get("Content-Length") or 0)
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
    return WeightFile(file.url, file.path, size, file.sha256 or told.sha256)
