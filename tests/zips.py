"""Zip files made by hand, as nobody's program would write them."""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple


class Entry(NamedTuple):
    """A member. What is None is as it should be; `at` puts its bytes where another's are."""

    name: bytes
    data: bytes = b""
    method: int = 8
    flags: int = 0
    crc: int | None = None
    size: int | None = None
    packed: bytes | None = None
    external: int = 0o100644 << 16
    extra: bytes = b""
    at: int | None = None
    local_name: bytes | None = None


def deflate(data: bytes) -> bytes:
    compress_from = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compress_from.compress(data) + compress_from.flush()


def pack(*entries: Entry, comment: bytes = b"", after: bytes = b"", count: int | None = None) -> bytes:
    """The zip file. `count` is how many members it claims, `after` what follows its end."""
    body, table = bytearray(), bytearray()
    for one in entries:
        packed = one.packed if one.packed is not None else deflate(one.data) if one.method == 8 else one.data
        crc = one.crc if one.crc is not None else zlib.crc32(one.data)
        size = one.size if one.size is not None else len(one.data)
        name = one.local_name if one.local_name is not None else one.name
        at = len(body) if one.at is None else one.at
        fields = (one.flags, one.method, 0x6000, 0x5A21, crc, len(packed), size)
        if one.at is None:
            body += struct.pack("<4s5H3L2H", b"PK\3\4", 20, *fields, len(name), 0) + name + packed
        head = struct.pack("<4s6H3L5H2L", b"PK\1\2", 3 << 8, 20, *fields, len(one.name), len(one.extra), 0, 0, 0,
                           one.external, at)  # fmt: skip
        table += head + one.name + one.extra
    claimed = len(entries) if count is None else count
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, claimed, claimed, len(table), len(body), len(comment))
    return bytes(body + table + end + comment + after)
