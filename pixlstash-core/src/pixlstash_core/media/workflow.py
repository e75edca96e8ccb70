"""A graph from the ComfyUI workflow that people see: subgraphs unfolded, bypassed nodes bridged, muted ones gone.

The drawn graph keeps a node's settings as a bare list, so their names are those of nodes that everyone uses, or those
that newer editors write beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct, field

from .graph import MOST_NODES, Graph, Node
from .texts import parsed
from .words import PAYLOAD_BYTES

_MUTED, _BYPASSED = 2, 4
_ENTRY, _EXIT = "-10", "-20"
_DEEPEST = 8
_MOST_DOORS = 64
_MOST_UNFOLDED = 4 * MOST_NODES
_MOST_VALUES = 512
_SEEDS = ("seed", "noise_seed")
_CONTROLS = ("fixed", "increment", "decrement", "randomize")
_CARRIED = ("Reroute", "GetNode", "SetNode", "Note", "MarkdownNote")


def _numbered(count: int, *names: str) -> tuple[str, ...]:
    return tuple(name.format(index) for index in range(1, count + 1) for name in names)


_WIDGETS: dict[str, tuple[str | None, ...]] = {
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeFlux": ("clip_l", "t5xxl", "guidance"),
    "CLIPTextEncodeSD3": ("clip_l", "clip_g", "t5xxl"),
    "CLIPTextEncodeSDXL": (None, None, None, None, None, None, "text_g", "text_l"),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "CheckpointLoader": (None, "ckpt_name"),
    "UNETLoader": ("unet_name",),
    "UnetLoaderGGUF": ("unet_name",),
    "LoraLoader": ("lora_name", "strength_model"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "KSampler": ("seed", None, "steps", "cfg", "sampler_name", "scheduler"),
    "KSamplerAdvanced": (None, "noise_seed", None, "steps", "cfg", "sampler_name", "scheduler"),
    "SamplerCustom": (None, "noise_seed", None, "cfg"),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps"),
    "SDTurboScheduler": ("steps",),
    "KarrasScheduler": ("steps",),
    "Flux2Scheduler": ("steps",),
    "LTXVScheduler": ("steps",),
    "RandomNoise": ("noise_seed",),
    "CFGGuider": ("cfg",),
    "FluxGuidance": ("guidance",),
    "EmptyLatentImage": ("width", "height"),
    "EmptySD3LatentImage": ("width", "height"),
    "EmptyHunyuanLatentVideo": ("width", "height"),
    "ImpactWildcardProcessor": ("wildcard_text", "populated_text"),
    "ImpactWildcardEncode": ("wildcard_text", "populated_text"),
    "StringFunction|pysssss": ("action", "tidy_tags", "text_a", "text_b", "text_c"),
    "StringConcatenate": ("string_a", "string_b", "delimiter"),
    "Text Concatenate": ("delimiter", "clean_whitespace", "text_a", "text_b", "text_c", "text_d"),
    "SDXLPromptStyler": ("text_positive", "text_negative"),
    "CR LoRA Stack": _numbered(3, "switch_{}", "lora_name_{}", "model_weight_{}", "clip_weight_{}"),
    "LoRA Stacker": (
        "input_mode",
        "lora_count",
        *_numbered(49, "lora_name_{}", "lora_wt_{}", "model_str_{}", "clip_str_{}"),
    ),
    "easy loraStack": (
        "toggle",
        "mode",
        "num_loras",
        *_numbered(10, "lora_{}_name", "lora_{}_strength", "lora_{}_model_strength", "lora_{}_clip_strength"),
    ),
    "PrimitiveNode": ("value",),
    "PrimitiveInt": ("value",),
    "PrimitiveFloat": ("value",),
    "PrimitiveString": ("value",),
    "PrimitiveStringMultiline": ("value",),
}


class _Sheet(Struct):
    """One level of a drawing: its nodes under ids that are unique in the whole, and where links and slots come from."""

    nodes: dict[str, dict[str, Any]]
    sources: dict[object, tuple[str, int]]
    prefix: str = ""
    #: What the inputs of a subgraph are linked to outside of it, or set to.
    entries: list[Any] = field(default_factory=list)


def drawn_graph(data: object) -> Graph | None:
    """From `{nodes: [...], links: [...], definitions: {subgraphs: [...]}}`. None when it is not one."""
    if not isinstance(data, dict):
        return None
    definitions = data.get("definitions")
    subgraphs = {
        one["id"]: one
        for one in _listed(definitions if isinstance(definitions, dict) else {}, "subgraphs")
        if isinstance(one.get("id"), str)
    }
    unfolding = _Unfolding(subgraphs)
    unfolding.add(data, "", [], 0)
    nodes = unfolding.nodes()
    return Graph(nodes) if nodes else None


def left_out(data: object) -> frozenset[str]:
    """The ids of nodes that are muted or bypassed in a drawn graph."""
    nodes = _listed(data, "nodes") if isinstance(data, dict) else ()
    return frozenset(str(one.get("id")) for one in nodes if one.get("mode") in (_MUTED, _BYPASSED))


class _Skimmed(Struct):
    id: object = None
    mode: object = None


class _Skimming(Struct):
    nodes: list[_Skimmed]


_skim = msgspec.json.Decoder(_Skimming)


def skimmed(text: str) -> frozenset[str] | None:
    """As `left_out`, of a drawing's text: some twenty times faster than reading all of it. None: not a drawing."""
    if '"nodes"' not in text or len(text) > PAYLOAD_BYTES:
        return None
    try:
        nodes = _skim.decode(text.strip("\0"))
    except (ValueError, RecursionError):  # as are NaN, and nodes of a strange kind
        data = parsed(text)
        return left_out(data) if isinstance(data, dict) and isinstance(data.get("nodes"), list) else None
    return frozenset(str(one.id) for one in nodes.nodes if one.mode in (_MUTED, _BYPASSED))


