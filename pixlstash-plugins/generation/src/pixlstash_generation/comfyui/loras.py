"""Lists the LoRAs that a ComfyUI graph applies: those that are switched on and have a strength."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from ..dialect import parsed
from ..recipe import Part, is_off, model_name, number
from .graph import Graph, Node

_MOST_LORAS = 32
_MOST_TRIED = 1_000
_MOST_LISTED = 256
_MOST_VALUES = 8
_LORA = re.compile(r"lora(_name)?(_?\d{1,3})?(_name)?$")
_TAG = re.compile(r"<lora:([^:<>]{1,256})(?::(-?[\d.]{1,12}))?(?::(-?[\d.]{1,12}))?[^<>]{0,64}>", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+")
_INDEX = re.compile(r"\d{1,3}")
_NAMES = ("lora", "name", "lora_name")
# Inputs by name, without an index or "lora".
_COUNTS = ("lora_count", "num_loras", "lora_num")
_SWITCHES = frozenset(("switch", "enable", "enabled", "toggle", "active", "on", "use"))
_INVERSE_SWITCHES = frozenset(("disable", "disabled", "bypass", "mute", "muted", "off"))
_BESIDE_SWITCHES = frozenset(("lora", "loras", "is", "stack"))
_MODEL_STRENGTHS = ("strengthmodel", "modelstrength", "modelweight", "modelstr")
_STRENGTHS = ("strength", "weight", "wt")
_CLIP_STRENGTHS = ("strengthclip", "clipstrength", "clipweight", "clipstr", "strengthtwo")


def loras(graph: Graph, nodes: dict[str, Node]) -> list[Part]:
    applied: dict[str, Part] = {}
    tried = (lora for node in nodes.values() for lora in _of_node(graph, node))
    for lora in islice(tried, _MOST_TRIED):
        if isinstance(lora.name, str) and lora.is_applied() and len(applied) < _MOST_LORAS:
            applied.setdefault(model_name(lora.name), lora)
    return list(applied.values())


def _of_node(graph: Graph, node: Node) -> Iterator[Part]:
    off = _switched_off(graph, node.inputs)
    if None in off:
        return
    inputs, listed = _Inputs(graph, node.inputs), False
    for key, value in node.inputs.items():
        index = _index(key)
        if index in off or inputs.is_beyond_count(index):
            continue
        entries = _entries(key, value)
        if entries is not None:
            listed = True
            yield from (_Inputs(graph, entry).lora() for entry in entries if None not in _switched_off(graph, entry))
        elif _LORA.match(key) and isinstance(value, str):
            yield inputs.lora(value, index)
    if not listed and "lora" in node.type.lower():
        yield from (lora for value in node.inputs.values() if isinstance(value, str) for lora in _tagged(value))


def _entries(key: str, value: object) -> list[dict[str, Any]] | None:
    """The LoRAs in an input that holds one or several as objects. None: it is no such input."""
    if not key.startswith("lora"):
        return None
    if isinstance(value, str) and value.startswith("["):
        value = parsed(value)
    if isinstance(value, dict):
        value = value.get("__value__", [value])
    if not isinstance(value, list) or any(isinstance(entry, str | int) for entry in value[:2]):
        return None  # not a list of objects, or a link
    return [entry for entry in value[:_MOST_LISTED] if isinstance(entry, dict)]


def _tagged(text: str) -> Iterator[Part]:
    """`<lora:name:strength>`, or with one strength for the model and one for CLIP."""
    for match in _TAG.finditer(text):
        yield Part(match[1], None, number(match[2]), number(match[3]))


def _index(key: str) -> int | None:
    match = _INDEX.search(key)
    return int(match[0]) if match else None


def _switched_off(graph: Graph, inputs: dict[str, Any]) -> set[int | None]:
    """The indices of the LoRAs that are switched off; None among them: all of the node's."""
    off: set[int | None] = set()
    for key, value in inputs.items():
        words = set(_WORD.findall(key.lower()))
        if not words or not words <= _SWITCHES | _INVERSE_SWITCHES | _BESIDE_SWITCHES:
            continue
        link = graph.linked(value)
        if link is not None:  # to a node that holds the switch
            values = islice(link[1].inputs.values(), _MOST_VALUES)
            value = next((state for state in values if isinstance(state, bool)), None)
        inverse = bool(words & _INVERSE_SWITCHES)
        if value is True and inverse or words & _SWITCHES and not inverse and is_off(value):
            off.add(_index(key))
    return off


class _Inputs:
    """A node's inputs or a LoRA's own values, by name and index however they are put together."""

    def __init__(self, graph: Graph, inputs: dict[str, Any]) -> None:
        self._graph = graph
        self._inputs = inputs
        self._values = {(_stem(key), _index(key)): value for key, value in inputs.items()}
        self._count = next((number(inputs[key]) for key in _COUNTS if key in inputs), None)
        self._mode = inputs.get("input_mode", inputs.get("mode"))

    def lora(self, name: object = None, index: int | None = None) -> Part:
        if name is None:
            name = next((self._inputs[key] for key in _NAMES if isinstance(self._inputs.get(key), str)), None)
        if self._mode == "simple":  # one strength for both
            return Part(name, None, self._number(_STRENGTHS + _MODEL_STRENGTHS, index))
        strength = self._number(_MODEL_STRENGTHS + _STRENGTHS, index)
        return Part(name, None, strength, self._number(_CLIP_STRENGTHS, index))

    def is_beyond_count(self, index: int | None) -> bool:
        return self._count is not None and index is not None and index > self._count

    def _number(self, stems: tuple[str, ...], index: int | None) -> int | float | None:
        for stem in stems:
            value = self._values.get((stem, index))
            strength = number(value) if isinstance(value, str) else self._graph.number(value)
            if strength is not None:
                return strength
        return None


def _stem(key: str) -> str:
    return "".join(_WORD.findall(key.lower())).removeprefix("lora")
