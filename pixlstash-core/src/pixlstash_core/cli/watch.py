"""Waits for what takes long, with a progress bar on a terminal."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click

from ..errors import PixlStashError
from ..types import Job

ENDED = frozenset({"done", "failed", "cancelled", "paused"})
#: What is being done with snapshots, and how often it is asked how far it is, in seconds.
WORDS = {
    "TAKE": "Taking a snapshot",
    "PRUNE": "Letting go of old snapshots",
    "DELETE": "Deleting a snapshot",
    "VERIFY": "Reading a snapshot back",
    "RESTORE": "Restoring",
    "BACKUP": "Backing up",
}
ASKED = 0.25


def finish(session: Any, job: Job, *, quiet: bool = False) -> Job:
    """Poll until the job has ended. Ctrl-C cancels it; what it had finished stays."""
    drawn = sys.stderr.isatty() and not quiet
    pause = 0.02
    try:
        while job.state not in ENDED:
            if drawn:
                _draw(job)
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)
            job = session.job(job.id)
    except KeyboardInterrupt:
        job = session.cancel_job(job.id)
    if drawn:
        _say("")
    return job


def _draw(job: Job) -> None:
    rate = f"  {job.rate:.0f}/s" if job.rate else ""
    if job.total:
        _say(f"{_bar(job.done / job.total)} {job.done}/{job.total}{rate}")
    else:
        _say(f"{job.label} … {job.done}{rate}")


@contextmanager
def shown(session: Any, *, quiet: bool = False) -> Iterator[None]:
    """Show how far what is done with snapshots in the block is: asked for beside it, as it answers only at its end."""
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
        with suppress(PixlStashError):  # the work itself says what is wrong
            work = session.snapshot_status().active_job
            if work is not None:
                _say(f"{_bar(work.progress)} {work.progress:4.0%}  {WORDS.get(work.kind, work.kind)}")


def _bar(share: float) -> str:
    filled = int(30 * min(share, 1))
    return "#" * filled + "." * (30 - filled)


def _say(text: str) -> None:
    """In place of the line that was said before."""
    click.echo(f"\r\x1b[K{text}", nl=False, err=True)
