"""Waits for jobs and work on snapshots, with a progress bar on a terminal."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click

from ..errors import Conflict, PixlStashError
from ..types import Job

#: `finish` below, with its session: waits for a job.
Finish = Callable[[Job], Job]
ENDED = frozenset({"done", "failed", "cancelled", "paused"})
#: Texts for the kinds of work on snapshots; seconds between two requests for its progress.
WORDS = {
    "TAKE": "Taking a snapshot",
    "PRUNE": "Letting go of old snapshots",
    "DELETE": "Deleting a snapshot",
    "VERIFY": "Reading a snapshot back",
    "RESTORE": "Restoring",
    "BACKUP": "Backing up",
}
ASKED = 0.25
#: Seconds until the reason is shown why a job waits; and for which a canceled job is waited for.
PATIENCE, STOPPING = 1.0, 10.0


def finish(session: Any, job: Job, *, quiet: bool = False) -> Job:
    """Wait for a job and return it. Ctrl-C or the end of this process cancels it; its finished steps stay."""
    drawn = sys.stderr.isatty() and not quiet
    pause, since, is_announced = 0.02, time.monotonic(), quiet
    try:
        with _signals():
            while (job := session.hold_job(job.id)).state not in ENDED:
                if drawn:
                    _draw(job)
                elif not is_announced and job.state == "waiting" and job.note and time.monotonic() - since > PATIENCE:
                    click.echo(job.note, err=True)
                    is_announced = True
                time.sleep(pause)
                pause = min(pause * 1.5, 0.25)
    except KeyboardInterrupt:
        job = _cancelled(session, job)
    except SystemExit:
        _cancelled(session, job)
        raise
    if drawn:
        _say("")
    return job


def _cancelled(session: Any, job: Job) -> Job:
    """Cancel a job, and wait for a moment until it has stopped."""
    with suppress(Conflict):  # the job has ended meanwhile
        session.cancel_job(job.id)
    until = time.monotonic() + STOPPING
    while (job := session.job(job.id)).state not in ENDED and time.monotonic() < until:
        time.sleep(0.05)
    return job


@contextmanager
def _signals() -> Iterator[None]:
    """Raise `SystemExit` in the block for signals that end a program or report a closed terminal."""

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    names = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():  # a thread that gets no signals
        yield
        return
    before = {number: signal.signal(number, leave) for number in names}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _draw(job: Job) -> None:
    rate = f"  {job.rate:.0f}/s" if job.rate else ""
    note = f"  {job.note}" if job.note else ""
    if job.total:
        _say(f"{_bar(job.done / job.total)} {job.done}/{job.total}{rate}{note}")
    else:
        _say(f"{job.label} … {job.done}{rate}{note}")


@contextmanager
def shown(session: Any, *, quiet: bool = False) -> Iterator[None]:
    """Show the progress of the block's work on snapshots, requested on another thread."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    over = threading.Event()
    asking = threading.Thread(target=_ask, args=(session, over), daemon=True)
    asking.start()
    try:
        yield
    finally:
        over.set()
        asking.join()
        _say("")


def _ask(session: Any, over: threading.Event) -> None:
    while not over.wait(ASKED):
        with suppress(PixlStashError):  # the work itself reports errors
            work = session.snapshot_status().active_job
            if work is not None:
                _say(f"{_bar(work.progress)} {work.progress:4.0%}  {WORDS.get(work.kind, work.kind)}")


def _bar(share: float) -> str:
    filled = int(30 * min(share, 1))
    return "#" * filled + "." * (30 - filled)


def _say(text: str) -> None:
    """Print a text over the previous line."""
    click.echo(f"\r\x1b[K{text}", nl=False, err=True)
