"""Reads the `parameters` text of Stable Diffusion WebUI (A1111) and its many relatives."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pixlstash_core import PROMPT_LENGTH, Embedded, Facts, embedded_texts

from .dialect import PLACES, GenerationReader, called, parsed
from .recipe import Part, Recipe, number, parts

_LORA = re.compile(r"<lora:([^:<>]{1,256})(?::(-?[\d.]{1,12}))?(?::(-?[\d.]{1,12}))?[^<>]{0,64}>")
_NEGATIVE = re.compile("^Negative prompt:", re.MULTILINE)
_MOST_LORAS = 64
_SETTINGS_LENGTH = 32_768
_HASHES_LENGTH = 16_384
_NAMES = {"cfg": "cfg scale", "guidance": "distilled cfg scale", "scheduler": ("schedule type", "scheduler")}


class ParametersReader(GenerationReader):
    """Prompt, negative prompt, LoRA tags and the line of settings."""

    id = "a1111"
    revision = "3"

    def read(self, embedded: Embedded) -> Facts | None:
        for place, text in called(embedded_texts(embedded), *PLACES):
            settings_at = _settings_at(text)
            if settings_at is not None:
                return _recipe(text, settings_at).facts({place: text})
        return None


def _settings_at(text: str) -> int | None:
    """Where the settings line starts: the last line that begins with `Steps: <number>`."""
    at = len(text)
    while (at := text.rfind("Steps: ", 0, at)) >= 0:
        if (at == 0 or text[at - 1] == "\n") and text[at + 7 : at + 8].isdigit():
            return at
    return None


def _recipe(text: str, settings_at: int) -> Recipe:
    head, negative = text[:settings_at], None
    marker = _NEGATIVE.search(head)
    if marker:
        head, negative = head[: marker.start()], head[marker.end() :]
    settings = dict(_settings(text[settings_at : settings_at + _SETTINGS_LENGTH]))
    hashes = _hashes(settings)
    resources = parsed(settings.get("civitai resources"))  # as Civitai names them
    models = [Part(settings.get("model"), settings.get("model hash") or hashes.get("model"))]
    if "model" not in settings:
        models += parts(resources, "checkpoint", name=["modelName"])
    loras = [*_loras(head[:PROMPT_LENGTH], hashes), *parts(resources, "lora", "lycoris", "dora", name=["modelName"])]
    recipe = Recipe.of(_tool(settings), settings, _NAMES, models=models, loras=loras)
    recipe.prompt, recipe.negative = head[:PROMPT_LENGTH], negative
    recipe.width, _, recipe.height = settings.get("size", "").partition("x")
    return recipe


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


def _hashes(settings: dict[str, str]) -> dict[str, str]:
    """By name, from `Lora hashes: "a: 12ab, b: 34cd"` and `Hashes: {"model": "…", "lora:a": "…"}`."""
    pairs = (pair.partition(":") for pair in settings.get("lora hashes", "")[:_HASHES_LENGTH].split(","))
    hashes = {name.strip(): digest.strip() for name, _, digest in pairs}
    listed = parsed(settings.get("hashes"))
    for name, digest in listed.items() if isinstance(listed, dict) else ():
        if isinstance(digest, str):
            hashes.setdefault(name.removeprefix("lora:").removeprefix("LORA:"), digest)
    return hashes


def _loras(prompt: str, hashes: dict[str, str]) -> Iterator[Part]:
    seen: set[str] = set()
    for match in _LORA.finditer(prompt):
        if match[1] not in seen and len(seen) < _MOST_LORAS:
            seen.add(match[1])
            yield Part(match[1], hashes.get(match[1]), _weight(match[2], match[3]))


def _weight(text_encoder: str | None, unet: str | None) -> str | float:
    """The first weight, which holds for both parts of the model; the second where the first leaves one out."""
    if text_encoder is None:
        return 1.0
    return unet if unet is not None and number(text_encoder) == 0 else text_encoder


def _tool(settings: dict[str, str]) -> str:
    version = settings.get("version", "")
    if settings.get("app"):
        return settings["app"]
    if "civitai resources" in settings:
        return "Civitai"
    if version.lower().startswith(("comfyui", "fooocus", "ruinedfooocus")):
        return version.split(" ")[0]
    if "reforge" in version.lower():
        return "reForge"
    if re.match(r"f\d|classic|neo", version):
        return "Forge"
    if "operations" in settings or "pipeline" in settings or settings.get("backend") in ("Diffusers", "Original"):
        return "SD.Next"
    return "Stable Diffusion WebUI"
