"""Statistics of the pictures that a query finds."""

from __future__ import annotations

from msgspec import Struct


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
    """Statistics of a view. `tagged`: the number of pictures with a tag, of `total`."""

    total: int
    tagged: int
    panels: list[Panel]
    pairs: list[TagPair]
