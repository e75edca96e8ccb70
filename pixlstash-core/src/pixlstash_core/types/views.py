"""A view as it is transferred, and statistics of the pictures that a query finds."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Row(Struct, frozen=True):
    """One row of a view's details. `stack`: the number of pictures in the stack that this one is the cover of."""

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
    stack: int | None = None


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

    `beneath`: the number of further matches that are inside stacks; counts of sets and other groups include them.
    `notes`: what people should know, such as that meaning could not be searched.
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


class Bar(Struct, frozen=True):
    """A bar of a chart. `query` finds its pictures when added to the view's; `good`: those with four stars or more."""

    label: str
    query: str | None
    count: int
    good: int | None = None


class Panel(Struct, frozen=True):
    """Bars that belong together. `fills`: if there are none, what would produce them."""

    name: str
    label: str
    bars: list[Bar]
    fills: str | None = None


class TagPair(Struct, frozen=True):
    """Two tags that occur on the same pictures."""

    one: str
    other: str
    count: int


class Statistics(Struct, frozen=True):
    """Statistics of a view. `tagged`: how many of `total` pictures have a tag; `tags`: how many tags they have."""

    total: int
    tagged: int
    panels: list[Panel]
    pairs: list[TagPair]
    tags: int = 0


class TagConfidences(Struct, frozen=True):
    """How sure engines are of one tag on the pictures of a view, whether the tag counts at that confidence or not.

    `bars`: one for each twentieth from 0 to 1. `at_least`: the number of pictures with a confidence of at least
    0, 0.01, …, 1. `query`: finds those from a confidence on, such as `35%`, which replaces `{}`; None if the name of
    the tag cannot be written with a confidence.
    """

    tag: str
    bars: list[Bar]
    at_least: list[int]
    query: str | None = None
