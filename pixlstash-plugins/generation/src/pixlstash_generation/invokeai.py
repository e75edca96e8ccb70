"""Reads the three generations of InvokeAI's texts: `invokeai_metadata`, `sd-metadata`, and the command line `Dream`."""

from __future__ import annotations

import re
from typing import Any

from pixlstash_core import PROMPT_LENGTH, Embedded, Facts, embedded_texts

from .dialect import Dialect, called, objects
from .recipe import Part, Recipe, entries, first

_TOOL = "InvokeAI"
_FLAG = re.compile(r" -([a-zA-Z]{1,2}) ?([^\s-][^\s]{0,255})")
_NEGATIVE = re.compile(r"\[([^\[\]]*)\]")
_CURRENT = {
    "prompt": "positive_prompt",
    "negative": "negative_prompt",
    "cfg": "cfg_scale",
    "guidance": "guidance",
    "sampler": "scheduler",  # what InvokeAI calls scheduler are the samplers of other tools
    "scheduler": (),
}
_OLDER = {"cfg": "cfg_scale", "scheduler": ()}
_FLAGS = {"seed": "S", "steps": "s", "cfg": "C", "sampler": "A", "width": "W", "height": "H"}


class InvokeReader(Dialect):
    id = "invokeai"
    revision = "2"
    places = ("invokeai_metadata",)

    def recipe(self, data: dict[str, Any]) -> Recipe:
        models = [_model(data.get("model")), _model(data.get("refiner_model"))]
        loras = [
            _model(first(lora, "lora", "model") or lora, lora.get("weight")) for lora in entries(data.get("loras"))
        ]
        return Recipe.of(_TOOL, data, _CURRENT, models=models, loras=loras)

    def read(self, embedded: Embedded) -> Facts | None:
        return super().read(embedded) or _earlier(embedded_texts(embedded))


def _model(value: object, weight: object = None) -> Part:
    if not isinstance(value, dict):
        return Part(value, None, weight)
    digest = first(value, "hash")  # "blake3:…" in newer versions
    hash = digest.rpartition(":")[2] if isinstance(digest, str) else None
    return Part(first(value, "model_name", "lora_name", "name"), hash, weight)


def _earlier(texts: dict[str, str]) -> Facts | None:
    payloads = dict(called(texts, "sd-metadata", "dream"))
    for _, data in objects(texts, ('"image"',), "sd-metadata"):
        if isinstance(data.get("image"), dict):
            return _older(data, data["image"]).facts(payloads)
    for _, line in called(texts, "dream"):
        recipe = _oldest(line[: 2 * PROMPT_LENGTH])
        return recipe.facts(payloads) if recipe else None
    return None


def _older(data: dict[str, Any], image: dict[str, Any]) -> Recipe:
    prompt = image.get("prompt")
    if not isinstance(prompt, str):
        prompt = "\n".join(part["prompt"] for part in entries(prompt) if isinstance(part.get("prompt"), str))
    models = [Part(first(data, "model_weights", "model"), data.get("model_hash"))]
    return Recipe.of(_TOOL, {**image, **_sides(prompt)}, {**_OLDER, "negative": "negative"}, models=models)


def _oldest(line: str) -> Recipe | None:
    """`"prompt [negative]" -s 50 -S 1234 -W 512 -H 768 -C 5 -A k_lms`; the prompt may hold quotes of its own."""
    end = line.rfind('"')
    if not line.startswith('"') or end < 1:
        return None
    flags = dict(_FLAG.findall(line[end + 1 :]))
    return Recipe.of(_TOOL, {**flags, **_sides(line[1:end])}, {**_FLAGS, "negative": "negative"})


def _sides(prompt: str) -> dict[str, str | None]:
    """What stands in square brackets is what the picture should not show."""
    negative = ", ".join(text.strip() for text in _NEGATIVE.findall(prompt) if text.strip())
    return {"prompt": _NEGATIVE.sub(" ", prompt).strip() if negative else prompt, "negative": negative or None}
