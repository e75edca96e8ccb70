"""What the ComfyUI reader got wrong in real pictures: prompts in text boxes of custom nodes, LoRAs that are switched
off, and sizes that are not the picture's."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from dialects import graph, node, read


def prompt_of(**nodes: Any) -> str | None:
    return read(prompt=graph(**nodes))[1]


# -- prompts in text boxes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "box",
    [
        node("Text Multiline", text="a fox"),
        node("CR Prompt Text", prompt="a fox"),
        node("ttN text", text="a fox"),
        node("easy positive", positive="a fox"),
        node("String Literal", string="a fox"),
        node("KepStringLiteral", String="a fox"),
        node("PrimitiveStringMultiline", value="a fox"),
        node("ImpactWildcardProcessor", wildcard_text="a __animal__", populated_text="a fox", mode="fixed", seed=1),
        node("DPRandomGenerator", text="a fox", seed=1, autorefresh="No"),
        node("Prompt Caption Box", my_captions_2="a fox", style="photo", caption_type="long", text_encoder="t5"),
        node("SDXLPromptStyler", text_positive="a fox", text_negative="dog", style="base", log_prompt="No"),
        node("CR Text Box", Prompt_File="x.txt", text_path="/x", font_text="Arial", text_mode="append", TEXT_1="a fox"),
        node("ShowText|pysssss", text_0="a fox", text=["gone", 0]),
    ],
    ids=lambda box: box["class_type"],
)
def test_prompts_in_text_boxes_of_custom_nodes_were_not_followed(box: dict[str, Any]) -> None:
    assert prompt_of(text=["box", 0], box=box) == "a fox"
    through = node("ShowText|pysssss", text=["box", 0], text_0="what it showed in the run before")
    assert prompt_of(text=["shown", 0], shown=through, box=box) == "a fox"


@pytest.mark.parametrize(
    ("join", "prompt"),
    [
        (
            node("Text Concatenate", delimiter=", ", clean_whitespace="true", text_a=["a", 0], text_b=["b", 0]),
            "a fox, ice",
        ),
        (node("Text Concatenate", delimiter=r"\n", text_a=["a", 0], text_b="snow"), "a fox\nsnow"),
        (node("StringConcatenate", string_a=["b", 0], string_b=["a", 0], delimiter=" & "), "ice & a fox"),
        (node("CR Text Concatenate", text1=["a", 0], text2=["b", 0], separator=" + "), "a fox +  ice"),
        (node("StringFunction|pysssss", action="append", tidy_tags="yes", text_a=["a", 0], text_b="b"), "a fox, b"),
        (node("StringFunction|pysssss", action="replace", text_a=["a", 0], text_b="fox", text_c="dog"), "a fox"),
        (node("Prompt Composer", subject=["a", 0], scenery=["b", 0], model=["c", 0]), "a fox\nice"),
    ],
    ids=lambda value: value["class_type"] if isinstance(value, dict) else "",
)
def test_prompts_put_together_by_custom_nodes_were_not_followed(join: dict[str, Any], prompt: str) -> None:
    boxes = {
        letter: node("String Literal", string=text) for letter, text in (("a", "a fox"), ("b", " ice"), ("c", "no"))
    }
    assert prompt_of(text=["join", 0], join=join, **boxes) == prompt


def test_each_side_has_its_own_words_of_a_node_with_both() -> None:
    styler = node("SDXLPromptStyler", text_positive="a fox", text_negative="dog", style="base")
    _, prompt, negative = read(prompt=graph(text=["styler", 0], negative=["styler", 1], styler=styler))
    assert (prompt, negative) == ("a fox", "dog")


def drawing(box: dict[str, Any]) -> dict[str, Any]:
    inputs = [{"name": "positive", "link": 1}]
    return {
        "nodes": [
            {
                "id": 1,
                "type": "KSampler",
                "widgets_values": [7, "fixed", 20, 6.5, "euler", "normal", 1],
                "inputs": inputs,
            },
            {"id": 2, "type": "CLIPTextEncode", "widgets_values": ["stale"], "inputs": [{"name": "text", "link": 2}]},
            {"id": 3, **box},
            {"id": 4, "type": "String Literal", "widgets_values": ["a fox"]},
        ],
        "links": [[1, 2, 0, 1, 0, "C"], [2, 3, 0, 2, 0, "S"], [3, 4, 0, 3, 0, "S"]],
    }


@pytest.mark.parametrize(
    "box",
    [
        {"type": "ImpactWildcardProcessor", "widgets_values": ["a __animal__", "a fox", True, 3, "fixed"]},
        {"type": "ShowText|pysssss", "widgets_values": [["a fox"]]},
        {"type": "ShowText|pysssss", "widgets_values": [["before"]], "inputs": [{"name": "text", "link": 3}]},
        {"type": "Text Concatenate", "widgets_values": [", ", "true"], "inputs": [{"name": "text_a", "link": 3}]},
        {"type": "StringFunction|pysssss", "widgets_values": ["append", "no", "a fox", "", ""]},
        {"type": "Text Multiline", "widgets_values": ["a fox"]},
    ],
    ids=lambda box: box["type"],
)
def test_prompts_in_drawn_text_boxes_were_not_followed(box: dict[str, Any]) -> None:
    assert read(workflow=drawing(box))[1] == "a fox"


def test_text_nodes_in_circles_and_crowds_end() -> None:
    start = time.process_time()
    loop = node("Text Concatenate", delimiter=",", text_a=["join", 0], text_b="a fox")
    assert prompt_of(text=["join", 0], join=loop) == "a fox"
    chain = {
        f"n{at}": node("Text Concatenate", delimiter="", a=[f"n{at + 1}", 0], b=[f"n{at + 1}", 0])
        for at in range(3_000)
    }
    assert prompt_of(text=["n0", 0], **chain) is None
    for delimiter in (", ", None):  # each doubles what the next one says
        doubling = {
            f"n{at}": node("Text Concatenate", delimiter=delimiter, text_a=[f"n{at + 1}", 0], text_b=[f"n{at + 1}", 0])
            for at in range(90)
        }
        found = prompt_of(text=["n0", 0], **doubling, n90=node("String Literal", string="a fox"))
        assert found is not None
        assert found.startswith("a fox")
    crowd = {
        f"c{at}": node("Text", **{f"text_{n}": [f"c{at + 1}", 0] for n in range(90)}, text=str(at)) for at in range(900)
    }
    prompt_of(text=["c0", 0], **crowd)
    assert time.process_time() - start < 10


# -- LoRAs that are switched off ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "inputs",
    [
        {"switch_1": "Off", "lora_name_1": "out", "switch_2": "On", "lora_name_2": "ink", "model_weight_2": 0.5},
        {"toggle_1": False, "lora_1": "out", "toggle_2": True, "lora_2": "ink", "strength_2": 0.5},
        {"enabled_01": "False", "lora_01": "out", "lora_02": "ink", "strength_02": 0.5},
        {"lora_1_enabled": "off", "lora_1_name": "out", "lora_2_name": "ink", "lora_2_strength": 0.5},
        {"lora_on_1": False, "lora_name_1": "out", "lora_name_2": "ink", "lora_wt_2": 0.5},
        {"bypass_1": True, "lora_name_1": "out", "bypass_2": False, "lora_name_2": "ink", "lora_wt_2": 0.5},
        {"active_1": ["no", 0], "lora_1": "out", "active_2": ["yes", 0], "lora_2": "ink", "strength_2": 0.5},
        {"input_mode": "simple", "lora_count": 1, "lora_name_1": "ink", "lora_wt_1": 0.5, "lora_name_2": "out"},
        {"num_loras": 1, "mode": "advanced", "lora_1_name": "ink", "lora_1_model_strength": 0.5, "lora_2_name": "out"},
        {"lora_name_1": "out", "model_weight_1": 0, "clip_weight_1": 0.0, "lora_name_2": "ink", "model_weight_2": 0.5},
        {"on_1": False, "lora_1": {"lora": "out"}, "lora_2": {"lora": "ink", "strength": 0.5}},
        {"lora_1": {"on": "false", "lora": "out"}, "lora_2": {"on": True, "lora": "ink", "strength": 0.5}},
        {"lora_1": {"on": True, "lora": "out", "strength": 0}, "lora_2": {"on": True, "lora": "ink", "strength": 0.5}},
        {
            "text": "<lora:out:1> <lora:ink:0.5>",
            "loras": {
                "__value__": [{"name": "out", "active": False}, {"name": "ink", "strength": "0.50", "active": True}]
            },
        },
        {"loras": [{"name": "out", "strength": 1, "active": False}, {"name": "ink", "strength": 0.5, "active": True}]},
        {"lora_bundle": json.dumps([{"lora": "out", "enabled": False}, {"lora": "ink", "strength": 0.5}])},
        {"text": "<lora:out:0> <lora:ink:0.5>"},
    ],
    ids=lambda inputs: next(iter(inputs)),
)
def test_loras_that_are_switched_off_were_listed(inputs: dict[str, Any]) -> None:
    switches = {"yes": node("PrimitiveBoolean", value=True), "no": node("PrimitiveBoolean", value=False)}
    stack = node("Some LoRA Stack", **inputs, model=["loader", 0])
    sampler = graph()["sampler"]
    sampler["inputs"]["model"] = ["stack", 0]
    assert read(prompt=graph(sampler=sampler, stack=stack, **switches))[0]["lora"] == ("ink", 0.5)


@pytest.mark.parametrize(
    "inputs",
    [
        {"toggle": False, "lora_name_1": "out"},
        {"enabled": "False", "lora_name": "out", "strength_model": 1},
        {"lora_name": "out", "strength_model": 0, "strength_clip": 0},
        {"lora_name": "out", "strength_model": 0},
        {"loras": {"__value__": []}, "text": "<lora:out:1>"},
        {"lora_name": "None"},
    ],
    ids=str,
)
def test_loader_that_is_switched_off_has_no_loras(inputs: dict[str, Any]) -> None:
    loader = node("CheckpointLoaderSimple", ckpt_name="base.safetensors", lora_stack=["stack", 0])
    assert "lora" not in read(prompt=graph(loader=loader, stack=node("Lora Loader", **inputs)))[0]


def test_lora_that_is_applied_to_clip_only_is_listed() -> None:
    loader = node("LoraLoader", lora_name="ink.safetensors", strength_model=0, strength_clip=0.5, ckpt_name="base")
    assert read(prompt=graph(loader=loader))[0]["lora"] == ("ink", 0)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("CR LoRA Stack", ["Off", "out", 1, 1, "On", "ink", 0.5, 0.5, "Off", "None", 1, 1]),
        ("LoRA Stacker", ["simple", 1, "ink", 0.5, 1, 1, "out", 1, 1, 1]),
        ("easy loraStack", [True, "simple", 1, "ink", 0.5, 1, 1, "out", 1, 1, 1]),
        (
            "Lora Loader (LoraManager)",
            [
                "<lora:ink:0.5>",
                [{"name": "out", "strength": 1, "active": False}, {"name": "ink", "strength": 0.5, "active": True}],
            ],
        ),
    ],
)
def test_loras_that_are_switched_off_in_a_drawing_were_listed(kind: str, values: list[Any]) -> None:
    assert read(workflow={"nodes": [{"id": 1, "type": kind, "widgets_values": values}], "links": []})[0]["lora"] == (
        "ink",
        0.5,
    )


# -- the picture's size ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        {"parameters": "a fox\nSteps: 4, Seed: 1, Size: 1x1"},
        {"parameters": {"prompt": "a fox", "width": 1, "height": 1}},
        {"parameters": {"prompt": "a fox", "resolution": "8 x 1024"}},
        {"generation_data": {"prompt": "a fox", "width": 1, "height": 1}},
        {"prompt": graph(latent=node("EmptyLatentImage", width=1, height=1))},
    ],
    ids=["a1111", "json", "one side", "tensorart", "graph"],
)
def test_one_by_one_was_taken_for_the_size(text: dict[str, Any]) -> None:
    assert "resolution" not in read(**text)[0]
    assert (
        read(generation_data={"prompt": "a fox", "width": 1, "height": 1}, prompt=graph())[0]["resolution"]
        == "832x1216"
    )


@pytest.mark.parametrize(
    "latent",
    [
        node("LatentCrop", samples=["whole", 0], width=256, height=512, x=64, y=0),
        node("Some Paste", samples=["whole", 0], width=256, height=512, x=64, y=0),
        node("LatentAreaComposite", samples=["whole", 0], width=256, height=512),
        node("Tiled Latent", samples=["whole", 0], width=256, height=512),
        node("Any Latent", samples=["whole", 0], width=["region", 0], height=["region", 1]),
        node("Any Latent", samples=["whole", 0], width=1, height=1),
        node("LatentComposite", samples_to=["whole", 0], samples_from=["part", 0], x=0, y=0),
        node("LatentCompositeMasked", destination=["whole", 0], source=["part", 0], x=0, y=0),
    ],
    ids=lambda latent: latent["class_type"],
)
def test_size_of_a_region_was_taken_for_the_pictures(latent: dict[str, Any]) -> None:
    nodes = {
        "latent": latent,
        "whole": node("EmptyLatentImage", width=832, height=1216),
        "part": node("EmptyLatentImage", width=256, height=512),
        "region": node("Mask Region", x=0, y=0, width=256, height=512),
    }
    assert read(prompt=graph(**nodes))[0]["resolution"] == "832x1216"


def test_size_of_a_sampled_region_was_taken_for_the_pictures() -> None:
    part = graph()["sampler"]
    part["inputs"]["latent_image"] = ["small", 0]
    whole = graph()["sampler"]
    whole["inputs"]["latent_image"] = ["large", 0]
    nodes = {
        "latent": node("LatentComposite", samples_to=["whole", 0], samples_from=["part", 0], x=0, y=0),
        "whole": whole,
        "part": part,
        "small": node("EmptyLatentImage", width=256, height=512),
        "large": node("EmptyLatentImage", width=832, height=1216),
    }
    for order in (nodes, dict(reversed(nodes.items()))):
        assert read(prompt=graph(**order))[0]["resolution"] == "832x1216"


def test_linked_sizes_take_no_other_number_of_the_node() -> None:
    latent = node("EmptyLatentImage", width=["size", 0], height=["size", 1])
    size = node("Size Picker", batch_size=64, width=832, height=["number", 0])
    found = read(prompt=graph(latent=latent, size=size, number=node("Int", Number="1216")))
    assert found[0]["resolution"] == "832x1216"
    math = node("SimpleMath", a=832, b=2)
    assert "resolution" not in read(prompt=graph(latent=latent, size=math))[0]
    image = node("GetImageSize", image=["sampler", 0])
    assert "resolution" not in read(prompt=graph(latent=latent, size=image))[0]
