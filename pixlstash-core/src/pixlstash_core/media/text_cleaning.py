"""Cleans embedded text, which may be hostile or wrongly decoded."""

from __future__ import annotations

import re

PROMPT_LENGTH = 65_536
VALUE_LENGTH = 1_024
PAYLOAD_BYTES = 4 << 20

# Control characters (all but tab and newline), lone surrogates, noncharacters, and the marks that change the direction
# of text, with which one name can be made to look like another.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

_LOST = "\ufffd"
#: The characters that Windows-1252 has for the bytes 0x80 to 0x9F, and these bytes.
_WINDOWS = {ord(bytes([byte]).decode("cp1252", "replace")): byte for byte in range(0x80, 0xA0)}
del _WINDOWS[ord(_LOST)]  # the five bytes that Windows-1252 does not define


def clean(text: str, length: int) -> str:
    """Return the printable part of a text: at most `length` characters, without surrounding spaces."""
    return _UNFIT.sub("", text[: 2 * length].replace("\r\n", "\n"))[:length].strip()


def one_line(text: str) -> str:
    """Return a text cleaned as by `clean`, on one line of at most `VALUE_LENGTH` characters."""
    return " ".join(clean(text, VALUE_LENGTH).split())


def payload(text: str) -> str | None:
    """Return a text unchanged except for surrogates, or None if it is longer than `PAYLOAD_BYTES` as UTF-8."""
    if len(text) > PAYLOAD_BYTES:
        return None
    if text.isascii():
        return text
    data = text.encode("utf-8", "replace")
    return data.decode("utf-8") if len(data) <= PAYLOAD_BYTES else None


def repaired(text: str) -> str:
    """Return the original of a text that is certainly UTF-8 read as Latin-1 or Windows-1252; any other unchanged."""
    if text.isascii():
        return text
    single_bytes = text.translate(_WINDOWS)
    try:
        decoded = single_bytes.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
    # A single pair of a letter and a Windows-1252 character may be intended: "MANHÃ…".
    return text if single_bytes != text and len(text) - len(decoded) < 2 else decoded


def is_garbled(text: str) -> bool:
    """Return whether bytes were lost or the encoding was mistaken."""
    return _LOST in text or repaired(text) != text
