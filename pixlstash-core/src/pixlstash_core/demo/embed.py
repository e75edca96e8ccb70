"""What each tool writes into its files: ComfyUI's graphs, A1111's parameters, a camera's EXIF."""

from __future__ import annotations

import json
import struct
from datetime import UTC, datetime
from typing import Any

from . import words
from .recipe import Recipe
from .shots import shot

_Graph = dict[str, dict[str, Any]]


#: What Flux pictures are guided by, in their graph.
GUIDANCE = 3.5


def texts(recipe: Recipe) -> dict[str, str]:
    """The embedded texts by keyword; empty for a camera."""
    if recipe.tool == "comfyui":
        graph = _graph(recipe)
        return {"prompt": json.dumps(graph), "workflow": json.dumps(_drawn(graph))}
    return {"parameters": parameters(recipe)} if recipe.tool == "a1111" else {}


# --- A1111 ------------------------------------------------------------------------------------------------------------


def tagged_prompt(recipe: Recipe) -> str:
    """A1111 names LoRAs in the prompt itself."""
    tags = "".join(f" <lora:{name}:{words.LORA_WEIGHTS[name]:g}>" for name in recipe.loras)
    return recipe.prompt + tags


def parameters(recipe: Recipe) -> str:
    negative = f"\nNegative prompt: {recipe.negative}" if recipe.negative else ""
    spelt = "Karras" if recipe.scheduler == "karras" else "Automatic"
    hashes = ", ".join(f"{name}: {short_hash(name)}" for name in recipe.loras)
    settings = [
        f"Steps: {recipe.steps}",
        f"Sampler: {words.SPELT[recipe.sampler]}",
        f"Schedule type: {spelt}",
        f"CFG scale: {recipe.cfg:g}",
        f"Seed: {recipe.seed}",
        f"Size: {recipe.width}x{recipe.height}",
        f"Model hash: {short_hash(recipe.model)}",
        f"Model: {recipe.model}",
        *([f'Lora hashes: "{hashes}"'] if hashes else []),
        "Version: f2.0.1v1.10.1" if recipe.model == words.FLUX else "Version: v1.10.1",
    ]
    return f"{tagged_prompt(recipe)}{negative}\n{', '.join(settings)}"


def short_hash(name: str) -> str:
    value = 0xCBF2_9CE4_8422_2325
    for byte in name.encode():
        value = (value ^ byte) * 0x100_0000_01B3 & 0xFFFF_FFFF_FFFF_FFFF
    return f"{value:016x}"[:10]


# --- ComfyUI ----------------------------------------------------------------------------------------------------------


def _graph(recipe: Recipe) -> _Graph:
    """The graph that ran, as ComfyUI's API takes it."""
    graph: _Graph = {}

    def node(kind: str, title: str, **inputs: Any) -> str:
        graph[str(len(graph) + 1)] = {"inputs": inputs, "class_type": kind, "_meta": {"title": title}}
        return str(len(graph))

    if recipe.model == words.FLUX:
        model, clip, vae = (
            [
                node(
                    "UNETLoader",
                    "Load Diffusion Model",
                    unet_name=f"{recipe.model}.safetensors",
                    weight_dtype="default",
                ),
                0,
            ],
            [
                node(
                    "DualCLIPLoader",
                    "DualCLIPLoader",
                    clip_name1="t5xxl_fp16.safetensors",
                    clip_name2="clip_l.safetensors",
                    type="flux",
                ),
                0,
            ],
            [node("VAELoader", "Load VAE", vae_name="ae.safetensors"), 0],
        )
    else:
        loader = node("CheckpointLoaderSimple", "Load Checkpoint", ckpt_name=f"{recipe.model}.safetensors")
        model, clip, vae = [loader, 0], [loader, 1], [loader, 2]
    for name in reversed(recipe.loras):
        weight = words.LORA_WEIGHTS[name]
        lora = node(
            "LoraLoader",
            "Load LoRA",
            lora_name=f"{name}.safetensors",
            strength_model=weight,
            strength_clip=weight,
            model=model,
            clip=clip,
        )
        model, clip = [lora, 0], [lora, 1]
    positive = [node("CLIPTextEncode", "Positive", text=recipe.prompt, clip=clip), 0]
    negative = [node("CLIPTextEncode", "Negative", text=recipe.negative, clip=clip), 0]
    latent = "EmptyLatentImage"
    if recipe.model == words.FLUX:
        positive = [node("FluxGuidance", "FluxGuidance", guidance=GUIDANCE, conditioning=positive), 0]
        latent = "EmptySD3LatentImage"
    empty = node(latent, "Empty Latent Image", width=recipe.width, height=recipe.height, batch_size=1)
    sampler = node(
        "KSampler",
        "KSampler",
        seed=recipe.seed,
        steps=recipe.steps,
        cfg=recipe.cfg,
        sampler_name=recipe.sampler,
        scheduler=recipe.scheduler,
        denoise=1.0,
        model=model,
        positive=positive,
        negative=negative,
        latent_image=[empty, 0],
    )
    pixels = node("VAEDecode", "VAE Decode", samples=[sampler, 0], vae=vae)
    node("SaveImage", "Save Image", filename_prefix="ComfyUI", images=[pixels, 0])
    return graph


