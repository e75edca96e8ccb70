"""Tags and captions from what a file says about itself: keywords, a description, the prompt it was made with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ...plugins.engines import Captioner, Tag, Tagger
from ...plugins.image import Image

#: How sure one can be that a picture shows what its prompt asks for.
SURE = 0.7
#: A prompt of at least so many parts, most of them so short, is a list of tags, and prose otherwise.
PARTS, WORDS, LETTERS = 3, 4, 48
_NETWORK = re.compile(r"<[^<>]{1,200}>")
_WEIGHT = re.compile(r"(?<!\\):\s*-?\d+(\.\d+)?\s*(?=[)\]]|$)")
_BRACKETS = re.compile(r"(?<!\\)[(){}\[\]]")
_BREAKS = re.compile(r"\b(BREAK|AND|ADDCOMM|ADDBASE|ADDCOL|ADDROW)\b")


class PromptTags(Tagger[None]):
    """Keywords of a file, and the parts of its prompt, when that is a list."""

    id, revision, label, lane = "prompt-tags", "1", "Tags from the prompt", "cpu"
    pixels, batch_size = False, 64

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        for image in images:
            keywords = [fact.value for fact in image.facts.facts if fact.name == "keyword"]
            found = {word.lower(): Tag(word, SURE) for word in parts(image.facts.prompt or "")}
            found |= {word.lower(): Tag(word, 1.0) for word in keywords if len(word) <= 100}
            yield list(found.values())


class PromptCaption(Captioner[None]):
    """The description of a file, or else the prompt it was made with."""

    id, revision, label, lane = "prompt-caption", "1", "Caption from the prompt", "cpu"
    pixels, batch_size = False, 64

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[str]:
        for image in images:
            told = next((fact.value for fact in image.facts.facts if fact.name == "description"), None)
            yield told or plain(image.facts.prompt or "")


def plain(prompt: str) -> str:
    """A prompt without networks, weights and the brackets that weigh."""
    text = _BREAKS.sub(",", _NETWORK.sub("", prompt))
    text = _BRACKETS.sub("", _WEIGHT.sub("", text))
    text = re.sub(r"\\([()\[\]{}])", r"\1", text)
    pieces = (" ".join(piece.split()) for piece in text.split(","))
    return ", ".join(piece for piece in pieces if piece)


def parts(prompt: str) -> list[str]:
    """The parts of a prompt that is a list of tags; nothing of one that is prose."""
    found = [piece.replace("_", " ").strip(" .") for piece in plain(prompt.replace("\n", ",")).split(",")]
    found = [piece for piece in found if piece]
    short = [piece for piece in found if len(piece.split()) <= WORDS and len(piece) <= LETTERS]
    if len(found) < PARTS or 2 * len(short) < len(found):
        return []
    return list(dict.fromkeys(short))
