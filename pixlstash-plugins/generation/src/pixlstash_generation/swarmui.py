"""Reads what SwarmUI leaves: JSON with its parameters, and beside it or instead of it the graph it gave ComfyUI."""

from __future__ import annotations

from typing import Any

from .dialect import Dialect
from .recipe import Part, Recipe, entries, model_name

_NAMES = {
    "prompt": ("prompt", "original_prompt"),
    "negative": "negativeprompt",
    "cfg": "cfgscale",
    "sampler": ("sampler", "comfyuisampler", "comfyui_sampler"),
    "scheduler": ("scheduler", "comfyuischeduler", "comfyui_scheduler"),
}


class SwarmReader(Dialect):
    id = "swarmui"
    revision = "2"
    places = ("parameters", "usercomment", "comment", "description", "xpcomment", "stealth")
    marks = ("sui_image_params",)

    def recipe(self, data: dict[str, Any]) -> Recipe | None:
        settings = data.get("sui_image_params")
        if not isinstance(settings, dict):
            return None
        hashes = {
            (str(model.get("param")), model_name(str(model.get("name")))): model.get("hash")
            for model in entries(data.get("sui_models"))
        }
        models = {key: settings[key] for key in ("model", "refinermodel") if isinstance(settings.get(key), str)}
        names, weights = _listed(settings.get("loras")), _listed(settings.get("loraweights"))
        return Recipe.of(
            "SwarmUI",
            settings,
            _NAMES,
            models=[Part(name, hashes.get((param, model_name(name)))) for param, name in models.items()],
            loras=[
                Part(name, hashes.get(("loras", model_name(str(name)))), weights[at] if at < len(weights) else 1)
                for at, name in enumerate(names)
            ],
        )


def _listed(value: object) -> list[Any]:
    """Lists, or the same joined by commas."""
    if isinstance(value, str):
        return [name.strip() for name in value.split(",") if name.strip()]
    return value if isinstance(value, list) else []
