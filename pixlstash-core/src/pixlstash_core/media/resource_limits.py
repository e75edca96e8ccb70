"""Resource limits that a decoder process sets for itself, where the platform has them."""

from __future__ import annotations

import contextlib
import os
import sys

from .messages import Limits

if sys.platform == "win32":  # the wall limit and the pixel limit remain

    def enclose(limits: Limits) -> None:
        """Do nothing: the pool starts the process below normal priority."""

    def allow(seconds: float) -> None:
        """Do nothing: there is no limit on CPU time."""

else:
    import resource

    def enclose(limits: Limits) -> None:
        """Lower the priority, disable core dumps, and limit the address space to `limits.memory`."""
        with contextlib.suppress(OSError):
            os.nice(10)
        _set(resource.RLIMIT_CORE, 0)
        if sys.platform != "darwin":  # macOS accepts the limit and maps far more than it for every process
            _set(resource.RLIMIT_AS, limits.memory)

    def allow(seconds: float) -> None:
        """Let the kernel end this process after so many more seconds of CPU time; each call starts anew."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(usage.ru_utime + usage.ru_stime + seconds) + 1
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))

    def _set(what: int, value: int) -> None:
        _, hard = resource.getrlimit(what)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(what, (value, value))
