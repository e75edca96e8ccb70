"""Finds the kind that reads a file; if there is none, says what the file looks like."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import BinaryIO

from ..plugins.contracts import Kind
from ..types import Format
from .source import Trouble

HEAD = 4_096

_HEIC, _HEIF = "a HEIC file", "a HEIF file"
_RAW, _JXL = "a camera raw file", "a JPEG XL file"

# (offset, bytes at that offset, description)
_LOOKS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"II*\0", _RAW),
    (0, b"MM\0*", _RAW),
    (0, b"IIRO", _RAW),
    (0, b"IIRS", _RAW),
    (0, b"IIU\0", _RAW),
    (0, b"FOVb", _RAW),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"%PDF", "a PDF document"),
    (0, b"%!PS", "a PostScript file"),
    (0, b"\xc5\xd0\xd3\xc6", "a PostScript file"),
    (0, b"\xff\x0a", _JXL),
    (4, b"JXL ", _JXL),
    (0, b"\0\0\1\0", "an icon file"),
    (0, b"\0\0\2\0", "a cursor file"),
    (0, b"qoif", "a QOI file"),
    (0, b"\x01\xda", "an SGI image"),
    *((0, b"P%d%c" % (digit, end), "a PNM file") for digit in range(1, 7) for end in b" \n\r\t"),
    (0, b"DDS ", "a DDS texture"),
    (0, b"BLP", "a BLP texture"),
    (0, b"SIMPLE", "a FITS file"),
    (0, b"FUJIFILM", _RAW),
    (0, b"\x1aE\xdf\xa3", "a WebM or Matroska video"),
    (8, b"AVI ", "an AVI video"),
    (0, b"OggS", "an Ogg file"),
    (0, b"ID3", "an MP3 file"),
    (8, b"WAVE", "a WAV file"),
    (0, b"fLaC", "a FLAC file"),
    (0, b"PK\3\4", "a ZIP archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf", "a 7-Zip archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"SQLite format 3", "a database"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program"),
    (0, b"version https://git-lfs", "a Git LFS pointer instead of the picture itself"),
)
_BRANDS = {
    b"heic": _HEIC,
    b"heix": _HEIC,
    b"hevc": _HEIC,
    b"mif1": _HEIF,
    b"msf1": _HEIF,
    b"qt  ": "a QuickTime video",
    b"crx ": _RAW,
    b"M4A ": "an MPEG-4 audio file",
}
#: Endings of the descriptions of `_look`, and how to make such files readable.
_REMEDIES = (
    ((_HEIC, _HEIF), "{what} needs the extra: pip install 'pixlstash-core[heif]'"),
    ((" video",), "Videos need the extra: pip install 'pixlstash-core[video]'"),
    ((_RAW,), "Camera raw files need the extra: pip install 'pixlstash-core[raw]'"),
    (
        (_JXL,),
        "JPEG XL needs a decoder that you choose yourself: pip install pillow-jxl-plugin (its licence is the GPL)",
    ),
)


def recognise(kinds: Iterable[Kind], file: BinaryIO, name: str) -> tuple[Kind, Format]:
    """Return the first kind that takes the file; kinds that raise are skipped. The file stays at its start."""
    head = file.read(HEAD)
    file.seek(0)
    for kind in kinds:
        with contextlib.suppress(Exception):
            form = kind.recognise(head, name)
            if isinstance(form, Format):
                return kind, form
    look = _look(head)
    if look is None:
        raise Trouble("unsupported", "Unknown file type.")
    for ends, remedy in _REMEDIES:
        if look.endswith(ends):
            raise Trouble("unsupported", f"It is {look}. {remedy.format(what=look.split()[1])}.")
    raise Trouble("unsupported", f"It is {look}, which no installed kind can read.")


def _look(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "an MPEG-4 video")
    for at, magic, what in _LOOKS:
        if head[at : at + len(magic)] == magic:
            return what
    if not head.strip(b"\0"):
        return "nothing but zeros"
    words = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1_000].lower()
    if b"<svg" in words:
        return "an SVG drawing"
    if words.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    printable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
    return "a text file" if printable > 0.97 * len(head) else None
