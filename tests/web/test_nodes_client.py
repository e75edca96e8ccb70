"""The client of the ComfyUI nodes has the operations and structs that the server has."""

from __future__ import annotations

import inspect
import re

from sources import GENERATED, ROOT

import comfyui_pixlstash.operations as generated
from pixlstash_web.nodes import OPERATIONS, source
from pixlstash_web.routes import ROUTES

FILE = ROOT / "comfyui-pixlstash" / "src" / "comfyui_pixlstash" / "operations.py"


def test_the_client_is_current() -> None:
    command = "python -m pixlstash_web.nodes comfyui-pixlstash/src/comfyui_pixlstash/operations.py"
    assert FILE.read_text(encoding="utf-8") == source(), f"run: {command}"
    assert FILE in GENERATED


def test_each_method_sends_what_the_table_says() -> None:
    routes = {route.name: route for route in ROUTES}
    for name in OPERATIONS:
        text = inspect.getsource(getattr(generated.Operations, name))
        method, path = re.search(r'"([A-Z]+)",\s*f?"([^"]+)"', text).groups()  # type: ignore[union-attr]
        assert (method, path) == (routes[name].method, routes[name].path.replace(":path", ""))


def test_the_nodes_use_every_operation_they_have() -> None:
    folder = FILE.parent
    sources = [path.read_text(encoding="utf-8") for path in folder.glob("*.py") if path != FILE]
    unused = {name for name in OPERATIONS if not any(re.search(rf"library(\(\))?\.{name}\b", text) for text in sources)}
    assert unused == set()
