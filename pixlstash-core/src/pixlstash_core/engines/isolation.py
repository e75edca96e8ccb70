"""Prepares an engine's process: moves it into its own network namespace, and chooses its device.

The namespace has only a loopback device that is down. This holds for Python, native code and every program that the
process starts. Call it before the process has threads and before a plugin is loaded. It cannot be undone.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# As in <linux/sched.h> and <linux/capability.h>; `os` has the first two from Python 3.12 on.
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_SYS_ADMIN = 1 << 21
_PROC = Path("/proc/self")
#: Names a device for every engine of the lane `gpu`: `cpu`, `cuda:1`, `mps`.
VARIABLE = "PIXLSTASH_DEVICE"
_LOST = ("device lost", "device-side assert", "cuda error", "cudnn error", "hip error", "driver shutting down")
_MEMORY = ("out of memory", "failed to allocate memory", "bad_alloc", "not enough memory", "alloc_failed")


def environment(lane: str) -> dict[str, str]:
    """Return the environment of an engine's process.

    Threads of OpenBLAS, which NumPy uses, wait for each other by spinning: while other processes need the processors,
    many small products take thirty times as long as with one thread.
    """
    return {**({"OPENBLAS_NUM_THREADS": "1"} if lane == "cpu" else {}), **os.environ}


def isolate(lane: str) -> str:
    """Leave the machine's network permanently. Returns the reason if that is not possible, or an empty string."""
    if sys.platform != "linux":
        return "only Linux has network namespaces"
    try:
        if len(os.listdir(_PROC / "task")) > 1:
            return "the process has threads already"
        flags = _flags(_capabilities())
        if flags is None:
            return "a user namespace would take away rights that the process has, such as reading others' files"
        if flags & _NEW_USER and lane == "gpu" and _needs_nvidia_setup():
            return "the NVIDIA driver has yet to make its devices, which it cannot do from a user namespace"
        _try(flags)
        _enter(flags)
    except (OSError, ValueError, AttributeError, StopIteration) as error:
        return f"this system does not allow network namespaces ({error})"
    return ""


def _flags(capabilities: int) -> int | None:
    """Return the flags for `unshare` given a process's capabilities; None if it would lose some of them.

    An administrator needs no user namespace, and would lose the right to read files of other users in one. Other users
    may create a network namespace only in a user namespace, where they stay the same user.
    """
    if capabilities & _SYS_ADMIN:
        return _NEW_NETWORK
    return None if capabilities else _NEW_USER | _NEW_NETWORK


def _capabilities() -> int:
    lines = (_PROC / "status").read_bytes().splitlines()
    return next(int(line.split()[1], 16) for line in lines if line.startswith(b"CapEff:"))


def _needs_nvidia_setup() -> bool:
    """Return whether CUDA would first load its driver with a setuid program, which cannot work in a user namespace."""
    return not os.path.exists("/dev/nvidia-uvm") and shutil.which("nvidia-modprobe") is not None


def _try(flags: int) -> None:
    """Test in another process whether it works, because a partial change cannot be undone. Raises `OSError`."""
    child = os.fork()
    if not child:
        code = 255
        try:
            _enter(flags)
            code = 0
        except OSError as error:
            code = error.errno or 255
        finally:
            os._exit(code)
    if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise OSError(code, os.strerror(code)) if 0 < code < 255 else OSError(f"exit code {code}")


def _enter(flags: int) -> None:
    user, group = os.geteuid(), os.getegid()
    _unshare()(flags)
    if flags & _NEW_USER:  # map the user and group to themselves, so that file permissions stay the same
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            (_PROC / name).write_bytes(text.encode())


def _unshare() -> Callable[[int], None]:
    """Return `os.unshare`, or the C library's function before Python 3.12."""
    native: Callable[[int], None] | None = getattr(os, "unshare", None)
    if native is not None:
        return native
    library = ctypes.CDLL(None, use_errno=True)

    def unshare(flags: int) -> None:
        if library.unshare(ctypes.c_int(flags)) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    return unshare


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
