"""Events, sent in order after a change is committed."""

from __future__ import annotations

from msgspec import Struct

from .jobs import Job


class _Event(Struct, frozen=True, tag=True):
    pass


class PicturesAdded(_Event, frozen=True, tag="pictures_added"):
    """Pictures were added. As in all these events, `ids` has at most 1,000 of them and `count` is their number."""

    revision: int
    count: int
    ids: list[int]


class PicturesChanged(_Event, frozen=True, tag="pictures_changed"):
    """Pictures changed. `fields` names what, such as `score`, `deleted` or `location`."""

    revision: int
    count: int
    ids: list[int]
    fields: list[str]


class PicturesRemoved(_Event, frozen=True, tag="pictures_removed"):
    """Pictures were permanently deleted."""

    revision: int
    count: int
    ids: list[int]


class RowsChanged(_Event, frozen=True, tag="rows_changed"):
    """Rows of a table changed that do not belong to one picture: sets, projects, or a plugin's own."""

    revision: int
    table: str
    count: int


class Lagged(_Event, frozen=True, tag="lagged"):
    """Some events were missed, up to `revision` if that is known. Anything may have changed."""

    revision: int | None = None


class JobChanged(_Event, frozen=True, tag="job_changed"):
    """A job began, progressed or ended. It is sent to subscribers only and not stored."""

    job: Job


class SnapshotsChanged(_Event, frozen=True, tag="snapshots_changed"):
    """A snapshot is being taken, or the list changed; request both. It is sent to subscribers only and not stored."""


class FoldersChanged(_Event, frozen=True, tag="folders_changed"):
    """The state of a reference folder changed. It is sent to subscribers only and not stored."""


Event = (
    PicturesAdded
    | PicturesChanged
    | PicturesRemoved
    | RowsChanged
    | JobChanged
    | SnapshotsChanged
    | FoldersChanged
    | Lagged
)
