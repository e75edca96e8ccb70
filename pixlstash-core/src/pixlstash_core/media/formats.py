"""The formats of the built-in kinds, recognized by the first bytes of a file."""

from __future__ import annotations

from collections.abc import Collection

from ..types import Format

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
