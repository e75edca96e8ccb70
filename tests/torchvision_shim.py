"""Lets PyPI's torchvision be imported beside a torch that was built for CPUs only.

Its native part needs CUDA's libraries and does not load; the import then fails over two operations that nothing of ours
calls. Their shapes are enough. Where the native part loads, or torchvision is missing, nothing is done.
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
