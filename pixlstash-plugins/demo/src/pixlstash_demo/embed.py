"""A painted picture as a file, with what its tool embeds: ComfyUI's graph, A1111's parameters, a camera's EXIF."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from . import words
from .recipe import Recipe
from .shots import shot

if TYPE_CHECKING:
    from PIL.Image import Exif

#: What Flux pictures are guided by, in their graph.
GUIDANCE = 3.5
_EXIF = 0x8769


def paint(recipe: Recipe) -> bytes:
    """The encoded file: same recipe, same bytes. A camera may store an upright picture lying."""
    from PIL.Image import Exif, Transpose
    from PIL.PngImagePlugin import PngInfo

    from .art.scene import draw

    image, exif, texts = draw(recipe), Exif(), PngInfo()
    if recipe.tool == "camera":
        _fill(exif, recipe)
        if recipe.orientation != 1:
            image = image.transpose(Transpose.ROTATE_90 if recipe.orientation == 6 else Transpose.ROTATE_270)
    elif recipe.tool == "comfyui":
        graph = json.dumps(_graph(recipe))
        texts.add_text("prompt", graph)
        exif[0x0110] = f"prompt:{graph}"  # where ComfyUI puts it into a WebP
    else:
        texts.add_text("parameters", parameters(recipe))
        exif.get_ifd(_EXIF)[0x9286] = b"UNICODE\0" + parameters(recipe).encode("utf-16-be")
    out = io.BytesIO()
    if recipe.format == "png":
        image.save(out, "PNG", pnginfo=texts, compress_level=1)
    else:
        image.save(out, recipe.format, quality=88, method=1, exif=exif)
    return out.getvalue()


def tagged_prompt(recipe: Recipe) -> str:
    """A1111 names LoRAs in the prompt itself."""
    return recipe.prompt + "".join(f" <lora:{name}:{words.LORA_WEIGHTS[name]:g}>" for name in recipe.loras)


def parameters(recipe: Recipe) -> str:
    """The text that A1111 embeds."""
    negative = f"\nNegative prompt: {recipe.negative}" if recipe.negative else ""
    hashes = ", ".join(f"{name}: {short_hash(name)}" for name in recipe.loras)
    settings = {
        "Steps": recipe.steps,
        "Sampler": words.SPELT[recipe.sampler],
        "Schedule type": "Karras" if recipe.scheduler == "karras" else "Automatic",
        "CFG scale": f"{recipe.cfg:g}",
        "Seed": recipe.seed,
        "Size": f"{recipe.width}x{recipe.height}",
        "Model hash": short_hash(recipe.model),
        "Model": recipe.model,
        **({"Lora hashes": f'"{hashes}"'} if hashes else {}),
        "Version": "f2.0.1v1.10.1" if recipe.model == words.FLUX else "v1.10.1",
    }
    return f"{tagged_prompt(recipe)}{negative}\n{', '.join(f'{name}: {value}' for name, value in settings.items())}"


def short_hash(name: str) -> str:
    """What stands for the hash of a model's file."""
    return hashlib.sha256(name.encode()).hexdigest()[:10]


def _graph(recipe: Recipe) -> dict[str, Any]:
    """The graph that ran, as ComfyUI's API takes it."""
    graph: dict[str, Any] = {}

    def node(kind: str, **inputs: Any) -> str:
        graph[str(len(graph) + 1)] = {"inputs": inputs, "class_type": kind, "_meta": {"title": kind}}
        return str(len(graph))

    flux = recipe.model == words.FLUX
    file = f"{recipe.model}.safetensors"
    if flux:
        encoders = {"clip_name1": "t5xxl_fp16.safetensors", "clip_name2": "clip_l.safetensors", "type": "flux"}
        model = [node("UNETLoader", unet_name=file, weight_dtype="default"), 0]
        clip, vae = [node("DualCLIPLoader", **encoders), 0], [node("VAELoader", vae_name="ae.safetensors"), 0]
    else:
        loader = node("CheckpointLoaderSimple", ckpt_name=file)
        model, clip, vae = [loader, 0], [loader, 1], [loader, 2]
    for name in reversed(recipe.loras):
        weight = words.LORA_WEIGHTS[name]
        strength = {"strength_model": weight, "strength_clip": weight}
        lora = node("LoraLoader", lora_name=f"{name}.safetensors", **strength, model=model, clip=clip)
        model, clip = [lora, 0], [lora, 1]
    positive = [node("CLIPTextEncode", text=recipe.prompt, clip=clip), 0]
    negative = [node("CLIPTextEncode", text=recipe.negative, clip=clip), 0]
    if flux:
        positive = [node("FluxGuidance", guidance=GUIDANCE, conditioning=positive), 0]
    latent = "EmptySD3LatentImage" if flux else "EmptyLatentImage"
    settings = {name: getattr(recipe, name) for name in ("seed", "steps", "cfg", "scheduler")}
    settings |= {"sampler_name": recipe.sampler, "denoise": 1.0, "model": model, "positive": positive}
    empty = [node(latent, width=recipe.width, height=recipe.height, batch_size=1), 0]
    sampler = node("KSampler", **settings, negative=negative, latent_image=empty)
    node("SaveImage", filename_prefix="ComfyUI", images=[node("VAEDecode", samples=[sampler, 0], vae=vae), 0])
    return graph


def _fill(exif: Exif, recipe: Recipe) -> None:
    """What the camera says."""
    made = shot(recipe)
    seconds, fraction = divmod(recipe.created, 1000)
    date = datetime.fromtimestamp(seconds, UTC).strftime("%Y:%m:%d %H:%M:%S")
    for tag, value in ((0x010F, made.make), (0x0110, made.model), (0x0131, made.software), (0x0132, date)):
        exif[tag] = value
    exif[0x0112] = recipe.orientation
    more = exif.get_ifd(_EXIF)
    more[0x829A], more[0x829D], more[0x920A] = 1 / made.shutter, made.aperture, made.focal
    more[0x8827], more[0xA434] = made.iso, made.lens
    more[0x9003], more[0x9011], more[0x9291] = date, "+00:00", f"{fraction:03d}"
