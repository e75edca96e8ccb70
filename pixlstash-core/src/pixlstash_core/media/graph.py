"""A ComfyUI graph: nodes by id with their inputs, as it ran (`prompt`). `workflow` makes one from what was drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

MOST_NODES = 5_000
_MOST_INPUTS = 512
_MOST_STEPS = 2_000
_LARGEST = 1e30
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
            if link is not None and link[0] not in seen and len(seen) < _MOST_HOPS and len(queue) < _MOST_STEPS:
                seen.add(link[0])
                queue += link[1].inputs.values()
        return None


def executed(data: object, left_out: frozenset[str] = frozenset()) -> Graph | None:
    """The graph as it ran: `{id: {class_type, inputs}}`. None when it is not one. What was left out only hands on."""
    if not isinstance(data, dict):
        return None
    nodes = {}
    for id, one in list(data.items())[:MOST_NODES]:
        if isinstance(one, dict) and isinstance(one.get("class_type"), str):
            found = one.get("inputs")
            inputs = dict(list(found.items())[:_MOST_INPUTS]) if isinstance(found, dict) else {}
            if str(id) in left_out:
                inputs = {name: value for name, value in inputs.items() if isinstance(value, list)}
            nodes[str(id)] = Node(one["class_type"], inputs)
    return Graph(nodes) if nodes else None


def _as_number(value: object) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value if isinstance(value, float) else 0) and abs(value) < _LARGEST else None


def _as_text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
