"""Snapshots of the metadata. `created_at` is UTC, in whole seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

SnapshotKind = Literal["MANUAL", "DAILY", "WEEKLY", "MONTHLY", "OPPORTUNISTIC"]


class Snapshot(Struct, frozen=True):
    """One restore point. `byte_size`: bytes if it stood alone, compressed; `frees`: what deleting it would free
    on the disk, given the others.

    `is_compatible`: whether this PixlStash can read the schema it is of, and it is of this library.
    """

    id: int
    kind: SnapshotKind
    label: str | None
    created_at: datetime
    picture_count: int
    byte_size: int
    is_compatible: bool
    picture_set_count: int
    project_count: int
    character_count: int
    schema_version: int
    frees: int


class SnapshotFailure(Struct, frozen=True):
    """Why the last snapshot that was tried was not taken. The next one that is taken clears it."""

    at: datetime
    sentence: str


class SnapshotWork(Struct, frozen=True):
    """What is being done with snapshots right now. `progress`: from 0 to 1."""

    kind: str
    snapshot_id: int | None
    started_at: datetime
    progress: float


class SnapshotStatus(Struct, frozen=True):
    """`automatic`: whether they are taken by themselves; `size`: bytes of all on the disk; `problems`: sentences."""

    active_job: SnapshotWork | None
    automatic: bool
    failure: SnapshotFailure | None
    size: int
    problems: list[str]


class SnapshotCheck(Struct, frozen=True):
    """What reading a snapshot back found; `problem` is null when all of it is there and sound."""

    id: int
    problem: str | None


class TakeSnapshot(Struct, frozen=True):
    label: str | None = None


class EditSnapshot(Struct, frozen=True):
    label: str | None


class SetSnapshots(Struct, frozen=True):
    """Whether snapshots are taken by themselves: daily, weekly, monthly, and after the first import."""

    automatic: bool
