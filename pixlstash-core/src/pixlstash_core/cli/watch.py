"""Waits for a job, with a progress bar on a terminal."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from ..types import Job

ENDED = frozenset({"done", "failed", "cancelled", "paused"})


def finish(session: Any, job: Job, *, quiet: bool = False) -> Job:
    """Poll until the job has ended. Ctrl-C cancels it; what it had finished stays."""
    shown = sys.stderr.isatty() and not quiet
    pause = 0.02
    try:
        while job.state not in ENDED:
            if shown:
                _draw(job)
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)
            job = session.job(job.id)
    except KeyboardInterrupt:
        job = session.cancel_job(job.id)
    if shown:
        click.echo("\r\x1b[K", nl=False, err=True)
    return job


def _draw(job: Job) -> None:
    rate = f"  {job.rate:.0f}/s" if job.rate else ""
    if job.total:
        filled = int(30 * min(job.done / job.total, 1))
        text = f"{'#' * filled}{'.' * (30 - filled)} {job.done}/{job.total}{rate}"
    else:
        text = f"{job.label} … {job.done}{rate}"
    click.echo(f"\r\x1b[K{text}", nl=False, err=True)
