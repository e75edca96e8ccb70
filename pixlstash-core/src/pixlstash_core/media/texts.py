"""Finds the texts that tools embed in a file, and marks files whose text no installed plugin reads.

The package `pixlstash-generation` reads these texts; once it is installed, the marked pictures are read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from ..plugins.contracts import FactReader
from ..types import Embedded, Fact, Facts
from ..types.files import GENERATION
from .tiff import Tags, Value
from .xmp import xmp_properties

_USER_COMMENT = 0x9286
_DESCRIPTION = 0x010E
_WINDOWS_COMMENT = 0x9C9C
_IN_XMP = {"UserComment": "exif:UserComment", "description": "dc:description"}
_KEYED = re.compile(r"\s*(\w{1,40}):\s*(?=[{\[])")
#: The mark. Libraries store it; its name and value find the pictures later.
NOTE = Fact(GENERATION, "generation", "Generation data", "not read: it needs the plugin pixlstash-generation")
#: The ids of readers that show that the package is installed.
_READERS = frozenset({"a1111", "comfyui"})
_KEYWORDS = frozenset(
    {"parameters", "parameters-json", "prompt", "workflow", "invokeai_metadata", "sd-metadata", "dream"}
    | {"generation_data", "smproj"}
)
#: Keywords that other programs use, too: only texts that look like a generator's count.
_SHARED = frozenset({"usercomment", "comment", "description", "imagedescription", "xpcomment"})
_SIGNS = re.compile(r'^Steps: \d|"(\w{0,20}prompt|class_type|sui_image_params|uc)" *:', re.IGNORECASE | re.MULTILINE)


def embedded_texts(embedded: Embedded) -> dict[str, str]:
    """Return every text by keyword.

    EXIF has `UserComment`, `ImageDescription`, `XPComment`, and tags in which a tool wrote JSON after a keyword
    (`workflow:{…}`); XMP has `UserComment` and `description`.
    """
    texts = {**embedded.text}
    if embedded.exif:
        for keyword, text in _of_exif(embedded.exif).items():
            texts.setdefault(keyword, text)
    if embedded.xmp:
        packet = xmp_properties(embedded.xmp)
        for keyword, name in _IN_XMP.items():
            if name in packet:
                texts.setdefault(keyword, packet[name][0])
    if embedded.comment:
        texts.setdefault("comment", _plain(embedded.comment))
    return texts


@lru_cache(maxsize=1)  # several readers parse the same block in turn
def _of_exif(block: bytes) -> Mapping[str, str]:
    tags = Tags(block)
    texts: dict[str, str] = {}
    for value in tags.main.values():
        keyed = _KEYED.match(value) if isinstance(value, str) else None
        if keyed and isinstance(value, str):
            word = keyed[1].lower() if keyed[1].lower() in ("prompt", "workflow") else keyed[1]
            texts.setdefault(word, value[keyed.end() :].strip())
    comment = tags.exif.get(_USER_COMMENT) or tags.main.get(_USER_COMMENT)
    if comment:
        texts.setdefault("UserComment", _comment(comment, tags.order))
    description, note = tags.main.get(_DESCRIPTION), tags.main.get(_WINDOWS_COMMENT)
    if isinstance(description, str):
        texts.setdefault("ImageDescription", description)
    if isinstance(note, bytes):
        texts.setdefault("XPComment", note.decode("utf-16-le", "replace").rstrip("\0"))
    return texts


def _comment(value: Value, order: str) -> str:
    if isinstance(value, tuple):
        return ""
    if isinstance(value, str):
        return value
    code, body = value[:8], value[8:]
    if code == b"UNICODE\0":
        return _utf16(body, order)
    if code in (b"ASCII\0\0\0", bytes(8)):
        return _plain(body)
    if code.startswith(b"JIS"):
        return body.decode("iso2022_jp", "replace")
    return _plain(value)


def _utf16(body: bytes, order: str) -> str:
    """Decode UTF-16 by a guess from the text: the standard leaves the byte order open, and writers differ."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    # Nearly every text has spaces, digits or Latin letters, whose high byte is zero.
    big, little = body[0::2].count(0), body[1::2].count(0)
    if big == little:
        big, little = (1, 0) if order == ">" else (0, 1)
    return body.decode("utf-16-be" if big > little else "utf-16-le", "replace").rstrip("\0")


def _plain(data: bytes) -> str:
    data = data.strip(b"\0")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def are_read(readers: Iterable[FactReader]) -> bool:
    """Return whether one of the readers reads the texts of generators."""
    return any(reader.id in _READERS for reader in readers)


def note(embedded: Embedded) -> Facts | None:
    """Return the mark and the texts of a file; None if it has no generator's text."""
    payloads = {keyword: text for keyword, text in embedded_texts(embedded).items() if _is_generated(keyword, text)}
    return Facts((NOTE,), payloads=payloads) if payloads else None


def _is_generated(keyword: str, text: str) -> bool:
    word = keyword.lower()
    return bool(text.strip()) and (word in _KEYWORDS or word in _SHARED and _SIGNS.search(text) is not None)
