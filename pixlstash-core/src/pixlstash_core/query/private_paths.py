"""Absolute paths on this machine, which only the owner may see."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
from msgspec.structs import replace

from ..database.connection import fetch
from ..errors import QueryError
from ..types import Reader
from .language import Ask, Node, Not, Sets, parse, split_operator

#: The text that replaces the library's folder; and the one in a query for a folder outside all stores.
LIBRARY, ELSEWHERE = "the library", "…"
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:[/\\]")


def may_know(reader: Reader | None) -> bool:
    """Return whether a reader may see absolute paths."""
    return reader is not None and reader.may("owner") and reader.scope.all


def hide(connection: apsw.Connection, text: str) -> str:
    """Return a text without the absolute paths of the library and its stores.

    A store's folder is replaced by the store's name, as in `folder:`; the library's by words.
    """
    if "/" not in text and "\\" not in text:
        return text
    for path, name in sorted(_folders(connection), key=lambda folder: -len(folder[0])):
        text = name.join(re.split(rf"{re.escape(path)}(?![^\s/\\\"'():;,.])", text))
    return text


def hide_in_query(connection: apsw.Connection, text: str) -> str:
    """Return the text of a query without absolute paths. A condition on another absolute folder matches nothing."""

    def hidden(ask: Ask) -> Ask:
        operator, value = split_operator(ask.value)
        value = hide(connection, value)
        if ask.name == "folder" and _ABSOLUTE.match(value):
            value = ELSEWHERE
        return Ask(ask.name, operator + value, ask.at)

    if "/" not in text and "\\" not in text:
        return text
    try:
        parsed = parse(text)
    except QueryError:  # the query of an older version
        return hide(connection, text)
    return str(replace(parsed, root=_changed(parsed.root, hidden)))


def _changed(node: Node, change: Callable[[Ask], Ask]) -> Node:
    """Return a query tree with its conditions changed."""
    if isinstance(node, Ask):
        return change(node)
    if isinstance(node, Not):
        return Not(_changed(node.of, change))
    if isinstance(node, Sets):
        return Sets(node.how, tuple(change(ask) for ask in node.of))
    return replace(node, of=tuple(_changed(part, change) for part in node.of))


def _folders(connection: apsw.Connection) -> Iterator[tuple[str, str]]:
    """Yield (absolute path, replacement) in each way in which the path may be written."""
    library = Path(connection.filename).parent
    named = [(str(library), LIBRARY)]
    sql = "select name, json_extract(params, '$.path') from store where json_extract(params, '$.path') is not null"
    for name, path in fetch(connection, sql):
        named.append((str(library / path), name))
    for path, name in named:
        if len(path) > 1:  # not the root of the file system, which every path contains
            yield from {(path.rstrip("/\\"), name), (path.replace(os.sep, "/").rstrip("/"), name)}
