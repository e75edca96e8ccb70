"""Reads what ComfyUI embeds: the graph that ran, as JSON, and the workflow it was drawn as."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ..plugins.contracts import FactReader
from ..types import Embedded, Fact, Facts
from .comfyui_loras import loras
from .comfyui_prompts import prompts
from .comfyui_size import latent_size
from .graph import Graph, Node, executed
from .recipe import shown
from .texts import GENERATION, called, fact, model_name, parsed, texts
from .workflow import drawn_graph, left_out, skimmed

_MOST_MODELS = 32
_MOST_SAMPLERS = 32
_MODELS = ("ckpt_name", "unet_name", "base_ckpt_name", "gguf_name")
_MODEL_FILE = re.compile(r".+\.(safetensors|ckpt|gguf|sft|pth?|bin)$", re.IGNORECASE)
_OUTPUTS = re.compile(r"save|preview|output|websocket", re.IGNORECASE)


class ComfyReader(FactReader):
    """Prompts by following the sampler's links; seed, steps, CFG, sampler, scheduler, models and LoRAs."""

    id = "comfyui"
    revision = "3"

    def read(self, embedded: Embedded) -> Facts | None:
        found = texts(embedded)
        payloads = {}
        skipped: frozenset[str] = frozenset()
        workflow: object = None
        for place, text in called(found, *_DRAWN):
            drawn = skimmed(text)
            if drawn is not None:
                skipped, payloads[place] = drawn, text
                break
        graph = None
        for place, text in called(found, *_RAN):
            data = parsed(text)
            inner = data.get("prompt") if isinstance(data, dict) else None  # one text may hold both graphs
            if isinstance(inner, dict | str) and "class_type" not in (inner if isinstance(inner, dict) else ()):
                beside = data.get("workflow")
                workflow = parsed(beside) if isinstance(beside, str) else beside
                data = parsed(inner) if isinstance(inner, str) else inner
            graph = executed(data, skipped or left_out(workflow))
            if graph is None and not payloads:
                graph = drawn_graph(workflow)
            if graph is not None:
                payloads[place] = text
                break
        if graph is None:  # only now is the drawing, which may be long, read as a whole
            graph = next(filter(None, (drawn_graph(parsed(text)) for text in payloads.values())), None)
        return None if graph is None else _facts(graph, payloads)


_DRAWN = ("workflow", "workflow_json", "comfyui_workflow", "comfyui.workflow", "comfyui.workflow.json")
_RAN = ("prompt", "prompt_json", "usercomment", "comment", "description", "xpcomment", "imagedescription")


def _facts(graph: Graph, payloads: dict[str, str]) -> Facts:
    used = _used(graph)
    sampler = _sampler(graph, used)
    facts = [fact(GENERATION, "model", name) for name in _models(used)]
    facts += loras(graph, used)
    prompt = negative = None
    if sampler is not None:
        facts += _settings(graph, sampler)
        canvas = _sampler(graph, _used(graph, _is_canvas)) or sampler  # `sampler` may have made what is pasted into it
        facts += latent_size(graph, canvas)
        prompt = "\n".join(prompts(graph, sampler, "positive")) or None
        negative = "\n".join(prompts(graph, sampler, "negative")) or None
    facts.append(fact(GENERATION, "tool", "ComfyUI"))
    return Facts(tuple(facts), prompt=prompt, negative=negative, payloads=payloads)


def _is_canvas(name: str) -> bool:
    """Whether an input may lead to the whole picture; not to what is pasted into it."""
    return name not in ("samples_from", "source")


def _used(graph: Graph, follow: Callable[[str], bool] = lambda name: True) -> dict[str, Node]:
    """The nodes that flow into an output, nearest first; all nodes when there is no output we can tell."""
    links = (graph.linked(value) for node in graph.nodes.values() for value in node.inputs.values())
    sources = {link[0] for link in links if link is not None}
    ends = [id for id, node in graph.nodes.items() if id not in sources and _OUTPUTS.search(node.type)]
    return dict(graph.upstream(ends, follow)) if ends else graph.nodes


def _sampler(graph: Graph, used: dict[str, Node]) -> str | None:
    """The sampler that made the picture from noise: the farthest from the output that no other one feeds."""
    found = [id for id, node in used.items() if _is_sampler(node)][-_MOST_SAMPLERS:]
    for id in reversed(found):
        before = graph.upstream([id])
        next(before)
        if not any(_is_sampler(node) for _, node in before):
            return id
    return found[-1] if found else None


def _is_sampler(node: Node) -> bool:
    inputs = node.inputs
    seeded = not inputs.keys().isdisjoint(("seed", "noise_seed", "noise"))
    conditioned = not inputs.keys().isdisjoint(("positive", "guider", "conditioning"))
    return seeded and (conditioned or "sampler" in node.type.lower())


def _settings(graph: Graph, sampler: str) -> Iterator[Fact]:
    """From the sampler itself, or from the nodes that modern samplers are put together from."""
    parts = [node for _, node in graph.upstream([sampler], lambda name: name in _PARTS)]
    for name, inputs in _NUMBERS.items():
        numbers = (graph.number(node.inputs.get(key)) for node in parts for key in inputs)
        # A negative seed asks for any seed: it is not the one used.
        number = _first(None if name == "seed" and number is not None and number < 0 else number for number in numbers)
        if isinstance(number, int | float):
            yield fact(GENERATION, name, shown(number), float(number))
    for name, inputs in _NAMES.items():
        text = _first(graph.text(node.inputs.get(one)) for node in parts for one in inputs)
        if isinstance(text, str):
            yield fact(GENERATION, name, text)
    yield from _guidance(graph, sampler)


_PARTS = ("noise", "guider", "sampler", "sigmas", "options")
_NUMBERS = {"seed": ("seed", "noise_seed"), "steps": ("steps",), "cfg": ("cfg", "cfg_conds")}
_NAMES = {"sampler": ("sampler_name",), "scheduler": ("scheduler",)}


def _guidance(graph: Graph, sampler: str) -> Iterator[Fact]:
    """What distilled models such as Flux take in place of CFG, on the way of the positive side."""
    for _, node in graph.upstream([sampler], lambda name: name in _GUIDED):
        number = graph.number(node.inputs.get("guidance"))
        if number is not None:
            yield fact(GENERATION, "guidance", shown(number), float(number))
            return


_GUIDED = ("guider", "positive", "conditioning", "conditioning_1", "cond1")


def _first(values: Iterator[object]) -> object:
    return next((value for value in values if value is not None), None)


def _models(used: dict[str, Node]) -> list[str]:
    names: dict[str, None] = {}
    for node in used.values():
        for key, value in node.inputs.items():
            # Other loaders name their model plainly; upscalers and the like are loaded under other names.
            loaded = key == "model" and isinstance(value, str) and _MODEL_FILE.match(value) is not None
            if (key in _MODELS or loaded) and isinstance(value, str) and value.strip():
                names.setdefault(model_name(value.strip()))
    return list(names)[:_MOST_MODELS]
