"""Where files lie on this machine: absolute paths, which nobody but the owner is told."""

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

#: What stands for the library's own folder, and in a query for one that no store is in.
LIBRARY, ELSEWHERE = "the library", "…"
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:[/\\]")


def may_know(reader: Reader | None) -> bool:
    """Whether a reader may be told absolute paths."""
    return reader is not None and reader.may("owner") and reader.scope.all


def hide(connection: apsw.Connection, text: str) -> str:
    """A text without the absolute paths of the library and its stores.

    A store's folder is replaced by the store's name, as `folder:` takes it, and the library's by words.
    """
    if "/" not in text and "\\" not in text:
        return text
    for path, name in sorted(_folders(connection), key=lambda folder: -len(folder[0])):
        text = name.join(re.split(rf"{re.escape(path)}(?![^\s/\\\"'():;,.])", text))
    return text


def hide_in_query(connection: apsw.Connection, text: str) -> str:
    """The same for the text of a query. A condition on any other absolute folder finds nothing."""

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
    except QueryError:  # of an older version
        return hide(connection, text)
    return str(replace(parsed, root=_changed(parsed.root, hidden)))


def _changed(node: Node, change: Callable[[Ask], Ask]) -> Node:
    """A query with its conditions changed."""
    if isinstance(node, Ask):
        return change(node)
    if isinstance(node, Not):
        return Not(_changed(node.of, change))
    if isinstance(node, Sets):
        return Sets(node.how, tuple(change(ask) for ask in node.of))
    return replace(node, of=tuple(_changed(one, change) for one in node.of))


def _folders(connection: apsw.Connection) -> Iterator[tuple[str, str]]:
    """(absolute path, what stands for it), as it may be written."""
    library = Path(connection.filename).parent
    named = [(str(library), LIBRARY)]
    sql = "select name, json_extract(params, '$.path') from store where json_extract(params, '$.path') is not null"
    for name, path in fetch(connection, sql):
        named.append((str(library / path), name))
    for path, name in named:
        if len(path) > 1:  # not the root of the file system, which is in everything
            yield from {(path.rstrip("/\\"), name), (path.replace(os.sep, "/").rstrip("/"), name)}
