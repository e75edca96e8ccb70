"""What readers of generation metadata got wrong in the texts of real pictures: JSON settings were not read, and texts
that were garbled or asked for any seed were preferred to the graph beside them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dialects import graph, node, read

from pixlstash_core.media.text_cleaning import is_garbled, repaired

# -- JSON in `parameters` ----------------------------------------------------------------------------------------------

SPACE = {
    "prompt": "a fox",
    "negative_prompt": "dog",
    "resolution": "832 x 1216",
    "guidance_scale": 7,
    "num_inference_steps": "28",
    "seed": 1234,
    "sampler": "Euler a",
    "use_upscaler": None,
    "Model": {"Model": "Animagine XL 3.1", "Model hash": "E3C47AEDB0"},
}


@pytest.mark.parametrize("place", ["parameters", "metadata", "UserComment", "comment", "Description", "stealth"])
def test_json_in_parameters_was_not_read(place: str) -> None:
    facts, prompt, negative = read(**{place: SPACE})
    assert (prompt, negative) == ("a fox", "dog")
    assert facts == {
        "model": "Animagine XL 3.1",
        "model_hash": "e3c47aedb0",
        "seed": "1234",
        "steps": "28",
        "cfg": "7",
        "sampler": "Euler a",
        "resolution": "832x1216",
    }


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"Model": "base", "Model hash": "aabbccddee"}, {"model": "base", "model_hash": "aabbccddee"}),
        ({"model": "org/base", "cfgScale": "6.5", "Steps": 9}, {"model": "base", "cfg": "6.5", "steps": "9"}),
        ({"width": "640", "height": 512}, {"resolution": "640x512"}),
        ({"size": [640, 512], "guidance": 3.5}, {"resolution": "640x512", "guidance": "3.5"}),
        ({"base_model": "org/base", "guidance": 3}, {"model": "base", "guidance": "3"}),
        ({"scheduler": "DDIM", "seed": "77"}, {"scheduler": "DDIM", "seed": "77"}),
        ({"loras": ["x/ink.safetensors", "flat"]}, {"lora": [("ink", None), ("flat", None)]}),
        ({"loras": {"ink": 0.5, "unused": 0}}, {"lora": ("ink", 0.5)}),
        ({"loras": [{"name": "ink", "scale": "0.5"}, {"name": "out", "active": False}]}, {"lora": ("ink", 0.5)}),
        ({"loras": [["ink", 0.5]]}, {"lora": ("ink", 0.5)}),
        ({"loras": [{"model": {"name": "ink"}, "weight": 0.5}]}, {"lora": ("ink", 0.5)}),
        ({"lora": "x/ink.safetensors", "lora_weight": 0.5}, {"lora": ("ink", 0.5)}),
    ],
)
def test_json_in_parameters_in_every_usual_spelling(settings: dict[str, Any], expected: dict[str, Any]) -> None:
    facts, prompt, _ = read(parameters={"prompt": "a fox", **settings})
    assert (facts, prompt) == (expected, "a fox")


STRANGE: list[Any] = [
    None,
    True,
    -1,
    10**400,
    float("nan"),
    "",
    "x" * 999,
    [],
    [[]] * 9,
    {},
    {"a": {}},
    [None, 1, {"name": 2}],
]


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: repr(value)[:20])
def test_json_in_parameters_with_strange_values_keeps_what_is_valid(value: Any) -> None:
    keys = ("negative_prompt", "guidance_scale", "steps", "sampler", "resolution", "Model", "loras", "width", "height")
    data = {"prompt": "a fox", "seed": 3, **dict.fromkeys(keys, value)}
    facts, prompt, _ = read(parameters=json.dumps(data).replace(str(10**400), "9" * 401))
    assert (facts["seed"], prompt) == ("3", "a fox")


@pytest.mark.parametrize("prompt", [1, None, "", "  ", [], {"1": "a"}, json.dumps(graph())])
def test_json_without_a_prompt_of_words_is_no_settings(prompt: Any) -> None:
    assert "seed" not in read(parameters={"prompt": prompt, "seed": 3})[0]


# -- texts that disagree -----------------------------------------------------------------------------------------------

SAID = {"prompt": "a fox", "seed": -1, "steps": 20, "cfgScale": 6, "baseModel": {"label": "base"}}


@pytest.mark.parametrize(
    "text",
    [
        {"generation_data": SAID},
        {"parameters__json": {"PositivePrompt": "a fox", "Seed": -1, "Steps": 4}},
        {"UserComment": {"extraMetadata": json.dumps(SAID)}},
        {"parameters": {"sui_image_params": {"prompt": "a fox", "seed": -1}}},
        {"parameters": "a fox\nSteps: 20, Seed: -1, Size: 64x64"},
        {"parameters": {"prompt": "a fox", "seed": "-1"}},
    ],
    ids=["tensorart", "stabilitymatrix", "civitai", "swarmui", "a1111", "json"],
)
def test_seed_minus_one_hid_the_seed_of_the_graph(text: dict[str, Any]) -> None:
    assert read(**text, prompt=graph())[0]["seed"] == "5"
    assert "seed" not in read(**text)[0]


def test_seed_minus_one_in_the_graph_is_no_seed() -> None:
    nodes = graph(seed=["random", 0], random=node("Seed (rgthree)", seed=-1))
    assert "seed" not in read(prompt=nodes)[0]
    assert read(prompt=nodes, parameters="a fox\nSteps: 20, Seed: 8")[0]["seed"] == "8"


WORDS = "ein Fuchs 狐 im Frühling"


@pytest.mark.parametrize(
    "garbled",
    [
        WORDS.encode().decode("latin-1"),
        "".join(
            bytes([byte]).decode("cp1252" if byte not in b"\x81\x8d\x8f\x90\x9d" else "latin-1")
            for byte in WORDS.encode()
        ),
        "ein Fuchs \ufffd im Fr\ufffdhling",
    ],
    ids=["latin-1", "cp1252", "lost"],
)
def test_garbled_utf8_was_preferred_to_the_graph(garbled: str) -> None:
    said = {**SAID, "prompt": garbled, "negativePrompt": garbled, "baseModel": {"label": garbled}}
    loader = node("CheckpointLoaderSimple", ckpt_name=f"{WORDS}.safetensors")
    facts, prompt, negative = read(generation_data=said, prompt=graph(text=WORDS, negative=WORDS, loader=loader))
    assert (prompt, negative, facts["model"], facts["tool"]) == (WORDS, WORDS, WORDS, "TensorArt")


def test_garbled_utf8_is_repaired_or_kept_where_nothing_better_is_known() -> None:
    facts, prompt, _ = read(generation_data={**SAID, "prompt": WORDS.encode().decode("latin-1")})
    assert prompt == WORDS
    facts, prompt, _ = read(generation_data={**SAID, "prompt": "a \ufffd", "baseModel": {"label": "b\ufffd"}})
    assert (prompt, facts["model"]) == ("a \ufffd", "b\ufffd")


@pytest.mark.parametrize(
    "text", ["a fox", "café", "MANHÃ…", "“Ü”", "狐", "£5 – 20 °C", "Ã", "été à Paris", "IRMÃ”", "🦊"]
)
def test_readable_text_is_not_taken_for_garbled(text: str) -> None:
    assert not is_garbled(text)
    assert repaired(text.encode().decode("latin-1")) == text


# -- LoRAs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        {"parameters": "a fox <lora:out:0> <lora:ink:0:0.5> <lora:none:0:0>\nSteps: 4, Seed: 1"},
        {"parameters": {"sui_image_params": {"prompt": "a fox", "loras": ["out", "ink"], "loraweights": ["0", "0.5"]}}},
        {"parameters": {"prompt": "a fox", "loras": {"out": 0, "ink": 0.5}}},
    ],
    ids=["a1111", "swarmui", "json"],
)
def test_loras_with_no_weight_were_listed_from_texts(text: dict[str, Any]) -> None:
    assert read(**text)[0]["lora"] == ("ink", 0.5)
