"""The stores that come with the core, through the public hook."""

from __future__ import annotations

from collections.abc import Iterable

from ..contracts import Store
from ..hookspecs import hookimpl
from .files import FileStore, FolderStore


@hookimpl
def stores() -> Iterable[Store]:
    yield FileStore()
    yield FolderStore()
