"""Serves a PixlStash library to browsers and programs: REST under `/api/v1`, events, files and the browser UI.

Everything a plugin with routes or parts of the browser interface needs is at this level; importing it loads no server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .hookspecs import api, hookimpl
from .table import Call, PageModule, Route

if TYPE_CHECKING:
    from .adapter import read_in_thread as read_in_thread
    from .answers import Unavailable as Unavailable
    from .answers import Unprocessable as Unprocessable
    from .answers import run_in_threadpool as run_in_threadpool
    from .files import present_original as present_original
    from .files import present_thumbnail as present_thumbnail
    from .forms import Form as Form
    from .forms import receive as receive

#: What needs the server, and the module that has it.
_LATER = {
    "Form": "forms",
    "Unavailable": "answers",
    "Unprocessable": "answers",
    "present_original": "files",
    "present_thumbnail": "files",
    "read_in_thread": "adapter",
    "receive": "forms",
    "run_in_threadpool": "answers",
}

__all__ = [
    "Call",
    "Form",
    "PageModule",
    "Route",
    "Unavailable",
    "Unprocessable",
    "api",
    "hookimpl",
    "present_original",
    "present_thumbnail",
    "read_in_thread",
    "receive",
    "run_in_threadpool",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f".{_LATER[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
