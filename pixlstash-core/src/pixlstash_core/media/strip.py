"""Removes the metadata of JPEG and PNG files without touching their pixels.

Color profiles stay, and so does the orientation, without which pictures would be shown turned.

`sharing.renditions` removes metadata in another way, and both are needed. Training sets must keep the exact pixels, so
exports copy a file without its metadata. Recipients of shares must not get texts that are hidden in pixels, so
renditions are encoded anew; `is_stripped` checks them with this module.
"""

from __future__ import annotations

import struct
import zlib

from ..errors import Refused
from .tiff import Tags

#: Larger files are refused: they are held in memory.
LARGEST = 256 << 20
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Optional chunks of a PNG that change how it looks, or how it moves.
_SHOWN = frozenset(b"tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs cICP mDCV cLLI acTL fcTL fdAT".split())
#: Bytes of the fields of a JFIF header, whose last two are the size of its thumbnail, and of an Adobe one.
_JFIF, _ADOBE = 14, 12
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_DAMAGED = "Its metadata cannot be removed, because the file is damaged."


def stripped(data: bytes) -> bytes:
    """Return the file without metadata; `Refused` if it is no JPEG or PNG, or damaged."""
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(_SIGNATURE):
        return _png(data)
    raise Refused("Metadata can be removed from JPEG and PNG files only.")


def is_stripped(jpeg: bytes) -> bool:
    """Return whether a file is a JPEG with neither metadata nor a color profile, and with nothing after its end."""
    try:
        plain = jpeg.startswith(b"\xff\xd8\xff") and stripped(jpeg) == jpeg
    except Refused:
        return False
    return plain and not any(mark in jpeg for mark in (b"ICC_PROFILE\0", b"Exif\0\0"))


def _jpeg(data: bytes) -> bytes:
    pieces = [data[:2]]
    orientation, at = 1, 2
    while True:
        if at + 4 > len(data) or data[at] != 0xFF:
            raise Refused(_DAMAGED)
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes
            at += 1
            continue
        if marker == _EOI:
            break
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at : at + 2 + length]
        if length < 2 or len(segment) < 2 + length:
            raise Refused(_DAMAGED)
        at += len(segment)
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0":
            orientation = Tags(segment[10:]).orientation
        if _stays(marker, segment[4:]):
            pieces.append(_plain(marker, segment))
        if marker == _SOS:
            end = _scan_end(data, at)
            pieces.append(data[at:end])
            at = end
            if at + 2 <= len(data) and data[at + 1] == _EOI:
                break  # what follows is another picture, or a video
    if orientation != 1:
        exif = b"Exif\0\0" + _orientation(orientation)
        pieces.insert(1, b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif)
    return b"".join(pieces) + b"\xff\xd9"


def _stays(marker: int, body: bytes) -> bool:
    """Whether a segment belongs to the picture itself."""
    if 0xE0 <= marker <= 0xEF:
        profile = marker == 0xE2 and body.startswith(b"ICC_PROFILE\0")
        header = marker == 0xE0 and body.startswith(b"JFIF\0") and len(body) >= _JFIF
        return profile or header or (marker == 0xEE and body.startswith(b"Adobe") and len(body) >= _ADOBE)
    return marker != 0xFE


def _plain(marker: int, segment: bytes) -> bytes:
    """Return a segment that stays without what may follow its fields, such as a thumbnail, which may show more."""
    if marker == 0xE0:
        return struct.pack(">HH", 0xFFE0, 2 + _JFIF) + segment[4 : 2 + _JFIF] + b"\0\0"
    return struct.pack(">HH", 0xFFEE, 2 + _ADOBE) + segment[4 : 4 + _ADOBE] if marker == 0xEE else segment


def _scan_end(data: bytes, at: int) -> int:
    """Where the marker behind compressed data begins."""
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        following = data[at + 1]
        if following and not 0xD0 <= following <= 0xD7:
            return at
        at += 2
    raise Refused(_DAMAGED)


def _png(data: bytes) -> bytes:
    pieces = [_SIGNATURE]
    at, orientation = len(_SIGNATURE), 1
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            break
        if kind == b"eXIf":
            orientation = Tags(data[at + 8 : end - 4]).orientation
        if kind == b"IEND":
            if orientation != 1:
                pieces.insert(2, _chunk(b"eXIf", _orientation(orientation)))
            return b"".join(pieces) + data[at:end]
        if not kind[0] & 0x20 or kind in _SHOWN:
            pieces.append(data[at:end])
        at = end
    raise Refused(_DAMAGED)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _orientation(value: int) -> bytes:
    """A TIFF block with nothing but an orientation."""
    return b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, value, 0, 0)
