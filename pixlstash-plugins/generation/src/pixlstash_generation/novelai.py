"""Reads NovelAI: `Description` and `Comment` of a PNG, the same as JSON in EXIF, or hidden in the alpha channel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pixlstash_core import Embedded, Facts, embedded_texts

from .dialect import Dialect, called, objects, unpacked
from .recipe import Part, Recipe, entries

_HASHED = re.compile(r"(.{1,200}?)\s+([0-9A-F]{8})$")
_KEPT = ("title", "description", "software", "source", "comment")
_NAMES = {"cfg": "scale", "scheduler": "noise_schedule"}


class NovelReader(Dialect):
    id = "novelai"
    revision = "2"
    places = ("usercomment", "comment", "parameters", "stealth")
    marks = ('"Comment"',)

    def read(self, embedded: Embedded) -> Facts | None:
        texts = embedded_texts(embedded)
        for _, data in objects(texts, ('"uc"',), "comment"):
            if _is_recipe(data) and "NovelAI" in texts.get("Software", "NovelAI"):
                return _recipe(data, texts).facts(dict(called(texts, *_KEPT)))
        return super().read(embedded)

    def recipe(self, data: dict[str, Any]) -> Recipe | None:
        inner = unpacked(data.get("Comment"))
        return _recipe(inner, data) if isinstance(inner, dict) and _is_recipe(inner) else None


def _is_recipe(data: dict[str, Any]) -> bool:
    return "uc" in data and "steps" in data and "scale" in data


def _recipe(data: dict[str, Any], beside: Mapping[str, Any]) -> Recipe:
    texts = (beside.get(key) for key in ("Source", "Description"))
    source, description = (text if isinstance(text, str) else "" for text in texts)
    hashed = _HASHED.match(source.strip())
    recipe = Recipe.of("NovelAI", data, _NAMES, models=[Part(*hashed.groups()) if hashed else Part(source.strip())])
    recipe.prompt = _with_characters(recipe.prompt or description.strip("\0") or None, data.get("v4_prompt"))
    recipe.negative = _with_characters(data.get("uc"), data.get("v4_negative_prompt"))
    return recipe


def _with_characters(prompt: object, structured: object) -> object:
    """The prompt, then a line for each character that has a prompt of its own."""
    caption = structured.get("caption") if isinstance(structured, dict) else None
    captions = entries(caption.get("char_captions")) if isinstance(caption, dict) else []
    lines = [
        line.strip() for caption in captions if isinstance(line := caption.get("char_caption"), str) and line.strip()
    ]
    return "\n".join([prompt, *lines]) if lines and isinstance(prompt, str) else prompt
