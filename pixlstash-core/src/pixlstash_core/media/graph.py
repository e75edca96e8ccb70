"""A ComfyUI graph: nodes by id with their inputs, from the executed graph (`prompt`) or the drawn one (`workflow`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

_MOST_NODES = 5_000
_MOST_HOPS = 64
_MUTED, _BYPASSED = 2, 4

# The drawn graph keeps a node's settings as a bare list. These are what its places mean for nodes everyone uses.
_WIDGETS: dict[str, tuple[str | None, ...]] = {
    "CLIPTextEncode": ("text",),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "UNETLoader": ("unet_name",),
    "UnetLoaderGGUF": ("unet_name",),
    "LoraLoader": ("lora_name", "strength_model"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "KSampler": ("seed", None, "steps", "cfg", "sampler_name", "scheduler"),
    "KSamplerAdvanced": (None, "noise_seed", None, "steps", "cfg", "sampler_name", "scheduler"),
    "SamplerCustom": (None, "noise_seed", None, "cfg"),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps"),
    "RandomNoise": ("noise_seed",),
    "CFGGuider": ("cfg",),
}


class Node(Struct):
    """`inputs`: values by name; a link to another node is a list of its id and which output."""

    type: str
    inputs: dict[str, Any]
    title: str = ""


class Graph:
    def __init__(self, nodes: dict[str, Node]) -> None:
        self.nodes = nodes

    def linked(self, value: object) -> tuple[str, Node] | None:
        """The node that an input's value links to."""
        if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int):
            node = self.nodes.get(str(value[0]))
            return None if node is None else (str(value[0]), node)
        return None

    def upstream(
        self, starts: list[str], follow: Callable[[str], bool] = lambda name: True
    ) -> Iterator[tuple[str, Node]]:
        """These nodes and everything that flows into them, nearest first, each once."""
        seen, queue = set(starts), list(starts)
        for id in queue:  # grows while it is walked
            node = self.nodes[id]
            yield id, node
            for name, value in node.inputs.items():
                link = self.linked(value) if follow(name) else None
                if link is not None and link[0] not in seen:
                    seen.add(link[0])
                    queue.append(link[0])

    def number(self, value: object) -> int | float | None:
        """An input's finite number, through the nodes that hand numbers on."""
        found: int | float | None = self._scalar(value, _as_number)
        return found

    def text(self, value: object) -> str | None:
        """An input's text, through the nodes that hand texts on."""
        found: str | None = self._scalar(value, _as_text)
        return found

    def _scalar(self, value: object, taken: Callable[[object], Any]) -> Any:
        seen: set[str] = set()
        queue = [value]
        for one in queue:
            found = taken(one)
            if found is not None:
                return found
            link = self.linked(one)
            if link is not None and link[0] not in seen and len(seen) < _MOST_HOPS:
                seen.add(link[0])
                queue += link[1].inputs.values()
        return None


def executed(data: object, left_out: frozenset[str] = frozenset()) -> Graph | None:
    """The graph as it ran: `{id: {class_type, inputs}}`. None when it is not one."""
    if not isinstance(data, dict):
        return None
    nodes = {}
    for id, one in list(data.items())[:_MOST_NODES]:
        if isinstance(one, dict) and isinstance(one.get("class_type"), str) and str(id) not in left_out:
            inputs, meta = one.get("inputs"), one.get("_meta")
            title = meta.get("title") if isinstance(meta, dict) else None
            nodes[str(id)] = Node(
                one["class_type"], inputs if isinstance(inputs, dict) else {}, title if isinstance(title, str) else ""
            )
    return Graph(nodes) if nodes else None


def drawn_graph(data: object) -> Graph | None:
    """The graph as people see it, with the nodes we know: `{nodes: [...], links: [...]}`. None when it is not one."""
    if not isinstance(data, dict):
        return None
    sources = dict(_sources(data.get("links")))
    nodes = {}
    for one in _listed(data, "nodes"):
        if isinstance(one.get("type"), str) and one.get("mode") not in (_MUTED, _BYPASSED):
            nodes[str(one.get("id"))] = Node(one["type"], {**_links(one, sources), **_settings(one)}, "")
    return Graph(nodes) if nodes else None


def left_out(data: object) -> frozenset[str]:
    """The ids of nodes that are muted or bypassed in a drawn graph."""
    nodes = _listed(data, "nodes") if isinstance(data, dict) else ()
    return frozenset(str(one.get("id")) for one in nodes if one.get("mode") in (_MUTED, _BYPASSED))


def _sources(links: object) -> Iterator[tuple[object, list[Any]]]:
    """Link id -> [node id, output]. Links are `[id, node, output, node, input, type]`, or objects in newer files."""
    for link in links[: 4 * _MOST_NODES] if isinstance(links, list) else ():
        if isinstance(link, list) and len(link) >= 3 and isinstance(link[0], int):
            yield link[0], [str(link[1]), link[2]]
        elif isinstance(link, dict) and isinstance(link.get("id"), int):
            yield link["id"], [str(link.get("origin_id")), link.get("origin_slot")]


def _links(node: dict[str, Any], sources: dict[object, list[Any]]) -> dict[str, Any]:
    return {
        one["name"]: sources[one["link"]]
        for one in _listed(node, "inputs")
        if isinstance(one.get("name"), str) and isinstance(one.get("link"), int) and one["link"] in sources
    }


def _settings(node: dict[str, Any]) -> dict[str, Any]:
    values = node.get("widgets_values")
    if isinstance(values, dict):
        return values
    names = _WIDGETS.get(node["type"], ())
    if not isinstance(values, list):
        return {}
    if not names and values and isinstance(values[0], str):
        return {"text": values[0]}  # a text box of whatever name
    return {name: value for name, value in zip(names, values, strict=False) if name is not None}


def _listed(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = data.get(key)
    return [one for one in found[:_MOST_NODES] if isinstance(one, dict)] if isinstance(found, list) else []


def _as_number(value: object) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def _as_text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
