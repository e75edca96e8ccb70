"""Finds text hidden in the lowest bits of a picture's pixels, as NovelAI and the stealth extensions of WebUIs leave it.

The bits run down each column, then to the next one: a mark of 15 letters, the length in bits (32 bits, big end first),
then UTF-8, compressed by gzip where the mark says so. They sit in alpha, or in red, green and blue in turn.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from pixlstash_core import PAYLOAD_BYTES, Embedded

from .dialect import GenerationReader

if TYPE_CHECKING:
    from PIL.Image import Image

_MARKS = {
    b"stealth_pnginfo": ("A", False),
    b"stealth_pngcomp": ("A", True),
    b"stealth_rgbinfo": ("RGB", False),
    b"stealth_rgbcomp": ("RGB", True),
}
_HEAD = 8 * 15 + 32
_MOST_BITS = 8 << 20
_LOWEST = bytes(48 + (value & 1) for value in range(256))  # a byte as the digit of its lowest bit


class StealthReader(GenerationReader):
    """Lifts the text as `stealth`; other readers say what it means."""

    id = "stealth"

    def lift(self, pixels: Image) -> dict[str, str]:
        text = hidden(pixels)
        return {} if text is None else {"stealth": text}

    def read(self, embedded: Embedded) -> None:
        return None


def hidden(image: Image) -> str | None:
    """The text in a decoded RGB or RGBA image, or None. Looks at a column or two when there is none."""
    for bands in {"RGBA": ("A", "RGB"), "RGB": ("RGB",)}.get(image.mode, ()):
        head = _bits(image, bands, _HEAD)
        mark = _MARKS.get(head[:15])
        if mark is None or mark[0] != bands:
            continue
        length = int.from_bytes(head[15:19], "big")
        if 0 < length <= _MOST_BITS:
            return _text(_bits(image, bands, _HEAD + length)[19:], mark[1])
    return None


def _bits(image: Image, bands: str, count: int) -> bytes:
    """The first `count` lowest bits as bytes; nothing when the picture is too small to hold them."""
    from PIL.Image import Transpose

    columns = -(-count // (len(bands) * image.height))
    if columns > image.width:
        return b""
    part = image.crop((0, 0, columns, image.height))
    part = part.getchannel("A") if bands == "A" else part.convert("RGB")
    digits = part.transpose(Transpose.TRANSPOSE).tobytes()[: count & ~7].translate(_LOWEST)
    return int(digits, 2).to_bytes(len(digits) // 8, "big")


def _text(data: bytes, packed: bool) -> str | None:
    try:
        if packed:
            data = zlib.decompressobj(31).decompress(data, PAYLOAD_BYTES)
        return data.decode("utf-8")
    except (zlib.error, UnicodeDecodeError):
        return None
