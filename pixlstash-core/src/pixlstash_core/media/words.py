"""Makes hostile embedded text fit to keep and to show."""

from __future__ import annotations

import re

PROMPT_LENGTH = 65_536
VALUE_LENGTH = 1_024
PAYLOAD_BYTES = 4 << 20

# Control characters (all but tab and newline), lone surrogates, non-characters, and the marks that turn the direction
# of text around, with which a name can be made to read as another.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def clean(text: str, length: int) -> str:
    """Without what is unfit to show, at most `length` characters, no blanks around."""
    return _UNFIT.sub("", text[: 2 * length].replace("\r\n", "\n"))[:length].strip()


def one_line(text: str) -> str:
    """A value: as `clean`, on one line."""
    return " ".join(clean(text, VALUE_LENGTH).split())


def kept(text: str) -> str | None:
    """A payload exactly as found, or None when it is too long to keep. Only surrogates, which are no text, change."""
    if len(text) > PAYLOAD_BYTES:
        return None
    if text.isascii():
        return text
    data = text.encode("utf-8", "replace")
    return data.decode("utf-8") if len(data) <= PAYLOAD_BYTES else None
