"""A graph from the ComfyUI workflow that people see: subgraphs unfolded, bypassed nodes bridged, muted ones gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct, field

from pixlstash_core import PAYLOAD_BYTES

from ..dialect import parsed
from .graph import MOST_NODES, Graph, Node
from .widgets import MOST_VALUES, listed, settings, values_of

_MUTED, _BYPASSED = 2, 4
_ENTRY, _EXIT = "-10", "-20"
_DEEPEST = 8
_MOST_DOORS = 64
_MOST_UNFOLDED = 4 * MOST_NODES


class _Sheet(Struct):
    """One level of a drawing: its nodes under ids that are unique in the whole, and where links and slots come from."""

    nodes: dict[str, dict[str, Any]]
    sources: dict[object, tuple[str, int]]
    prefix: str = ""
    #: What the inputs of a subgraph are linked to outside of it, or set to.
    entries: list[Any] = field(default_factory=list)


def drawn_graph(data: object) -> Graph | None:
    """From `{nodes: [...], links: [...], definitions: {subgraphs: [...]}}`. None when it is not node."""
    if not isinstance(data, dict):
        return None
    definitions = data.get("definitions")
    subgraphs = {
        subgraph["id"]: subgraph
        for subgraph in listed(definitions if isinstance(definitions, dict) else {}, "subgraphs")
        if isinstance(subgraph.get("id"), str)
    }
    unfolding = _Unfolding(subgraphs)
    unfolding.add(data, "", [], 0)
    nodes = unfolding.nodes()
    return Graph(nodes) if nodes else None


def left_out(data: object) -> frozenset[str]:
    """The ids of nodes that are muted or bypassed in a drawn graph."""
    nodes = listed(data, "nodes") if isinstance(data, dict) else ()
    return frozenset(str(node.get("id")) for node in nodes if node.get("mode") in (_MUTED, _BYPASSED))


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
        drawing = _skim.decode(text.strip("\0"))
    except (ValueError, RecursionError):  # as are NaN, and nodes of a strange kind
        data = parsed(text)
        return left_out(data) if isinstance(data, dict) and isinstance(data.get("nodes"), list) else None
    return frozenset(str(node.id) for node in drawing.nodes if node.mode in (_MUTED, _BYPASSED))


class _Unfolding:
    """Puts the nodes of a drawing and of the subgraphs in it, level by level, into node flat graph."""

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
        drawn = {str(node.get("id")): node for node in listed(data, "nodes") if isinstance(node.get("type"), str)}
        self._left -= 1 + len(drawn)
        sheet = _Sheet(drawn, dict(_sources(data.get("links"))), prefix, entries)
        for id, node in drawn.items():
            if node.get("mode") in (_MUTED, _BYPASSED) or len(self._nodes) >= MOST_NODES:
                continue
            values = settings(node)
            inputs = [(name, self._resolve(sheet, link)) for name, link in _inputs(node)]
            subgraph = self._subgraphs.get(node["type"])
            if subgraph is None:
                linked = {name: link for name, link in inputs if link is not None}
                self._nodes[prefix + id] = Node(node["type"], {**values, **linked})
            elif depth < _DEEPEST:
                outer = [values.get(name) if link is None else link for name, link in inputs]
                self.add(subgraph, f"{prefix}{id}:", outer, depth + 1)
        for link in listed(data, "links"):
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
    for entry in listed(node, "inputs")[:MOST_VALUES]:
        if isinstance(entry.get("name"), str):
            yield entry["name"], entry.get("link")


def _first_link(node: dict[str, Any] | None) -> object:
    return next((link for _, link in _inputs(node) if link is not None), None) if node else None


def _setter(nodes: dict[str, dict[str, Any]], getter: dict[str, Any]) -> dict[str, Any] | None:
    """The node that a pair of wireless nodes names alike."""
    name = values_of(getter)[:1]
    return next((node for node in nodes.values() if node["type"] == "SetNode" and values_of(node)[:1] == name), None)


def _bridge(node: dict[str, Any], slot: int) -> object:
    """The link of a bypassed node's first input that has the type of its output."""
    outputs = listed(node, "outputs")
    kind = outputs[slot].get("type") if 0 <= slot < len(outputs) else None
    links = (input.get("link") for input in listed(node, "inputs") if input.get("type") == kind)
    return next((link for link in links if link is not None), None)
