"""What ComfyUI's loader and its registry ask of the package."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib

from comfyui.standin import StandIn
from sources import ROOT

PACKAGE = ROOT / "comfyui-pixlstash"
SOURCES = sorted((PACKAGE / "src").rglob("*.py"))
#: What the nodes may import besides each other: what ComfyUI has, and msgspec.
OUTSIDE = {
    "PIL",
    "aiohttp",
    "comfy",
    "comfy_api",
    "comfy_execution",
    "folder_paths",
    "msgspec",
    "numpy",
    "server",
    "torch",
}
#: Names of nodes in saved workflows, which never change.
IDS = {
    *("PixlStash_ProjectLoader", "PixlStash_SetLoader", "PixlStash_CharacterLoader", "PixlStash_PictureLoader"),
    *("PixlStash_Query", "PixlStash_SemanticSearch", "PixlStash_LikenessSearch", "PixlStash_PictureLikenessGate"),
    *("PixlStash_FaceLikenessGate", "PixlStash_Dataset", "PixlStash_PictureSaver", "PixlStash_Tag"),
    "PixlStash_Describe",
}


def test_the_ids_of_nodes_never_change(standin: StandIn) -> None:
    assert set(standin.classes) == IDS


def test_inputs_and_outputs_have_different_ids(standin: StandIn) -> None:
    """ComfyUI loads none of the nodes if one of them has an input and an output with the same id."""
    for name, node in standin.classes.items():
        schema = node.define_schema()
        ids = [one.id for one in (*schema.inputs, *schema.outputs) if one.id]
        assert len(set(ids)) == len(ids), name


def test_nothing_is_imported_that_comfyui_does_not_have() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names.append(node.module or "")
            outside = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names)
            assert outside <= OUTSIDE, path
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["dependencies"] == ["msgspec>=0.20"]
    assert (PACKAGE / "requirements.txt").read_text(encoding="utf-8").split() == project["dependencies"]


def test_the_registrys_rules() -> None:
    text = (PACKAGE / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)
    assert "comfyui" not in project["project"]["name"].lower() and len(project["project"]["name"]) < 100
    assert {"PublisherId", "DisplayName"} <= set(project["tool"]["comfy"])
    for path in SOURCES:
        calls = re.findall(r"\b(?:eval|exec|compile|__import__|subprocess|os\.system|pickle)\b", path.read_text())
        assert [call for call in calls if call != "compile"] == [], path


def test_importing_is_light() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import comfyui_pixlstash.extension;"
        "print(sorted({'torch', 'numpy', 'PIL', 'pixlstash_core'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, PACKAGE / "src"], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_only_one_way_of_loading_is_defined() -> None:
    code = (
        "import importlib.util, sys\n"
        "spec = importlib.util.spec_from_file_location('/custom_nodes/comfyui-pixlstash', sys.argv[1])\n"
        "module = importlib.util.module_from_spec(spec); sys.modules[spec.name] = module\n"
        "spec.loader.exec_module(module)\n"
        "print(hasattr(module, 'comfy_entrypoint'), len(module.NODE_CLASS_MAPPINGS))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, PACKAGE / "__init__.py"], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["False", str(len(IDS))], done.stdout + done.stderr
