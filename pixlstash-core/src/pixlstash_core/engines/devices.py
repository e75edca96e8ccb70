"""Chooses the device for an engine. Runs in the engine's process, which may import what the library must not."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import Any

#: Names a device for every engine of the lane `gpu`: `cpu`, `cuda:1`, `mps`.
VARIABLE = "PIXLSTASH_DEVICE"
_LOST = ("device lost", "device-side assert", "cuda error", "cudnn error", "hip error", "driver shutting down")
_MEMORY = ("out of memory", "failed to allocate memory", "bad_alloc", "not enough memory", "alloc_failed")


def best(lane: str) -> str:
    """Return the best device on this machine for a lane."""
    if lane != "gpu":
        return "cpu"
    if chosen := os.environ.get(VARIABLE, "").strip():
        return chosen
    if find_spec("torch") is not None:
        import torch  # type: ignore[import-not-found, unused-ignore]

        if torch.cuda.is_available():
            return "cuda:0"
        if torch.backends.mps.is_available():
            return "mps"
    if find_spec("onnxruntime") is not None:
        import onnxruntime  # type: ignore[import-not-found, unused-ignore]

        if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
            return "cuda:0"
    return "cpu"


def is_memory(error: BaseException) -> bool:
    """Whether an error means too little memory on any device, so that fewer images at once may work."""
    text = str(error).lower()
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or any(sign in text for sign in _MEMORY)
    )


def is_lost(error: BaseException) -> bool:
    """Whether an error means that this process can no longer use the device."""
    text = str(error).lower()
    return type(error).__name__ == "AcceleratorError" or any(sign in text for sign in _LOST)


def give_back() -> None:
    """Return cached device memory, if a library holds some."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
