"""Background jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from .imports import ImportReport

JobState = Literal["waiting", "running", "paused", "done", "failed", "cancelled"]


class Job(Struct, frozen=True):
    """Background work. `engine`: the id of the engine that is run, or whose weights are downloaded.

    `failed`: on how many pictures a run that is over failed, and `reason`: why it did on one of them. `dropped`:
    how many of its tags could not be stored (empty, too long, unprintable), and `dropped_reason`: why one could not.
    `note`: what a running job waits for now, or which jobs a waiting one is behind; else empty.
    """

    id: int
    kind: str
    label: str
    lane: str
    state: JobState
    done: int
    total: int | None
    rate: float | None
    error: str | None
    started: datetime | None
    finished: datetime | None
    every: float | None = None
    report: ImportReport | None = None
    engine: str | None = None
    failed: int = 0
    reason: str | None = None
    dropped: int = 0
    dropped_reason: str | None = None
    note: str = ""
