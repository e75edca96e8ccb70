"""ComfyUI graphs and A1111 parameters; and hostile versions of each."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixlstash_core.media.tiff import Tags
from pixlstash_core.types import Embedded, Facts, Reading
from pixlstash_generation import readers
from pixlstash_generation.comfyui.reader import ComfyReader
from pixlstash_generation.parameters import ParametersReader


def values(found: Facts | Reading | None) -> dict[str, Any]:
    """Facts by name: the number where there is one; several of a name as a list."""
    assert found is not None
    answer: dict[str, Any] = {}
    for one in found.facts:
        value = one.value if one.number is None or one.name in ("lora", "exposure", "aperture", "focal") else one.number
        answer[one.name] = value if one.name not in answer else [*_listed(answer[one.name]), value]
    return answer


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def graph(**changes: Any) -> dict[str, Any]:
    nodes: dict[str, Any] = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd\\base.safetensors"}},
        "2": {
            "class_type": "LoraLoader",
            "inputs": {"lora_name": "x/detail.safetensors", "strength_model": 0.8, "model": ["1", 0], "clip": ["1", 1]},
        },
        "3": {"class_type": "CLIPTextEncode", "inputs": {"text": ["9", 0], "clip": ["2", 1]}},
        "4": {"class_type": "CLIPTextEncode", "inputs": {"text": "ugly", "clip": ["2", 1]}},
        "5": {
            "class_type": "KSampler",
            "inputs": {
                "seed": 2**63 + 1,
                "steps": ["8", 0],
                "cfg": 7.5,
                "sampler_name": "euler",
                "scheduler": "karras",
                "positive": ["3", 0],
                "negative": ["4", 0],
                "model": ["2", 0],
                "latent_image": ["6", 0],
            },
        },
        "6": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512}},
        "7": {"class_type": "SaveImage", "inputs": {"images": ["5", 0]}},
        "8": {"class_type": "PrimitiveInt", "inputs": {"value": 28}},
        "9": {"class_type": "PrimitiveString", "inputs": {"value": "a river at dawn"}},
        "10": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "unused.safetensors"}},
    }
    return {**nodes, **changes}


def comfy(text: str | dict[str, Any], **more: str) -> Facts | None:
    text = text if isinstance(text, str) else json.dumps(text)
    return ComfyReader().read(Embedded("png", text={"prompt": text, **more}))


def test_comfy_follows_links() -> None:
    found = comfy(graph())
    assert values(found) == {
        "tool": "ComfyUI",
        "model": "base",
        "lora": "detail",
        "seed": float(2**63 + 1),
        "steps": 28,
        "cfg": 7.5,
        "sampler": "euler",
        "scheduler": "karras",
        "resolution": "512x512",
    }
    assert found is not None
    assert (found.prompt, found.negative) == ("a river at dawn", "ugly")
    assert next(one.value for one in found.facts if one.name == "seed") == str(2**63 + 1)
    assert next(one.number for one in found.facts if one.name == "lora") == 0.8


def test_comfy_says_where_a_prompt_was_found_if_it_is_far_away() -> None:
    assert "prompt_from" not in values(comfy(graph()))
    nodes = graph()
    nodes["9"] = {"class_type": "Reroute", "inputs": {"text": ["12", 0]}}
    nodes["12"] = {"class_type": "PrimitiveString", "inputs": {"value": "a river at dawn"}}
    found = comfy(nodes)
    assert found is not None and found.prompt == "a river at dawn"
    assert values(found)["prompt_from"] == "node 12 (PrimitiveString), 3 links away"


def test_comfy_says_why_there_is_no_prompt() -> None:
    nodes = graph()
    nodes["9"] = {"class_type": "OddNode", "inputs": {"setting": 7}}
    found = comfy(nodes)
    assert found is not None and found.prompt is None
    assert values(found)["prompt_from"] == "not found: node 9 (OddNode) has no text"
    del nodes["9"]
    assert values(comfy(nodes))["prompt_from"] == "not found: node 3 (CLIPTextEncode) has no text"
    nodes["5"]["inputs"]["positive"] = 3
    assert "prompt_from" not in values(comfy(nodes))


def test_comfy_names_the_sampler_that_began() -> None:
    """A second pass refines what the first made: the first has the seed and the steps that people mean."""
    second = dict(graph()["5"]["inputs"], seed=5, steps=8, latent_image=["5", 0])
    again = graph(**{"7": {"class_type": "SaveImage", "inputs": {"images": ["11", 0]}}})
    again["11"] = {"class_type": "KSampler", "inputs": second}
    assert values(comfy(again))["steps"] == 28


def test_comfy_reads_modern_samplers() -> None:
    modern = graph(
        **{
            "5": {
                "class_type": "SamplerCustomAdvanced",
                "inputs": {
                    "noise": ["20", 0],
                    "guider": ["21", 0],
                    "sampler": ["22", 0],
                    "sigmas": ["23", 0],
                    "latent_image": ["6", 0],
                },
            },
            "20": {"class_type": "RandomNoise", "inputs": {"noise_seed": 77}},
            "21": {
                "class_type": "CFGGuider",
                "inputs": {"cfg": 3, "positive": ["3", 0], "negative": ["4", 0], "model": ["1", 0]},
            },
            "22": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "res_multistep"}},
            "23": {"class_type": "BasicScheduler", "inputs": {"scheduler": "beta", "steps": 12, "model": ["1", 0]}},
        }
    )
    found = comfy(modern)
    assert found is not None
    assert (found.prompt, found.negative) == ("a river at dawn", "ugly")
    wanted = {"seed": 77, "cfg": 3, "steps": 12, "sampler": "res_multistep", "scheduler": "beta"}
    assert wanted.items() <= values(found).items()


def test_comfy_lists_loras_of_stacking_loaders() -> None:
    stack = graph(
        **{
            "2": {
                "class_type": "Power Lora Loader (rgthree)",
                "inputs": {
                    "lora_1": {"on": True, "lora": "a.safetensors", "strength": 0.5},
                    "lora_2": {"on": False, "lora": "off.safetensors", "strength": 1},
                    "model": ["30", 0],
                    "clip": ["1", 1],
                },
            },
            "30": {
                "class_type": "LoRA Stacker",
                "inputs": {
                    "lora_name_1": "b.safetensors",
                    "model_str_1": 0.3,
                    "lora_name_2": "None",
                    "model": ["1", 0],
                },
            },
        }
    )
    found = comfy(stack)
    assert found is not None
    assert {one.value: one.number for one in found.facts if one.name == "lora"} == {"a": 0.5, "b": 0.3}


def test_comfy_skips_what_was_muted_or_bypassed() -> None:
    workflow = {"nodes": [{"id": 2, "type": "LoraLoader", "mode": 4}, {"id": 1, "type": "x", "mode": 0}]}
    assert "lora" not in values(comfy(graph(), workflow=json.dumps(workflow)))


def test_comfy_reads_a_workflow_that_came_without_its_run() -> None:
    workflow = {
        "nodes": [
            {"id": 1, "type": "CheckpointLoaderSimple", "mode": 0, "widgets_values": ["base.ckpt"]},
            {"id": 2, "type": "CLIPTextEncode", "widgets_values": ["a river"]},
            {"id": 3, "type": "CLIPTextEncode", "widgets_values": ["ugly"]},
            {
                "id": 4,
                "type": "KSampler",
                "widgets_values": [7, "fixed", 20, 6.5, "euler", "normal", 1],
                "inputs": [
                    {"name": "model", "link": 1},
                    {"name": "positive", "link": 2},
                    {"name": "negative", "link": 3},
                    {"name": "latent_image", "link": None},
                ],
            },
            {"id": 5, "type": "LoraLoader", "mode": 2, "widgets_values": ["muted.safetensors", 1, 1]},
            {"id": 6, "type": "SaveImage", "inputs": [{"name": "images", "link": 4}]},
        ],
        "links": [[1, 1, 0, 4, 0, "MODEL"], [2, 2, 0, 4, 1, "C"], [3, 3, 0, 4, 2, "C"], [4, 4, 0, 6, 0, "IMAGE"]],
    }
    found = ComfyReader().read(Embedded("png", text={"workflow": json.dumps(workflow)}))
    assert values(found) == {
        "tool": "ComfyUI",
        "model": "base",
        "seed": 7,
        "steps": 20,
        "cfg": 6.5,
        "sampler": "euler",
        "scheduler": "normal",
    }
    assert found is not None
    assert (found.prompt, found.negative) == ("a river", "ugly")


def test_comfy_survives_loops_nan_and_depth() -> None:
    loop = graph(**{"3": {"class_type": "ConditioningCombine", "inputs": {"conditioning_1": ["3", 0]}}})
    found = comfy(loop)
    assert found is not None
    assert found.prompt is None
    text = json.dumps(graph()).replace("7.5", "NaN")
    assert "cfg" not in values(comfy(text))
    assert comfy("[" * 100_000) is None
    assert comfy('{"a":' * 100_000) is None
    assert comfy("{" + '"x"' * 10) is None
    assert comfy("9" * 100_000) is None
    long = {str(n): {"class_type": "X", "inputs": {"a": [str(n + 1), 0]}} for n in range(20_000)}
    assert comfy(long) is not None


def a1111(text: str) -> Facts | None:
    return ParametersReader().read(Embedded("png", text={"parameters": text}))


def test_a1111() -> None:
    text = (
        "a cat <lora:fluffy:0.8> in the rain\nsecond line <lora:dir/plain>\n"
        "Negative prompt: dog,\nlow quality\n"
        "Steps: 25, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 123, Size: 512x768,"
        ' Model hash: AB34CD56EF, Model: dir/deep, Hires prompt: "x, Steps: 9, Model: wrong",'
        ' Lora hashes: "fluffy: 0123456789ab, plain: none", Version: v1.9'
    )
    found = a1111(text)
    assert found is not None
    assert values(found) == {
        "tool": "Stable Diffusion WebUI",
        "sampler": "DPM++ 2M",
        "scheduler": "Karras",
        "seed": 123,
        "steps": 25,
        "cfg": 6.5,
        "model": "deep",
        "model_hash": "ab34cd56ef",
        "resolution": "512x768",
        "lora": ["fluffy", "plain"],
        "lora_hash": "fluffy: 0123456789ab",
    }
    assert [one.number for one in found.facts if one.name == "lora"] == [0.8, 1.0]
    assert found.prompt == "a cat <lora:fluffy:0.8> in the rain\nsecond line <lora:dir/plain>"
    assert found.negative == "dog,\nlow quality"
    assert found.payloads == {"parameters": text}


@pytest.mark.parametrize(
    ("text", "prompt", "negative"),
    [
        ("Steps: 20, Seed: 1", None, None),
        ("only this\nSteps: 20, Seed: 1", "only this", None),
        ("Negative prompt: only that\nSteps: 20, Seed: 1", None, "only that"),
        ("Steps: many of them lead up\nSteps: 20, Seed: 1", "Steps: many of them lead up", None),
        ('a\nSteps: 20, Quote: "never closed, Seed: 1', "a", None),
        ("a\nSteps: 20, List: [never closed, Seed: 1", "a", None),
    ],
)
def test_a1111_odd_shapes(text: str, prompt: str | None, negative: str | None) -> None:
    found = a1111(text)
    assert found is not None
    assert (found.prompt, found.negative) == (prompt, negative)
    assert {"seed": 1, "steps": 20}.items() <= values(found).items()


@pytest.mark.parametrize("text", ["", "Just a caption", '{"prompt": 1}', "Steps: none", "In Steps: 20 it went"])
def test_a1111_is_not_seen_in_other_texts(text: str) -> None:
    assert a1111(text) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["1", "2", "class_type", "inputs", "nodes", "links", "positive", "seed", "lora_1", "mode"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(data=JSON, key=st.sampled_from(["prompt", "workflow", "UserComment", "parameters"]))
def test_no_json_makes_a_reader_raise(data: Any, key: str) -> None:
    for reader in readers():
        reader.read(Embedded("png", text={key: json.dumps(data), "workflow": json.dumps({"nodes": data})}))


@settings(max_examples=150, deadline=None)
@given(tail=st.binary(max_size=200), order=st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_no_bytes_make_a_reader_raise(tail: bytes, order: bytes) -> None:
    for reader in readers():
        reader.read(Embedded("jpeg", exif=order + tail, comment=tail))
    assert Tags(order + tail).orientation in range(1, 9)


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=200))
def test_no_settings_line_makes_a_reader_raise(text: str) -> None:
    a1111(f"a\nSteps: 1, {text}")
