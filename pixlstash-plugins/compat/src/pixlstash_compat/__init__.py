"""Serves the HTTP routes that clients of the public PixlStash ask for: ComfyUI nodes, savers, chats."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pixlstash_web import hookimpl

if TYPE_CHECKING:
    from pixlstash_web import Route


@hookimpl
def routes() -> Iterable[Route]:
    from .table import ROUTES  # loads the server, which other commands do not need

    return ROUTES
