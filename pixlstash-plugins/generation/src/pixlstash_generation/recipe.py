"""How a picture was generated, in the words of queries, whatever a tool calls them. Dialects fill it from data that
may hold anything: what is not fit is left out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from pixlstash_core import PROMPT_LENGTH, VALUE_LENGTH, Fact, Facts, known_fact

_MOST = 64
_LARGEST = 1e30
_LONGEST_NUMBER = 40
_SMALLEST_SIDE = 16
_LARGEST_SIDE = 1e6
_SIZE = re.compile(r"[(\[\s]*(\d{1,6})\s*[x×,*]\s*(\d{1,6})(?!\d)", re.IGNORECASE)
_OFF = ("off", "false", "no", "disabled", "disable")
_HASH = re.compile(r"(?:0x)?([0-9a-fA-F]{8,64})$")
_MODEL_FILES = (".safetensors", ".ckpt", ".gguf", ".sft", ".pth", ".pt", ".bin")
#: What most tools call as this does.
_USUAL = {name: name for name in ("prompt", "seed", "steps", "sampler", "scheduler", "width", "height")}


class Part(Struct, frozen=True):
    """A model or LoRA: `name` as a tool gives it (file or title), `hash` of its file, `weight` it was used with, and
    `clip`, the weight for the text encoder where that is another."""

    name: object
    hash: object = None
    weight: object = None
    clip: object = None

    def is_applied(self) -> bool:
        return number(self.weight) != 0 or bool(number(self.clip))


class Recipe(Struct, kw_only=True):
    """Every field but `trace` takes any value. `trace`: where the prompt was found, or why not, if that helps."""

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
    models: Iterable[Part] = ()
    loras: Iterable[Part] = ()
    trace: str = ""

    @classmethod
    def of(
        cls,
        tool: object,
        data: Mapping[str, Any],
        names: Mapping[str, Sequence[str]],
        *,
        models: Iterable[Part] = (),
        loras: Iterable[Part] = (),
    ) -> Recipe:
        """From an object of settings. `names`: which key, or the first of which keys, holds a field; `size` may hold
        width and height together. Without a name there, the seven usual fields have the keys of their own names."""
        keys = {field: (key,) if isinstance(key, str) else key for field, key in {**_USUAL, **names}.items()}
        fields = {field: first(data, *some) for field, some in keys.items()}
        width, height = size(fields.pop("size", None))
        fields.update(width=fields["width"] or width, height=fields["height"] or height)
        return cls(tool=tool, models=models, loras=loras, **fields)

    def facts(self, payloads: Mapping[str, str]) -> Facts:
        facts = [*_parts("model", self.models), *_parts("lora", self.loras), *self._settings()]
        return Facts(tuple(facts), prompt=words(self.prompt), negative=words(self.negative), payloads=dict(payloads))

    def _settings(self) -> Iterator[Fact]:
        for name in ("seed", "steps", "cfg", "guidance"):
            value = number(getattr(self, name))
            if value is not None and not (name == "seed" and value < 0):  # negative: "any seed", not the one used
                yield known_fact(name, str(value) if isinstance(value, int) else f"{value:.10g}", float(value))
        for name in ("sampler", "scheduler", "tool"):
            text = words(getattr(self, name))
            if text:
                yield known_fact(name, text)
        width, height = number(self.width), number(self.height)
        if width and height and is_size(width, height):
            yield known_fact("resolution", f"{width:.0f}x{height:.0f}")
        if self.trace:
            yield Fact("Generation", "prompt_from", "Prompt from", self.trace[:VALUE_LENGTH])


def _parts(kind: str, parts: Iterable[Part]) -> Iterator[Fact]:
    for part, _ in zip(parts, range(_MOST), strict=False):
        name, digest = _named(part.name), hash_of(part.hash)
        weight = number(part.weight) if kind == "lora" else None
        if kind == "lora" and not part.is_applied():
            continue
        if name:
            yield known_fact(kind, name, None if weight is None else float(weight))
        if digest:
            yield known_fact(f"{kind}_hash", f"{name}: {digest}" if name and kind == "lora" else digest)


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
        width, _, height = value.partition("x")
        return (match[1], match[2]) if match else (width, height)
    return (value[0], value[1]) if isinstance(value, list) and len(value) == 2 else (None, None)


def is_off(value: object) -> bool:
    """Whether this value of a switch turns something off."""
    if isinstance(value, str):
        return value.strip().lower() in _OFF
    return isinstance(value, int) and not value


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
    return [entry for entry in value[:_MOST] if isinstance(entry, dict)] if isinstance(value, list) else []


def parts(value: object, *types: str, name: Sequence[str], weight: Sequence[str] = ("weight",)) -> Iterator[Part]:
    """Models or LoRAs from a JSON list of objects, by the keys of their names and weights; all, or those of `types`."""
    for entry in entries(value):
        if not types or str(entry.get("type")).lower() in types:
            yield Part(first(entry, *name), entry.get("hash"), first(entry, *weight))


def model_name(file: str) -> str:
    """A model as every tool would name it: its file's name without folders and suffix."""
    name = file.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    for suffix in _MODEL_FILES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def _named(value: object) -> str | None:
    name = model_name(value[: 4 * VALUE_LENGTH].strip()) if isinstance(value, str) else None
    return name if name and name.lower() not in ("none", "undefined", "null") else None
