"""Reads the JSON of Fooocus and its offshoots. Its A1111 scheme is read with the other `parameters`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..plugins.contracts import FactReader
from ..types import Embedded, Facts
from .recipe import Part, Recipe, first, size
from .texts import described, texts

_PLACES = ("parameters", "usercomment", "comment", "description")
_MARKS = ("base_model", "Base Model", "base_model_name")
#: Scripts of all kinds write `base_model`, too.
_BESIDE = frozenset(("version", "software", "styles", "performance", "sharpness", "base_model_hash", "refiner_model"))
_MOST_LORAS = 64


class FooocusReader(FactReader):
    id = "fooocus"
    revision = "2"

    def read(self, embedded: Embedded) -> Facts | None:
        found = texts(embedded)
        for mark in _MARKS:
            for place, data in described(found, f'"{mark}"', *_PLACES):
                if isinstance(data.get(mark), str) and (mark != "base_model" or not _BESIDE.isdisjoint(data)):
                    return _recipe(data).facts({place: found[place]})
        return None


def _recipe(data: dict[str, Any]) -> Recipe:
    width, height = size(first(data, "resolution", "Resolution"))
    return Recipe(
        tool=_tool(first(data, "version", "Version"), data.get("software")),
        prompt=first(data, "prompt", "Prompt"),  # as written, without what styles added
        negative=first(data, "negative_prompt", "Negative Prompt", "Negative"),
        seed=first(data, "seed", "Seed"),
        steps=first(data, "steps", "Steps"),
        cfg=first(data, "guidance_scale", "Guidance Scale", "cfg"),
        sampler=first(data, "sampler", "Sampler", "sampler_name"),
        scheduler=first(data, "scheduler", "Scheduler"),
        width=first(data, "width") or width,
        height=first(data, "height") or height,
        models=[
            Part(first(data, *_MARKS), first(data, "base_model_hash", "Base Model Hash")),
            Part(first(data, "refiner_model", "Refiner Model"), first(data, "refiner_model_hash")),
        ],
        loras=list(_loras(data)),
    )


def _tool(version: object, software: object) -> str:
    for text in (software, version):
        if isinstance(text, str) and text.strip()[:1].isalpha() and not text.startswith("v"):
            return text.split(" v")[0].strip()
    return "Fooocus"


def _loras(data: dict[str, Any]) -> Iterator[Part]:
    listed = data.get("loras")
    for one in listed[:_MOST_LORAS] if isinstance(listed, list) else ():
        if isinstance(one, list) and len(one) >= 2:  # [file, weight, hash]
            yield Part(one[0], one[2] if len(one) > 2 else None, one[1])
    for key, value in list(data.items())[:256]:  # "lora_combined_1": "file : weight"
        if key.lower().startswith(("lora_combined", "lora [", "lora 1", "lora 2", "lora 3")) and isinstance(value, str):
            name, _, weight = value.rpartition(" : ")
            yield Part(name or value, None, weight or None)
