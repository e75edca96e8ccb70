"""Reads what ComfyUI embeds: the graph that ran, as JSON, and the workflow it was drawn as."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pixlstash_core import Embedded, Facts, embedded_texts

from ..dialect import GenerationReader, called, parsed, unpacked
from ..recipe import Part, Recipe, model_name
from .drawing import drawn_graph, left_out, skimmed
from .graph import Graph, Node, executed
from .loras import loras
from .prompts import prompts
from .size import latent_size

_MOST_MODELS = 32
_MOST_SAMPLERS = 32
_MODELS = ("ckpt_name", "unet_name", "base_ckpt_name", "gguf_name")
_MODEL_FILE = re.compile(r".+\.(safetensors|ckpt|gguf|sft|pth?|bin)$", re.IGNORECASE)
_OUTPUTS = re.compile(r"save|preview|output|websocket", re.IGNORECASE)


class ComfyReader(GenerationReader):
    """Prompts by following the sampler's links; seed, steps, CFG, sampler, scheduler, models and LoRAs."""

    id = "comfyui"
    revision = "4"

    def read(self, embedded: Embedded) -> Facts | None:
        texts = embedded_texts(embedded)
        payloads = {}
        skipped: frozenset[str] = frozenset()
        workflow: object = None
        for place, text in called(texts, *_DRAWN):
            drawn = skimmed(text)
            if drawn is not None:
                skipped, payloads[place] = drawn, text
                break
        graph = None
        for place, text in called(texts, *_RAN):
            data = parsed(text)
            inner = data.get("prompt") if isinstance(data, dict) else None  # one text may hold both graphs
            if isinstance(inner, dict | str) and "class_type" not in (inner if isinstance(inner, dict) else ()):
                workflow, data = unpacked(data.get("workflow")), unpacked(inner)
            graph = executed(data, skipped or left_out(workflow))
            if graph is None and not payloads:
                graph = drawn_graph(workflow)
            if graph is not None:
                payloads[place] = text
                break
        if graph is None:  # only now is the drawing, which may be long, read as a whole
            graph = next(filter(None, (drawn_graph(parsed(text)) for text in payloads.values())), None)
        return None if graph is None else _recipe(graph).facts(payloads)


_DRAWN = ("workflow", "workflow_json", "comfyui_workflow", "comfyui.workflow", "comfyui.workflow.json")
_RAN = ("prompt", "prompt_json", "usercomment", "comment", "description", "xpcomment", "imagedescription")


def _recipe(graph: Graph) -> Recipe:
    used = _used(graph)
    recipe = Recipe(tool="ComfyUI", models=map(Part, _models(used)), loras=loras(graph, used))
    sampler = _sampler(graph, used)
    if sampler is not None:
        _add_settings(recipe, graph, sampler)
        canvas = _sampler(graph, _used(graph, _is_canvas)) or sampler  # `sampler` may have made what is pasted into it
        recipe.width, recipe.height = latent_size(graph, canvas)
        positive = prompts(graph, sampler, "positive")
        recipe.prompt, recipe.trace = "\n".join(positive.texts), positive.trace
        recipe.negative = "\n".join(prompts(graph, sampler, "negative").texts)
    return recipe


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
    samplers = [id for id, node in used.items() if _is_sampler(node)][-_MOST_SAMPLERS:]
    for id in reversed(samplers):
        before = graph.upstream([id])
        next(before)
        if not any(_is_sampler(node) for _, node in before):
            return id
    return samplers[-1] if samplers else None


def _is_sampler(node: Node) -> bool:
    inputs = node.inputs
    seeded = not inputs.keys().isdisjoint(("seed", "noise_seed", "noise"))
    conditioned = not inputs.keys().isdisjoint(("positive", "guider", "conditioning"))
    return seeded and (conditioned or "sampler" in node.type.lower())


def _add_settings(recipe: Recipe, graph: Graph, sampler: str) -> None:
    """From the sampler itself, or from the nodes that modern samplers are put together from."""
    parts = [node.inputs for _, node in graph.upstream([sampler], lambda name: name in _PARTS)]
    seeds = _numbers(graph, parts, "seed", "noise_seed")
    recipe.seed = next((seed for seed in seeds if seed >= 0), None)  # a negative one asks for any
    recipe.steps = next(_numbers(graph, parts, "steps"), None)
    recipe.cfg = next(_numbers(graph, parts, "cfg", "cfg_conds"), None)
    recipe.sampler = next(filter(None, (graph.text(inputs.get("sampler_name")) for inputs in parts)), None)
    recipe.scheduler = next(filter(None, (graph.text(inputs.get("scheduler")) for inputs in parts)), None)
    # What distilled models such as Flux take in place of CFG, on the way of the positive side.
    guided = (node.inputs for _, node in graph.upstream([sampler], lambda name: name in _GUIDED))
    recipe.guidance = next(_numbers(graph, guided, "guidance"), None)


_PARTS = ("noise", "guider", "sampler", "sigmas", "options")
_GUIDED = ("guider", "positive", "conditioning", "conditioning_1", "cond1")


def _numbers(graph: Graph, inputs: Iterable[dict[str, Any]], *names: str) -> Iterator[int | float]:
    """The numbers in inputs of these names, node by node."""
    numbers = (graph.number(values.get(name)) for values in inputs for name in names)
    return (number for number in numbers if number is not None)


def _models(used: dict[str, Node]) -> list[str]:
    names: dict[str, str] = {}
    for node in used.values():
        for key, value in node.inputs.items():
            # Other loaders name their model plainly; upscalers and the like are loaded under other names.
            loaded = key == "model" and isinstance(value, str) and _MODEL_FILE.match(value) is not None
            if (key in _MODELS or loaded) and isinstance(value, str) and value.strip():
                names.setdefault(model_name(value.strip()), value)
    return list(names.values())[:_MOST_MODELS]
