"""A ComfyUI graph: nodes by id with their inputs, as it ran (`prompt`). `drawing` makes one from what was drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from msgspec import Struct

from ..recipe import number

T = TypeVar("T")
MOST_NODES = 5_000
_MOST_INPUTS = 512
_MOST_STEPS = 2_000
_MOST_HOPS = 64


class Node(Struct):
    """`inputs`: values by name; a link to another node is a list of its id and which output."""

    type: str
    inputs: dict[str, Any]


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
        return self._scalar(value, _as_number)

    def text(self, value: object) -> str | None:
        """An input's text, through the nodes that hand texts on."""
        return self._scalar(value, _as_text)

    def _scalar(self, value: object, taken: Callable[[object], T | None]) -> T | None:
        seen: set[str] = set()
        queue = [value]
        for step in queue:
            result = taken(step)
            if result is not None:
                return result
            link = self.linked(step)
            if link is not None and link[0] not in seen and len(seen) < _MOST_HOPS and len(queue) < _MOST_STEPS:
                seen.add(link[0])
                queue += link[1].inputs.values()
        return None


def executed(data: object, left_out: frozenset[str] = frozenset()) -> Graph | None:
    """The graph as it ran: `{id: {class_type, inputs}}`. None when it is not one. What was left out only hands on."""
    if not isinstance(data, dict):
        return None
    nodes = {}
    for id, node in list(data.items())[:MOST_NODES]:
        if isinstance(node, dict) and isinstance(node.get("class_type"), str):
            values = node.get("inputs")
            inputs = dict(list(values.items())[:_MOST_INPUTS]) if isinstance(values, dict) else {}
            if str(id) in left_out:
                inputs = {name: value for name, value in inputs.items() if isinstance(value, list)}
            nodes[str(id)] = Node(node["class_type"], inputs)
    return Graph(nodes) if nodes else None


def _as_number(value: object) -> int | float | None:
    return None if isinstance(value, str) else number(value)


def _as_text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
