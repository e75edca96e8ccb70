"""Routes of uploads: request bodies are streamed to the library's disk, and then imported or searched with."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pixlstash_core.errors import DiskFull, Forbidden, Invalid, PixlStashError
from pixlstash_core.search.query_images import MOST
from pixlstash_core.types import BeginUpload, Held, Moment, Tried, Upload, Uploaded

from .adapter import read_in_thread
from .answers import TooLarge, TooSlow, run_in_threadpool
from .table import Call

#: Size of blocks that are written at once; seconds of silence after which a client is dropped.
GATHER = 1 << 20
SILENCE = 60.0
#: Bytes of disk space that stay free for the databases.
SPARE = 64 << 20


async def upload(call: Call, name: str, modified: Moment | None = None) -> Uploaded:
    """Import one file: the raw request body, of any content type. A refusal is returned, not raised."""
    foresee(call, call.site.upload_limit)
    path: Path = call.library.intake.temporary(name)
    with translated_errors():
        try:
            await keep(call, path)
            if modified is not None:
                await run_in_threadpool(os.utime, path, (modified / 1000, modified / 1000))
            return await run_in_threadpool(call.library.upload, call.reader, name, path)
        finally:
            path.unlink(missing_ok=True)  # if the file was imported, it was moved


def begin_upload(call: Call, ask: BeginUpload) -> Upload:
    """Begin the upload of a file in pieces. With a `key`, an unfinished upload of the same file is returned."""
    demand_whole(call)
    if ask.size > call.site.upload_limit:
        raise too_large(call)
    return call.library.begin_upload(call.reader, ask)


async def continue_upload(call: Call, id: str, offset: int) -> Upload:
    """Continue an upload from `offset` with the raw request body. If it breaks off, the received part is kept."""
    piece = await run_in_threadpool(call.library.upload_piece, call.reader, id, offset)
    with translated_errors():
        try:
            foresee(call, piece.room, "More bytes come than were announced.")
            async for block in gathered(call):
                await run_in_threadpool(piece.write, block)
        finally:
            await run_in_threadpool(piece.close)
    return await run_in_threadpool(call.library.find_upload, call.reader, id)


def foresee(call: Call, limit: int, sentence: str = "") -> None:
    """Raise before reading the body if the upload cannot be imported."""
    demand_whole(call)
    foresee_length(call, limit, sentence)


def foresee_length(call: Call, limit: int, sentence: str = "") -> None:
    """Raise for a body whose Content-Length is more than `limit` bytes, or more than the free disk space."""
    length = call.request.headers.get("content-length")
    if length is None:
        return
    if not length.isdecimal():
        raise Invalid("Content-Length is not a number.")
    if int(length) > limit:
        raise TooLarge(sentence) if sentence else too_large(call)
    demand_room(call, int(length))


def demand_room(call: Call, size: int) -> None:
    """Raise unless the library's disk has so many free bytes, besides a reserve for its databases."""
    if size + SPARE > shutil.disk_usage(call.library.incoming).free:
        raise _full()


def demand_whole(call: Call) -> None:
    if not call.reader.scope.all:
        raise Forbidden("This login sees a part of the library, so it may not add to it.")


async def blocks(call: Call) -> AsyncIterator[bytes]:
    """Yield the body as it arrives, until it ends or the client is silent for too long."""
    stream = call.request.stream()
    while True:
        try:
            block = await asyncio.wait_for(anext(stream, None), SILENCE)
        except TimeoutError:
            raise TooSlow(f"Nothing arrived for {SILENCE:.0f} seconds.") from None
        if block is None:
            return
        if call.site.closing:
            raise PixlStashError("The server stops.")
        yield block


async def gathered(call: Call) -> AsyncIterator[bytes]:
    """Yield the body in larger blocks, including the part before a broken connection."""
    waiting = bytearray()
    try:
        async for block in blocks(call):
            waiting += block
            if len(waiting) >= GATHER:
                yield bytes(waiting)
                waiting.clear()
    except (Exception, asyncio.CancelledError):
        yield bytes(waiting)
        raise
    yield bytes(waiting)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Translate errors of writing in the block to errors with a sentence for users."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _full() from error
        raise PixlStashError(f"The upload cannot be kept: {error.strerror}.") from error


async def keep(call: Call, path: Path, most: int | None = None) -> None:
    """Store the body in a durable file, of at most `most` bytes or the limit of uploads."""
    most = call.site.upload_limit if most is None else most
    file = await run_in_threadpool(create, path)
    total = 0
    try:
        async for block in gathered(call):
            total += len(block)
            if total > most:
                raise too_large(call, most)
            demand_room(call, len(block))
            await run_in_threadpool(file.write, block)
        await run_in_threadpool(settle, file)
    finally:
        await run_in_threadpool(file.close)


def create(path: Path) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def too_large(call: Call, most: int | None = None) -> PixlStashError:
    size = (call.site.upload_limit if most is None else most) / 1e9
    return TooLarge(f"The file is larger than {size:.3g} GB, the most that can be uploaded.")


def _full() -> PixlStashError:
    return DiskFull("The disk is full. Nothing was kept of this file; free some space and try again.")


async def try_engine(call: Call, name: str, kind: str = "tag", engine: str = "") -> Tried:
    """What an engine finds in a picture from the raw request body, which is not imported; nothing is stored.

    `engine`: empty for the default engine of the kind (`tag`, `caption`, `text` …).
    """
    demand_whole(call)
    foresee_length(call, MOST)
    path: Path = call.library.intake.temporary(name)
    with translated_errors():
        try:
            await keep(call, path, MOST)
            return await read_in_thread(call, call.library.try_engine, call.reader, name, path, kind, engine)
        finally:
            with suppress(OSError):  # where it is still being read, it goes when the library is opened again
                path.unlink(missing_ok=True)


async def hold(call: Call, name: str) -> Held:
    """Hold a picture from the raw request body for an hour, to search with it without importing it."""
    foresee_length(call, MOST)
    path: Path = call.library.intake.temporary(name)
    with translated_errors():
        try:
            await keep(call, path, MOST)
            return await run_in_threadpool(call.library.hold, call.reader, name, path)
        finally:
            path.unlink(missing_ok=True)
