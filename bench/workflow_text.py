"""What long embedded text costs: a PNG with 2 MB of ComfyUI workflow against the same PNG without.

    python bench/workflow_text.py [--rounds 15]

One decoder process reads both in turn, everything included: reading, hashing, decoding, the still, facts and payloads.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from _measure import Figure, ms, report, timed
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.types import Reading

PROMISED = 1.3
TEXT = 2_000_000


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--rounds", type=int, default=15)
    options = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder, DecoderPool(1) as pool:
        plain, heavy = _pictures(Path(folder))
        times: dict[Path, list[float]] = {plain: [], heavy: []}
        for _ in range(options.rounds + 2):
            for path in times:
                times[path].append(timed(lambda path=path: _read(pool, path)))
        without, with_text = (statistics.median(each[2:]) for each in times.values())
    ratio = with_text / without
    return report(
        [
            Figure(
                "PNG with 2 MB of workflow text against the same without",
                f"< {PROMISED}",
                f"{ratio:.2f}, {ms(with_text)}",
                ms(without),
                ratio < PROMISED,
            )
        ]
    )


def _read(pool: DecoderPool, path: Path) -> None:
    reading = pool.read(path, path.name)
    assert isinstance(reading, Reading)
    if path.stem == "heavy":
        assert len(reading.payloads["workflow"]) >= TEXT and reading.prompt == "a river at dawn"


def _pictures(folder: Path) -> tuple[Path, Path]:
    """A generated picture as ComfyUI saves it: 1024 × 1024, level 4, texts uncompressed."""
    tones = [Image.linear_gradient("L"), Image.radial_gradient("L"), Image.effect_noise((256, 256), 60)]
    image = Image.merge("RGB", tones).resize((1024, 1024), Image.Resampling.BICUBIC)
    info = PngInfo()
    info.add_text("prompt", json.dumps(_graph()))
    plain, heavy = folder / "plain.png", folder / "heavy.png"
    image.save(plain, pnginfo=info, compress_level=4)
    info.add_text("workflow", _workflow())
    image.save(heavy, pnginfo=info, compress_level=4)
    return plain, heavy


def _graph() -> dict[str, Any]:
    sampler = {"seed": 7, "steps": 20, "cfg": 6, "positive": ["2", 0], "model": ["1", 0]}
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "base.safetensors"}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a river at dawn"}},
        "3": {"class_type": "KSampler", "inputs": sampler},
        "4": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}},
    }


def _workflow() -> str:
    nodes: list[dict[str, Any]] = []
    links: list[list[Any]] = []
    size = 0
    while size < TEXT + 10_000:
        id = len(nodes) + 1
        nodes.append(
            {
                "id": id,
                "type": "CLIPTextEncode",
                "pos": [100.5 * id, 200.25],
                "size": {"0": 425.27801513671875, "1": 180.6060791015625},
                "flags": {},
                "order": id,
                "mode": 0,
                "inputs": [{"name": "clip", "type": "CLIP", "link": id}],
                "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING", "links": [id], "slot_index": 0}],
                "properties": {"Node name for S&R": "CLIPTextEncode"},
                "widgets_values": [f"words number {id}, masterpiece, best quality"],
            }
        )
        links.append([id, id, 0, id + 1, 0, "CLIP"])
        size += len(json.dumps(nodes[-1])) + len(json.dumps(links[-1])) + 4
    return json.dumps({"last_node_id": len(nodes), "nodes": nodes, "links": links, "version": 0.4})


if __name__ == "__main__":
    raise SystemExit(main())
