"""Encodes the answers of the grid protocol: a view's first answer, and its blocks (`docs/http.md`)."""

from __future__ import annotations

import struct

import msgspec
from starlette.responses import Response

from pixlstash_core.types import ViewAnswer

from .answers import ASK_FIRST, FOREVER, as_bytes
from .table import Call

BINARY = "application/octet-stream"
#: Smallest answer in bytes that is worth compressing.
COMPRESS = 64 << 10


def present_view(call: Call, answer: ViewAnswer) -> Response:
    return as_bytes(call.request, lay_out(answer), BINARY, ASK_FIRST, compress_from=COMPRESS)


def present_block(call: Call, block: bytes) -> Response:
    return as_bytes(call.request, block, BINARY, FOREVER)


def lay_out(answer: ViewAnswer) -> bytes:
    """Return header length, header, aspects and block, each starting at a multiple of four bytes."""
    header = msgspec.json.encode(answer.header)
    header += b" " * (-len(header) % 4)
    padding = bytes(-len(answer.aspects) % 4)
    return b"".join((struct.pack("<I", len(header)), header, answer.aspects, padding, answer.block))
