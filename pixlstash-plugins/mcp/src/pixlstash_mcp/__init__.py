"""A read-only MCP server, with which an AI agent searches a library and looks at its pictures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pixlstash_core import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def commands() -> Iterable[click.Command]:
    from .command import mcp

    yield mcp
