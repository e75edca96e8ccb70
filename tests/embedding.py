"""Puts metadata into files the way that tools and standards do, for tests of what reads them."""

from __future__ import annotations

import struct
import zlib

from PIL import Image

# --- pixels -----------------------------------------------------------------------------------------------------------


def hide(image: Image.Image, mark: bytes, data: bytes, *, length: int | None = None) -> Image.Image:
    """Write the bits column by column, into alpha or into red, green and blue in turn."""
    whole = mark + (8 * len(data) if length is None else length).to_bytes(4, "big") + data
    bits = iter([byte >> shift & 1 for byte in whole for shift in range(7, -1, -1)])
    bands = [3] if mark[8:11] == b"png" else [0, 1, 2]
    for x in range(image.width):
        for y in range(image.height):
            pixel = list(image.getpixel((x, y)))
            for band in bands:
                pixel[band] = pixel[band] & ~1 | next(bits, 0)
            image.putpixel((x, y), tuple(pixel))
    return image


# --- EXIF and XMP -----------------------------------------------------------------------------------------------------


def user_comment(text: str) -> bytes:
    """An EXIF block as Python tools write it for A1111 and its kin: big-endian, the text as UTF-16 after its code."""
    body = b"UNICODE\0" + text.encode("utf-16-be")
    main = struct.pack(">HHHIII", 1, 0x8769, 4, 1, 26, 0)
    exif = struct.pack(">HHHIII", 1, 0x9286, 7, len(body), 44, 0)
    return b"Exif\0\0MM\0*" + struct.pack(">I", 8) + main + exif + body


SPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "mwg": "http://www.metadataworkinggroup.com/schemas/regions/",
}


def packet(body: str, attributes: str = "", head: str = "") -> bytes:
    """An XMP packet of one description."""
    named = " ".join(f'xmlns:{short}="{space}"' for short, space in SPACES.items())
    return (
        f'{head}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {named}><rdf:Description {attributes}>{body}'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


# --- Content Credentials (C2PA 2.1, annex A: where each format carries a manifest store) ------------------------------


def manifest_store(made: str = "trainedAlgorithmicMedia") -> bytes:
    """A JUMBF superbox with the type of a C2PA store, and in it the source type that generators declare."""
    description = b"c2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71" + b"\x03c2pa\0"
    assertion = f'{{"digitalSourceType":"http://cv.iptc.org/newscodes/digitalsourcetype/{made}"}}'.encode()
    return _box(b"jumb", _box(b"jumd", description) + _box(b"json", assertion))


def with_credentials(data: bytes, store: bytes) -> bytes:
    """A PNG, JPEG, WebP, AVIF or MP4 with this store in it."""
    if data.startswith(b"\x89PNG"):
        chunk = b"caBX" + store
        return data[:33] + struct.pack(">I", len(store)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[33:]
    if data.startswith(b"\xff\xd8"):
        segment = b"JP" + struct.pack(">HI", 1, 1) + store
        return data[:2] + b"\xff\xeb" + struct.pack(">H", len(segment) + 2) + segment + data[2:]
    if data[8:12] == b"WEBP":
        body = data[12:] + b"C2PA" + struct.pack("<I", len(store)) + store + bytes(len(store) % 2)
        return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body
    # ISO media: a box of its own at the end, so that no offset into the file moves
    use = bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + bytes(4) + b"manifest\0" + bytes(8)
    return data + _box(b"uuid", use + store)


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body
