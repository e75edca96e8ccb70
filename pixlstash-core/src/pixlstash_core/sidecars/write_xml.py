"""Writes a DOM as UTF-8. Line ends in attributes are escaped, which `toxml` of older Pythons does not do."""

from __future__ import annotations

from collections.abc import Iterator
from xml.dom import minidom

_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_VALUE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
)


def serialized(document: minidom.Document, declared: bool) -> bytes:
    """Return a document, with an XML declaration if it is `declared`."""
    head = ['<?xml version="1.0" encoding="UTF-8"?>\n'] if declared else []
    parts = [part for node in document.childNodes for part in (*_node(node), "\n")]
    return "".join([*head, *parts]).encode()


def _node(node: minidom.Node) -> Iterator[str]:
    if isinstance(node, minidom.Element):
        yield from _element(node)
    elif isinstance(node, minidom.CDATASection):
        yield f"<![CDATA[{node.data}]]>"
    elif isinstance(node, minidom.Text):
        yield node.data.translate(_TEXT)
    elif isinstance(node, minidom.Comment):
        yield f"<!--{node.data}-->"
    elif isinstance(node, minidom.ProcessingInstruction):
        yield f"<?{node.target} {node.data}?>"


def _element(element: minidom.Element) -> Iterator[str]:
    yield f"<{element.tagName}"
    for name, value in element.attributes.items():
        yield f' {name}="{value.translate(_VALUE)}"'
    if not element.childNodes:
        yield "/>"
        return
    yield ">"
    for child in element.childNodes:
        yield from _node(child)
    yield f"</{element.tagName}>"