class _Unfolding:
    """Puts the nodes of a drawing and of the subgraphs in it, level by level, into one flat graph."""

    def __init__(self, subgraphs: dict[str, dict[str, Any]]) -> None:
        self._subgraphs = subgraphs
        self._nodes: dict[str, Node] = {}
        #: Where the outputs of a subgraph in use come from.
        self._doors: dict[tuple[str, int], Any] = {}
        self._left = _MOST_UNFOLDED

    def nodes(self) -> dict[str, Node]:
        for node in self._nodes.values():
            node.inputs = {name: self._through(value) for name, value in node.inputs.items()}
        return self._nodes

    def add(self, data: dict[str, Any], prefix: str, entries: list[Any], depth: int) -> None:
        if self._left <= 0:  # subgraphs full of subgraphs grow beyond all bounds
            return
        drawn = {str(one.get("id")): one for one in _listed(data, "nodes") if isinstance(one.get("type"), str)}
        self._left -= 1 + len(drawn)
        sheet = _Sheet(drawn, dict(_sources(data.get("links"))), prefix, entries)
        for id, one in drawn.items():
            if one.get("mode") in (_MUTED, _BYPASSED) or len(self._nodes) >= MOST_NODES:
                continue
            values = _settings(one)
            inputs = [(name, self._resolve(sheet, link)) for name, link in _inputs(one)]
            subgraph = self._subgraphs.get(one["type"])
            if subgraph is None:
                linked = {name: link for name, link in inputs if link is not None}
                self._nodes[prefix + id] = Node(one["type"], {**values, **linked})
            elif depth < _DEEPEST:
                given = [values.get(name) if link is None else link for name, link in inputs]
                self.add(subgraph, f"{prefix}{id}:", given, depth + 1)
        for link in _listed(data, "links"):
            if str(link.get("target_id")) == _EXIT and isinstance(link.get("target_slot"), int):
                self._doors[prefix, link["target_slot"]] = self._resolve(sheet, link.get("id"))

    def _through(self, value: object) -> object:
        for _ in range(_MOST_DOORS):
            key = (f"{value[0]}:", value[1]) if isinstance(value, list) and len(value) == 2 else None
            if key is None or not isinstance(value, list) or not isinstance(value[1], int) or key not in self._doors:
                break
            value = self._doors[key]
        return value

    def _resolve(self, sheet: _Sheet, link: object) -> Any:
        """Where a link really comes from: past reroutes, bypassed nodes and the doors of subgraphs."""
        for _ in range(_MOST_DOORS):
            source = sheet.sources.get(link) if isinstance(link, int) else None
            if source is None:
                return None
            id, slot = source
            if id == _ENTRY:
                return sheet.entries[slot] if 0 <= slot < len(sheet.entries) else None
            node = sheet.nodes.get(id)
            if node is None or node.get("mode") == _MUTED:
                return None
            if node["type"] == "GetNode":
                link = _first_link(_setter(sheet.nodes, node))
            elif node["type"] == "Reroute":
                link = _first_link(node)
            elif node.get("mode") == _BYPASSED:
                link = _bridge(node, slot)
            else:
                return [sheet.prefix + id, slot]
        return None


