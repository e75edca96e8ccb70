"""Pictures, and requests that change them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

Id = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
Presence = Literal["present", "missing", "unreachable"]


class Location(Struct, frozen=True):
    id: int
    store: str
    key: str
    size: int | None
    state: Presence


class Picture(Struct, frozen=True):
    """One picture as lists show it."""

    id: int
    public_id: str
    name: str
    kind: str
    format: str
    width: int
    height: int
    size: int
    created: datetime
    imported: datetime
    score: int
    deleted: datetime | None = None


class ShownFact(Struct, frozen=True):
    """A fact of a picture. `query` finds the pictures with the same fact."""

    group: str
    name: str
    label: str
    value: str
    query: str | None


class Found(Struct, frozen=True):
    """The pictures that a query finds, in order; `notes` as in a view."""

    total: int
    ids: list[int]
    notes: list[str] = []


class Total(Struct, frozen=True):
    """The number of pictures that a query finds."""

    total: int


class InStack(Struct, frozen=True):
    """The stack of a picture: its id, its number of pictures, and whether this one is its cover."""

    id: int
    pictures: int
    cover: bool


class InGroups(Struct, frozen=True):
    """The ids of the groups that a picture is in. A project contains the pictures of its sets and characters."""

    sets: list[int] = []
    characters: list[int] = []
    projects: list[int] = []


class PictureDetail(Struct, frozen=True):
    """One picture with all its metadata. `why` is the reason if it has no thumbnail.

    `turn`: quarters clockwise that a person turned it by, on top of what its file says; `width` and `height` are of the
    turned picture. `created_in_file`: what the file says, where a person says something else.
    """

    id: int
    public_id: str
    name: str
    kind: str
    format: str
    mime: str
    width: int
    height: int
    size: int
    created: datetime
    imported: datetime
    score: int
    deleted: datetime | None
    sha256: str
    predecessor: int | None
    why: str | None
    facts: list[ShownFact]
    prompt: str | None
    negative: str | None
    payloads: list[str]
    locations: list[Location]
    turn: int = 0
    created_in_file: datetime | None = None
    stack: InStack | None = None
    groups: InGroups | None = None


class Selection(Struct, frozen=True, kw_only=True):
    """A selection of pictures: either half-open index ranges of a view, or ids.

    `stacks`: and all that lie in a stack with one of them.
    """

    view: str | None = None
    ranges: list[tuple[int, int]] | None = None
    ids: list[Id] | None = None
    stacks: bool = False


class ScorePictures(Selection, frozen=True, kw_only=True):
    score: Annotated[int, Meta(ge=0, le=5)]


class DeletePictures(Selection, frozen=True, kw_only=True):
    """Move pictures to the scrapheap."""


class RestorePictures(Selection, frozen=True, kw_only=True):
    """Restore pictures from the scrapheap."""
