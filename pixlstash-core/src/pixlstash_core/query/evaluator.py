"""The steps of a query, and their evaluation as masks over all pictures, one byte each.

Each leaf is a statement that yields ids, or a comparison of a column in memory; `AND`, `OR`, `NOT` and set operations
combine masks. The scope is another mask, applied to the result at the end, so that no query can widen it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ..database import cancellation
from ..database.connection import bind_ids
from ..database.features import Condition, Lookup, Range

if TYPE_CHECKING:
    import apsw
    from numpy import bool_
    from numpy.typing import NDArray

    from .columns import Frame
    from .masks import Masks

    Mask = NDArray[bool_]


class TermMask(Struct, frozen=True):
    """A statement, and the topics whose changes can change its results."""

    of: Lookup
    nouns: frozenset[str]


class Complement(Struct, frozen=True):
    of: Step


class Intersection(Struct, frozen=True):
    of: tuple[Step, ...]


class Union(Struct, frozen=True):
    of: tuple[Step, ...]


class SetOperation(Struct, frozen=True):
    how: str
    of: tuple[Step, ...]


class Scrapheaped(Struct, frozen=True):
    """Pictures in the scrapheap."""


Step = Condition | TermMask | Complement | Intersection | Union | SetOperation | Scrapheaped


class Evaluation(Struct):
    """The state that a plan is evaluated in. `revisions` were read before the frame."""

    frame: Frame
    connection: apsw.Connection
    masks: Masks
    revisions: Mapping[str, int]

    def up(self, lookup: Lookup, among: list[int] | None = None) -> Mask:
        """Return a mask of the pictures that a statement yields, of all pictures or of some."""
        sql, bindings = lookup.sql, lookup.bindings
        if among is not None:
            sql, bindings = lookup.among, {**bindings, "among": bind_ids(among)}
        return self.frame.mask(self.frame.ids(self.connection, sql, bindings))


def mask_of(step: Step, look: Evaluation) -> Mask:
    """Return a mask of the pictures that match a step, regardless of scope and scrapheap."""
    cancellation.check()
    if isinstance(step, TermMask):
        mask = look.masks.get(
            step.of, step.nouns, look.revisions, look.frame.size, lambda among: look.up(step.of, among)
        )
        return ~mask if step.of.others else mask
    if isinstance(step, Lookup):
        return ~look.up(step) if step.others else look.up(step)
    if isinstance(step, Range):
        return _between(look.frame.values(step.column), step)
    if isinstance(step, Scrapheaped):
        return ~look.frame.living
    if isinstance(step, Complement):
        return ~mask_of(step.of, look)
    if isinstance(step, Intersection) and not step.of:
        return look.frame.present
    masks = (mask_of(part, look) for part in step.of)  # lazily, because each takes a byte for every picture
    if isinstance(step, SetOperation):
        return _algebra(step.how, masks)
    return reduce(lambda a, b: a & b, masks) if isinstance(step, Intersection) else reduce(lambda a, b: a | b, masks)


def _between(values: NDArray[Any], step: Range) -> Mask:
    inside: Mask = values == values if step.low is None else values >= step.low
    return inside if step.high is None else inside & (values <= step.high)


def _algebra(how: str, masks: Iterator[Mask]) -> Mask:
    if how == "union":
        return reduce(lambda a, b: a | b, masks)
    if how == "overlap":
        return reduce(lambda a, b: a & b, masks)
    if how == "difference":
        return reduce(lambda a, b: a & ~b, masks)
    once = next(masks)
    often = once & False
    for mask in masks:  # pictures in exactly one mask
        often |= once & mask
        once = once | mask
    return once & ~often
