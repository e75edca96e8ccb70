"""Finds the size of the latent image that a sampler in a ComfyUI graph began with."""

from __future__ import annotations

import re

from ..recipe import is_size, number
from .graph import Graph, Node

_MOST_HOPS = 16
# By which a latent image goes from node to node; of several put together, the one the others are put on.
_LATENTS = ("latent_image", "latent", "samples", "optional_latent", "samples_to", "destination")
_PART = re.compile(r"crop|area|region|mask|composite|tile", re.IGNORECASE)


def latent_size(graph: Graph, sampler: str) -> tuple[float, float] | tuple[None, None]:
    for _, node in graph.upstream([sampler], lambda name: name in _LATENTS):
        width, height = (None, None) if _is_part(node) else (_side(graph, node, "width"), _side(graph, node, "height"))
        if width is not None and height is not None and is_size(width, height):
            return width, height
    return None, None


def _is_part(node: Node) -> bool:
    """Whether a node's width and height are those of a part of the picture."""
    return _PART.search(node.type) is not None or not node.inputs.keys().isdisjoint(("x", "y"))


def _side(graph: Graph, node: Node, name: str) -> int | float | None:
    """A width or height, through nodes that hand a number on; never one of several numbers that such a node has."""
    for _ in range(_MOST_HOPS):
        value = node.inputs.get(name)
        link = graph.linked(value)
        if link is None:
            return number(value)
        node = link[1]
        if _is_part(node):
            return None
        if name not in node.inputs:
            numbers = [key for key, held in node.inputs.items() if graph.linked(held) or number(held) is not None]
            name = numbers[0] if len(numbers) == 1 else ""
    return None
