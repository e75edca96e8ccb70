"""Uploads of files: whole, in pieces, or to search with."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from ..errors import Conflict, Invalid, PixlStashError
from ..types import BeginUpload, Held, Upload, Uploaded
from .channel import Channel, Unreachable, quoted, read

#: Bytes from which a file is sent in pieces, and of a piece; attempts to send one again.
LARGE, PIECE, RETRIES = 32 << 20, 16 << 20, 8
#: Statuses of temporary errors: too slow, a server that stops, unreachable.
AGAIN = frozenset({408, 500, 503})
BARE = {"Content-Type": "application/octet-stream"}
#: Bytes at both ends of a file that identify it.
ENDS = 1 << 16


def upload(channel: Channel, name: str, path: Path) -> Uploaded:
    """Upload a file. The local file stays."""
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        modified = max(0, status.st_mtime_ns // 1_000_000)
        if status.st_size > LARGE:
            return _in_pieces(channel, BeginUpload(name, status.st_size, _key(file, status), modified), file)
        headers = {**BARE, "Content-Length": str(status.st_size)}
        query = {"name": name, "modified": modified}
        return read(channel.request("POST", "/uploads", query, file, headers), Uploaded)


def continue_upload(channel: Channel, id: str, offset: int, body: bytes = b"") -> Upload:
    """Continue an upload at `offset`. `Conflict`, with `more["received"]`: the server expects another one."""
    return read(channel.request("PATCH", f"/uploads/{quoted(id)}", {"offset": offset}, body, BARE), Upload)


def hold(channel: Channel, name: str, path: Path) -> Held:
    """Upload a picture to search with, without importing it."""
    with path.open("rb") as file:
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(path.stat().st_size)}
        return read(channel.request("POST", "/held", {"name": name}, file, headers), Held)


def _in_pieces(channel: Channel, ask: BeginUpload, file: BinaryIO) -> Uploaded:
    """Upload a large file in pieces, so that a broken connection or a restarted server costs at most one piece."""
    upload = channel.post("/uploads/partial", Upload, ask)
    failures = 0
    while upload.state == "receiving":
        file.seek(upload.received)
        block = file.read(PIECE)
        if not block:
            raise Invalid(f"{ask.name} has become shorter while it was sent.")
        try:
            upload = continue_upload(channel, upload.id, upload.received, block)
            failures = 0
        except PixlStashError as error:
            failures += 1
            if failures > RETRIES or not (isinstance(error, Conflict) or error.status in AGAIN):
                raise
            time.sleep(min(2.0**failures / 10, 5))
            with suppress(Unreachable):
                upload = channel.get(f"/uploads/{quoted(upload.id)}", Upload)
    while upload.result is None:
        time.sleep(0.5)
        upload = channel.get(f"/uploads/{quoted(upload.id)}", Upload)
    return upload.result


def _key(file: BinaryIO, status: os.stat_result) -> str:
    """Return a key that identifies a file, with which a repeated upload continues."""
    digest = hashlib.sha256(file.read(ENDS))
    file.seek(max(0, status.st_size - ENDS))
    digest.update(file.read(ENDS))
    return f"{status.st_mtime_ns}-{digest.hexdigest()}"
