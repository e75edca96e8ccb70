"""Reads zip files of unknown origin: lists and unpacks their members.

Python's `zipfile` is not used: it rejects a whole file because of one bad name, reads a table of contents of any size
into memory, and supports compression methods that need gigabytes. No file is ever created under a member's name.
"""

from __future__ import annotations

import os
import re
import stat
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from ..errors import Refused

#: Maximum number of members, and maximum unpacked bytes of all and of each.
MOST, TOTAL, LARGEST = 50_000, 50 << 30, 20 << 30
#: Maximum bytes of the table of contents, which is read into memory.
TABLE = 32 << 20
#: A member is a zip bomb if it unpacks to more than this size and by more than this factor.
BOMB, GROWTH = 100 << 20, 200
BLOCK = 1 << 20
#: The first bytes of documents that are zip files (OpenRaster, Krita, EPUB, OpenDocument, Office Open XML).
DOCUMENTS = (b"mimetype", b"[Content_Types].xml")

_END, _END64, _LOCATOR = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
_ENTRY, _LOCAL = struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")
_COMMENT = 0xFFFF
_STORED, _DEFLATED = 0, 8
_FULL = 0xFFFFFFFF
DAMAGED = "It is damaged inside the zip file: pack or download the zip file again."


class Member(Struct, frozen=True):
    """A member of a zip file: `packed` bytes, with a header at `offset`. `problem`: why it cannot be unpacked."""

    name: str
    offset: int
    packed: int
    size: int
    crc: int
    deflated: bool
    modified: float | None
    problem: str | None = None

    @property
    def short(self) -> str:
        """The name without folders."""
        return self.name.replace("\\", "/").rpartition("/")[2]


def is_archive(head: bytes) -> bool:
    """Return whether a file with these first bytes is a zip file, and not a document in a zip-based format."""
    if head[:4] == b"PK\5\6":  # an empty one
        return True
    return head[:4] == b"PK\3\4" and not head[_LOCAL.size :].startswith(DOCUMENTS)


def looks_like_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return is_archive(file.read(_LOCAL.size + 32))


def members(path: Path) -> list[Member]:
    """Return the members, without folders and hidden files. Raises `Refused` if the file is damaged or empty."""
    with path.open("rb") as file:
        try:
            members = _read_table(file)
        except struct.error as error:
            raise Refused("The zip file's table of contents is damaged: pack or download it again.") from error
    if not members:
        raise Refused("There are no files in the zip file.")
    if sum(member.size for member in members if member.problem is None) > TOTAL:
        raise Refused(f"The zip file unpacks to more than {TOTAL >> 30} GB. Split it into smaller ones.")
    return members


def unpack(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """Yield the bytes of a member in blocks. They are verified at the end: discard them if this raises."""
    if member.problem is not None:
        raise Refused(member.problem)
    file.seek(member.offset)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or head[:4] != b"PK\3\4":
        raise Refused(DAMAGED)
    *_, name, extra = _LOCAL.unpack(head)
    file.seek(name + extra, os.SEEK_CUR)
    size = crc = 0
    for block in (_inflate if member.deflated else _copy)(file, member.packed):
        size += len(block)
        if size > member.size:
            raise Refused("It unpacks to more than the zip file says, as zip bombs do.")
        crc = zlib.crc32(block, crc)
        yield block
    if (size, crc) != (member.size, member.crc):
        raise Refused(DAMAGED)


def _copy(file: BinaryIO, left: int) -> Iterator[bytes]:
    while left > 0 and (block := file.read(min(left, BLOCK))):
        left -= len(block)
        yield block


def _inflate(file: BinaryIO, packed: int) -> Iterator[bytes]:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for block in _copy(file, packed):
            while block and not inflate.eof:
                yield inflate.decompress(block, BLOCK)
                block = inflate.unconsumed_tail
    except zlib.error as error:
        raise Refused(DAMAGED) from error


# --- the table of contents --------------------------------------------------------------------------------------------


def _read_table(file: BinaryIO) -> list[Member]:
    start, left = _find_table(file)
    file.seek(start)
    names: set[bytes] = set()
    members: list[Member] = []
    count = 0
    while left >= _ENTRY.size:
        head = file.read(_ENTRY.size)
        if head[:4] != b"PK\1\2":
            raise struct.error("no entry")
        count += 1
        if count > MOST:
            raise Refused(f"There are more than {MOST:,} files in the zip file. Split it into smaller ones.")
        fields = _ENTRY.unpack(head)
        name, extra, comment = fields[10:13]
        rest = file.read(name + extra + comment)
        left -= len(head) + len(rest)
        if len(rest) < name + extra + comment or left < 0:
            raise struct.error("cut off")
        member = _read_entry(fields, rest[:name], rest[name : name + extra], start, names)
        if _is_wanted(member.name):
            members.append(member)
    for at in _overlapping(members):
        members[at] = replace(members[at], problem="It shares its bytes with another member, as in zip bombs.")
    return members


def _find_table(file: BinaryIO) -> tuple[int, int]:
    """Return (offset of the table of contents, its size in bytes)."""
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - _END.size - _COMMENT)
    file.seek(start)
    tail = file.read(size - start)
    ends = [at for at in _places(tail, b"PK\5\6") if at + _END.size <= len(tail)]
    if not ends:
        raise Refused("The zip file has no table of contents: it is cut off. Pack or download it again.")
    # A comment may contain anything: prefer a record whose comment ends at the end of the file.
    whole = [at for at in ends if at + _END.size + _END.unpack_from(tail, at)[-1] == len(tail)]
    at = (whole or ends)[-1]
    _, disk, table_disk, here, count, length, offset, _ = _END.unpack_from(tail, at)
    end = start + at
    if at >= _LOCATOR.size and tail[at - _LOCATOR.size :][:4] == b"PK\6\7":
        _, _, place, _ = _LOCATOR.unpack_from(tail, at - _LOCATOR.size)
        if place + _END64.size > end:
            raise struct.error("leads out of the file")
        file.seek(place)
        head = file.read(_END64.size)
        if head[:4] != b"PK\6\6":
            raise struct.error("no 64-bit end")
        _, _, _, _, disk, table_disk, here, count, length, offset = _END64.unpack(head)
    if disk or table_disk or here != count:
        raise Refused("This is one part of a split zip file. Join its parts first.")
    if offset + length > end or length > TABLE:
        raise struct.error("leads out of the file, or is no table")
    return offset, length


