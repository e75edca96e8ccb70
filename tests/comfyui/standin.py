"""ComfyUI's runtime as far as the nodes use it: there they are V1 nodes. A test compares them with the real ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


class Blocker:
    """What ComfyUI passes on instead of a value where nothing is to run."""

    def __init__(self, message: str | None) -> None:
        self.message = message


class StandIn:
    """The nodes, with settings in a folder; `args` are ComfyUI's command line."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.args = SimpleNamespace(multi_user=False, disable_metadata=False)
        modules = {
            "comfy": {},
            "comfy.cli_args": {"args": self.args},
            "comfy_execution": {},
            "comfy_execution.graph": {"ExecutionBlocker": Blocker},
            "folder_paths": {"get_user_directory": lambda: str(folder)},
        }
        for name, contents in modules.items():
            module = ModuleType(name)
            vars(module).update(contents)
            monkeypatch.setitem(sys.modules, name, module)
        from comfyui_pixlstash import extension

        self.classes, self.names = extension.mappings()

    def connect(self, address: str, token: str) -> None:
        settings = self.folder / "default" / "comfy.settings.json"
        settings.parent.mkdir(parents=True, exist_ok=True)
        values = {"PixlStashNodes.Address": address, "PixlStashNodes.Token": token}
        settings.write_text(json.dumps(values), encoding="utf-8")

    def run(self, id: str, **inputs: Any) -> tuple[Any, ...]:
        """Run a node with the defaults of its widgets; its outputs."""
        result: Any = self.node(id).run_v1(**self.filled(id, inputs))
        return result["result"] if isinstance(result, dict) else result

    def fingerprint(self, id: str, **inputs: Any) -> Any:
        return self.classes[f"PixlStash_{id}"].IS_CHANGED(**self.filled(id, inputs))

    def node(self, id: str) -> Any:
        return self.classes[f"PixlStash_{id}"]()

    def filled(self, id: str, inputs: dict[str, Any]) -> dict[str, Any]:
        types = self.classes[f"PixlStash_{id}"].INPUT_TYPES()["required"]
        widgets = {name: options["default"] for name, (_, options) in types.items() if "default" in options}
        return {**widgets, **inputs}
