"""Finds the texts that tools leave in a file, wherever its format let them: PNG chunks, EXIF tags, JPEG comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from ..types import Embedded, Fact
from ..types.facts import KNOWN
from .mojibake import repaired
from .packet import properties
from .tiff import Tags, Value
from .words import PAYLOAD_BYTES, VALUE_LENGTH, one_line

GENERATION = "Generation"
CAMERA = "Camera"

_LABELS = {one.name: one.label for one in KNOWN}
_USER_COMMENT = 0x9286
_DESCRIPTION = 0x010E
_WINDOWS_COMMENT = 0x9C9C
_IN_XMP = {"UserComment": "exif:UserComment", "description": "dc:description"}
_KEYED = re.compile(r"\s*(\w{1,40}):\s*(?=[{\[])")
_MODEL_FILES = (".safetensors", ".ckpt", ".gguf", ".sft", ".pth", ".pt", ".bin")


def fact(group: str, name: str, value: str, number: float | None = None) -> Fact:
    if group == GENERATION:
        value = repaired(value[:VALUE_LENGTH])  # before control characters, which may be a part of it, are removed
    return Fact(group, name, _LABELS[name], one_line(value), number)


def texts(embedded: Embedded) -> dict[str, str]:
    """Every text by keyword. From EXIF: `UserComment`, `ImageDescription`, `XPComment`, and the keyword that a tag
    starts with where a tool put JSON behind one (`workflow:{…}`); from XMP `UserComment` and `description`."""
    found = {**embedded.text}
    if embedded.exif:
        for keyword, text in _of_exif(embedded.exif).items():
            found.setdefault(keyword, text)
    if embedded.xmp:
        packet = properties(embedded.xmp)
        for keyword, name in _IN_XMP.items():
            if name in packet:
                found.setdefault(keyword, packet[name][0])
    if embedded.comment:
        found.setdefault("comment", _plain(embedded.comment))
    return found


def called(found: Mapping[str, str], *keywords: str) -> Iterator[tuple[str, str]]:
    """The texts of these keywords in this order, as (keyword as found, text). Containers change their case."""
    for wanted in keywords:
        for keyword, text in found.items():
            if keyword.lower() == wanted and text.strip("\0 \r\n\t"):
                yield keyword, text


@lru_cache(maxsize=1)  # every reader asks for the same block in turn
def _of_exif(block: bytes) -> Mapping[str, str]:
    tags = Tags(block)
    found: dict[str, str] = {}
    for value in tags.main.values():
        keyed = _KEYED.match(value) if isinstance(value, str) else None
        if keyed and isinstance(value, str):
            word = keyed[1].lower() if keyed[1].lower() in ("prompt", "workflow") else keyed[1]
            found.setdefault(word, value[keyed.end() :].strip())
    comment = tags.exif.get(_USER_COMMENT) or tags.main.get(_USER_COMMENT)
    if comment:
        found.setdefault("UserComment", _comment(comment, tags.order))
    description, note = tags.main.get(_DESCRIPTION), tags.main.get(_WINDOWS_COMMENT)
    if isinstance(description, str):
        found.setdefault("ImageDescription", description)
    if isinstance(note, bytes):
        found.setdefault("XPComment", note.decode("utf-16-le", "replace").rstrip("\0"))
    return found


@lru_cache(maxsize=2)  # several readers look into the same text: do not change what this returns
def parsed(text: str | None) -> Any:
    """What a JSON text holds, or None. Python's reader takes the NaN that generators write.

    Newer video nodes encode what they embed twice: the text is then a JSON string that holds JSON.
    """
    start = text[:64].lstrip("\0 \r\n\t")[:1] if text and len(text) <= PAYLOAD_BYTES else ""
    if not text or start not in ("{", "[", '"'):
        return None
    try:
        found = json.loads(text.strip("\0"), strict=False)
        if start != '"':
            return found
        return json.loads(found, strict=False) if isinstance(found, str) and found[:1] in ("{", "[") else None
    except (ValueError, RecursionError):
        return None


def described(found: Mapping[str, str], mark: str, *keywords: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The JSON objects in these keywords' texts that hold `mark`; looking for it first spares reading long ones."""
    for keyword, text in called(found, *keywords):
        data = parsed(text) if mark in text else None
        if isinstance(data, dict):
            yield keyword, data


def model_name(file: str) -> str:
    """A model as every tool would name it: its file's name without folders and suffix."""
    name = file.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    for suffix in _MODEL_FILES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


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
    """The standard leaves the byte order open and writers differ: ask the text itself first."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    # Nearly every text has blanks, digits or Latin letters, whose high byte is zero.
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
