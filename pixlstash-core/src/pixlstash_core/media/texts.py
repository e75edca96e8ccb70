"""Finds the texts that tools leave in a file, wherever its format let them: PNG chunks, EXIF tags, JPEG comments."""

from __future__ import annotations

import json
from typing import Any

from ..types import Embedded, Fact
from .tiff import Tags, Value
from .words import PAYLOAD_BYTES, one_line

GENERATION = "Generation"
CAMERA = "Camera"

#: Fact names that queries know, with what people call them.
LABELS = {
    "model": "Model",
    "lora": "LoRA",
    "sampler": "Sampler",
    "scheduler": "Scheduler",
    "seed": "Seed",
    "steps": "Steps",
    "cfg": "CFG",
    "camera": "Camera",
    "lens": "Lens",
    "iso": "ISO",
    "aperture": "Aperture",
    "shutter": "Shutter",
    "focal": "Focal length",
    "place": "Place",
    "tool": "Tool",
}
_USER_COMMENT = 0x9286
_MODEL_FILES = (".safetensors", ".ckpt", ".gguf", ".sft", ".pth", ".pt", ".bin")


def fact(group: str, name: str, value: str, number: float | None = None) -> Fact:
    return Fact(group, name, LABELS[name], one_line(value), number)


def texts(embedded: Embedded) -> dict[str, str]:
    """Every text by keyword. From EXIF: `UserComment`; `prompt` and `workflow` where a tag starts with that word."""
    found = dict(embedded.text)
    if embedded.exif:
        tags = Tags(embedded.exif)
        for value in tags.main.values():
            if isinstance(value, str):
                word, colon, rest = value.partition(":")
                if colon and word.lower() in ("prompt", "workflow"):
                    found.setdefault(word.lower(), rest.strip())
        comment = tags.exif.get(_USER_COMMENT) or tags.main.get(_USER_COMMENT)
        if comment:
            found.setdefault("UserComment", _comment(comment, tags.order))
    if embedded.comment:
        found.setdefault("comment", _plain(embedded.comment))
    return found


def parsed(text: str | None) -> Any:
    """What a JSON text holds, or None. Python's reader takes the NaN that generators write."""
    if not text or len(text) > PAYLOAD_BYTES or text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


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
