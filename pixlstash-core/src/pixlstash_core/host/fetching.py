"""Fetches weights: only when a person asks, only from where the engine says, and only what its SHA-256 says it is.

What was interrupted goes on where it was; a file gets its name when it is whole and right.
"""

from __future__ import annotations

import http.client
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..engine import WeightFile, Weights
from ..errors import Invalid, PixlStashError
from ..files import fsync_folder, writing_to
from .weights import is_right, place_of, verify

#: Seconds without a byte, after which a server is given up.
PATIENCE = 60.0
BLOCK = 1 << 20
_LOCAL = ("127.0.0.1", "localhost", "::1")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to safe addresses only, and keeps what is said about the file on the way.

    Hugging Face says SHA-256 and size where it sends on to the machine that holds a large file.
    """

    def __init__(self) -> None:
        self.size, self.sha256 = 0, ""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        _demand_safe(newurl, req.full_url)
        tag = str(headers.get("X-Linked-ETag") or "").strip('"')
        if re.fullmatch(r"[0-9a-f]{64}", tag):
            self.sha256 = tag
        self.size = int(headers.get("X-Linked-Size") or 0)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


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
    with urllib.request.build_opener(told).open(request, timeout=PATIENCE) as answer:
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
