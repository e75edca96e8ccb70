"""Every tool's way to write down how it made a picture, in the places where formats and containers keep it."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest
from dialects import read
from embedding import hide, packet
from PIL import Image

from pixlstash_core import Embedded
from pixlstash_generation.drawthings import DrawThingsReader
from pixlstash_generation.stealth import hidden


def test_swarmui() -> None:
    data = {
        "sui_image_params": {
            "prompt": "a fox",
            "negativeprompt": "dog",
            "model": "OfficialStableDiffusion/base.safetensors",
            "seed": 12,
            "steps": 20,
            "cfgscale": 6.5,
            "width": 640,
            "height": 512,
            "sampler": "euler",
            "scheduler": "karras",
            "loras": ["styles/ink", "flat"],
            "loraweights": ["0.5", "1"],
        },
        "sui_models": [
            {"name": "OfficialStableDiffusion/base.safetensors", "param": "model", "hash": "0xABCDEF0123"},
            {"name": "styles/ink.safetensors", "param": "loras", "hash": "0x0123456789"},
        ],
    }
    facts = {
        "model": "base",
        "model_hash": "abcdef0123",
        "lora": [("ink", 0.5), ("flat", 1)],
        "lora_hash": "ink: 0123456789",
        "seed": "12",
        "steps": "20",
        "cfg": "6.5",
        "sampler": "euler",
        "scheduler": "karras",
        "resolution": "640x512",
        "tool": "SwarmUI",
    }
    assert read(parameters=data) == (facts, "a fox", "dog")
    assert read(COMMENT=data) == (facts, "a fox", "dog")  # as Matroska spells keywords


def test_fooocus() -> None:
    facts, prompt, negative = read(
        parameters={
            "base_model": "jugger.safetensors",
            "base_model_hash": "0123456789",
            "refiner_model": "None",
            "prompt": "a fox",
            "negative_prompt": "",
            "full_negative_prompt": ["styled"],
            "seed": "9223372036854775807",
            "steps": 30,
            "guidance_scale": 4,
            "resolution": "(896, 1152)",
            "sampler": "dpmpp_2m_sde_gpu",
            "scheduler": "karras",
            "loras": [["offset.safetensors", 0.1, "aabbccddee"]],
            "lora_combined_1": "more.safetensors : 0.3",
            "version": "Fooocus v2.5.5",
        },
        fooocus_scheme="fooocus",
    )
    assert (prompt, negative, facts["tool"], facts["model"]) == ("a fox", None, "Fooocus", "jugger")
    assert facts["lora"] == [("offset", 0.1), ("more", 0.3)]
    assert (facts["lora_hash"], facts["seed"]) == ("offset: aabbccddee", "9223372036854775807")
    assert (facts["resolution"], facts["cfg"]) == ("896x1152", "4")


def test_invokeai() -> None:
    facts, prompt, negative = read(
        invokeai_metadata={
            "positive_prompt": "a fox",
            "negative_prompt": "dog",
            "seed": 5,
            "steps": 30,
            "cfg_scale": 7.5,
            "guidance": 3.5,
            "scheduler": "dpmpp_2m_k",
            "model": {"name": "Dreamy", "hash": "blake3:aabbccddeeff", "key": "x"},
            "loras": [{"model": {"name": "ink", "hash": "blake3:0011223344"}, "weight": 0.75}],
        }
    )
    assert (prompt, negative, facts["tool"], facts["sampler"]) == ("a fox", "dog", "InvokeAI", "dpmpp_2m_k")
    assert (facts["model"], facts["model_hash"], facts["lora"]) == ("Dreamy", "aabbccddeeff", ("ink", 0.75))
    assert (facts["lora_hash"], facts["guidance"]) == ("ink: 0011223344", "3.5")
    facts, prompt, negative = read(Dream='"a "quoted" fox [dog] at night" -s 50 -S 298 -W512 -H768 -C7.5 -A k_lms')
    assert (prompt, negative) == ('a "quoted" fox   at night', "dog")
    assert (facts["seed"], facts["resolution"], facts["cfg"], facts["sampler"]) == ("298", "512x768", "7.5", "k_lms")


NOVEL = {
    "prompt": "a fox",
    "uc": "dog",
    "steps": 28,
    "scale": 5.5,
    "seed": 77,
    "sampler": "k_euler",
    "noise_schedule": "karras",
    "v4_prompt": {"caption": {"base_caption": "a fox", "char_captions": [{"char_caption": "red tail"}]}},
    "v4_negative_prompt": {"caption": {"char_captions": [{"char_caption": ""}]}},
}


@pytest.mark.parametrize("place", ["Comment", "UserComment", "stealth"])
def test_novelai(place: str) -> None:
    beside = {"Software": "NovelAI", "Source": "NovelAI Diffusion V4 0011AABB", "Title": "t", "Description": "a fox"}
    inner = json.dumps(NOVEL)
    text = {**beside, "Comment": inner} if place == "Comment" else {place: json.dumps({**beside, "Comment": inner})}
    facts, prompt, negative = read(**text)
    assert (prompt, negative, facts["tool"]) == ("a fox\nred tail", "dog", "NovelAI")
    assert (facts["model"], facts["model_hash"]) == ("NovelAI Diffusion V4", "0011aabb")
    assert (facts["seed"], facts["cfg"], facts["scheduler"]) == ("77", "5.5", "karras")


def test_sites_and_launchers() -> None:
    more = {"prompt": "a fox", "negativePrompt": "dog", "cfgScale": 5, "sampler": "Euler a", "steps": 25, "seed": 3}
    graph = {"1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "urn:air:x"}}}
    facts, prompt, _ = read(UserComment={**graph, "extraMetadata": json.dumps(more)})
    assert (prompt, facts["tool"], facts["model"], facts["seed"]) == ("a fox", "Civitai", "urn:air:x", "3")
    facts, prompt, negative = read(
        generation_data=json.dumps(
            {
                "prompt": "a fox",
                "negativePrompt": "dog",
                "seed": "9",
                "steps": 20,
                "cfgScale": 6,
                "samplerName": "Euler a",
                "baseModel": {"modelFileName": "base", "hash": "AABBCCDDEE"},
                "models": [{"type": "LORA", "modelFileName": "ink", "weight": 0.4}],
            }
        )
        + "\0"
    )
    assert (prompt, negative, facts["tool"], facts["seed"]) == ("a fox", "dog", "TensorArt", "9")
    assert (facts["model"], facts["model_hash"], facts["lora"]) == ("base", "aabbccddee", ("ink", 0.4))
    matrix = {"PositivePrompt": "a fox", "NegativePrompt": "dog", "ModelName": "base.ckpt", "Steps": 9, "Seed": 4}
    facts, prompt, negative = read(parameters__json=matrix, parameters="a fox\nSteps: 9, Seed: 4, Size: 64x64")
    assert (prompt, facts["tool"], facts["model"], facts["resolution"]) == (
        "a fox",
        "Stability Matrix",
        "base",
        "64x64",
    )


@pytest.mark.parametrize(
    ("tail", "tool"),
    [
        ("Version: v1.10.1", "Stable Diffusion WebUI"),
        ("Version: f2.0.1v1.10.1-previous-665-gae278f79", "Forge"),
        ("Version: neo", "Forge"),
        ("App: SD.Next, Version: 1", "SD.Next"),
        ("Version: Fooocus v2.5.5", "Fooocus"),
        ("Version: ComfyUI", "ComfyUI"),
        ('Civitai resources: [{"type":"lora","weight":0.6,"modelName":"ink"}]', "Civitai"),
    ],
)
def test_relatives_of_a1111_are_told_apart(tail: str, tool: str) -> None:
    facts, prompt, _ = read(parameters=f"a fox\nSteps: 20, Seed: 1, {tail}")
    assert (prompt, facts["tool"]) == ("a fox", tool)
    assert facts.get("lora") == (("ink", 0.6) if tool == "Civitai" else None)


def test_a1111_hashes_in_json_and_distilled_guidance() -> None:
    hashes = '{"model": "aabbccddee", "lora:ink": "0011223344"}'
    facts, _, _ = read(
        parameters=f"a fox <lora:ink:-0.5:0.2>\nSteps: 8, Distilled CFG Scale: 3.5, Model: m, Hashes: {hashes}, Seed: 1"
    )
    assert (facts["model_hash"], facts["lora_hash"]) == ("aabbccddee", "ink: 0011223344")
    assert (facts["lora"], facts["guidance"], facts["seed"]) == (("ink", -0.5), "3.5", "1")


def test_draw_things() -> None:
    settings = """{"c":"a fox","uc":"blurry","seed":7,"steps":8,"scale":1.5,"sampler":"Euler A","size":"512x768",
      "model":"sd_v1.5_f16.ckpt","lora":[{"model":"detail_f16.ckpt","weight":0.6}]}"""
    text = settings.replace("\n", " ").replace('"', "&quot;")
    body = f"<exif:UserComment><rdf:Alt><rdf:li>{text}</rdf:li></rdf:Alt></exif:UserComment>"
    found = DrawThingsReader().read(Embedded("png", xmp=packet(body)))
    assert found is not None
    assert (found.prompt, found.negative) == ("a fox", "blurry")
    expected = {"model": "sd_v1.5_f16", "lora": "detail_f16", "seed": "7", "resolution": "512x768", "cfg": "1.5"}
    assert expected.items() <= {one.name: one.value for one in found.facts}.items()
    assert DrawThingsReader().read(Embedded("png", xmp=packet("<exif:UserComment>hm</exif:UserComment>"))) is None


# -- ComfyUI as it is drawn --------------------------------------------------------------------------------------------


def drawn(id: Any, type: str, values: Any = None, inputs: tuple[tuple[str, str, Any], ...] = (), **more: Any) -> Any:
    listed = [{"name": name, "type": kind, "link": link} for name, kind, link in inputs]
    return {"id": id, "type": type, "mode": 0, "widgets_values": values or [], "inputs": listed, **more}


def test_a_drawing_with_subgraph_bypass_mute_reroute_and_wireless_links() -> None:
    inside = {
        "id": "sub-1",
        "nodes": [
            drawn(1, "CLIPTextEncode", ["inside words"], (("clip", "CLIP", 91),)),
            drawn(2, "CLIPTextEncode", ["stale"], (("clip", "CLIP", 91), ("text", "STRING", 94))),
        ],
        "links": [
            {"id": 91, "origin_id": -10, "origin_slot": 0, "target_id": 1, "target_slot": 0},
            {"id": 94, "origin_id": -10, "origin_slot": 1, "target_id": 2, "target_slot": 1},
            {"id": 92, "origin_id": 1, "origin_slot": 0, "target_id": -20, "target_slot": 0},
            {"id": 93, "origin_id": 2, "origin_slot": 0, "target_id": -20, "target_slot": 1},
        ],
    }
    widgets = [
        {"name": "clip", "type": "CLIP", "link": 2},
        {"name": "text", "type": "STRING", "link": None, "widget": {"name": "text"}},
    ]
    loras = [{}, {"type": "Header"}, {"on": True, "lora": "power.safetensors", "strength": 0.7}, {}]
    workflow = {
        "nodes": [
            drawn(1, "CheckpointLoaderSimple", ["base.safetensors"]),
            drawn(
                2,
                "LoraLoader",
                ["bypassed.safetensors", 1, 1],
                (("model", "MODEL", 1), ("clip", "CLIP", 8)),
                mode=4,
                outputs=[{"type": "MODEL"}, {"type": "CLIP"}],
            ),
            drawn(3, "LoraLoader", ["muted.safetensors", 1, 1], (("model", "MODEL", 1),), mode=2),
            drawn(4, "Power Lora Loader (rgthree)", loras, (("model", "MODEL", 3),)),
            drawn(5, "sub-1", ["promoted words"]) | {"inputs": widgets},
            drawn(6, "Reroute", [], (("", "*", 5),)),
            drawn(7, "SetNode", ["bad"], (("CONDITIONING", "CONDITIONING", 6),)),
            drawn(8, "GetNode", ["bad"]),
            drawn(
                9,
                "KSampler",
                [42, "randomize", 12, 3.5, "euler", "beta", 1],
                (("model", "MODEL", 4), ("positive", "C", 7), ("negative", "C", 9), ("latent_image", "L", 10)),
            ),
            drawn(10, "EmptySD3LatentImage", [832, 1216, 1]),
            drawn(11, "SaveImage", ["x"], (("images", "IMAGE", 11),)),
        ],
        "links": [
            [1, 1, 0, 2, 0, "MODEL"],
            [8, 1, 1, 2, 1, "CLIP"],
            [2, 2, 1, 5, 0, "CLIP"],
            [3, 2, 0, 4, 0, "MODEL"],
            [4, 4, 0, 9, 0, "MODEL"],
            [5, 5, 0, 6, 0, "C"],
            [6, 5, 1, 7, 0, "C"],
            [7, 6, 0, 9, 1, "C"],
            [9, 8, 0, 9, 2, "C"],
            [10, 10, 0, 9, 3, "L"],
            [11, 9, 0, 11, 0, "IMAGE"],
        ],
        "definitions": {"subgraphs": [inside]},
    }
    facts, prompt, negative = read(workflow=workflow)
    assert (prompt, negative) == ("inside words", "promoted words")
    assert facts == {
        "model": "base",
        "lora": ("power", 0.7),
        "seed": "42",
        "steps": "12",
        "cfg": "3.5",
        "sampler": "euler",
        "scheduler": "beta",
        "resolution": "832x1216",
        "tool": "ComfyUI",
    }
    assert read(comment={"workflow": json.dumps(workflow), "prompt": {}})[1] == prompt  # nested, and no graph ran


def test_subgraphs_that_hold_themselves_end() -> None:
    start = time.process_time()
    for width in (50, 5_000):
        nodes = [{"id": id, "type": "again"} for id in range(width)]
        inside = {"id": "again", "nodes": nodes, "links": []}
        read(workflow={"nodes": nodes, "links": [], "definitions": {"subgraphs": [inside]}})
    assert time.process_time() - start < 10


def test_settings_named_beside_their_values() -> None:
    names = ["noise_seed", "steps", "cfg", "sampler_name"]
    node = drawn(1, "SomeSampler", [5, "fixed", 8, 2, "lcm"], (("positive", "C", 1),))
    node["inputs"] += [{"name": name, "type": "X", "link": None, "widget": {"name": name}} for name in names]
    text = drawn(2, "CLIPTextEncode", ["words"])
    facts, prompt, _ = read(workflow={"nodes": [node, text], "links": [[1, 2, 0, 1, 0, "C"]]})
    assert (facts["seed"], facts["steps"], facts["cfg"], facts["sampler"], prompt) == ("5", "8", "2", "lcm", "words")


def test_flux_parts_and_zeroed_negative() -> None:
    graph = {
        "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "flux1-dev.safetensors"}},
        "2": {
            "class_type": "CLIPTextEncodeFlux",
            "inputs": {"clip_l": "short", "t5xxl": "long words", "guidance": 3.5},
        },
        "3": {"class_type": "ConditioningZeroOut", "inputs": {"conditioning": ["2", 0]}},
        "4": {
            "class_type": "CFGGuider",
            "inputs": {"cfg": 1, "positive": ["2", 0], "negative": ["3", 0], "model": ["1", 0]},
        },
        "5": {"class_type": "RandomNoise", "inputs": {"noise_seed": 18446744073709551615}},
        "6": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}},
        "7": {"class_type": "SplitSigmas", "inputs": {"sigmas": ["8", 0], "step": 4}},
        "8": {"class_type": "BasicScheduler", "inputs": {"scheduler": "simple", "steps": 20, "model": ["1", 0]}},
        "9": {
            "class_type": "SamplerCustomAdvanced",
            "inputs": {
                "noise": ["5", 0],
                "guider": ["4", 0],
                "sampler": ["6", 0],
                "sigmas": ["7", 0],
                "latent_image": ["10", 0],
            },
        },
        "10": {"class_type": "EmptySD3LatentImage", "inputs": {"width": 1024, "height": 768}},
        "11": {"class_type": "SaveImage", "inputs": {"images": ["9", 0]}},
    }
    facts, prompt, negative = read(prompt=graph)
    assert (prompt, negative) == ("short\nlong words", None)
    assert facts == {
        "model": "flux1-dev",
        "seed": "18446744073709551615",
        "steps": "20",
        "cfg": "1",
        "guidance": "3.5",
        "sampler": "euler",
        "scheduler": "simple",
        "resolution": "1024x768",
        "tool": "ComfyUI",
    }
    assert read(PROMPT=graph, comment="x")[1] == prompt  # as video containers spell keywords
    assert read(comment={"prompt": json.dumps(graph)})[1] == prompt  # as video savers nest it


# -- hidden in pixels --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "mark"),
    [
        ("RGBA", b"stealth_pnginfo"),
        ("RGBA", b"stealth_pngcomp"),
        ("RGBA", b"stealth_rgbcomp"),
        ("RGB", b"stealth_rgbinfo"),
    ],
)
def test_stealth(mode: str, mark: bytes) -> None:
    text = "ein Fuchs 狐\nSteps: 20, Seed: 1"
    data = gzip.compress(text.encode()) if mark.endswith(b"comp") else text.encode()
    plain = Image.new(mode, (37, 41), (10, 20, 30, 254)[: len(mode)])
    assert hidden(plain) is None
    assert hidden(hide(plain, mark, data)) == text
    assert read(stealth=text)[1] == "ein Fuchs 狐"


def test_hostile_stealth() -> None:
    def claim(length: int, data: bytes = b"x" * 50, mark: bytes = b"stealth_pngcomp") -> str | None:
        return hidden(hide(Image.new("RGBA", (30, 30)), mark, data, length=length))

    assert claim(2**32 - 1) is None
    assert claim(0) is None
    assert claim(400) is None  # not gzip
    assert claim(400, b"\xff" * 50, b"stealth_pnginfo") is None
    bomb = gzip.compress(bytes(8 << 20))
    wide = hidden(hide(Image.new("RGBA", (300, 300)), b"stealth_pngcomp", bomb))
    assert wide is None or len(wide) <= 4 << 20
    assert hidden(Image.new("RGBA", (1, 1))) is None
