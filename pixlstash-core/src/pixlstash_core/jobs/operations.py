"""Background jobs."""

from __future__ import annotations

from ..context import Context
from ..types import Job, Reader
from .lanes import Jobs


def jobs(context: Context, reader: Reader) -> list[Job]:
    """Background jobs: running ones first, then the newest."""
    return context.part(Jobs).newest()


def job(context: Context, reader: Reader, id: int) -> Job:
    """One job."""
    return context.part(Jobs).get(id)


def cancel_job(context: Context, reader: Reader, id: int) -> Job:
    """Stop a job; what it finished stays."""
    return context.part(Jobs).cancel(id)


def hold_job(context: Context, reader: Reader, id: int) -> Job:
    """Cancel a job unless this is called again within 30 seconds: for programs that wait for the job."""
    return context.part(Jobs).hold(id)


def pause_job(context: Context, reader: Reader, id: int) -> Job:
    """Pause a job."""
    return context.part(Jobs).pause(id)


def resume_job(context: Context, reader: Reader, id: int) -> Job:
    """Resume a paused, failed or cancelled job."""
    return context.part(Jobs).resume(id)
