"""What an answer to a stranger tells besides pixels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from ..context import Context
from ..database.connection import bind_ids
from ..errors import PixlStashError
from ..types import PictureDetail, Reading
from .renditions import Renditions
from .stranger import Answer

#: What may be in the headers of a picture that is not in those of every answer.
HEADERS = {
    "content-type": re.compile(r"image/(jpeg|png)|application/octet-stream"),
    "content-length": re.compile(r"\d+"),
    "etag": re.compile(r'(W/)?"[0-9a-f]+"'),
    "date": re.compile(r"[A-Z][A-Za-z0-9 ,:]+GMT"),
    "cache-control": re.compile(r"private, no-cache"),
    "accept-ranges": re.compile(r"bytes|none"),
    "content-disposition": re.compile(
        r'attachment; filename="(picture-[0-9a-f]{8}\.[a-z0-9]{2,4})"(; filename\*=UTF-8\'\'\1)?'
    ),
}
#: What a file may tell, in words.
TELLS = {
    "place": "a place",
    "prompt": "a prompt or workflow",
    "name": "a file name or path",
    "other": "other metadata",
}
GENERATION = frozenset({"model", "lora", "seed", "steps", "cfg", "guidance", "sampler", "scheduler", "tool"})
#: Facts about pixels, not about how they came to be.
HARMLESS = frozenset({"duration", "fps", "codec"})
#: Pictures whose files' names are looked for.
NAMED = 50_000


def facts_of(reading: Reading | PictureDetail) -> set[str]:
    """What a file tells, as in `TELLS`."""
    names = {fact.name for fact in reading.facts} - HARMLESS
    tells = {"place"} if names & {"place", "altitude"} else set()
    if reading.prompt or reading.negative or reading.payloads or names & GENERATION:
        tells.add("prompt")
    return tells | ({"other"} if names - GENERATION - {"place", "altitude"} else set())


def metadata_in(renditions: Renditions, body: bytes, words: set[str]) -> set[str]:
    """What a file that has metadata tells, as in `TELLS`. `words`: names and paths that must not be in it."""
    tells = {"name"} if any(word.encode() in body for word in words if len(word) > 5) else set()
    try:
        return tells | (facts_of(renditions.read(body)) or {"other"})
    except PixlStashError:
        return tells | {"other"}


def headers_tell(answer: Answer, usual: Mapping[str, str], words: set[str]) -> bool:
    """Whether one of these words is in a header that is not in every answer."""
    rest = [
        value
        for name, value in answer.headers.items()
        if usual.get(name) != value and not (name in HEADERS and HEADERS[name].fullmatch(value))
    ]
    return any(word in value for value in rest for word in words)


def words_of(context: Context, pictures: list[int]) -> dict[int, set[str]]:
    """Return the names and paths of each picture's files, which recipients must not learn."""
    words: dict[int, set[str]] = {}
    for sql in (
        "select id, name from picture where id in carray(?)",
        "select picture_id, key from location where picture_id in carray(?)",
    ):
        for picture, name in context.db.read(sql, (bind_ids(pictures[:NAMED]),)):
            words.setdefault(picture, {str(context.path)}).add(name)
    return words


def sentence_of(answer: Answer) -> str:
    """Return the sentence of an error."""
    try:
        return str(msgspec.json.decode(answer.body, type=dict[str, Any])["detail"])
    except (msgspec.DecodeError, KeyError, UnicodeDecodeError):
        return f"the server answers {answer.status}."
