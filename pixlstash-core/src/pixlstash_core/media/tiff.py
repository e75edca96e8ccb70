"""Reads the tags of an EXIF block, in pure Python and within limits. Any bytes are accepted."""

from __future__ import annotations

import math
import struct
from functools import cached_property

Value = str | bytes | tuple[float, ...]

_MOST_TAGS = 512
_MOST_NUMBERS = 64
_EXIF, _GPS = 0x8769, 0x8825
# TIFF type: size of one value, struct code (None: text or bytes)
_TYPES: dict[int, tuple[int, str | None]] = {
    1: (1, None),
    2: (1, None),
    3: (2, "H"),
    4: (4, "I"),
    5: (8, "I"),
    6: (1, None),
    7: (1, None),
    8: (2, "h"),
    9: (4, "i"),
    10: (8, "i"),
    11: (4, "f"),
    12: (8, "d"),
    13: (4, "I"),
    129: (1, None),
}


class Tags:
    """The tags of a TIFF block (without `Exif` prefix): `main`, `exif` and `gps`, by number, without damaged tags."""

    def __init__(self, block: bytes) -> None:
        self._block = block
        self.order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4], "")

    @cached_property
    def main(self) -> dict[int, Value]:
        if not self.order or len(self._block) < 8:
            return {}
        return self._directory(struct.unpack_from(self.order + "I", self._block, 4)[0])

    @cached_property
    def exif(self) -> dict[int, Value]:
        return self._pointed(_EXIF)

    @cached_property
    def gps(self) -> dict[int, Value]:
        return self._pointed(_GPS)

    @property
    def orientation(self) -> int:
        """The orientation, 1 to 8; 1 if it is absent or invalid."""
        value = number(self.main.get(0x0112))
        return int(value) if value is not None and value in range(1, 9) else 1

    def _pointed(self, tag: int) -> dict[int, Value]:
        at = number(self.main.get(tag))
        return {} if at is None else self._directory(int(at))

    def _directory(self, at: int) -> dict[int, Value]:
        block, order = self._block, self.order
        if at < 8 or at + 2 > len(block):
            return {}
        (count,) = struct.unpack_from(order + "H", block, at)
        tags: dict[int, Value] = {}
        for entry in range(at + 2, at + 2 + 12 * min(count, _MOST_TAGS), 12):
            if entry + 12 > len(block):
                break
            tag, kind, amount = struct.unpack_from(order + "HHI", block, entry)
            value = self._value(kind, amount, entry + 8)
            if value is not None:
                tags.setdefault(tag, value)
        return tags

    def _value(self, kind: int, amount: int, at: int) -> Value | None:
        size, code = _TYPES.get(kind, (0, None))
        length = size * amount
        if not size or not amount or length > len(self._block):
            return None
        if length > 4:
            (at,) = struct.unpack_from(self.order + "I", self._block, at)
        if at + length > len(self._block):
            return None
        if code is None:
            data = self._block[at : at + length]
            return _text(data) if kind in (2, 129) else data
        return self._numbers(kind, code, min(amount, _MOST_NUMBERS), at)

    def _numbers(self, kind: int, code: str, amount: int, at: int) -> tuple[float, ...]:
        if kind not in (5, 10):
            return tuple(map(float, struct.unpack_from(f"{self.order}{amount}{code}", self._block, at)))
        parts = struct.unpack_from(f"{self.order}{2 * amount}{code}", self._block, at)
        return tuple(top / bottom if bottom else math.nan for top, bottom in zip(parts[::2], parts[1::2], strict=True))


def number(value: Value | None) -> float | None:
    """Return the first number of a value, if it is finite; for bytes, the first byte."""
    if isinstance(value, bytes):
        return float(value[0])
    if isinstance(value, tuple) and value and math.isfinite(value[0]):
        return value[0]
    return None


def _text(data: bytes) -> str:
    data = data.rstrip(b"\0")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
