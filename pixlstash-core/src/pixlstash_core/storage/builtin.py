"""The stores that come with the core, through the public hook."""

from __future__ import annotations

from collections.abc import Iterable

from ..plugins.contracts import Store
from ..plugins.hookspecs import hookimpl
from .local import FileStore, FolderStore


@hookimpl
def stores() -> Iterable[Store]:
    yield FileStore()
    yield FolderStore()
