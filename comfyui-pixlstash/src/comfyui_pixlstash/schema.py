"""The node API of ComfyUI: `comfy_api.v0_0_2`, or where that is missing, its equivalent for V1 nodes."""

from __future__ import annotations

import importlib
from typing import Any

from . import v1

io: Any
ComfyExtension: Any

try:
    _api: Any = importlib.import_module("comfy_api.v0_0_2")
    io, ComfyExtension, V3 = _api.io, _api.ComfyExtension, True
except ImportError:
    io, ComfyExtension, V3 = v1, object, False

CATEGORY = "PixlStash"
Project = io.Custom("PIXLSTASH_PROJECT")
Set = io.Custom("PIXLSTASH_SET")
Character = io.Custom("PIXLSTASH_CHARACTER")


class Node(io.ComfyNode):  # type: ignore[misc]  # any of two classes that the checks do not see
    """The base of all nodes."""
