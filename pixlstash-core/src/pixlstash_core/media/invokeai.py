"""Reads the three generations of InvokeAI's texts: `invokeai_metadata`, `sd-metadata`, and the command line `Dream`."""

from __future__ import annotations

import re
from typing import Any

from ..plugins.contracts import FactReader
from ..types import Embedded, Facts
from .recipe import Part, Recipe, entries, first
from .texts import called, described, texts
from .words import PROMPT_LENGTH

_TOOL = "InvokeAI"
_FLAG = re.compile(r" -([a-zA-Z]{1,2}) ?([^\s-][^\s]{0,255})")
_NEGATIVE = re.compile(r"\[([^\[\]]*)\]")
_CARRIED = ("sd-metadata", "dream")


class InvokeReader(FactReader):
    id = "invokeai"
    revision = "2"

    def read(self, embedded: Embedded) -> Facts | None:
        found = texts(embedded)
        for place, data in described(found, "", "invokeai_metadata"):
            return _current(data).facts({place: found[place]})
        carried = dict(called(found, *_CARRIED))
        for _, data in described(found, '"image"', "sd-metadata"):
            if isinstance(data.get("image"), dict):
                return _older(data, data["image"]).facts(carried)
        for _, line in called(found, "dream"):
            recipe = _oldest(line[: 2 * PROMPT_LENGTH])
            return recipe.facts(carried) if recipe else None
        return None


def _current(data: dict[str, Any]) -> Recipe:
    return Recipe(
        tool=_TOOL,
        prompt=data.get("positive_prompt"),
        negative=data.get("negative_prompt"),
        seed=data.get("seed"),
        steps=data.get("steps"),
        cfg=data.get("cfg_scale"),
        guidance=data.get("guidance"),
        sampler=data.get("scheduler"),  # what InvokeAI calls scheduler are the samplers of other tools
        width=data.get("width"),
        height=data.get("height"),
        models=[_model(data.get("model")), _model(data.get("refiner_model"))],
        loras=[_lora(one) for one in entries(data.get("loras"))],
    )


def _model(value: object, weight: object = None) -> Part:
    if not isinstance(value, dict):
        return Part(value, None, weight)
    digest = first(value, "hash")  # "blake3:…" in newer versions
    return Part(
        first(value, "model_name", "lora_name", "name"),
        digest.rpartition(":")[2] if isinstance(digest, str) else None,
        weight,
    )


def _lora(one: dict[str, Any]) -> Part:
    return _model(first(one, "lora", "model") or one, one.get("weight"))


def _older(data: dict[str, Any], image: dict[str, Any]) -> Recipe:
    prompts = image.get("prompt")
    prompt = (
        prompts
        if isinstance(prompts, str)
        else "\n".join(one["prompt"] for one in entries(prompts) if isinstance(one.get("prompt"), str))
    )
    positive, negative = _sides(prompt)
    return Recipe(
        tool=_TOOL,
        prompt=positive,
        negative=negative,
        seed=image.get("seed"),
        steps=image.get("steps"),
        cfg=image.get("cfg_scale"),
        sampler=image.get("sampler"),
        width=image.get("width"),
        height=image.get("height"),
        models=[Part(first(data, "model_weights", "model"), data.get("model_hash"))],
    )


def _oldest(line: str) -> Recipe | None:
    """`"prompt [negative]" -s 50 -S 1234 -W 512 -H 768 -C 5 -A k_lms`; the prompt may hold quotes of its own."""
    end = line.rfind('"')
    if not line.startswith('"') or end < 1:
        return None
    flags = dict(_FLAG.findall(line[end + 1 :]))
    positive, negative = _sides(line[1:end])
    return Recipe(
        tool=_TOOL,
        prompt=positive,
        negative=negative,
        seed=flags.get("S"),
        steps=flags.get("s"),
        cfg=flags.get("C"),
        sampler=flags.get("A"),
        width=flags.get("W"),
        height=flags.get("H"),
    )


def _sides(prompt: str) -> tuple[str, str | None]:
    """What stands in square brackets is what the picture should not show."""
    negative = ", ".join(one.strip() for one in _NEGATIVE.findall(prompt) if one.strip())
    return (_NEGATIVE.sub(" ", prompt).strip(), negative) if negative else (prompt, None)
