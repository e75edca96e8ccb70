"""The route of the event stream (Server-Sent Events)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

from pixlstash_core.errors import PixlStashError
from pixlstash_core.types import Reader

from .answers import run_in_threadpool
from .event_streams import LAGGED, Batch, merge, message, render
from .table import Call

if TYPE_CHECKING:
    from pixlstash_core.library import Library

PING = 15.0
RECHECK = 1.0
REPLAYED = 1000


async def events(call: Call, after: int | None = None) -> Response:
    """Server-Sent Events. `Last-Event-ID` (or `after`, for a new stream) resumes after that revision."""
    header = call.request.headers.get("last-event-id", "")
    if header.isdecimal() and len(header) < 16:
        after = int(header)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if call.request.method == "HEAD":
        return Response(None, 200, headers, "text/event-stream")
    queue = call.site.event_streams.open(call.reader)
    return StreamingResponse(_stream(call, queue, after), 200, headers, "text/event-stream")


async def _stream(call: Call, queue: asyncio.Queue[Batch | None], after: int | None) -> AsyncIterator[bytes]:
    library, reader = call.library, call.reader
    try:
        here = library.revision
        yield b"retry: 2000\n" + message("ping", b"{}", here if after is None else None)
        if after is not None:
            yield await run_in_threadpool(_missed, library, reader, after)
        checked, ended = time.monotonic(), library.access.ended
        while True:
            try:
                batch = await asyncio.wait_for(queue.get(), PING)
                text = b"" if batch is None else render(batch, reader)
            except TimeoutError:
                batch, text = LAGGED, message("ping", b"{}")
            if batch is None:
                return
            if not text:
                continue
            # What a scope contains may change with each event, and a revoked token gets none.
            if not reader.scope.all or ended != library.access.ended or time.monotonic() - checked >= RECHECK:
                checked, ended = time.monotonic(), library.access.ended
                if await run_in_threadpool(library.access.reader_of, call.secret or "") != reader:
                    return
            yield text
    finally:
        call.site.event_streams.end(queue)


def _missed(library: Library, reader: Reader, after: int) -> bytes:
    """Return the events since a revision, or `lagged` if they are no longer stored or too many."""
    try:
        events = library.events_since(after, REPLAYED)
    except PixlStashError:
        events = None
    if events is None or after > library.revision:
        return message("lagged", b"{}", library.revision)
    return render(merge(events), reader) or message("ping", b"{}", library.revision)
