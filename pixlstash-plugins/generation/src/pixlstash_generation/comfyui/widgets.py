"""The settings of a drawn node by name.

A drawing keeps them as a bare list, so their names are those of nodes that everyone uses, or those that newer editors
write beside them.
"""

from __future__ import annotations

from typing import Any

from .graph import MOST_NODES

MOST_VALUES = 512
_SEEDS = ("seed", "noise_seed")
_CONTROLS = ("fixed", "increment", "decrement", "randomize")
_CARRIED = ("Reroute", "GetNode", "SetNode", "Note", "MarkdownNote")


def _numbered(count: int, names: str) -> str:
    return " ".join(names.format(index) for index in range(1, count + 1))


#: The names of each kind of node's settings in their order; `-` stands for one that does not matter.
_WIDGETS = {
    "CLIPTextEncode": "text",
    "CLIPTextEncodeFlux": "clip_l t5xxl guidance",
    "CLIPTextEncodeSD3": "clip_l clip_g t5xxl",
    "CLIPTextEncodeSDXL": "- - - - - - text_g text_l",
    "CheckpointLoaderSimple": "ckpt_name",
    "CheckpointLoader": "- ckpt_name",
    "UNETLoader": "unet_name",
    "UnetLoaderGGUF": "unet_name",
    "LoraLoader": "lora_name strength_model",
    "LoraLoaderModelOnly": "lora_name strength_model",
    "KSampler": "seed - steps cfg sampler_name scheduler",
    "KSamplerAdvanced": "- noise_seed - steps cfg sampler_name scheduler",
    "SamplerCustom": "- noise_seed - cfg",
    "KSamplerSelect": "sampler_name",
    "BasicScheduler": "scheduler steps",
    **dict.fromkeys(("SDTurboScheduler", "KarrasScheduler", "Flux2Scheduler", "LTXVScheduler"), "steps"),
    "RandomNoise": "noise_seed",
    "CFGGuider": "cfg",
    "FluxGuidance": "guidance",
    **dict.fromkeys(("EmptyLatentImage", "EmptySD3LatentImage", "EmptyHunyuanLatentVideo"), "width height"),
    **dict.fromkeys(("ImpactWildcardProcessor", "ImpactWildcardEncode"), "wildcard_text populated_text"),
    "StringFunction|pysssss": "action tidy_tags text_a text_b text_c",
    "StringConcatenate": "string_a string_b delimiter",
    "Text Concatenate": "delimiter clean_whitespace text_a text_b text_c text_d",
    "SDXLPromptStyler": "text_positive text_negative",
    "CR LoRA Stack": _numbered(3, "switch_{0} lora_name_{0} model_weight_{0} clip_weight_{0}"),
    "LoRA Stacker": "input_mode lora_count " + _numbered(49, "lora_name_{0} lora_wt_{0} model_str_{0} clip_str_{0}"),
    "easy loraStack": "toggle mode num_loras "
    + _numbered(10, "lora_{0}_name lora_{0}_strength lora_{0}_model_strength lora_{0}_clip_strength"),
    **{f"Primitive{kind}": "value" for kind in ("Node", "Int", "Float", "String", "StringMultiline")},
}


def settings(node: dict[str, Any]) -> dict[str, Any]:
    """A node's settings as a graph that ran names them, as far as their names are known."""
    by_name = node.get("widgets_values")
    if isinstance(by_name, dict):
        return dict(list(by_name.items())[:MOST_VALUES])
    values = values_of(node)
    names = _WIDGETS.get(node["type"], "").split() or _named(node, values)
    if names:
        return {name: value for name, value in zip(names, values, strict=False) if name != "-"}
    loras = {f"lora_{at}": value for at, value in enumerate(values) if _lists_loras(value)}
    if loras or node["type"] in _CARRIED:
        return loras
    texts = [text for text in map(_text, values) if text is not None]
    if "show" in node["type"].lower():  # the last is what it shows
        return {"text_0": texts[-1]} if texts else {}
    return {"text": texts[0]} if texts and _text(values[0]) is not None else {}  # a text box of whatever name


def _text(value: object) -> str | None:
    """A text, which some nodes put into a list of its own."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, str) else None


def _lists_loras(value: object) -> bool:
    """Whether a setting without a name holds a LoRA, or several with their switches."""
    if isinstance(value, dict):
        return "lora" in value or isinstance(value.get("__value__"), list)
    entry = value[0] if isinstance(value, list) and value else None
    return isinstance(entry, dict) and "name" in entry and "strength" in entry


def _named(node: dict[str, Any], values: list[Any]) -> list[str]:
    """The names of settings, where an editor listed all of them among the inputs; a seed's control has none."""
    names: list[str] = []
    for entry in listed(node, "inputs")[:MOST_VALUES]:
        widget = entry.get("widget")
        name = widget.get("name") if isinstance(widget, dict) else None
        if isinstance(name, str):
            names.append(name)
            after = values[len(names)] if len(names) < len(values) else None
            if name in _SEEDS and isinstance(after, str) and after in _CONTROLS:
                names.append("-")
    return names if len(names) == len(values) else []


def values_of(node: dict[str, Any]) -> list[Any]:
    """A node's settings as a list, whose order depends on the kind of node."""
    values = node.get("widgets_values")
    return values[:MOST_VALUES] if isinstance(values, list) else []


def listed(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects of a list in a drawing."""
    entries = data.get(key)
    return [entry for entry in entries[:MOST_NODES] if isinstance(entry, dict)] if isinstance(entries, list) else []
