"""A view as it is transferred: header, aspect ratios, blocks and details."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Row(Struct, frozen=True):
    """One row of a view's details."""

    id: int
    name: str
    width: int
    height: int
    kind: str
    format: str
    size: int
    created: datetime
    score: int
    badge: str | None = None
    why: str | None = None


class HideAndBlur(Struct, frozen=True):
    """Queries for Hide and blur: pictures that `hide` finds are left out, those that `blur` finds are blurred."""

    hide: str = ""
    blur: str = ""


class Suggestion(Struct, frozen=True):
    """A completion of a query: `text` replaces everything from character `start` on; `count` pictures match it."""

    start: int
    text: str
    label: str
    count: int | None = None


class Rows(Struct, frozen=True):
    rows: list[Row]


class Section(Struct, frozen=True):
    label: str
    start: int


class ViewHeader(Struct, frozen=True):
    """The JSON header of a view's first response (`docs/http.md`).

    `beneath`: so many more are found, but lie beneath others in stacks; lists of sets and others count them, too.
    `notes`: what people should know of it, such as that meaning could not be searched.
    """

    view: str
    revision: int
    count: int
    at_index: int | None
    at_block: int
    thumbnails: str
    query: str
    sort: str
    sections: list[Section]
    beneath: int = 0
    notes: list[str] = []


class ViewAnswer(Struct, frozen=True):
    """The first response of a view: header, one aspect byte per picture, and the block around the anchor."""

    header: ViewHeader
    aspects: bytes
    block: bytes
