"""What readers of dialects share: finding texts and JSON objects by keyword."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, ClassVar

from pixlstash_core import PAYLOAD_BYTES, Embedded, FactReader, Facts, embedded_texts

from .recipe import Recipe

#: The keywords under which tools leave a text of theirs, in small letters.
PLACES = ("parameters", "usercomment", "comment", "description", "imagedescription", "xpcomment", "stealth")


class GenerationReader(FactReader):
    """Asked before the readers of standards, which take a generator's text for a description."""

    priority = 100


class Dialect(GenerationReader):
    """Reads a JSON object that a tool leaves in a text with one of the keywords `places`, in small letters.

    Only texts that hold one of `marks` are parsed, which spares the reading of long ones.
    """

    places: ClassVar[tuple[str, ...]]
    marks: ClassVar[tuple[str, ...]] = ("{",)

    def read(self, embedded: Embedded) -> Facts | None:
        texts = embedded_texts(embedded)
        for place, data in objects(texts, self.marks, *self.places):
            recipe = self.recipe(data)
            if recipe is not None:
                return recipe.facts({place: texts[place]})
        return None

    def recipe(self, data: dict[str, Any]) -> Recipe | None:
        """What the object says, or None where it is another tool's."""
        raise NotImplementedError


def called(texts: Mapping[str, str], *keywords: str) -> Iterator[tuple[str, str]]:
    """The texts of these keywords in this order, as (keyword as found, text). Containers change their case."""
    for wanted in keywords:
        for keyword, text in texts.items():
            if keyword.lower() == wanted and text.strip("\0 \r\n\t"):
                yield keyword, text


def objects(texts: Mapping[str, str], marks: tuple[str, ...], *keywords: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The JSON objects in these keywords' texts that hold one of the marks."""
    for keyword, text in called(texts, *keywords):
        data = parsed(text) if any(mark in text for mark in marks) else None
        if isinstance(data, dict):
            yield keyword, data


@lru_cache(maxsize=2)  # several readers look into the same text: do not change what this returns
def parsed(text: str | None) -> Any:
    """What a JSON text holds, or None. Python's reader takes the NaN that generators write.

    Newer video nodes encode what they embed twice: the text is then a JSON string that holds JSON.
    """
    start = text[:64].lstrip("\0 \r\n\t")[:1] if text and len(text) <= PAYLOAD_BYTES else ""
    if not text or start not in ("{", "[", '"'):
        return None
    try:
        data = json.loads(text.strip("\0"), strict=False)
        if start != '"':
            return data
        return json.loads(data, strict=False) if isinstance(data, str) and data[:1] in ("{", "[") else None
    except (ValueError, RecursionError):
        return None


def unpacked(value: object) -> Any:
    """A value that some versions of a tool keep as JSON text inside of JSON."""
    return parsed(value) if isinstance(value, str) else value
