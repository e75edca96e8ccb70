"""Limits a decoder process puts on itself, where the platform has them."""

from __future__ import annotations

import contextlib
import os
import sys

from .messages import Limits

if sys.platform == "win32":  # the wall limit and the pixel limit remain

    def enclose(limits: Limits) -> None:
        """The pool starts us below normal priority already."""

    def allow(seconds: float) -> None:
        """No limit on CPU time alone."""

else:
    import resource

    def enclose(limits: Limits) -> None:
        """Give way to everyone else, leave no core dumps, and own at most `limits.memory` of address space."""
        with contextlib.suppress(OSError):
            os.nice(10)
        _set(resource.RLIMIT_CORE, 0)
        if sys.platform != "darwin":  # macOS accepts the limit and maps far more than it for every process
            _set(resource.RLIMIT_AS, limits.memory)

    def allow(seconds: float) -> None:
        """From now, so many seconds of CPU until the kernel ends this process; asking again starts anew."""
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
