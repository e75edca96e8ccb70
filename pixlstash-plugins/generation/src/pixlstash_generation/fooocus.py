"""Reads the JSON of Fooocus and its offshoots. Its A1111 scheme is read with the other `parameters`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .dialect import Dialect
from .recipe import Part, Recipe, first

_MODEL = ("base_model", "Base Model", "base_model_name")
#: Scripts of all kinds write `base_model`, too.
_BESIDE = frozenset(("version", "software", "styles", "performance", "sharpness", "base_model_hash", "refiner_model"))
_MOST_LORAS = 64
_NAMES = {
    "prompt": ("prompt", "Prompt"),  # as written, without what styles added
    "negative": ("negative_prompt", "Negative Prompt", "Negative"),
    "seed": ("seed", "Seed"),
    "steps": ("steps", "Steps"),
    "cfg": ("guidance_scale", "Guidance Scale", "cfg"),
    "sampler": ("sampler", "Sampler", "sampler_name"),
    "scheduler": ("scheduler", "Scheduler"),
    "size": ("resolution", "Resolution"),
}


class FooocusReader(Dialect):
    id = "fooocus"
    revision = "2"
    places = ("parameters", "usercomment", "comment", "description")
    marks = tuple(f'"{key}"' for key in _MODEL)

    def recipe(self, data: dict[str, Any]) -> Recipe | None:
        keys = _MODEL[1:] if _BESIDE.isdisjoint(data) else _MODEL
        if not any(isinstance(data.get(key), str) for key in keys):
            return None
        return Recipe.of(
            _tool(first(data, "version", "Version"), data.get("software")),
            data,
            _NAMES,
            models=[
                Part(first(data, *_MODEL), first(data, "base_model_hash", "Base Model Hash")),
                Part(first(data, "refiner_model", "Refiner Model"), first(data, "refiner_model_hash")),
            ],
            loras=_loras(data),
        )


def _tool(version: object, software: object) -> str:
    for text in (software, version):
        if isinstance(text, str) and text.strip()[:1].isalpha() and not text.startswith("v"):
            return text.split(" v")[0].strip()
    return "Fooocus"


def _loras(data: dict[str, Any]) -> Iterator[Part]:
    listed = data.get("loras")
    for lora in listed[:_MOST_LORAS] if isinstance(listed, list) else ():
        if isinstance(lora, list) and len(lora) >= 2:  # [file, weight, hash]
            yield Part(lora[0], lora[2] if len(lora) > 2 else None, lora[1])
    for key, value in list(data.items())[:256]:  # "lora_combined_1": "file : weight"
        if key.lower().startswith(("lora_combined", "lora [", "lora 1", "lora 2", "lora 3")) and isinstance(value, str):
            name, _, weight = value.rpartition(" : ")
            yield Part(name or value, None, weight or None)
