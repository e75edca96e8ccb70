"""The result of a change, before and after it is committed, and differences between states of the library."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct


class Done(Struct, frozen=True):
    """The result of a change that is committed and durable."""

    revision: int
    changed: int
    sentence: str
    undoable: bool


class HistoryEntry(Struct, frozen=True):
    revision: int
    at: datetime
    sentence: str
    state: Literal["done", "undone"]
    undoable: bool


class Outcome(Struct, frozen=True):
    """The number of changed items, a sentence for the history, and the id of what was created."""

    changed: int
    sentence: str
    id: int = 0


def many(count: int, noun: str = "picture") -> str:
    """Return a count with its noun: `1 picture`, `1,000 pictures`."""
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


class Difference(Struct, frozen=True):
    """One difference. `picture`: the picture it belongs to; `id`: of the set, character or project itself.

    `name`: of the picture, or of the thing; `old` and `new`: what was said then and since, as people would say it.
    """

    change: Literal["added", "removed", "changed"]
    picture: int | None
    id: int | None
    name: str
    old: str | None
    new: str | None


class TopicDiff(Struct, frozen=True):
    """The differences in one topic: the numbers of added, removed and changed items, and the first few of each."""

    topic: str
    added: int
    removed: int
    changed: int
    examples: list[Difference]


class SnapshotDiff(Struct, frozen=True):
    """The differences between a snapshot and another one, or the present (`against` is null).

    Topics in which nothing differs are left out.
    """

    id: int
    against: int | None
    topics: list[TopicDiff]


class PictureChange(Struct, frozen=True):
    """One change of a picture: added (`old` is null), removed (`new` is null) or changed."""

    topic: str
    old: str | None
    new: str | None


class PictureMoment(Struct, frozen=True):
    """The changes of a picture up to a snapshot, or to the present (`snapshot_id` is null), since the entry before.

    `exists`: whether it was in the library; `problem`: why the snapshot cannot be read.
    """

    snapshot_id: int | None
    label: str | None
    at: datetime | None
    exists: bool
    changes: list[PictureChange]
    problem: str | None = None
