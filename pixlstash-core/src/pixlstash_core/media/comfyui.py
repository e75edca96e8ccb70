"""Reads what ComfyUI embeds: the graph that ran, as JSON, and the workflow it was drawn as."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..contracts import FactReader
from ..types import Embedded, Fact, Facts
from .graph import Graph, Node, drawn_graph, executed, left_out
from .texts import GENERATION, fact, model_name, parsed, texts
from .words import PROMPT_LENGTH

_MOST_MODELS = 32
_MODELS = ("ckpt_name", "unet_name", "base_ckpt_name")
_LORA = re.compile(r"lora(_name)?(_?\d{1,3})?$")
# What carries conditioning, besides inputs named for it; never what carries pixels, latents or weights.
_CARRIERS = re.compile(r"cond|positive|negative|guid|pipe|text|prompt|clip_[lg]$|t5xxl|string|value|input|delimiter")
_TEXTS = ("text", "text_g", "text_l", "clip_l", "t5xxl", "prompt", "positive", "string", "value", "text1", "text2")
_OUTPUTS = re.compile(r"save|preview|output|websocket", re.IGNORECASE)


class ComfyReader(FactReader):
    """Prompts by following the sampler's links; seed, steps, CFG, sampler, scheduler, models and LoRAs."""

    id = "comfyui"
    revision = "1"

    def read(self, embedded: Embedded) -> Facts | None:
        found = texts(embedded)
        payloads = {}
        workflow = parsed(found.get("workflow"))
        if isinstance(workflow, dict) and isinstance(workflow.get("nodes"), list):
            payloads["workflow"] = found["workflow"]
        graph = None
        for place in ("prompt", "UserComment", "comment"):
            data = parsed(found.get(place))
            inner = data.get("prompt") if isinstance(data, dict) else None  # one text may hold both graphs
            if isinstance(inner, dict | str) and "class_type" not in (inner if isinstance(inner, dict) else ()):
                workflow = workflow or data.get("workflow")
                data = parsed(inner) if isinstance(inner, str) else inner
            graph = executed(data, left_out(workflow))
            if graph is not None:
                payloads["prompt"] = found[place]
                break
        graph = graph or (drawn_graph(workflow) if payloads else None)
        return None if graph is None else _facts(graph, payloads)


def _facts(graph: Graph, payloads: dict[str, str]) -> Facts:
    used = _used(graph)
    sampler = _sampler(graph, used)
    facts = [fact(GENERATION, "model", name) for name in _models(used)]
    facts += _loras(graph, used)
    prompt = negative = None
    if sampler is not None:
        facts += _settings(graph, sampler)
        prompt = "\n".join(_words(graph, sampler, "positive")) or None
        negative = "\n".join(_words(graph, sampler, "negative")) or None
    facts.append(fact(GENERATION, "tool", "ComfyUI"))
    return Facts(tuple(facts), prompt=prompt, negative=negative, payloads=payloads)


def _used(graph: Graph) -> dict[str, Node]:
    """The nodes that flow into an output, nearest first; all nodes when there is no output we can tell."""
    links = (graph.linked(value) for node in graph.nodes.values() for value in node.inputs.values())
    sources = {link[0] for link in links if link is not None}
    ends = [id for id, node in graph.nodes.items() if id not in sources and _OUTPUTS.search(node.type)]
    return dict(graph.upstream(ends)) if ends else graph.nodes


def _sampler(graph: Graph, used: dict[str, Node]) -> str | None:
    """The sampler that made the picture from noise: the one farthest from the output."""
    found = [id for id, node in used.items() if _is_sampler(node)]
    return found[-1] if found else None


def _is_sampler(node: Node) -> bool:
    inputs = node.inputs
    seeded = not inputs.keys().isdisjoint(("seed", "noise_seed", "noise"))
    return seeded and not inputs.keys().isdisjoint(("positive", "guider", "conditioning"))


def _settings(graph: Graph, sampler: str) -> Iterator[Fact]:
    """From the sampler itself, or from the nodes that modern samplers are put together from."""
    parts = [node for _, node in graph.upstream([sampler], lambda name: name in _PARTS)]
    for name, inputs in _NUMBERS.items():
        number = _first(graph.number(node.inputs.get(one)) for node in parts for one in inputs)
        if isinstance(number, int | float):
            yield fact(GENERATION, name, f"{number:.10g}" if isinstance(number, float) else str(number), float(number))
    for name, inputs in _NAMES.items():
        text = _first(graph.text(node.inputs.get(one)) for node in parts for one in inputs)
        if isinstance(text, str):
            yield fact(GENERATION, name, text)


_PARTS = ("noise", "guider", "sampler", "sigmas")
_NUMBERS = {"seed": ("seed", "noise_seed"), "steps": ("steps",), "cfg": ("cfg",)}
_NAMES = {"sampler": ("sampler_name",), "scheduler": ("scheduler",)}


def _first(values: Iterator[object]) -> object:
    return next((value for value in values if value is not None), None)


def _words(graph: Graph, sampler: str, side: str) -> list[str]:
    """The texts that condition one side of a sampler, in the order of its links, each once."""
    starts = []
    for _, node in graph.upstream([sampler], lambda name: name == "guider"):
        wanted = (side, "conditioning") if side == "positive" else (side,)
        starts += [node.inputs[name] for name in wanted if name in node.inputs]
    words: dict[str, None] = {}
    seen: set[str] = set()
    queue = starts
    for value in queue:
        link = graph.linked(value)
        if link is None or link[0] in seen:
            continue
        seen.add(link[0])
        inputs = link[1].inputs
        both = "positive" in inputs and "negative" in inputs
        for name, one in inputs.items():
            if graph.linked(one) is not None:
                # A node with two sides hands each of them on by itself.
                if _CARRIERS.match(name) and (not both or name not in ("positive", "negative") or name == side):
                    queue.append(one)
            elif name in _TEXTS and isinstance(one, str) and one.strip():
                words.setdefault(one.strip()[:PROMPT_LENGTH])
    return list(words)


def _models(used: dict[str, Node]) -> list[str]:
    names = {
        model_name(node.inputs[key]): None
        for node in used.values()
        for key in _MODELS
        if isinstance(node.inputs.get(key), str) and node.inputs[key].strip()
    }
    return list(names)[:_MOST_MODELS]


def _loras(graph: Graph, used: dict[str, Node]) -> list[Fact]:
    found: dict[str, Fact] = {}
    for node in used.values():
        for key, value in node.inputs.items():
            match = _LORA.match(key)
            if match is None or len(found) >= _MOST_MODELS:
                continue
            strength: int | float | None
            if isinstance(value, dict):  # a loader of many: {"on": true, "lora": "…", "strength": 1}
                name = value.get("lora") if value.get("on") is not False else None
                strength = graph.number(value.get("strength"))
            else:
                name, strength = value, _strength(graph, node, match[2] or "")
            if isinstance(name, str) and name.strip() and name != "None":
                name = model_name(name)
                found.setdefault(name, fact(GENERATION, "lora", name, None if strength is None else float(strength)))
    return list(found.values())


def _strength(graph: Graph, node: Node, place: str) -> int | float | None:
    names = ("strength_model", "strength", "model_weight", "lora_wt", "model_str", "lora_weight")
    for name in names:
        number = graph.number(node.inputs.get(name + place))
        if number is not None:
            return number
    return None
