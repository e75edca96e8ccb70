"""Reads settings that programs without a format of their own write as JSON: Hugging Face Spaces, scripts, bots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..plugins.contracts import FactReader
from ..types import Embedded, Facts
from .graph import executed
from .recipe import Part, Recipe, first, is_off, size
from .texts import described, parsed, texts

_PLACES = (
    "parameters",
    "metadata",
    "usercomment",
    "comment",
    "description",
    "imagedescription",
    "xpcomment",
    "stealth",
)
_MOST_KEYS = 256
_MOST_LORAS = 64
_NOT_IN_KEYS = re.compile("[^a-z0-9]")
_SWITCHES = ("active", "enabled", "isenabled", "on")
_NAMES = ("name", "lora", "loraname", "model", "modelname", "path", "filename", "file", "adaptername", "repoid")
_WEIGHTS = ("weight", "scale", "strength", "strengthmodel", "lorascale", "loraweight", "modelstrength")


class JsonReader(FactReader):
    """A JSON object with a `prompt`, its other keys in any usual spelling."""

    id = "json"

    def read(self, embedded: Embedded) -> Facts | None:
        found = texts(embedded)
        for place, data in described(found, "rompt", *_PLACES):
            settings = _by_key(data)
            prompt = settings.get("prompt")
            if isinstance(prompt, str) and prompt.strip() and executed(parsed(prompt)) is None:
                return _recipe(settings).facts({place: found[place]})
        return None


def _by_key(data: dict[str, Any]) -> dict[str, Any]:
    """Values by key without what tools spell differently: `Guidance scale`, `guidance_scale`, `guidanceScale`."""
    settings: dict[str, Any] = {}
    for key, value in list(data.items())[:_MOST_KEYS]:
        settings.setdefault(_NOT_IN_KEYS.sub("", key[:64].lower()), value)
    return settings


def _recipe(settings: dict[str, Any]) -> Recipe:
    width, height = size(first(settings, "resolution", "size", "imagesize"))
    return Recipe(
        tool=first(settings, "tool", "software", "app", "generator"),
        prompt=settings["prompt"],
        negative=first(settings, "negativeprompt", "negative"),
        seed=settings.get("seed"),
        steps=first(settings, "numinferencesteps", "steps", "numsteps", "inferencesteps", "samplingsteps"),
        cfg=first(settings, "guidancescale", "cfgscale", "cfg", "truecfgscale"),
        guidance=first(settings, "guidance", "distilledguidancescale"),
        sampler=first(settings, "sampler", "samplername"),
        scheduler=first(settings, "scheduler", "schedulername", "scheduletype"),
        width=first(settings, "width") or width,
        height=first(settings, "height") or height,
        models=[_model(settings)],
        loras=list(_loras(settings)),
    )


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
    elif isinstance(loras, dict):
        if first(_by_key(loras), *_NAMES) is not None:
            yield from filter(None, [_lora(_by_key(loras))])
        else:  # by name: a weight, or an object with it
            for name, value in list(loras.items())[:_MOST_LORAS]:
                details = _by_key(value) if isinstance(value, dict) else {"weight": value}
                yield from filter(None, [_lora({**details, "name": name})])
    elif isinstance(loras, list):
        for value in loras[:_MOST_LORAS]:
            yield from filter(None, [_listed_lora(value)])


def _listed_lora(value: object) -> Part | None:
    if isinstance(value, dict):
        return _lora(_by_key(value))
    if isinstance(value, list) and len(value) > 1:  # [name, weight]
        return Part(value[0], None, value[1])
    return Part(value)


def _lora(details: dict[str, Any]) -> Part | None:
    name = first(details, *_NAMES)
    if isinstance(name, dict):  # {"model": {"name": …, "hash": …}, "weight": …}
        details = {**details, **_by_key(name)}
        name = first(details, *_NAMES)
    if not isinstance(name, str) or any(is_off(details.get(key)) for key in _SWITCHES):
        return None
    return Part(name, first(details, "hash", "modelhash"), first(details, *_WEIGHTS))
