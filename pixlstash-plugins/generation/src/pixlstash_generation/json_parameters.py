"""Reads settings that programs without a format of their own write as JSON: Hugging Face Spaces, scripts, bots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .comfyui.graph import executed
from .dialect import PLACES, Dialect, parsed
from .recipe import Part, Recipe, first, is_off

_MOST_KEYS = 256
_MOST_LORAS = 64
_NOT_IN_KEYS = re.compile("[^a-z0-9]")
_SPELLINGS = {
    "negative": ("negativeprompt", "negative"),
    "steps": ("numinferencesteps", "steps", "numsteps", "inferencesteps", "samplingsteps"),
    "cfg": ("guidancescale", "cfgscale", "cfg", "truecfgscale"),
    "guidance": ("guidance", "distilledguidancescale"),
    "sampler": ("sampler", "samplername"),
    "scheduler": ("scheduler", "schedulername", "scheduletype"),
    "size": ("resolution", "size", "imagesize"),
}
_SWITCHES = ("active", "enabled", "isenabled", "on")
_NAMES = ("name", "lora", "loraname", "model", "modelname", "path", "filename", "file", "adaptername", "repoid")
_WEIGHTS = ("weight", "scale", "strength", "strengthmodel", "lorascale", "loraweight", "modelstrength")


class JsonReader(Dialect):
    """A JSON object with a `prompt`, its other keys in any usual spelling."""

    id = "json"
    places = ("parameters", "metadata", *PLACES[1:])
    marks = ("rompt",)

    def recipe(self, data: dict[str, Any]) -> Recipe | None:
        settings = _by_key(data)
        prompt = settings.get("prompt")
        if not isinstance(prompt, str) or not prompt.strip() or executed(parsed(prompt)) is not None:
            return None
        tool = first(settings, "tool", "software", "app", "generator")
        return Recipe.of(tool, settings, _SPELLINGS, models=[_model(settings)], loras=_loras(settings))


def _by_key(data: dict[str, Any]) -> dict[str, Any]:
    """Values by key without what tools spell differently: `Guidance scale`, `guidance_scale`, `guidanceScale`."""
    settings: dict[str, Any] = {}
    for key, value in list(data.items())[:_MOST_KEYS]:
        settings.setdefault(_NOT_IN_KEYS.sub("", key[:64].lower()), value)
    return settings


def _model(settings: dict[str, Any]) -> Part:
    model = first(settings, "model", "modelname", "basemodel", "checkpoint", "modelid")
    if isinstance(model, dict):
        details = _by_key(model)
        return Part(first(details, "model", "name", "modelname", "id"), first(details, "modelhash", "hash"))
    return Part(model, settings.get("modelhash"))


def _loras(settings: dict[str, Any]) -> Iterator[Part]:
    loras = first(settings, "loras", "lora", "loraname", "lorapath")
    if isinstance(loras, str):
        yield Part(loras, None, first(settings, "loraweight", "lorascale", "lorastrength"))
    elif isinstance(loras, dict) and first(_by_key(loras), *_NAMES) is None:  # by name: a weight, or an object with it
        for name, value in list(loras.items())[:_MOST_LORAS]:
            yield from _lora({**(value if isinstance(value, dict) else {"weight": value}), "name": name})
    else:
        for value in loras[:_MOST_LORAS] if isinstance(loras, list) else [loras]:
            yield from _lora(value)


def _lora(value: object) -> Iterator[Part]:
    """From a name, `[name, weight]`, or an object, which may hold the model's name and hash in one of its own."""
    if isinstance(value, list) and len(value) > 1:
        value = {"name": value[0], "weight": value[1]}
    details = _by_key(value) if isinstance(value, dict) else {"name": value}
    name = first(details, *_NAMES)
    if isinstance(name, dict):
        details = {**details, **_by_key(name)}
        name = first(details, *_NAMES)
    if isinstance(name, str) and not any(is_off(details.get(key)) for key in _SWITCHES):
        yield Part(name, first(details, "hash", "modelhash"), first(details, *_WEIGHTS))
