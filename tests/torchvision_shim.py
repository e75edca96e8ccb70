"""Lets PyPI's torchvision be imported beside a torch that was built for CPUs only.

Its native part needs CUDA's libraries and does not load; the import then fails over two operations that nothing of ours
calls. Their shapes are enough. Where the native part loads, or torchvision is missing, nothing is done.

A process that nobody here can talk to, such as an engine's, is helped by a folder on its path: `stand_in`.
"""

from __future__ import annotations

import importlib.util
import pathlib
import sys
from typing import Any

_kept: list[Any] = []


def ensure() -> None:
    spec = importlib.util.find_spec("torchvision")
    if "torchvision" in sys.modules or spec is None or spec.origin is None or _kept:
        return
    import torch

    native = next(pathlib.Path(spec.origin).parent.glob("_C*"), None)
    try:
        if native is not None:
            torch.ops.load_library(str(native))
            return
    except OSError:
        pass
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _kept.append(library)


#: Steps aside for the real one, which is imported under its name.
_STAND_IN = """import sys

del sys.modules["torchvision"]
sys.path.remove({folder!r})
try:
    import torchvision_shim

    torchvision_shim.ensure()
    import torchvision
finally:
    sys.path.insert(0, {folder!r})
"""


def stand_in(folder: pathlib.Path) -> str:
    """A folder for the beginning of `sys.path`, from which torchvision can be imported as by `ensure`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "torchvision.py").write_text(_STAND_IN.format(folder=str(folder)), encoding="utf-8")
    return str(folder)
