"""Reads what generation sites and launchers add beside the usual texts: Civitai, TensorArt, Stability Matrix."""

from __future__ import annotations

from typing import Any

from ..plugins.contracts import FactReader
from ..types import Embedded, Facts
from .recipe import Part, Recipe, entries, first
from .texts import described, parsed, texts

_COMMENTS = ("usercomment", "comment", "prompt", "parameters")


class CivitaiReader(FactReader):
    """The site's own words, stored as JSON text inside the graph that it ran."""

    id = "civitai"
    revision = "2"

    def read(self, embedded: Embedded) -> Facts | None:
        found = texts(embedded)
        for place, data in described(found, '"extraMetadata"', *_COMMENTS):
            more = data.get("extraMetadata")
            more = parsed(more) if isinstance(more, str) else more
            if isinstance(more, dict):
                return _civitai(more).facts({place: found[place]})
        return None


def _civitai(more: dict[str, Any]) -> Recipe:
    resources = entries(first(more, "resources", "civitaiResources"))
    return Recipe(
        tool="Civitai",
        prompt=more.get("prompt"),
        negative=more.get("negativePrompt"),
        seed=more.get("seed"),
        steps=more.get("steps"),
        cfg=more.get("cfgScale"),
        sampler=more.get("sampler"),
        scheduler=more.get("scheduler"),
        width=more.get("width"),
        height=more.get("height"),
        models=[_resource(one) for one in resources if one.get("type") in ("checkpoint", "Checkpoint", "model")],
        loras=[
            _resource(one) for one in resources if str(one.get("type")).lower() in ("lora", "lycoris", "locon", "dora")
        ],
    )


def _resource(one: dict[str, Any]) -> Part:
    return Part(first(one, "modelName", "name"), one.get("hash"), first(one, "strength", "weight"))


class TensorArtReader(FactReader):
    id = "tensorart"
    revision = "2"

    def read(self, embedded: Embedded) -> Facts | None:
        found = texts(embedded)
        for place, data in described(found, "{", "generation_data"):
            return _tensorart(data).facts({place: found[place]})
        return None


def _tensorart(data: dict[str, Any]) -> Recipe:
    model = data.get("baseModel")
    used = entries(data.get("models"))
    return Recipe(
        tool="TensorArt",
        prompt=data.get("prompt"),
        negative=data.get("negativePrompt"),
        seed=data.get("seed"),
        steps=data.get("steps"),
        cfg=data.get("cfgScale"),
        sampler=first(data, "samplerName", "sampler"),
        scheduler=first(data, "schedulerName", "scheduler"),
        width=data.get("width"),
        height=data.get("height"),
        models=[_file(model)] if isinstance(model, dict) else [],
        loras=[_file(one) for one in used if one.get("type") in ("LORA", "LoRA", "LYCORIS", "LOCON")],
    )


def _file(one: dict[str, Any]) -> Part:
    return Part(first(one, "modelFileName", "label"), one.get("hash"), one.get("weight"))


class StabilityMatrixReader(FactReader):
    """Its `parameters-json`. The `parameters` text and the graph beside it are read by their own readers."""

    id = "stabilitymatrix"
    revision = "2"

    def read(self, embedded: Embedded) -> Facts | None:
        found = texts(embedded)
        for place, data in described(found, "PositivePrompt", "parameters-json"):
            return Recipe(
                tool="Stability Matrix",
                prompt=data.get("PositivePrompt"),
                negative=data.get("NegativePrompt"),
                seed=data.get("Seed"),
                steps=data.get("Steps"),
                cfg=data.get("CfgScale"),
                sampler=data.get("Sampler"),
                scheduler=data.get("Scheduler"),
                width=data.get("Width"),
                height=data.get("Height"),
                models=[Part(data.get("ModelName"), data.get("ModelHash"))],
            ).facts({name: found[name] for name in (place, "smproj") if name in found})
        return None
