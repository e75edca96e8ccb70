"""Uploads: a raw body streamed to the disk the library is on, made durable, then taken in."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shutil
from pathlib import Path
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool

from pixlstash_core.errors import DiskFull, Forbidden, Invalid, PixlStashError
from pixlstash_core.types import Uploaded

from .answers import TooLarge, TooSlow
from .table import Call

#: Blocks are gathered to this size before a thread writes them; a client that is silent for so long is left.
GATHER = 1 << 20
SILENCE = 60.0
#: Kept free for the databases.
SPARE = 64 << 20


async def upload(call: Call, name: str) -> Uploaded:
    """Take in one file: the raw body, of any content type. Refusals are an answer, not an error."""
    incoming: Path = call.library.incoming
    shown = name.replace("\\", "/").rpartition("/")[2].replace("\0", "")[:255] or "upload"
    _foresee(call, incoming)
    path = incoming / f"upload-{secrets.token_hex(8)}{_suffix(shown)}"
    try:
        file = await run_in_threadpool(_create, path)
        try:
            await _receive(call, file)
            await run_in_threadpool(_settle, file)
        finally:
            await run_in_threadpool(file.close)
        return await run_in_threadpool(call.library.upload, call.reader, shown, path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _full() from error
        raise PixlStashError(f"The upload cannot be kept: {error.strerror}.") from error
    finally:
        path.unlink(missing_ok=True)  # the library has moved it away when it kept it


def _foresee(call: Call, incoming: Path) -> None:
    """Refuse before a byte is read what cannot end well."""
    if not call.reader.scope.all:
        raise Forbidden("This login sees a part of the library, so it may not add to it.")
    length = call.request.headers.get("content-length")
    if length is None:
        return
    if not length.isdecimal():
        raise Invalid("Content-Length is not a number.")
    if int(length) > call.site.upload_limit:
        raise _too_large(call)
    if int(length) + SPARE > shutil.disk_usage(incoming).free:
        raise _full()


async def _receive(call: Call, file: BinaryIO) -> None:
    gathered = bytearray()
    total = 0
    blocks = call.request.stream()
    while True:
        try:
            block = await asyncio.wait_for(anext(blocks, None), SILENCE)
        except TimeoutError:
            raise TooSlow(f"Nothing arrived for {SILENCE:.0f} seconds.") from None
        if block is None:
            break
        if call.site.closing:
            raise PixlStashError("The server stops.")
        total += len(block)
        if total > call.site.upload_limit:
            raise _too_large(call)
        gathered += block
        if len(gathered) >= GATHER:
            await run_in_threadpool(file.write, bytes(gathered))
            gathered.clear()
    await run_in_threadpool(file.write, bytes(gathered))


def _create(path: Path) -> BinaryIO:
    path.parent.mkdir(exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _suffix(name: str) -> str:
    """Only for people who look into the folder."""
    suffix = Path(name).suffix
    return suffix.lower() if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) < 9 else ""


def _too_large(call: Call) -> PixlStashError:
    return TooLarge(f"The file is larger than {call.site.upload_limit / 1e9:.3g} GB, the most that can be uploaded.")


def _full() -> PixlStashError:
    return DiskFull("The disk is full. Nothing was kept of this file; free some space and try again.")
