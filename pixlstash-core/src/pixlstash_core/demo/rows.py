"""What the library has to know about a demo picture, without painting it."""

from __future__ import annotations

import hashlib
import math

import msgspec

from ..types import Fact, Reading
from . import words
from .embed import GUIDANCE, short_hash, tagged_prompt
from .recipe import EXTENSIONS, Recipe
from .shots import shot

_BYTES_PER_PIXEL = {"png": 1.6, "jpeg": 0.17, "webp": 0.11}

_encoder = msgspec.msgpack.Encoder()


def _generation(name: str, label: str, value: str, number: float | None = None) -> Fact:
    return Fact("Generation", name, label, value, number)


def _camera(name: str, label: str, value: str, number: float | None = None) -> Fact:
    return Fact("Camera", name, label, value, number)


def facts(recipe: Recipe) -> tuple[list[Fact], str | None, str | None]:
    """(facts, prompt, negative prompt): what the fact readers find in the painted file."""
    if recipe.tool == "camera":
        return _of_camera(recipe), None, None
    size = _generation("resolution", "Generated size", f"{recipe.width}x{recipe.height}")
    numbers = [
        _generation("seed", "Seed", str(recipe.seed), float(recipe.seed)),
        _generation("steps", "Steps", str(recipe.steps), float(recipe.steps)),
        _generation("cfg", "CFG", f"{recipe.cfg:g}", recipe.cfg),
    ]
    model = _generation("model", "Model", recipe.model)
    loras = [_generation("lora", "LoRA", name, words.LORA_WEIGHTS[name]) for name in recipe.loras]
    if recipe.tool == "comfyui":
        sampler = _generation("sampler", "Sampler", recipe.sampler)
        scheduler = _generation("scheduler", "Scheduler", recipe.scheduler)
        guided = [_generation("guidance", "Guidance", f"{GUIDANCE:g}", GUIDANCE)] if recipe.model == words.FLUX else []
        tool = _generation("tool", "Tool", "ComfyUI")
        found = [model, *loras, *numbers, sampler, scheduler, *guided, size, tool]
        return found, recipe.prompt, recipe.negative or None
    digest = _generation("model_hash", "Model hash", short_hash(recipe.model))
    digests = [_generation("lora_hash", "LoRA hash", f"{name}: {short_hash(name)}") for name in recipe.loras]
    adapted = [fact for pair in zip(loras, digests, strict=True) for fact in pair]
    sampler = _generation("sampler", "Sampler", words.SPELT[recipe.sampler])
    scheduler = _generation("scheduler", "Scheduler", "Karras" if recipe.scheduler == "karras" else "Automatic")
    tool = _generation("tool", "Tool", "Forge" if recipe.model == words.FLUX else "Stable Diffusion WebUI")
    found = [model, digest, *adapted, *numbers, sampler, scheduler, tool, size]
    return found, tagged_prompt(recipe), recipe.negative or None


def _of_camera(recipe: Recipe) -> list[Fact]:
    made = shot(recipe)
    return [
        _camera("camera", "Camera", f"{made.make} {made.model}"),
        _camera("lens", "Lens", made.lens),
        _camera("tool", "Tool", made.software),
        _camera("exposure", "Exposure", f"1/{made.shutter} s", 1 / made.shutter),
        _camera("aperture", "Aperture", f"f/{made.aperture:.3g}", made.aperture),
        _camera("iso", "ISO", str(made.iso), float(made.iso)),
        _camera("focal", "Focal length", f"{made.focal:.4g} mm", made.focal),
    ]


def colour(recipe: Recipe) -> int:
    """RGB565 of about the mean of the painted picture: measured per scene and light, wavering a little per picture."""
    red, green, blue = words.MEANS.get((recipe.scene, recipe.light), (96, 96, 104))
    waver = (recipe.shot & 31) - 16
    red, green, blue = red + waver, green + waver * 3 // 4, blue + waver // 2
    return max(0, min(31, red >> 3)) << 11 | max(0, min(63, green >> 2)) << 5 | max(0, min(31, blue >> 3))


def reading(recipe: Recipe) -> Reading:
    """A reading of a picture that nobody has painted: its hash is the recipe's, its size in bytes a guess, it has no
    still yet and says no reason why."""
    found, prompt, negative = facts(recipe)
    return Reading(
        sha256=hashlib.sha256(_encoder.encode(recipe)).digest(),
        size=int(recipe.width * recipe.height * _BYTES_PER_PIXEL[recipe.format]) + (recipe.shot & 0xFFF),
        kind="image",
        format=recipe.format,
        mime=f"image/{recipe.format}",
        extension=EXTENSIONS[recipe.format],
        width=recipe.width,
        height=recipe.height,
        orientation=recipe.orientation,
        created=recipe.created,
        aspect=min(255, max(0, round(128 + 48 * math.log2(recipe.width / recipe.height)))),
        colour=colour(recipe),
        facts=tuple(found),
        prompt=prompt,
        negative=negative,
    )
