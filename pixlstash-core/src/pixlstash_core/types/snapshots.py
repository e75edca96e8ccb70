"""Snapshots of the metadata. `created_at` is in UTC, in whole seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

SnapshotKind = Literal["MANUAL", "DAILY", "WEEKLY", "MONTHLY", "OPPORTUNISTIC"]
SnapshotTask = Literal["TAKE", "PRUNE", "DELETE", "VERIFY", "RESTORE", "BACKUP"]


class Snapshot(Struct, frozen=True):
    """One snapshot. `byte_size`: bytes if it stood alone, compressed; `frees`: what deleting it would free
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
    """Why the last attempt to take a snapshot failed. The next success removes it."""

    at: datetime
    sentence: str


class SnapshotWork(Struct, frozen=True):
    """What is being done with snapshots or a backup. `progress`: from 0 to 1, reported by `snapshots_changed`."""

    kind: SnapshotTask
    snapshot_id: int | None
    started_at: datetime
    progress: float


class SnapshotStatus(Struct, frozen=True):
    """`automatic`: whether they are taken automatically; `size`: bytes of all on the disk; `problems`: sentences."""

    active_job: SnapshotWork | None
    automatic: bool
    failure: SnapshotFailure | None
    size: int
    problems: list[str]


class SnapshotCheck(Struct, frozen=True):
    """The result of verifying a snapshot; `problem` is null if it is intact."""

    id: int
    problem: str | None


class TakeSnapshot(Struct, frozen=True):
    label: str | None = None


class EditSnapshot(Struct, frozen=True):
    label: str | None


class SetSnapshots(Struct, frozen=True):
    """Whether to take snapshots automatically: daily, weekly, monthly, and after the first import."""

    automatic: bool


ResourceType = Literal["picture", "picture_set", "character", "project"]


class Resource(Struct, frozen=True):
    """One picture, set, character or project to restore. `topics`: restore only these topics of a picture."""

    type: ResourceType
    id: int
    topics: list[str] | None = None


RestoreKind = Literal["tags", "scores", "captions", "faces", "membership"]


class RestoreSnapshot(Struct, frozen=True):
    """How to restore everything. `keep_added`: keep what was added since; `kinds`: restore only these kinds of
    metadata.

    `allow_without_safety`: go on although no safety snapshot can be taken; `allow_missing_files`: although most files
    are not where they should be; `dry_run`: change nothing, only count.
    """

    keep_added: bool = True
    kinds: list[RestoreKind] | None = None
    allow_without_safety: bool = False
    allow_missing_files: bool = False
    dry_run: bool = False


class RestoreResources(Struct, frozen=True):
    """What to restore. `confirm_restore_dependencies`: also restore the sets and the like that it needs."""

    resources: list[Resource]
    confirm_restore_dependencies: bool = False


class Change(Struct, frozen=True):
    """One difference. `now`: the present value, null if there is none; `then`: the restored value.

    `topic`: what it is about, such as `scores`, `tags`, `captions` or `set_members`.
    """

    topic: str
    now: str | None
    then: str | None


class PreviewedResource(Struct, frozen=True):
    """One picture, set, character or project that would change. `changed_fields`: the kinds of metadata that would.

    `changes`: what exactly, as people would say it, in no more than a hundred lines.
    """

    type: ResourceType
    id: int
    name: str
    exists_in_live: bool
    exists_in_snapshot: bool
    changed_fields: list[str]
    changes: list[Change]


class RestoreSummary(Struct, frozen=True):
    """What a restore would change. Only actual changes are counted; `kept`: things added since that stay."""

    pictures_to_revert: int
    pictures_to_recreate: int
    pictures_to_delete: int
    pictures_unchanged: int
    missing_files: int
    pictures_kept: int
    permanently_deleted: int
    sets_to_revert: int
    sets_to_recreate: int
    sets_to_delete: int
    characters_to_revert: int
    characters_to_recreate: int
    characters_to_delete: int
    projects_to_revert: int
    projects_to_recreate: int
    projects_to_delete: int
    tags_to_revert: int
    sayings_to_revert: int
    settings_to_revert: int


class TopicChange(Struct, frozen=True):
    """What a restore would do in one topic: the numbers of changes, restored and removed items, and the first of them.

    `now`: how many there are, but for what engines and files say.
    """

    topic: str
    now: int | None
    change: int
    come: int
    go: int
    examples: list[Change]


class RestorePreview(Struct, frozen=True):
    """What a restore would do. `resources` are the first 200 pictures, and as many groups, that would change.

    What was asked for by name and is not in the snapshot comes first. `topics`: everything, counted.
    """

    snapshot: Snapshot
    resources: list[PreviewedResource]
    summary: RestoreSummary
    warnings: list[str]
    topics: list[TopicChange] = []


class RestoreReport(Struct, frozen=True):
    """The result of a restore. `safety_snapshot_id`: the snapshot of the state before it."""

    snapshot_id: int
    resource_type: str
    upserted_count: int
    missing_files_count: int
    permanently_deleted_count: int
    errors: list[str]
    dry_run: bool
    safety_snapshot_id: int | None
