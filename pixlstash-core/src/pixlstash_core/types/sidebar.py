"""The sidebar in one answer."""

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
    """Keep a query under a name."""

    name: str
    text: str


class EditQuery(Struct, frozen=True, kw_only=True):
    """What of a saved query shall be different; what is None stays. `before`: the one it goes before, 0 is the end."""

    name: str | None = None
    text: str | None = None
    before: int | None = None


class Branch(Struct, frozen=True):
    """A part of the tree that sets make whose names have a `/`. `set` (an id) is missing where none is called so."""

    label: str
    path: str
    set: int | None
    branches: list[Branch] = []


class FolderInfo(Struct, frozen=True):
    """A store and how many live pictures it has."""

    id: int
    name: str
    scheme: str
    pictures: int


class Sidebar(Struct, frozen=True):
    """Everything the sidebar shows. Counts leave the scrapheap out, whose own count is `scrapheap`.

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
