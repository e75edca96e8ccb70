"""The library as a whole: stores, plugins, status, its sidebar and backups."""

from __future__ import annotations

from msgspec import Struct

from .groups import CharacterInfo, ProjectInfo, SetInfo
from .jobs import Job
from .pictures import Presence


class StoreInfo(Struct, frozen=True):
    name: str
    scheme: str
    state: Presence
    read_only: bool
    pictures: int


class LibraryInfo(Struct, frozen=True):
    name: str
    public_id: str
    version: str
    pictures: int
    scrapheap: int
    revision: int
    stores: list[StoreInfo]
    running: list[Job]
    demo: bool
    read_only: bool


class PluginInfo(Struct, frozen=True):
    """A plugin: what it registers, or the problems that prevent it or parts of it from loading."""

    name: str
    distribution: str
    version: str
    hooks: list[str]
    objects: list[str]
    enabled: bool
    problems: list[str]


class CheckReport(Struct, frozen=True):
    """The result of `pixlstash check`. `problems` is empty if there are none."""

    pictures: int
    locations: int
    verified: int
    problems: list[str]


class SavedQuery(Struct, frozen=True):
    """A query with a name. `pictures`: how many it finds; None: not counted (yet), or ranked by similarity."""

    id: int
    public_id: str
    name: str
    text: str
    pictures: int | None = None


class SaveQuery(Struct, frozen=True):
    """Save a query under a name."""

    name: str
    text: str


class EditQuery(Struct, frozen=True, kw_only=True):
    """The fields of a saved query to change; None leaves a field unchanged. `before`: the id it moves in front of, 0
    for the end.
    """

    name: str | None = None
    text: str | None = None
    before: int | None = None


class Branch(Struct, frozen=True):
    """A node in the tree of set names that contain a `/`. `set` (an id) is missing if no set has this name."""

    label: str
    path: str
    set: int | None
    branches: list[Branch] = []


class FolderInfo(Struct, frozen=True):
    """A store and the number of its pictures that are not in the scrapheap."""

    id: int
    name: str
    scheme: str
    pictures: int


class Waiting(Struct, frozen=True):
    """How many pictures wait for a decision: those with unassigned faces, and with tags to review.

    None: not known yet; it is being counted.
    """

    faces: int | None
    tags: int | None


class Sidebar(Struct, frozen=True):
    """The contents of the sidebar. Counts leave out the scrapheap, whose own count is `scrapheap`.

    Pictures inside stacks are counted, except in saved queries. `blurred`: which of the covers and newest
    pictures are to be blurred. `waiting`: None for readers who cannot decide on all pictures.
    """

    revision: int
    pictures: int
    scrapheap: int
    characters: list[CharacterInfo]
    sets: list[SetInfo]
    tree: list[Branch]
    projects: list[ProjectInfo]
    queries: list[SavedQuery]
    folders: list[FolderInfo]
    blurred: list[int] = []
    waiting: Waiting | None = None


class MakeBackup(Struct, frozen=True):
    """Where to write a backup: a folder, or a file whose name ends in `.zip`. `query`: back up only these pictures.

    `access`: logins, tokens and the history go along. They are secrets, so by default they do not.
    """

    path: str
    query: str = ""
    access: bool = False


class BackupReport(Struct, frozen=True):
    """The result of a backup. `copied`: new originals, of `bytes` in all; `dropped`: originals that were deleted from
    it.

    `lost`: pictures whose original could not be read as it was; `missing`: the names of the first hundred.
    """

    path: str
    pictures: int
    originals: int
    copied: int
    bytes: int
    dropped: int
    lost: int
    missing: list[str]
