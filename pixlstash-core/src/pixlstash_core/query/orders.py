"""Data that views cache and return: an order, hidden and blurred pictures, and why a picture matches a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ..types import Section
from .ranking import Ranked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .columns import Frame
    from .memberships import Memberships


class Order(Struct, eq=False):
    """The ids of a view in order, with an aspect byte each, and sections. `marks`: a byte each for blurred pictures, if
    any.

    `beneath`: the number of further matches that are inside stacks.
    """

    key: str
    ids: NDArray[np.uint32]
    aspects: bytes
    sections: list[Section]
    sort: str
    text: str
    scope: str
    beneath: int
    marks: bytes | None = None
    notes: list[str] = []
    used: float = 0.0

    @property
    def bytes(self) -> int:
        return len(self.ids) * (5 if self.marks is None else 6) + 200

    def index(self, picture: int) -> int | None:
        """Return the index of a picture, or None if it is not in the view."""
        at: list[int] = (self.ids == picture).nonzero()[0].tolist() if 0 < picture < 1 << 32 else []
        return at[0] if at else None


class Explained(Struct, eq=False):
    """What of a query matches a picture: words and where it has them, conditions, and its similarity to each source."""

    matches: bool
    words: list[tuple[str, str]]
    conditions: list[str]
    fits: list[Any]
    notes: list[str]
    ranked: Ranked | None


class Visibility(Struct, eq=False):
    """A mask of the hidden, and one of the blurred pictures; None if there are none."""

    hidden: NDArray[np.bool_] | None
    blurred: NDArray[np.bool_] | None
    frame: Frame
    memberships: Memberships

    def hides(self, picture: int) -> bool:
        return self.hidden is not None and picture < len(self.hidden) and bool(self.hidden[picture])

    def blurs(self, picture: int) -> bool:
        return self.blurred is not None and picture < len(self.blurred) and bool(self.blurred[picture])
