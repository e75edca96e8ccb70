"""Tags and captions from a file's own metadata: keywords, a description, or the prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ...plugins.engines import Captioner, Tag, Tagger
from ...plugins.image import Image

#: Confidence that a picture shows what its prompt asks for.
SURE = 0.7
#: A prompt is a list of tags if it has so many parts, and half of them have at most so many words and letters.
PARTS, WORDS, LETTERS = 3, 4, 48
_NETWORK = re.compile(r"<[^<>]{1,200}>")
_WEIGHT = re.compile(r"(?<!\\):\s*-?\d+(\.\d+)?\s*(?=[)\]]|$)")
_BRACKETS = re.compile(r"(?<!\\)[(){}\[\]]")
_BREAKS = re.compile(r"\b(BREAK|AND|ADDCOMM|ADDBASE|ADDCOL|ADDROW)\b")


class PromptTags(Tagger[None]):
    """Tags from a file's keywords, and from the parts of its prompt if it is a list of tags."""

    id, revision, label, lane = "prompt-tags", "1", "Tags from the prompt", "cpu"
    pixels, batch_size = False, 64

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        for image in images:
            keywords = [fact.value for fact in image.facts.facts if fact.name == "keyword"]
            tags = {word.lower(): Tag(word, SURE) for word in parts(image.facts.prompt or "")}
            tags |= {word.lower(): Tag(word, 1.0) for word in keywords if len(word) <= 100}
            yield list(tags.values())


class PromptCaption(Captioner[None]):
    """A caption from a file's description, or else its prompt."""

    id, revision, label, lane = "prompt-caption", "1", "Caption from the prompt", "cpu"
    pixels, batch_size = False, 64

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[str]:
        for image in images:
            description = next((fact.value for fact in image.facts.facts if fact.name == "description"), None)
            yield description or plain(image.facts.prompt or "")


def plain(prompt: str) -> str:
    """Return a prompt without networks, weights and brackets."""
    text = _BREAKS.sub(",", _NETWORK.sub("", prompt))
    text = _BRACKETS.sub("", _WEIGHT.sub("", text))
    text = re.sub(r"\\([()\[\]{}])", r"\1", text)
    pieces = (" ".join(piece.split()) for piece in text.split(","))
    return ", ".join(piece for piece in pieces if piece)


def parts(prompt: str) -> list[str]:
    """Return the parts of a prompt that is a list of tags; nothing for prose."""
    pieces = [piece.replace("_", " ").strip(" .") for piece in plain(prompt.replace("\n", ",")).split(",")]
    pieces = [piece for piece in pieces if piece]
    short = [piece for piece in pieces if len(piece.split()) <= WORDS and len(piece) <= LETTERS]
    if len(pieces) < PARTS or 2 * len(short) < len(pieces):
        return []
    return list(dict.fromkeys(short))
