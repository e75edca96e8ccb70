"""Finds the texts that condition a sampler in a ComfyUI graph, through encoders and nodes that only handle text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pixlstash_core import PROMPT_LENGTH

from ..recipe import is_off
from .graph import Graph, Node

_MOST_TEXTS = 64
_MOST_LINKS = 5_000
_MOST_JOINED = 16 * PROMPT_LENGTH
_LONGEST_DELIMITER = 64
_DEEPEST = 100
#: Links from a sampler to a text that is not simply in its encoder; and places that a trace names.
_FAR, _MOST_TRACED = 3, 4
#: Inputs that hold or hand on texts, whatever a pack of nodes calls them.
_TEXT = re.compile(
    r"text|prompt|string|caption|wildcard|positive|negative|value|t5xxl|llama|clip_?[lg]$|(^|_)(pos|neg)(_|$)"
)
#: Inputs with such a name that say how a text is handled, or which file it is in.
_SETTING = re.compile(
    r"style|encoder|separator|delimiter|file|path|folder|font|colou?r|align|mode|type|format|select|name|position"
    r"|operation|language|log_|regex|pattern|normali|interpretation|preset|template|random|system|seed"
)
# What carries conditioning, besides inputs named for it; never what carries pixels, latents or weights.
_CARRIER = re.compile(r"cond|guid|pipe|input|any")
_NOT_TEXT = re.compile(r"clip|model|vae|image|pixels|latent|samples|mask|control_net")
_TEXT_NODE = re.compile(r"text|string|prompt|wildcard|caption")
_NOT_TEXT_NODE = re.compile(r"encode|lora|load|sampler|condition")
_JOINING = re.compile(r"(text|string|prompt).*(concat|join|combine)|(concat|join|combine).*(text|string|prompt)")
_SHOWING = re.compile(r"show|display|preview")
_CHOICES = frozenset(("true", "false", "yes", "no", "on", "off", "none", "enable", "disable"))
_OTHER_SIDE = {
    "positive": re.compile(r"negative|(^|_)neg(_|$)"),
    "negative": re.compile(r"positive|(^|_)pos(_|$)"),
}


class Prompts(NamedTuple):
    """The texts that condition one side of a sampler, and a sentence on where they are, if that is not obvious."""

    texts: list[str]
    trace: str = ""


def prompts(graph: Graph, sampler: str, side: str) -> Prompts:
    """Find the texts of a side (`positive` or `negative`) of a sampler, in the order of its links."""
    trail = _Trail(graph, side)
    texts: dict[str, None] = {}
    for _, node in graph.upstream([sampler], lambda name: name == "guider"):
        names = (side, "conditioning", "cond1", "cond2", "pipe") if side == "positive" else (side, "pipe")
        for name in names:
            texts.update((text.strip(), None) for text in trail.texts(node.inputs.get(name)))
    listed = list(texts)[:_MOST_TEXTS]
    return Prompts(listed, trail.trace(listed))


class _Trail:
    """Follows one side's links; every node is read once."""

    def __init__(self, graph: Graph, side: str) -> None:
        self._graph = graph
        self._other_side = _OTHER_SIDE[side]
        self._read: dict[str, list[str]] = {}
        self._links_left = _MOST_LINKS
        self._joined_left = _MOST_JOINED
        #: Which node each text is in, and how many links lead to it; and nodes that lead to no text.
        self._places: dict[str, tuple[str, int]] = {}
        self._dead_ends: list[str] = []

    def trace(self, texts: list[str]) -> str:
        """Say where these texts are unless each is in an encoder of the sampler; without any, what led nowhere."""
        if not texts:
            ends = [self._shown(id) for id in self._dead_ends[:_MOST_TRACED]]
            return f"not found: {', '.join(ends)} {'has' if len(ends) == 1 else 'have'} no text" if ends else ""
        places = [self._places[text] for text in texts if text in self._places]
        if all(hops < _FAR for _, hops in places):
            return ""
        return "; ".join(f"{self._shown(id)}, {hops} links away" for id, hops in places[:_MOST_TRACED])

    def _shown(self, id: str) -> str:
        return f"node {id} ({self._graph.nodes[id].type})"

    def texts(self, value: object, depth: int = 0) -> list[str]:
        if isinstance(value, str):
            text = value[:PROMPT_LENGTH]
            return [text] if any(character.isalnum() or character > "\x7f" for character in text) else []
        link = self._graph.linked(value)
        if link is None or depth > _DEEPEST or self._links_left <= 0:
            return []
        self._links_left -= 1
        id, node = link
        if id not in self._read:
            self._read[id] = []  # a node that leads back to itself adds nothing
            before = self._links_left
            self._read[id] = self._of_node(node, depth)
            for text in self._read[id]:
                self._places.setdefault(text.strip(), (id, depth + 1))
            if not self._read[id] and self._links_left == before:
                self._dead_ends.append(id)
        return self._read[id]

    def _of_node(self, node: Node, depth: int) -> list[str]:
        kind = node.type.lower()
        if "zeroout" in kind:  # the texts have no effect
            return []
        shown: list[str] = []
        texts: list[str] = []
        for value in self._values(node, kind):
            # What such a node shows is what it showed in the run before: good only where nothing else is known.
            target = shown if isinstance(value, str) and _SHOWING.search(kind) else texts
            target += self.texts(value, depth + 1)
        texts = texts or shown
        delimiter = _delimiter(node, kind)
        if delimiter is not None and len(texts) > 1:
            if "clean_whitespace" in node.inputs and not is_off(node.inputs["clean_whitespace"]):
                texts = [text.strip() for text in texts]
            return self._joined(texts, delimiter)
        return list(dict.fromkeys(texts))[:_MOST_TEXTS]

    def _values(self, node: Node, kind: str) -> Iterator[object]:
        """The inputs that matter for this side. A node with two sides hands each of them on by itself."""
        inputs = {name.lower(): value for name, value in node.inputs.items() if isinstance(name, str)}
        populated = any("populated" in name and value for name, value in inputs.items())
        replaced = ("text_b", "text_c") if inputs.get("action") == "replace" else ()
        for name, value in inputs.items():
            if self._other_side.search(name) or name in replaced or (populated and "wildcard" in name):
                continue
            if self._carries_link(name, value, kind) or (isinstance(value, str) and _holds_text(name, value)):
                yield value

    def _carries_link(self, name: str, value: object, kind: str) -> bool:
        link = self._graph.linked(value)
        if link is None:
            return False
        if _CARRIER.match(name) or _is_text_input(name):
            return True
        # Whatever a text is called between nodes that only handle texts.
        return _handles_text(kind) and _handles_text(link[1].type.lower()) and not _is_setting(name)

    def _joined(self, texts: list[str], delimiter: str) -> list[str]:
        joined = delimiter.join(texts)[:PROMPT_LENGTH]
        self._joined_left -= len(joined)
        return [joined] if joined and self._joined_left > 0 else texts[:_MOST_TEXTS]


def _delimiter(node: Node, kind: str) -> str | None:
    """What a node that makes one text of several puts between them."""
    inputs = node.inputs
    if inputs.get("action") == "append":
        return "" if is_off(inputs.get("tidy_tags")) else ", "
    delimiter = inputs.get("delimiter", inputs.get("separator")) if _JOINING.search(kind) else None
    return delimiter[:_LONGEST_DELIMITER].replace("\\n", "\n") if isinstance(delimiter, str) else None


def _holds_text(name: str, value: str) -> bool:
    return _is_text_input(name) and value.strip().lower() not in _CHOICES


def _is_text_input(name: str) -> bool:
    return _TEXT.search(name) is not None and _SETTING.search(name) is None


def _is_setting(name: str) -> bool:
    return _NOT_TEXT.match(name) is not None or _SETTING.search(name) is not None


def _handles_text(kind: str) -> bool:
    return _TEXT_NODE.search(kind) is not None and _NOT_TEXT_NODE.search(kind) is None
