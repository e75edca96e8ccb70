"""Reads NovelAI: `Description` and `Comment` of a PNG, the same as JSON in EXIF, or hidden in the alpha channel."""

from __future__ import annotations

import re
from typing import Any

from ..plugins.contracts import FactReader
from ..types import Embedded, Facts
from .recipe import Part, Recipe, entries, first
from .texts import called, described, parsed, texts

_HASHED = re.compile(r"(.{1,200}?)\s+([0-9A-F]{8})$")
_WRAPPED = ("usercomment", "comment", "parameters", "stealth")
_KEPT = ("title", "description", "software", "source", "comment")


class NovelReader(FactReader):
    id = "novelai"
    revision = "2"

    def read(self, embedded: Embedded) -> Facts | None:
        found = texts(embedded)
        for _, data in described(found, '"uc"', "comment"):
            if _is_recipe(data) and ("Software" not in found or "NovelAI" in found["Software"]):
                kept = dict(called(found, *_KEPT))
                return _recipe(data, found).facts(kept)
        for place, data in described(found, '"Comment"', *_WRAPPED):
            inner = data.get("Comment")
            inner = parsed(inner) if isinstance(inner, str) else inner
            if isinstance(inner, dict) and _is_recipe(inner):
                return _recipe(inner, data).facts({place: found[place]})
        return None


def _is_recipe(data: dict[str, Any]) -> bool:
    return "uc" in data and "steps" in data and "scale" in data


def _recipe(data: dict[str, Any], beside: dict[str, Any]) -> Recipe:
    source = beside.get("Source")
    source = source.strip() if isinstance(source, str) else ""
    hashed = _HASHED.match(source)
    described_as = beside.get("Description")
    prompt = first(data, "prompt") or (described_as.strip("\0") if isinstance(described_as, str) else None)
    return Recipe(
        tool="NovelAI",
        prompt=_with_characters(prompt, data.get("v4_prompt")),
        negative=_with_characters(data.get("uc"), data.get("v4_negative_prompt")),
        seed=data.get("seed"),
        steps=data.get("steps"),
        cfg=data.get("scale"),
        sampler=data.get("sampler"),
        scheduler=data.get("noise_schedule"),
        width=data.get("width"),
        height=data.get("height"),
        models=[Part(hashed[1], hashed[2]) if hashed else Part(source or None)],
    )


def _with_characters(prompt: object, structured: object) -> object:
    """The prompt, then a line for each character that has a prompt of its own."""
    caption = structured.get("caption") if isinstance(structured, dict) else None
    lines = (
        [one.get("char_caption") for one in entries(caption.get("char_captions"))] if isinstance(caption, dict) else []
    )
    own = [line.strip() for line in lines if isinstance(line, str) and line.strip()]
    return "\n".join([prompt, *own]) if own and isinstance(prompt, str) else prompt
