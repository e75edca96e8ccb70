"""Routes that export: a snapshot as a SQLite file, and originals as a zip file that is made while it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, BinaryIO

from starlette.responses import Response, StreamingResponse

from .answers import SANDBOX
from .files import CHUNK, disposition
from .table import Call
from .threadpool import run_in_threadpool
from .views import BINARY

if TYPE_CHECKING:
    from pixlstash_core.exports.operations import ZipDownload

ZIP = "application/zip"


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


def present_download(call: Call, download: ZipDownload) -> Response:
    """The zip file. It is made only as fast as the client reads, and no further once the client has left."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": disposition(download.name, inline=False),
        "Content-Security-Policy": SANDBOX,
    }
    if call.request.method == "HEAD":
        return Response(None, 200, headers, ZIP)
    return StreamingResponse(_sent(call, download.blocks()), 200, headers, ZIP)


async def _sent(call: Call, blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    try:
        while (block := await run_in_threadpool(next, blocks, None)) is not None:
            if call.site.closing:
                raise ConnectionAbortedError("the server stops")
            yield block
    finally:
        blocks.close()  # type: ignore[attr-defined]  # a generator; it closes the file that is being sent
