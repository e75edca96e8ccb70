"""Files that carry what tools write, in every format that can."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from embedding import user_comment
from PIL import Image, PngImagePlugin

from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.types import Reading

PARAMETERS = (
    "a lighthouse, <lora:storm:0.7> 🌊\nNegative prompt: fog\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 6.5, Seed: 42, Size: 64x48, Model: deep, Version: v1.10.1"
)


GRAPH = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 7,
            "steps": 4,
            "cfg": 1.0,
            "sampler_name": "euler",
            "scheduler": "simple",
            "positive": ["6", 0],
            "negative": ["7", 0],
            "model": ["4", 0],
        },
    },
    "4": {"class_type": "UNETLoader", "inputs": {"unet_name": "wan2.2.safetensors"}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "waves; a = b # \\ 海\nsecond line"}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "still"}},
    "9": {"class_type": "SaveVideo", "inputs": {"samples": ["3", 0]}},
}


WORKFLOW = {"nodes": [{"id": 3, "type": "KSampler", "mode": 0}], "extra": {"value": float("nan")}}


def taken(pool: DecoderPool, path: Path) -> Reading:
    reading = pool.read(path, path.name)
    assert isinstance(reading, Reading)
    return reading


def facts(reading: Reading) -> dict[str, str]:
    return {fact.name: fact.value for fact in reading.facts}


def noise(width: int = 64, height: int = 48) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(1).randbytes(3 * width * height))


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def clip(path: Path, codec: str, tags: dict[str, str], movflags: str = "") -> Path:
    av = pytest.importorskip("av")
    with av.open(str(path), "w", options={"movflags": movflags} if movflags else {}) as out:
        out.metadata.update(tags)
        stream = out.add_stream(codec, rate=16)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(8):
            out.mux(stream.encode(av.VideoFrame.from_image(noise())))
        out.mux(stream.encode())
    return path


def carriers(tmp_path: Path, text: str) -> Iterator[tuple[str, Path, str]]:
    """(format, a file that carries this text, the keyword it has there)."""
    info = PngImagePlugin.PngInfo()
    info.add_itxt("parameters", text)
    exif = user_comment(text)
    image = noise(160, 120)
    for name, options, keyword in (
        ("a.png", {"pnginfo": info}, "parameters"),
        ("a.jpg", {"exif": exif} if len(exif) < 65_000 else {"comment": text.encode()[:65_000]}, "UserComment"),
        ("a.webp", {"exif": exif}, "UserComment"),
        ("a.avif", {"exif": exif}, "UserComment"),
    ):
        path = tmp_path / name
        image.save(path, **options)
        yield name, path, keyword
    yield "a.mp4", clip(tmp_path / "a.mp4", "libx264", {"parameters": text}, "use_metadata_tags"), "parameters"


def ms(text: str) -> int:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
