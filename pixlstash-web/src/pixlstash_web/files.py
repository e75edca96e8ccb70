"""Answers with files: originals with byte ranges, thumbnails, embedded texts, zip files and snapshots.

Files in a library may be hostile: only raster images and videos are shown in the browser, others are downloads, and
none may run scripts.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote

from msgspec import Struct
from starlette.responses import Response, StreamingResponse

from pixlstash_core.media.file_names import RESERVED
from pixlstash_core.media.file_names import honest_name as honest_name

from .adapter import BINARY
from .answers import ASK_FIRST, FOREVER, SANDBOX, as_bytes, names_tag, run_in_threadpool
from .table import Call

if TYPE_CHECKING:
    from pixlstash_core.exports.operations import ZipDownload
    from pixlstash_core.pictures.operations import Original

CHUNK = 256 << 10
MOST_RANGES = 16
UNKNOWN = "application/octet-stream"
RASTER = re.compile(r"(image/(?!svg)|video/)[a-z0-9.+-]+")
ZIP = "application/zip"


class Part(Struct, frozen=True):
    """The bytes of a file from `start` up to `end`, with a header that precedes them."""

    start: int
    end: int | None
    before: bytes = b""


def present_thumbnail(call: Call, body: bytes) -> Response:
    # a rotated picture can be rotated again, with the same URL
    cache = ASK_FIRST if "turned" in call.request.query_params else FOREVER
    return as_bytes(call.request, body, "image/webp", cache)


def present_payload(call: Call, text: str) -> Response:
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": disposition(f"{call.request.path_params['name']}.txt", inline=False),
        "Content-Security-Policy": SANDBOX,
    }
    return Response(text.encode(errors="replace"), 200, headers, "text/plain; charset=utf-8")


def present_original(call: Call, original: Original) -> Response:
    """Return the answer with a file, whole or in part. It is opened first, so that its absence can be reported."""
    request = call.request
    inline = original.inline and RASTER.fullmatch(original.mime) is not None and "download" not in request.query_params
    media = original.mime if RASTER.fullmatch(original.mime) and original.inline else UNKNOWN
    tag = original.etag if original.etag.startswith(('"', "W/")) else f'"{original.etag}"'
    headers = {
        "Cache-Control": ASK_FIRST,
        "ETag": tag,
        "Content-Disposition": disposition(honest_name(original.name, original.mime), inline=inline),
        "Content-Security-Policy": SANDBOX,
        "Accept-Ranges": "none" if original.size is None else "bytes",
    }
    if names_tag(request.headers.get("if-none-match", ""), tag):
        return Response(None, 304, headers)
    status, parts = 200, [Part(0, None)]
    range_header = request.headers.get("range")
    if range_header is not None and original.size is not None and _if_range(request.headers.get("if-range"), tag):
        ranges = read_ranges(range_header, original.size)
        if ranges == []:
            headers["Content-Range"] = f"bytes */{original.size}"
            return Response(None, 416, headers)
        if ranges is not None:
            status = 206
            parts = (
                _single(ranges[0], original.size, headers)
                if len(ranges) == 1
                else _several(ranges, original.size, media, headers)
            )
            media = headers.pop("Content-Type", media)
    if status == 200 and original.size is not None:
        headers["Content-Length"] = str(original.size)
    if request.method == "HEAD":
        headers["Content-Type"] = media
        return _Head(status, headers)
    first = original.open(parts[0].start, parts[0].end)
    return StreamingResponse(_stream(call, original, first, parts), status, headers, media)


class _Head(Response):
    """An answer to HEAD: headers about a body that is not sent."""

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        super().__init__(None, status, headers)
        if "Content-Length" not in headers:
            with suppress(KeyError):
                del self.headers["content-length"]


async def _stream(call: Call, original: Original, first: BinaryIO, parts: Sequence[Part]) -> AsyncIterator[bytes]:
    file = first
    try:
        for part in parts:
            if part.before:
                yield part.before
            if part.start == part.end:
                continue
            if file.closed:
                file = await run_in_threadpool(original.open, part.start, part.end)
            left = original.size if part.end is None else part.end - part.start
            while left is None or left > 0:
                block = await run_in_threadpool(file.read, CHUNK if left is None else min(CHUNK, left))
                if call.site.closing:
                    raise ConnectionAbortedError("the server stops")
                if not block:
                    break
                left = None if left is None else left - len(block)
                yield block
            file.close()
    finally:
        file.close()


def _if_range(header: str | None, tag: str) -> bool:
    """Return whether an If-Range header matches; a date never does, because we send only tags."""
    return header is None or (header.strip() == tag and not tag.startswith("W/"))


def read_ranges(header: str, size: int) -> list[tuple[int, int]] | None:
    """Return the half-open byte ranges of a Range header; [] if none is satisfiable; None to ignore the header."""
    unit, equals, rest = header.partition("=")
    pieces = rest.split(",")
    if unit.strip().lower() != "bytes" or not equals or len(pieces) > MOST_RANGES:
        return None
    ranges = []
    for piece in pieces:
        match = re.fullmatch(r"\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*", piece)
        if match is None or match.group(1, 2) == ("", ""):
            return None
        if match[1]:
            start, end = int(match[1]), min(int(match[2]) + 1 if match[2] else size, size)
            if match[2] and int(match[2]) < start:
                return None
        else:
            start, end = max(size - int(match[2]), 0), size
        if start < end:
            ranges.append((start, end))
    return _merged(ranges)


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Merge overlapping ranges, so that no answer is longer than the file and its separators."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _single(span: tuple[int, int], size: int, headers: dict[str, str]) -> list[Part]:
    start, end = span
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    return [Part(start, end)]


def _several(spans: Sequence[tuple[int, int]], size: int, media: str, headers: dict[str, str]) -> list[Part]:
    boundary = secrets.token_hex(12)
    parts = []
    for start, end in spans:
        head = f"\r\n--{boundary}\r\nContent-Type: {media}\r\nContent-Range: bytes {start}-{end - 1}/{size}\r\n\r\n"
        parts.append(Part(start, end, head.encode()))
    parts.append(Part(0, 0, f"\r\n--{boundary}--\r\n".encode()))
    headers["Content-Type"] = f"multipart/byteranges; boundary={boundary}"
    headers["Content-Length"] = str(sum((part.end or 0) - part.start + len(part.before) for part in parts))
    return parts


def disposition(name: str, *, inline: bool) -> str:
    """Return a Content-Disposition header (RFC 6266) for a name of unknown origin."""
    shown = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
    shown = re.sub(r'[/\\:*?"<>|]', "_", shown).strip(" .") or "picture"
    if RESERVED.match(shown):
        shown = f"_{shown}"
    stem, dot, end = shown.rpartition(".")
    shown = f"{stem[:150]}{dot}{end[:20]}" if stem else shown[:150]
    plain = unicodedata.normalize("NFKD", shown).encode("ascii", "ignore").decode().replace("%", "_")
    plain = re.sub(r'[/\\:*?"<>|\x00-\x1f\x7f]', "_", plain).strip(" .") or "picture"
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}"


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