_OUTPUTS = {
    "CheckpointLoaderSimple": ("MODEL", "CLIP", "VAE"),
    "UNETLoader": ("MODEL",),
    "DualCLIPLoader": ("CLIP",),
    "VAELoader": ("VAE",),
    "LoraLoader": ("MODEL", "CLIP"),
    "CLIPTextEncode": ("CONDITIONING",),
    "FluxGuidance": ("CONDITIONING",),
    "EmptyLatentImage": ("LATENT",),
    "EmptySD3LatentImage": ("LATENT",),
    "KSampler": ("LATENT",),
    "VAEDecode": ("IMAGE",),
    "SaveImage": (),
}


def _drawn(graph: _Graph) -> dict[str, Any]:
    """The same graph as the editor keeps it: nodes with places, and links as `[id, from, output, to, input, type]`."""
    links: list[list[Any]] = []
    nodes: dict[str, dict[str, Any]] = {}
    for at, (id, node) in enumerate(graph.items()):
        kind = node["class_type"]
        inputs: list[dict[str, Any]] = []
        widgets: list[Any] = []
        for name, value in node["inputs"].items():
            if isinstance(value, list):
                source = nodes[value[0]]
                output = source["outputs"][value[1]]
                links.append([len(links) + 1, int(value[0]), value[1], int(id), len(inputs), output["type"]])
                output["links"].append(len(links))
                inputs.append({"name": name, "type": output["type"], "link": len(links)})
            else:
                widgets.append(value)
                if name == "seed":
                    widgets.append("randomize")  # what the editor does with the seed after each run
        nodes[id] = {
            "id": int(id),
            "type": kind,
            "pos": [40 + at // 3 * 360, 60 + at % 3 * 240],
            "size": [320, 180],
            "flags": {},
            "order": at,
            "mode": 0,
            "inputs": inputs,
            "outputs": [{"name": one, "type": one, "links": []} for one in _OUTPUTS[kind]],
            "properties": {"Node name for S&R": kind},
            "widgets_values": widgets,
        }
    return {
        "last_node_id": len(nodes),
        "last_link_id": len(links),
        "nodes": list(nodes.values()),
        "links": links,
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }


# --- EXIF -------------------------------------------------------------------------------------------------------------

_ASCII, _SHORT, _LONG, _RATIONAL, _BYTES = 2, 3, 4, 5, 7


def _block(main: list[tuple[int, int, Any]], exif: list[tuple[int, int, Any]]) -> bytes:
    """A little-endian EXIF block of two directories; entries are (tag, type, value), in the order of their tags."""

    def directory(entries: list[tuple[int, int, Any]], at: int) -> bytes:
        head, tail = struct.pack("<H", len(entries)), b""
        behind = at + 2 + 12 * len(entries) + 4
        for tag, kind, value in entries:
            data, count = _packed(kind, value)
            if len(data) > 4:
                place = struct.pack("<I", behind + len(tail))
                tail += data + b"\0" * (len(data) % 2)
            else:
                place = data.ljust(4, b"\0")
            head += struct.pack("<HHI", tag, kind, count) + place
        return head + b"\0\0\0\0" + tail

    start = 8
    if exif:
        length = len(directory([*main, (0x8769, _LONG, 0)], start))
        main = [*main, (0x8769, _LONG, start + length)]
    return (
        b"Exif\0\0II*\0"
        + struct.pack("<I", start)
        + directory(main, start)
        + (directory(exif, start + length) if exif else b"")
    )


def _packed(kind: int, value: Any) -> tuple[bytes, int]:
    if kind == _ASCII:
        data = value.encode() + b"\0"
        return data, len(data)
    if kind == _BYTES:
        return value, len(value)
    if kind == _RATIONAL:
        return struct.pack("<II", *value), 1
    return struct.pack("<H" if kind == _SHORT else "<I", value), 1


def tags_of_graphs(texts: dict[str, str]) -> bytes:
    """Where ComfyUI puts its graphs into a WebP: the tags of the camera's make and model."""
    return _block(
        [(0x010F, _ASCII, "workflow:" + texts["workflow"]), (0x0110, _ASCII, "prompt:" + texts["prompt"])], []
    )


def user_comment(text: str) -> bytes:
    return _block([], [(0x9286, _BYTES, b"UNICODE\0" + text.encode("utf-16-be"))])


def camera(recipe: Recipe) -> bytes:
    made = shot(recipe)
    seconds, fraction = divmod(recipe.created, 1000)
    date = datetime.fromtimestamp(seconds, UTC).strftime("%Y:%m:%d %H:%M:%S")
    return _block(
        [
            (0x010F, _ASCII, made.make),
            (0x0110, _ASCII, made.model),
            (0x0112, _SHORT, recipe.orientation),
            (0x0131, _ASCII, made.software),
            (0x0132, _ASCII, date),
        ],
        [
            (0x829A, _RATIONAL, (1, made.shutter)),
            (0x829D, _RATIONAL, (round(made.aperture * 10), 10)),
            (0x8827, _SHORT, made.iso),
            (0x9003, _ASCII, date),
            (0x9011, _ASCII, "+00:00"),
            (0x920A, _RATIONAL, (round(made.focal), 1)),
            (0x9291, _ASCII, f"{fraction:03d}"),
            (0xA434, _ASCII, made.lens),
        ],
    )
