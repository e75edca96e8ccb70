"""The metadata of a demo picture, which the library stores without painting it."""

from __future__ import annotations

import hashlib
from functools import partial

import msgspec

from pixlstash_core import Fact, Facts, Format, KnownPicture

from . import words
from .embed import GUIDANCE, short_hash, tagged_prompt
from .recipe import EXTENSIONS, Recipe
from .shots import shot

_BYTES_PER_PIXEL = {"png": 1.6, "jpeg": 0.17, "webp": 0.11}
_encoder = msgspec.msgpack.Encoder()
_generated, _photographed = partial(Fact, "Generation"), partial(Fact, "Camera")


def facts(recipe: Recipe) -> Facts:
    """What the fact readers find in the painted file."""
    if recipe.tool == "camera":
        return Facts(_of_camera(recipe), created=recipe.created)
    comfyui, flux = recipe.tool == "comfyui", recipe.model == words.FLUX
    readings = [_generated("model", "Model", recipe.model)]
    if not comfyui:
        readings.append(_generated("model_hash", "Model hash", short_hash(recipe.model)))
    for name in recipe.loras:
        readings.append(_generated("lora", "LoRA", name, words.LORA_WEIGHTS[name]))
        if not comfyui:
            readings.append(_generated("lora_hash", "LoRA hash", f"{name}: {short_hash(name)}"))
    karras = "Karras" if recipe.scheduler == "karras" else "Automatic"
    readings += [
        _generated("seed", "Seed", str(recipe.seed), float(recipe.seed)),
        _generated("steps", "Steps", str(recipe.steps), float(recipe.steps)),
        _generated("cfg", "CFG", f"{recipe.cfg:g}", recipe.cfg),
        *([_generated("guidance", "Guidance", f"{GUIDANCE:g}", GUIDANCE)] if comfyui and flux else []),
        _generated("sampler", "Sampler", recipe.sampler if comfyui else words.SPELT[recipe.sampler]),
        _generated("scheduler", "Scheduler", recipe.scheduler if comfyui else karras),
    ]
    size = _generated("resolution", "Generated size", f"{recipe.width}x{recipe.height}")
    tool = _generated("tool", "Tool", "ComfyUI" if comfyui else "Forge" if flux else "Stable Diffusion WebUI")
    readings += [tool, size]
    prompt = recipe.prompt if comfyui else tagged_prompt(recipe)
    return Facts(tuple(readings), prompt, recipe.negative or None, recipe.created)


def _of_camera(recipe: Recipe) -> tuple[Fact, ...]:
    made = shot(recipe)
    return (
        _photographed("camera", "Camera", f"{made.make} {made.model}"),
        _photographed("lens", "Lens", made.lens),
        _photographed("tool", "Tool", made.software),
        _photographed("exposure", "Exposure", f"1/{made.shutter} s", 1 / made.shutter),
        _photographed("aperture", "Aperture", f"f/{made.aperture:.3g}", made.aperture),
        _photographed("iso", "ISO", str(made.iso), float(made.iso)),
        _photographed("focal", "Focal length", f"{made.focal:.4g} mm", made.focal),
    )


def metadata(recipe: Recipe) -> KnownPicture:
    """What there is to know of a picture that nobody has painted: its hash is the recipe's, its size a guess."""
    red, green, blue = words.LIGHTS[recipe.light][1]
    shift = (recipe.shot & 31) - 16
    return KnownPicture(
        sha256=hashlib.sha256(_encoder.encode(recipe)).digest(),
        format=Format(recipe.format, f"image/{recipe.format}", EXTENSIONS[recipe.format], inline=True),
        width=recipe.width,
        height=recipe.height,
        size=int(recipe.width * recipe.height * _BYTES_PER_PIXEL[recipe.format]) + (recipe.shot & 0xFFF),
        orientation=recipe.orientation,
        color=(red + shift, green + shift, blue + shift),
        facts=facts(recipe),
    )
