"""The repository's own files, as the tests about the repository see them: nothing installed, built or generated."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Folders with Python packages in `src`, core first.
PACKAGES = [ROOT / "pixlstash-core", ROOT / "pixlstash-web", *sorted(ROOT.glob("pixlstash-plugins/*/"))]
PACKAGES.append(ROOT / "comfyui-pixlstash")
#: Files that a program of ours writes, compared with what it writes by tests of their own.
GENERATED = {
    ROOT / "pixlstash-web" / "web" / "src" / "api" / "schema.ts",
    ROOT / "comfyui-pixlstash" / "src" / "comfyui_pixlstash" / "operations.py",
}
NOT_OURS = {"node_modules", "dist", "build", "static", "shared", "__pycache__"}


def files(*suffixes: str) -> Iterator[Path]:
    """Every file of ours that ends so, e.g. `files(".py", ".ts")`."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if name not in NOT_OURS and not name.startswith("."))
        paths = (Path(folder, name) for name in sorted(names) if name.endswith(suffixes))
        yield from (path for path in paths if path not in GENERATED)


def modules() -> Iterator[tuple[str, Path]]:
    """(dotted name, file) of every module of every package."""
    for package in PACKAGES:
        for path in sorted((package / "src").rglob("*.py")):
            parts = path.relative_to(package / "src").with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path
