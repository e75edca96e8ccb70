"""Recognizes text whose encoding was mistaken on the way: UTF-8 read as Latin-1 or Windows-1252, or bytes lost."""

from __future__ import annotations

_LOST = "\ufffd"
#: What Windows-1252 shows for the bytes 0x80 to 0x9F, as these bytes.
_WINDOWS = {ord(bytes([byte]).decode("cp1252", "replace")): byte for byte in range(0x80, 0xA0)}
del _WINDOWS[ord(_LOST)]  # the five bytes that Windows-1252 does not define


def repaired(text: str) -> str:
    """The text that was written, where all of it is certainly UTF-8 that was read as a one-byte encoding."""
    if text.isascii():
        return text
    single_bytes = text.translate(_WINDOWS)
    try:
        decoded = single_bytes.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
    # One letter and one mark of Windows-1252 may be meant: "MANHÃ…".
    return text if single_bytes != text and len(text) - len(decoded) < 2 else decoded


def is_garbled(text: str) -> bool:
    return _LOST in text or repaired(text) != text
