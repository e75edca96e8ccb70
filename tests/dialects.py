"""Reads texts as if they were embedded in a picture, and builds ComfyUI graphs, for tests of what tools write."""

from __future__ import annotations

import json
from typing import Any

from pixlstash_core.media import builtin
from pixlstash_core.media.reading import assemble
from pixlstash_core.plugins.contracts import Media
from pixlstash_core.types import Embedded, Format
from pixlstash_generation import readers


def read(**text: Any) -> tuple[dict[str, Any], str | None, str | None]:
    """Facts by name as the library would keep them, prompt and negative prompt."""
    texts = {key.replace("__", "-"): one if isinstance(one, str) else json.dumps(one) for key, one in text.items()}
    answers = [reader.read(Embedded("png", text=texts)) for reader in (*readers(), *builtin.readers())]
    media = Media()
    media.width = media.height = 1
    some = [one for one in answers if one is not None]
    found = assemble(b"", 1, "image", Format("png", "image/png", "png"), media, None, None, some)
    facts: dict[str, Any] = {}
    for one in found.facts:
        facts.setdefault(one.name, []).append(one.value if one.name != "lora" else (one.value, one.number))
    assert set(found.payloads) <= set(texts)
    assert all(found.payloads[key] == texts[key] for key in found.payloads)
    return {name: each[0] if len(each) == 1 else each for name, each in facts.items()}, found.prompt, found.negative


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def graph(**nodes: Any) -> dict[str, Any]:
    """A sampler with encoders for both sides; `text` is the input of the positive one."""
    return {
        "sampler": node(
            "KSampler",
            seed=nodes.pop("seed", 5),
            steps=4,
            positive=["encoder", 0],
            negative=["other", 0],
            model=["loader", 0],
            latent_image=["latent", 0],
        ),
        "encoder": node("CLIPTextEncode", text=nodes.pop("text", "a fox"), clip=["loader", 1]),
        "other": node("CLIPTextEncode", text=nodes.pop("negative", "dog"), clip=["loader", 1]),
        "loader": node("CheckpointLoaderSimple", ckpt_name="base.safetensors"),
        "latent": node("EmptyLatentImage", width=832, height=1216),
        "save": node("SaveImage", images=["sampler", 0]),
        **nodes,
    }
