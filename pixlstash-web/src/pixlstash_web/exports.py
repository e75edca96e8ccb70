"""The route that exports a snapshot as a SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from starlette.responses import Response, StreamingResponse

from .answers import SANDBOX
from .files import CHUNK, disposition
from .table import Call
from .views import BINARY


def export_snapshot(call: Call, id: int) -> Response:
    """A snapshot's database as a SQLite file."""
    file = call.library.open_snapshot(call.reader, id)
    size = file.seek(0, 2)
    file.seek(0)
    headers = {
        "Cache-Control": "no-store",
        "Content-Length": str(size),
        "Content-Disposition": disposition(f"snapshot-{id}.db", inline=False),
        "Content-Security-Policy": SANDBOX,
    }
    return StreamingResponse(_blocks(file, call.request.method == "HEAD"), 200, headers, BINARY)


def _blocks(file: BinaryIO, none: bool) -> Iterator[bytes]:
    with file:
        while not none and (block := file.read(CHUNK)):
            yield block
