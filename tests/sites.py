"""Folders with distributions installed in them, as `pip` leaves them, for tests of plugins."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Site:
    """A folder of installed distributions; `add` installs one more."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(exist_ok=True)

    def add(self, name: str, code: str, *, points: dict[str, str] | None = None, version: str = "1.0") -> None:
        module = name.replace("-", "_")
        (self.path / f"{module}.py").write_text(code, encoding="utf-8")
        info = self.path / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n", encoding="utf-8")
        lines = [f"{point} = {target}" for point, target in (points or {name: module}).items()]
        (info / "entry_points.txt").write_text("\n".join(["[pixlstash]", *lines, ""]), encoding="utf-8")


@contextmanager
def forgetting(folder: Path) -> Iterator[None]:
    """Forget afterwards the modules that were imported from below a folder meanwhile."""
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
                del sys.modules[name]
