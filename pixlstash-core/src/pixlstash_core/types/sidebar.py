"""The contents of the sidebar."""

from __future__ import annotations

from msgspec import Struct

from .groups import CharacterInfo, ProjectInfo, SetInfo


class SavedQuery(Struct, frozen=True):
    """A query with a name."""

    id: int
    public_id: str
    name: str
    text: str


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


class Sidebar(Struct, frozen=True):
    """The contents of the sidebar. Counts leave out the scrapheap, whose own count is `scrapheap`.

    Pictures beneath others in stacks are counted. `blurred`: those of the covers and newest that shall not lie open.
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
