"""The formats of files, recognized by their first bytes, and the kind that reads a file."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
from typing import BinaryIO

from ..plugins.contracts import Kind
from ..types import Format
from .source import Trouble

JPEG = Format("jpeg", "image/jpeg", "jpg", inline=True)
PNG = Format("png", "image/png", "png", inline=True)
WEBP = Format("webp", "image/webp", "webp", inline=True)
GIF = Format("gif", "image/gif", "gif", inline=True)
AVIF = Format("avif", "image/avif", "avif", inline=True)
TIFF = Format("tiff", "image/tiff", "tif")
BMP = Format("bmp", "image/bmp", "bmp")
JP2 = Format("jp2", "image/jp2", "jp2")
J2K = Format("jp2", "image/j2c", "j2k")
HEIC = Format("heic", "image/heic", "heic")
HEIF = Format("heif", "image/heif", "heif")
JXL = Format("jxl", "image/jxl", "jxl")

TIFF_HEADS = (b"II*\0", b"MM\0*", b"II\0*", b"MM*\0", b"II+\0", b"MM\0+")  # the last two: BigTIFF
#: Extensions of camera raw files, which distinguish those that begin like a TIFF.
RAW_SUFFIXES = frozenset(
    "3fr arw cr2 cr3 crw dcr dng erf fff iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl sr2 srf srw x3f".split()
)
_STARTS = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    *((start, TIFF) for start in TIFF_HEADS),
    (b"\0\0\0\x0cjP  \r\n\x87\n", JP2),
    (b"\xff\x4f\xff\x51", J2K),
)
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_HEIF = frozenset({b"mif1", b"mif2", b"msf1", b"miaf", b"1pic"})
HEAD = 4_096

_A_HEIC, _A_HEIF = "a HEIC file", "a HEIF file"
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
    b"heic": _A_HEIC,
    b"heix": _A_HEIC,
    b"hevc": _A_HEIC,
    b"mif1": _A_HEIF,
    b"msf1": _A_HEIF,
    b"qt  ": "a QuickTime video",
    b"crx ": _RAW,
    b"M4A ": "an MPEG-4 audio file",
}
#: Endings of the descriptions of `_look`, and how to make such files readable.
_REMEDIES = (
    ((_A_HEIC, _A_HEIF), "{what} needs the extra: pip install 'pixlstash-core[heif]'"),
    ((" video",), "Videos need the extra: pip install 'pixlstash-core[video]'"),
    ((_RAW,), "Camera raw files need the extra: pip install 'pixlstash-core[raw]'"),
    (
        (_JXL,),
        "JPEG XL needs a decoder that you choose yourself: pip install pillow-jxl-plugin (its licence is the GPL)",
    ),
)


def still_format(head: bytes) -> Format | None:
    """Return the format, if Pillow reads it without a plugin."""
    for start, format in _STARTS:
        if head.startswith(start):
            return format
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    # Many texts begin with these two letters, so the header's size is checked as well.
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return BMP
    return AVIF if container_format(head) is AVIF else None


def container_format(head: bytes) -> Format | None:
    """Return AVIF, HEIC or HEIF by the brands at the start; several formats share this container."""
    names = brands(head)
    if not names:
        return None
    major, *_ = names
    if major in (b"avif", b"avis"):
        return AVIF
    if major in _HEIC:
        return HEIC
    if major not in _HEIF:
        return None
    if b"avif" in names or b"avis" in names:
        return AVIF
    return HEIF if _HEIC.isdisjoint(names) else HEIC


def brands(head: bytes) -> tuple[bytes, ...]:
    """Return the brands of an ISO media file, the major one first; () for other files."""
    if head[4:8] != b"ftyp":
        return ()
    end = min(int.from_bytes(head[:4], "big"), len(head), 256)
    return (head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4)))


def suffix(name: str, among: Collection[str]) -> bool:
    """Return whether a file name ends in one of these extensions."""
    return name.rpartition(".")[2].lower() in among


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
