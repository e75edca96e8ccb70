"""Events: past tense, after commit, in order."""

from __future__ import annotations

from msgspec import Struct

from .jobs import Job


class _Event(Struct, frozen=True, tag=True):
    pass


class PicturesAdded(_Event, frozen=True, tag="pictures_added"):
    """Pictures came in. `ids` names 1,000 at most, `count` is how many; so it is with all of these."""

    revision: int
    count: int
    ids: list[int]


class PicturesChanged(_Event, frozen=True, tag="pictures_changed"):
    """Something about pictures is different now: `fields` says what, e.g. `score`, `deleted`, `location`."""

    revision: int
    count: int
    ids: list[int]
    fields: list[str]


class PicturesRemoved(_Event, frozen=True, tag="pictures_removed"):
    """Pictures are gone for good."""

    revision: int
    count: int
    ids: list[int]


class RowsChanged(_Event, frozen=True, tag="rows_changed"):
    """Rows of a table changed that are not of one picture each: sets, projects, a plugin's own."""

    revision: int
    table: str
    count: int


class Lagged(_Event, frozen=True, tag="lagged"):
    """Some events were missed, up to `revision` where that is known: anything may have changed."""

    revision: int | None = None


class JobChanged(_Event, frozen=True, tag="job_changed"):
    """A job began, went on or ended. Told to subscribers only: it is not kept."""

    job: Job


class SnapshotsChanged(_Event, frozen=True, tag="snapshots_changed"):
    """One is being taken, or the list is another: ask for both. Told to subscribers only: it is not kept."""


Event = PicturesAdded | PicturesChanged | PicturesRemoved | RowsChanged | JobChanged | SnapshotsChanged | Lagged
