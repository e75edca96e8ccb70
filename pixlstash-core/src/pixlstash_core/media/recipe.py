"""How a picture was generated, in the words of queries, whatever a tool calls them. Dialects fill it from data that
may hold anything: what is not fit is left out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from ..types import Fact, Facts
from .texts import GENERATION, fact, model_name
from .words import PROMPT_LENGTH, VALUE_LENGTH

_MOST = 64
_LARGEST = 1e30
_LONGEST_NUMBER = 40
_SMALLEST_SIDE = 16
_LARGEST_SIDE = 1e6
_SIZE = re.compile(r"[(\[\s]*(\d{1,6})\s*[x×,*]\s*(\d{1,6})(?!\d)", re.IGNORECASE)
_OFF = ("off", "false", "no", "disabled", "disable")
_HASH = re.compile(r"(?:0x)?([0-9a-fA-F]{8,64})$")


class Part(Struct, frozen=True):
    """A model or LoRA: `name` as a tool gives it (file or title), `hash` of its file, `weight` it was used with."""

    name: object
    hash: object = None
    weight: object = None


class Recipe(Struct, kw_only=True):
    """Every field takes any value."""

    tool: object
    prompt: object = None
    negative: object = None
    seed: object = None
    steps: object = None
    cfg: object = None
    guidance: object = None
    sampler: object = None
    scheduler: object = None
    width: object = None
    height: object = None
    models: list[Part] = field(default_factory=list)
    loras: list[Part] = field(default_factory=list)

    def facts(self, payloads: Mapping[str, str]) -> Facts:
        facts = [*self._models(), *self._loras(), *self._settings()]
        return Facts(tuple(facts), prompt=words(self.prompt), negative=words(self.negative), payloads=dict(payloads))

    def _models(self) -> Iterator[Fact]:
        for part in self.models[:_MOST]:
            name, digest = _named(part.name), hash_of(part.hash)
            if name:
                yield fact(GENERATION, "model", name)
            if digest:
                yield fact(GENERATION, "model_hash", digest)

    def _loras(self) -> Iterator[Fact]:
        for part in self.loras[:_MOST]:
            name, digest, weight = _named(part.name), hash_of(part.hash), number(part.weight)
            if weight == 0:  # not applied
                continue
            if name:
                yield fact(GENERATION, "lora", name, None if weight is None else float(weight))
            if digest:
                yield fact(GENERATION, "lora_hash", f"{name}: {digest}" if name else digest)

    def _settings(self) -> Iterator[Fact]:
        for name, found in (("seed", self.seed), ("steps", self.steps), ("cfg", self.cfg), ("guidance", self.guidance)):
            value = number(found)
            if value is not None and not (name == "seed" and value < 0):  # negative: "any seed", not the one used
                yield fact(GENERATION, name, shown(value), float(value))
        for name, found in (("sampler", self.sampler), ("scheduler", self.scheduler), ("tool", self.tool)):
            text = words(found)
            if text:
                yield fact(GENERATION, name, text)
        width, height = number(self.width), number(self.height)
        if width and height and is_size(width, height):
            yield fact(GENERATION, "resolution", f"{width:.0f}x{height:.0f}")


def number(value: object) -> int | float | None:
    """A finite number, or a text that is one; nothing absurdly large."""
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER:
        try:
            value = int(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value if isinstance(value, float) else 0) and abs(value) < _LARGEST else None


def is_size(width: float, height: float) -> bool:
    """Whether a picture may be generated in this size; tools write 0 or 1 where they do not know it."""
    return _SMALLEST_SIDE <= width < _LARGEST_SIDE and _SMALLEST_SIDE <= height < _LARGEST_SIDE


def size(value: object) -> tuple[object, object]:
    """Width and height in `832x1216`, `832 x 1216`, `(832, 1216)` or a list of both."""
    if isinstance(value, str):
        match = _SIZE.match(value)
        return (match[1], match[2]) if match else (None, None)
    return (value[0], value[1]) if isinstance(value, list) and len(value) == 2 else (None, None)


def is_off(value: object) -> bool:
    """Whether this value of a switch turns something off."""
    if isinstance(value, str):
        return value.strip().lower() in _OFF
    return isinstance(value, int) and not value


def shown(value: int | float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.10g}"


def words(value: object) -> str | None:
    """A text that says something."""
    return value[: 2 * PROMPT_LENGTH].strip() or None if isinstance(value, str) else None


def hash_of(value: object) -> str | None:
    """Hexadecimal digits in lower case, without what tools put before them."""
    match = _HASH.match(value.strip()) if isinstance(value, str) else None
    return match[1].lower() if match else None


def first(data: Mapping[str, Any], *keys: str) -> Any:
    """The value of the first of these keys that has one."""
    return next((data[key] for key in keys if data.get(key) not in (None, "")), None)


def entries(value: object) -> list[dict[str, Any]]:
    """The objects of a JSON list."""
    return [one for one in value[:_MOST] if isinstance(one, dict)] if isinstance(value, list) else []


def _named(value: object) -> str | None:
    name = model_name(value[: 4 * VALUE_LENGTH].strip()) if isinstance(value, str) else None
    return name if name and name.lower() not in ("none", "undefined", "null") else None
