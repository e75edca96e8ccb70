"""Sets, characters and projects: what pictures are gathered in, and what is asked to be done with them.

A field that is left out of an edit stays as it is; `null` takes a colour, an icon or a cover away.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from .history import Done
from .pictures import Id, Selection


class GroupInfo(Struct, frozen=True):
    """What pictures are gathered in. `pictures` counts those not in the scrapheap."""

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
    """Someone or something that recurs."""


class SetInfo(GroupInfo, frozen=True):
    """A set; its `newest` pictures are shown until it has an icon."""

    locked: bool
    newest: list[int] = []


class Link(Struct, frozen=True):
    """A project's link to somewhere else."""

    id: int
    label: str
    url: str


class ProjectInfo(GroupInfo, frozen=True):
    """A project: its own pictures and those of the sets and characters (ids) in it."""

    sets: list[int] = []
    characters: list[int] = []
    links: list[Link] = []


class Made(Done, frozen=True):
    """A write that made something: its id."""

    id: int = 0


class Create(Struct, frozen=True, kw_only=True):
    """What a new set, character or project is called and looks like. `colour`: `#rrggbb`; `icon`: see `/icons`."""

    name: str
    colour: str | None = None
    icon: str | None = None
    note: str = ""


class Edit(Struct, frozen=True, kw_only=True):
    """What of a character or project shall be different. `cover` is a picture."""

    name: str | UnsetType = UNSET
    colour: str | None | UnsetType = UNSET
    icon: str | None | UnsetType = UNSET
    cover: Id | None | UnsetType = UNSET
    note: str | UnsetType = UNSET


class EditSet(Edit, frozen=True, kw_only=True):
    """What of a set shall be different. While it is `locked`, nothing else of it and of its pictures can be."""

    locked: bool | UnsetType = UNSET


class ArrangeSet(Selection, frozen=True, kw_only=True):
    """Lay these pictures, in the order they have, before another one of the set; at the end without one."""

    before: Id | None = None


class DropOnProject(Selection, frozen=True, kw_only=True):
    """Sets, characters and pictures dropped on a project. They leave their other projects, unless `add` is set.

    Pictures are named by id, or as everywhere; or there are none.
    """

    sets: list[Id] = []
    characters: list[Id] = []
    pictures: list[Id] = []
    add: bool = False


class Dropped(Done, frozen=True):
    """What a drop did: pictures that came, that left other projects, and that stayed there as well, and why."""

    came: int = 0
    left: int = 0
    stayed: int = 0
    why: str | None = None


class TakeFromProject(Selection, frozen=True, kw_only=True):
    """Sets, characters and pictures (by id, or as everywhere) to be in a project no longer."""

    sets: list[Id] = []
    characters: list[Id] = []
    pictures: list[Id] = []


class AddLink(Struct, frozen=True):
    """A web address and what to call it."""

    url: str
    label: str = ""


class Members(Struct, frozen=True):
    """The pictures of a set, character or project that are not in the scrapheap; a set's in its order."""

    ids: list[int]
