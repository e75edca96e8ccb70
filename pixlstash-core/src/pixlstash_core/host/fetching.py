"""Fetches weights: only when a person asks, only from where the engine says, and only what its SHA-256 says it is.

What was interrupted goes on where it was; a file gets its name when it is whole and right.
"""

from __future__ import annotations

import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from ..engine import WeightFile, Weights
from ..errors import Invalid, PixlStashError
from ..files import fsync_folder, writing_to
from .weights import is_right, place_of, verify

#: Seconds without a byte, after which a server is given up.
PATIENCE = 60.0
BLOCK = 1 << 20
_LOCAL = ("127.0.0.1", "localhost", "::1")


def fetch(place: Path, weights: Weights, step: Callable[[int, int], None]) -> None:
    """Bring the files that are not there into a folder. `step(done, total)` is called in bytes, and may raise."""
    total = sum(file.size for file in weights.files)
    before = 0
    for file in weights.files:
        path = place_of(place, file.path)
        if not is_right(path, file):
            _fetch(path, file, lambda done, before=before: step(before + done, total))  # type: ignore[misc]
        before += file.size
        step(before, total)


def _fetch(path: Path, file: WeightFile, step: Callable[[int], None]) -> None:
    host = urlsplit(file.url).hostname or ""
    if urlsplit(file.url).scheme != "https" and host not in _LOCAL:
        raise Invalid(f"{file.path} would come from {file.url}, which is not a safe address.")
    part = path.with_name(f"{path.name}.part")
    with writing_to(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        _receive(part, file, step)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        why = getattr(error, "reason", None) or error
        raise PixlStashError(
            f"{file.path} cannot be fetched from {host} ({why}). Try again, and it goes on where it was; or put the"
            f" file at {path} by hand."
        ) from error
    try:
        verify(part, file)
    except PixlStashError:
        part.unlink(missing_ok=True)  # going on with it would help nobody
        raise
    part.replace(path)
    fsync_folder(path.parent)


def _receive(part: Path, file: WeightFile, step: Callable[[int], None]) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have > file.size:
        have = 0
    if have == file.size:
        return
    request = urllib.request.Request(file.url, headers={"User-Agent": "pixlstash"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        if have and answer.status != 206:  # the server begins anew
            have = 0
        with writing_to(part.parent):
            out = part.open("ab" if have else "wb")
        with out:
            while block := answer.read(BLOCK):
                have += len(block)
                if have > file.size:  # an error page, or another file
                    raise PixlStashError(f"{file.path} is not what it should be: more bytes come than {file.size:,}.")
                with writing_to(part.parent):
                    out.write(block)
                step(have)
            with writing_to(part.parent):
                out.flush()
                os.fsync(out.fileno())
    if have < file.size:
        raise http.client.IncompleteRead(b"", file.size - have)
