"""Job rows as clients see them, with the progress of running jobs."""

from __future__ import annotations

from collections.abc import Mapping

from ..database.hub import Hub
from ..types import Job
from ..types.times import when
from . import rows
from .task import Task


def shown(hub: Hub, running: Mapping[int, Task], row: rows.JobRow) -> Job:
    """Return a job. `running`: the tasks of running jobs by id."""
    task = running.get(row.id)
    state, error = (task.ended if task else None) or (row.state, row.error)
    return Job(
        row.id,
        row.kind,
        row.label,
        row.lane,
        state,  # type: ignore[arg-type]  # the column holds only these
        task.done if task else row.done,
        task.total if task else row.total,
        task.rate() if task else None,
        error,
        when(row.started) if row.started else None,
        when(row.finished) if row.finished else None,
        row.every,
        row.reported(),
        row.engine,
        row.failed,
        row.reason,
        row.dropped,
        row.dropped_reason,
        task.note if task else _behind(hub, running, row),
    )


def _behind(hub: Hub, running: Mapping[int, Task], row: rows.JobRow) -> str:
    """Return which jobs run before a waiting one, as a sentence. Tasks in threads of their own delay no job."""
    if row.state != "waiting" or row.every is not None:
        return ""
    ahead = [job for job in rows.ahead(hub, row.id) if not ((task := running.get(job[0])) and task.here)]
    if not ahead:
        return ""
    more = f" and {len(ahead) - 1:,} more" if len(ahead) > 1 else ""
    return f"Waiting for job {ahead[0][0]}{more}: {ahead[0][1]}"
