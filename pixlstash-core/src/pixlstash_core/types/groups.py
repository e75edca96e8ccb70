"""Sets, characters and projects, and requests that change them.

A field that is left out of an edit stays as it is; `null` removes a color, an icon or a cover.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from .history import Done
from .pictures import Id, Selection


class GroupInfo(Struct, frozen=True):
    """A set, character or project. `pictures` does not count those in the scrapheap."""

    id: int
    public_id: str
    name: str
    colour: str | None
    icon: str | None
    cover: int | None
    note: str
    created: datetime
    pictures: int


class CharacterInfo(GroupInfo, frozen=True):
    """A person or other recurring subject."""


class SetInfo(GroupInfo, frozen=True):
    """A set. Its `newest` pictures are shown if it has no icon."""

    locked: bool
    newest: list[int] = []


class Link(Struct, frozen=True):
    """A project's link to a web address."""

    id: int
    label: str
    url: str


class ProjectInfo(GroupInfo, frozen=True):
    """A project: its own pictures and those of the sets and characters (ids) in it."""

    sets: list[int] = []
    characters: list[int] = []
    links: list[Link] = []


class Created(Done, frozen=True):
    """The result of a change that created something: its id."""

    id: int = 0


class Create(Struct, frozen=True, kw_only=True):
    """The name and appearance of a new set, character or project. `colour`: `#rrggbb`; `icon`: see `/icons`."""

    name: str
    colour: str | None = None
    icon: str | None = None
    note: str = ""


class Edit(Struct, frozen=True, kw_only=True):
    """The fields of a character or project to change. `cover` is a picture's id."""

    name: str | UnsetType = UNSET
    colour: str | None | UnsetType = UNSET
    icon: str | None | UnsetType = UNSET
    cover: Id | None | UnsetType = UNSET
    note: str | UnsetType = UNSET


class EditSet(Edit, frozen=True, kw_only=True):
    """The fields of a set to change. While it is `locked`, nothing else of it and of its pictures can be changed."""

    locked: bool | UnsetType = UNSET


class ArrangeSet(Selection, frozen=True, kw_only=True):
    """Move these pictures, in their present order, before another one of the set; without one, to the end."""

    before: Id | None = None


class DropOnProject(Selection, frozen=True, kw_only=True):
    """Sets, characters and pictures to move to a project. With `add`, they stay in their other projects as well.

    Pictures are named by id, or as everywhere; or there are none.
    """

    sets: list[Id] = []
    characters: list[Id] = []
    pictures: list[Id] = []
    add: bool = False


class Moved(Done, frozen=True):
    """The result of a move: the pictures that were added, removed from other projects, or left there, and why."""

    came: int = 0
    left: int = 0
    stayed: int = 0
    why: str | None = None


class TakeFromProject(Selection, frozen=True, kw_only=True):
    """Sets, characters and pictures (by id or as a selection) to remove from a project."""

    sets: list[Id] = []
    characters: list[Id] = []
    pictures: list[Id] = []


class AddLink(Struct, frozen=True):
    """A web address and its label."""

    url: str
    label: str = ""


class Members(Struct, frozen=True):
    """The pictures of a set, character or project that are not in the scrapheap; a set's in its order."""

    ids: list[int]
