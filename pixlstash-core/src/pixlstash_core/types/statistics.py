"""Statistics of what a query finds."""

from __future__ import annotations

from msgspec import Struct


class Bar(Struct, frozen=True):
    """`query` finds the bar's pictures when it is added to the view's; `good`: how many have four stars or more."""

    label: str
    query: str | None
    count: int
    good: int | None = None


class Panel(Struct, frozen=True):
    """Bars that belong together. `fills`: what would fill it, when nothing does yet."""

    name: str
    label: str
    bars: list[Bar]
    fills: str | None = None


class TagPair(Struct, frozen=True):
    """Two tags that are on the same pictures."""

    one: str
    other: str
    count: int


class Statistics(Struct, frozen=True):
    """`tagged`: how many of the `total` have a tag."""

    total: int
    tagged: int
    panels: list[Panel]
    pairs: list[TagPair]