def _places(text: bytes, wanted: bytes) -> Iterator[int]:
    at = -1
    while (at := text.find(wanted, at + 1)) >= 0:
        yield at


def _read_entry(fields: tuple[int, ...], raw: bytes, extra: bytes, table: int, names: set[bytes]) -> Member:
    """Convert an entry to a member, and add its name to `names`, those of earlier entries."""
    _, _, _, flags, method, at, on, crc, packed, size, *_, external, offset = fields
    wide = _wide(extra, [size, packed, offset])
    size, packed, offset = wide or (size, packed, offset)
    name = _name(raw, flags, extra)
    problem = None
    if wide is None or offset + _LOCAL.size + len(raw) + packed > table:
        problem = DAMAGED
    elif _leads_out(name):
        problem = "Its name leads out of the zip file, so it is left alone."
    elif raw in names:
        problem = "Another member of the zip file has the same name."
    elif flags & 0x2041 or method == 99:
        problem = "It is encrypted: unpack the zip file yourself and add what is in it."
    elif (kind := stat.S_IFMT(external >> 16)) not in (0, stat.S_IFREG, stat.S_IFDIR):
        problem = "It is a link." if kind == stat.S_IFLNK else "It is not a plain file."
    elif method not in (_STORED, _DEFLATED):
        problem = f"It is packed in an unusual way (method {method}): pack the zip file again as an ordinary one."
    elif size > LARGEST:
        problem = f"It unpacks to more than {LARGEST >> 30} GB."
    elif size > BOMB and size > GROWTH * packed:
        problem = "It unpacks to far more than it is, as zip bombs do."
    names.add(raw)
    return Member(name, offset, packed, size, crc, method == _DEFLATED, _moment(on, at), problem)


def _wide(extra: bytes, values: list[int]) -> tuple[int, int, int] | None:
    """Return sizes and offset, with 64-bit values from the extra field; None if these are missing."""
    field = _extra(extra, 1)
    for at, value in enumerate(values):
        if value == _FULL:
            if len(field) < 8:
                return None
            values[at], field = int.from_bytes(field[:8], "little"), field[8:]
    size, packed, offset = values
    return size, packed, offset


def _extra(extra: bytes, wanted: int) -> bytes:
    """Return an extra field of an entry; empty if it is missing or truncated."""
    while len(extra) >= 4:
        tag, length = struct.unpack_from("<HH", extra)
        if tag == wanted:
            return extra[4 : 4 + length] if len(extra) >= 4 + length else b""
        extra = extra[4 + length :]
    return b""


def _name(raw: bytes, flags: int, extra: bytes) -> str:
    """Decode a name: as UTF-8 if it is declared or valid, or else as code page 437."""
    path = _extra(extra, 0x7075)
    if len(path) > 5 and path[0] == 1 and int.from_bytes(path[1:5], "little") == zlib.crc32(raw):
        return path[5:].decode(errors="replace")
    with suppress(UnicodeDecodeError):
        return raw.decode()
    return raw.decode(errors="replace") if flags & 0x800 else raw.decode("cp437")


def _leads_out(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return parts[0] == "" or ".." in parts or re.match(r"[A-Za-z]:", name) is not None


def _is_wanted(name: str) -> bool:
    """Return whether a name is not a folder, not hidden, and not in a hidden folder."""
    *_, last = parts = name.replace("\\", "/").split("/")
    hidden = any(part.startswith(".") and part not in (".", "..") for part in parts)
    return bool(last) and not hidden and parts[0] != "__MACOSX"


def _moment(on: int, at: int) -> float | None:
    """Convert a modification time in local time to seconds since 1970; None if it is invalid."""
    day = ((on >> 9) + 1980, on >> 5 & 15, on & 31, at >> 11, at >> 5 & 63, (at & 31) * 2, 0, 0, -1)
    if not (1 <= day[1] <= 12 and 1 <= day[2] <= 31):
        return None
    try:
        return time.mktime(day)
    except (OverflowError, ValueError):
        return None


def _overlapping(members: list[Member]) -> set[int]:
    """Return the indexes of members whose data overlaps another's."""
    overlapping: set[int] = set()
    reach, last = 0, -1
    for start, at in sorted((member.offset, at) for at, member in enumerate(members) if member.problem is None):
        if start < reach:
            overlapping |= {last, at}
        end = start + _LOCAL.size + members[at].packed
        if end > reach:
            reach, last = end, at
    return overlapping
