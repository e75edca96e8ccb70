"""Reads the `parameters` text of Stable Diffusion WebUI (A1111) and its many relatives."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from ..contracts import FactReader
from ..types import Embedded, Fact, Facts
from .texts import GENERATION, fact, model_name, parsed, texts
from .words import PROMPT_LENGTH

_PLACES = ("parameters", "UserComment", "comment", "Parameters")
_LORA = re.compile(r"<lora:([^:<>]{1,256})(?::(-?[\d.]{1,12}))?[^<>]{0,64}>")
_NEGATIVE = re.compile("^Negative prompt:", re.MULTILINE)
_MOST_LORAS = 64
_SETTINGS_LENGTH = 32_768
# fact name -> what it is called in the settings line, in lower case
_NAMES = {
    "sampler": ("sampler",),
    "scheduler": ("schedule type", "scheduler"),
    "seed": ("seed",),
    "steps": ("steps",),
    "cfg": ("cfg scale",),
    "model": ("model",),
}


class ParametersReader(FactReader):
    """Prompt, negative prompt, LoRA tags and the line of settings."""

    id = "a1111"
    revision = "1"

    def read(self, embedded: Embedded) -> Facts | None:
        found = texts(embedded)
        for place in _PLACES:
            text = found.get(place, "")
            settings_at = _settings_at(text)
            if settings_at is not None:
                return _facts(text, settings_at)
        return None


def _settings_at(text: str) -> int | None:
    """Where the settings line starts: the last line that begins with `Steps: <number>`."""
    at = len(text)
    while (at := text.rfind("Steps: ", 0, at)) >= 0:
        if (at == 0 or text[at - 1] == "\n") and text[at + 7 : at + 8].isdigit():
            return at
    return None


def _facts(text: str, settings_at: int) -> Facts:
    head, negative = text[:settings_at], None
    marker = _NEGATIVE.search(head)
    if marker:
        head, negative = head[: marker.start()], head[marker.end() :]
    prompt = head[:PROMPT_LENGTH].strip()
    settings = dict(_settings(text[settings_at : settings_at + _SETTINGS_LENGTH]))
    facts = [_fact(name, settings) for name in _NAMES]
    facts += _loras(prompt)
    facts += _resources(settings)
    facts.append(fact(GENERATION, "tool", _tool(settings)))
    return Facts(
        tuple(one for one in facts if one is not None),
        prompt=prompt or None,
        negative=negative[:PROMPT_LENGTH].strip() or None if negative else None,
        payloads={"parameters": text},
    )


def _settings(line: str) -> Iterator[tuple[str, str]]:
    """`Key: value` pairs; commas inside quotes or brackets belong to the value."""
    start, depth, quoted, escaped = 0, 0, False, False
    for at, character in enumerate(line):
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = character == "\\", character != '"'
        elif character == '"':
            quoted = True
        elif character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        elif character == "," and depth <= 0:
            yield _pair(line[start:at])
            start = at + 1
    # What is left is the last pair, or several when a quote or bracket was never closed.
    rest = line[start:]
    for piece in rest.split(",") if quoted or depth > 0 else (rest,):
        yield _pair(piece)


def _pair(piece: str) -> tuple[str, str]:
    key, _, value = piece.partition(":")
    return key.strip().lower(), value.strip().strip('"')


def _fact(name: str, settings: dict[str, str]) -> Fact | None:
    value = next((settings[key] for key in _NAMES[name] if settings.get(key)), None)
    if value is None:
        return None
    if name == "model":
        value = model_name(value)
    return fact(GENERATION, name, value, _number(value) if name in ("seed", "steps", "cfg") else None)


def _loras(prompt: str) -> list[Fact]:
    found: dict[str, Fact] = {}
    for match in _LORA.finditer(prompt):
        if len(found) < _MOST_LORAS:
            strength = 1.0 if match[2] is None else _number(match[2])
            found.setdefault(match[1], fact(GENERATION, "lora", model_name(match[1]), strength))
    return list(found.values())


def _resources(settings: dict[str, str]) -> list[Fact]:
    """Civitai names models and LoRAs in a JSON list of its own."""
    resources = parsed(settings.get("civitai resources"))
    found = []
    for one in resources[:_MOST_LORAS] if isinstance(resources, list) else ():
        if isinstance(one, dict) and isinstance(one.get("modelName"), str):
            if one.get("type") == "checkpoint" and "model" not in settings:
                found.append(fact(GENERATION, "model", one["modelName"]))
            elif one.get("type") in ("lora", "lycoris"):
                weight = one.get("weight")
                strength = float(weight) if isinstance(weight, int | float) and abs(weight) < 1e6 else None
                found.append(fact(GENERATION, "lora", one["modelName"], strength))
    return found


def _tool(settings: dict[str, str]) -> str:
    version = settings.get("version", "")
    if settings.get("app"):
        return settings["app"]
    if version == "ComfyUI" or "civitai resources" in settings:
        return version or "Civitai"
    if re.match(r"f\d|classic|neo", version):
        return "Forge"
    return "Stable Diffusion WebUI"


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
