"""The demo's store, through the public hook."""

from __future__ import annotations

from collections.abc import Iterable

from ..plugins.contracts import Store
from ..plugins.hookspecs import hookimpl
from .store import DemoStore


@hookimpl
def stores() -> Iterable[Store]:
    yield DemoStore()
