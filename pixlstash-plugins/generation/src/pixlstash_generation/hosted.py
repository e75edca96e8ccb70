"""Reads what generation sites and launchers add beside the usual texts: Civitai, TensorArt, Stability Matrix."""

from __future__ import annotations

from typing import Any

from pixlstash_core import Embedded, Facts, embedded_texts

from .dialect import Dialect, objects, unpacked
from .recipe import Part, Recipe, first, parts

_CIVITAI = {"negative": "negativePrompt", "cfg": "cfgScale"}
_TENSORART = {**_CIVITAI, "sampler": ("samplerName", "sampler"), "scheduler": ("schedulerName", "scheduler")}
_STABILITY_MATRIX = {
    "prompt": "PositivePrompt",
    "negative": "NegativePrompt",
    "cfg": "CfgScale",
    "seed": "Seed",
    "steps": "Steps",
    "sampler": "Sampler",
    "scheduler": "Scheduler",
    "width": "Width",
    "height": "Height",
}


class CivitaiReader(Dialect):
    """The site's own words, stored as JSON text inside the graph that it ran."""

    id = "civitai"
    revision = "2"
    places = ("usercomment", "comment", "prompt", "parameters")
    marks = ('"extraMetadata"',)

    def recipe(self, data: dict[str, Any]) -> Recipe | None:
        more = unpacked(data.get("extraMetadata"))
        if not isinstance(more, dict):
            return None
        resources = first(more, "resources", "civitaiResources")
        keys = {"name": ("modelName", "name"), "weight": ("strength", "weight")}
        return Recipe.of(
            "Civitai",
            more,
            _CIVITAI,
            models=parts(resources, "checkpoint", "model", **keys),
            loras=parts(resources, "lora", "lycoris", "locon", "dora", **keys),
        )


class TensorArtReader(Dialect):
    id = "tensorart"
    revision = "2"
    places = ("generation_data",)

    def recipe(self, data: dict[str, Any]) -> Recipe:
        name = ("modelFileName", "label")
        return Recipe.of(
            "TensorArt",
            data,
            _TENSORART,
            models=parts([data.get("baseModel")], name=name),
            loras=parts(data.get("models"), "lora", "lycoris", "locon", name=name),
        )


class StabilityMatrixReader(Dialect):
    """Its `parameters-json`. The `parameters` text and the graph beside it are read by their own readers."""

    id = "stabilitymatrix"
    revision = "2"

    def read(self, embedded: Embedded) -> Facts | None:
        texts = embedded_texts(embedded)
        for place, data in objects(texts, ("PositivePrompt",), "parameters-json"):
            models = [Part(data.get("ModelName"), data.get("ModelHash"))]
            recipe = Recipe.of("Stability Matrix", data, _STABILITY_MATRIX, models=models)
            return recipe.facts({name: texts[name] for name in (place, "smproj") if name in texts})
        return None
