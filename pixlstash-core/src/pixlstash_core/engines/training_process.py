"""Lets an engine learn in its process, within its time."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..errors import PixlStashError
from .messages import Broke, Learned, Report, Train
from .process import Died, Process

#: Seconds after which a training is ended that has used up its time.
GRACE = 5.0


def train(process: Process, order: Train, check: Callable[[float], None]) -> Learned:
    """Let the engine learn. Raises `PixlStashError` if it fails.

    `check` gets the part that is done, several times a second; if it raises, the process is ended.
    """
    report: Report | None = None
    until = time.monotonic() + order.seconds + GRACE
    process.part = 0.0
    process.submit(order)
    try:
        while True:
            report = process.report(0.2)
            check(process.part)
            if isinstance(report, Learned):
                return report
            if isinstance(report, Broke):
                raise PixlStashError(f"it learned nothing: {report.reason}")
            if time.monotonic() > until:
                process.kill("its training took too long")
    except Died as died:
        raise PixlStashError(f"it learned nothing: {died}") from died
    finally:
        if not isinstance(report, Learned | Broke):
            process.kill("its training was ended")