def _sources(links: object) -> Iterator[tuple[object, tuple[str, int]]]:
    """Link id -> (node id, output). Links are `[id, node, output, node, input, type]`, or objects in subgraphs."""
    for link in links[: 4 * MOST_NODES] if isinstance(links, list) else ():
        if isinstance(link, list) and len(link) >= 3:
            id, node, slot = link[:3]
        elif isinstance(link, dict):
            id, node, slot = link.get("id"), link.get("origin_id"), link.get("origin_slot")
        else:
            continue
        if isinstance(id, int) and isinstance(slot, int):
            yield id, (str(node), slot)


def _inputs(node: dict[str, Any]) -> Iterator[tuple[str, object]]:
    for one in _listed(node, "inputs")[:_MOST_VALUES]:
        if isinstance(one.get("name"), str):
            yield one["name"], one.get("link")


def _first_link(node: dict[str, Any] | None) -> object:
    return next((link for _, link in _inputs(node) if link is not None), None) if node else None


def _setter(nodes: dict[str, dict[str, Any]], getter: dict[str, Any]) -> dict[str, Any] | None:
    """The node that a pair of wireless nodes names alike."""
    name = _listed_values(getter)[:1]
    return next((one for one in nodes.values() if one["type"] == "SetNode" and _listed_values(one)[:1] == name), None)


def _bridge(node: dict[str, Any], slot: int) -> object:
    """The link of a bypassed node's first input that has the type of its output."""
    outputs = _listed(node, "outputs")
    kind = outputs[slot].get("type") if 0 <= slot < len(outputs) else None
    return next(
        (one.get("link") for one in _listed(node, "inputs") if one.get("type") == kind and one.get("link") is not None),
        None,
    )


def _settings(node: dict[str, Any]) -> dict[str, Any]:
    values = node.get("widgets_values")
    if isinstance(values, dict):
        return dict(list(values.items())[:_MOST_VALUES])
    listed = _listed_values(node)
    names = _WIDGETS.get(node["type"]) or _named(node, listed)
    if names:
        return {name: value for name, value in zip(names, listed, strict=False) if name is not None}
    loras = {f"lora_{at}": one for at, one in enumerate(listed) if _lists_loras(one)}
    if loras or node["type"] in _CARRIED:
        return loras
    texts = [text for text in map(_text, listed) if text is not None]
    if "show" in node["type"].lower():  # the last is what it shows
        return {"text_0": texts[-1]} if texts else {}
    return {"text": texts[0]} if texts and _text(listed[0]) is not None else {}  # a text box of whatever name


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


def _named(node: dict[str, Any], values: list[Any]) -> tuple[str | None, ...]:
    """The names of settings, where an editor listed all of them among the inputs; a seed's control has none."""
    names: list[str | None] = []
    for one in _listed(node, "inputs")[:_MOST_VALUES]:
        widget = one.get("widget")
        name = widget.get("name") if isinstance(widget, dict) else None
        if isinstance(name, str):
            names.append(name)
            after = values[len(names)] if len(names) < len(values) else None
            if name in _SEEDS and isinstance(after, str) and after in _CONTROLS:
                names.append(None)
    return tuple(names) if len(names) == len(values) else ()


def _listed_values(node: dict[str, Any]) -> list[Any]:
    values = node.get("widgets_values")
    return values[:_MOST_VALUES] if isinstance(values, list) else []


def _listed(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = data.get(key)
    return [one for one in found[:MOST_NODES] if isinstance(one, dict)] if isinstance(found, list) else []
