"""Reads what SwarmUI leaves: JSON with its parameters, and beside it or instead of it the graph it gave ComfyUI."""

from __future__ import annotations

from typing import Any

from ..plugins.contracts import FactReader
from ..types import Embedded, Facts
from .recipe import Part, Recipe, entries, first
from .texts import described, model_name, texts

_PLACES = ("parameters", "usercomment", "comment", "description", "xpcomment", "stealth")


class SwarmReader(FactReader):
    id = "swarmui"
    revision = "2"

    def read(self, embedded: Embedded) -> Facts | None:
        found = texts(embedded)
        for place, data in described(found, "sui_image_params", *_PLACES):
            asked = data.get("sui_image_params")
            if isinstance(asked, dict):
                return _recipe(asked, data).facts({place: found[place]})
        return None


def _recipe(asked: dict[str, Any], data: dict[str, Any]) -> Recipe:
    hashes = {
        (str(one.get("param")), model_name(str(one.get("name")))): one.get("hash")
        for one in entries(data.get("sui_models"))
    }
    models = {key: asked[key] for key in ("model", "refinermodel") if isinstance(asked.get(key), str)}
    names, weights = _listed(asked.get("loras")), _listed(asked.get("loraweights"))
    return Recipe(
        tool="SwarmUI",
        prompt=first(asked, "prompt", "original_prompt"),
        negative=asked.get("negativeprompt"),
        seed=asked.get("seed"),
        steps=asked.get("steps"),
        cfg=asked.get("cfgscale"),
        sampler=first(asked, "sampler", "comfyuisampler", "comfyui_sampler"),
        scheduler=first(asked, "scheduler", "comfyuischeduler", "comfyui_scheduler"),
        width=asked.get("width"),
        height=asked.get("height"),
        models=[Part(name, hashes.get((param, model_name(name)))) for param, name in models.items()],
        loras=[
            Part(name, hashes.get(("loras", model_name(str(name)))), weights[at] if at < len(weights) else 1)
            for at, name in enumerate(names)
        ],
    )


def _listed(value: object) -> list[Any]:
    """Lists, or the same joined by commas."""
    if isinstance(value, str):
        return [one.strip() for one in value.split(",") if one.strip()]
    return value if isinstance(value, list) else []
