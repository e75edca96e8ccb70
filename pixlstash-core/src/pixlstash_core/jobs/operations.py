"""Background jobs."""

from __future__ import annotations

from ..context import Context, demand
from ..types import Job, Reader


def jobs(context: Context, reader: Reader) -> list[Job]:
    """Background jobs: running ones first, then the newest."""
    demand(reader, "owner")
    return context.queue.newest()


def job(context: Context, reader: Reader, id: int) -> Job:
    """One job."""
    demand(reader, "owner")
    return context.queue.get(id)


def cancel_job(context: Context, reader: Reader, id: int) -> Job:
    """Stop a job; what it finished stays."""
    demand(reader, "owner")
    return context.queue.cancel(id)


def hold_job(context: Context, reader: Reader, id: int) -> Job:
    """Have a job cancelled unless this is asked again within half a minute: for programs that wait for it."""
    demand(reader, "owner")
    return context.queue.hold(id)


def pause_job(context: Context, reader: Reader, id: int) -> Job:
    """Halt a job until it is resumed."""
    demand(reader, "owner")
    return context.queue.pause(id)


def resume_job(context: Context, reader: Reader, id: int) -> Job:
    """Go on with a paused, failed or cancelled job."""
    demand(reader, "owner")
    return context.queue.resume(id)
