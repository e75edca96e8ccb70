"""JavaScript modules with which plugins extend the browser interface, and the routes that serve them to the owner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, get_args
from urllib.parse import quote

from msgspec import Struct
from starlette.responses import Response

from pixlstash_core.errors import NotFound

from .static_files import read_file, send_file
from .table import Call, PageModule, PagePlace

if TYPE_CHECKING:
    from pixlstash_core.plugins.registry import Plugins

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
#: Names of files that are served from the folder of a module. Everything else there, such as Python code, is not.
FILE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}\.(js|css|json|svg|png|webp)")
LARGEST = 5_000_000


class PageModuleInfo(Struct, frozen=True):
    """A module as the browser interface loads it. `address` is its path on this server."""

    plugin: str
    place: PagePlace
    id: str
    title: str
    kind: str | None
    address: str


def page_modules(call: Call) -> list[PageModuleInfo]:
    """Modules of plugins for the browser interface."""
    return [
        PageModuleInfo(plugin, module.place, module.id, module.title, module.kind, _address(plugin, module))
        for plugin, module in _modules(call.library.plugins)
    ]


def page_module_file(call: Call, plugin: str, id: str, file: str) -> Response:
    """A module of a plugin, or a file beside it."""
    for owner, module in _modules(call.library.plugins):
        if (owner, module.id) == (plugin, id) and FILE.fullmatch(file):
            path = module.file.parent / file
            try:
                status = path.stat()
                if path.is_file() and status.st_size <= LARGEST:
                    return send_file(call.request, read_file(file, path, (status.st_mtime_ns, status.st_size), None))
            except OSError:
                break
    raise NotFound("No plugin has such a module.")


def _address(plugin: str, module: PageModule) -> str:
    return f"/api/v1/page-modules/{quote(plugin, '')}/{module.id}/{quote(module.file.name, '')}"


def _modules(plugins: Plugins) -> Iterator[tuple[str, PageModule]]:
    """Yield (plugin, module) of the hook `page_modules`; what cannot be used is recorded as the plugin's problem."""
    for plugin, call in plugins.listeners("page_modules"):
        ids: set[str] = set()
        try:
            for module in call() or ():
                if fault := _fault_of(module, ids):
                    plugins.problem(plugin, f"page_modules: {fault}")
                else:
                    ids.add(module.id)
                    yield plugin, module
        except (Exception, SystemExit) as error:  # a plugin may raise anything, and must not affect others
            plugins.problem(plugin, f"page_modules: {type(error).__name__}: {error}")


def _fault_of(module: object, ids: set[str]) -> str | None:
    if not isinstance(module, PageModule):
        return f"{module!r} is not a PageModule."
    if not isinstance(module.id, str) or not ID.fullmatch(module.id):
        return f"the id {module.id!r} must consist of lower-case letters, digits and hyphens."
    if module.id in ids:
        return f"the id {module.id} is used twice."
    if module.place not in get_args(PagePlace):
        return f"{module.id}: {module.place!r} is none of the places {', '.join(get_args(PagePlace))}."
    if not isinstance(module.title, str) or not module.title.strip():
        return f"{module.id}: the title is missing."
    if (module.place == "viewer") != isinstance(module.kind, str):
        return f"{module.id}: `kind` is needed for a viewer, and for nothing else."
    if not isinstance(module.file, Path) or not FILE.fullmatch(module.file.name) or module.file.suffix != ".js":
        return f"{module.id}: `file` must be the Path of a file such as panel.js."
    return None if module.file.is_file() else f"{module.id}: there is no file {module.file}."
