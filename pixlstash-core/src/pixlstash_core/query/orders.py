"""What views keep and tell: an order, what of it is veiled, and what of a query holds for one picture."""

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
    """The ids of a view in order, one aspect byte each, and the scrubber's labels. `marks`: a byte each, if any.

    `beneath`: found as well, but beneath others in their stacks.
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


class Explained(Struct, eq=False):
    """What of a query holds for a picture: words and where it has them, conditions, and how it fits what it is like."""

    found: bool
    words: list[tuple[str, str]]
    conditions: list[str]
    fits: list[Any]
    notes: list[str]
    ranked: Ranked | None


class Veiled(Struct, eq=False):
    """One bit for each picture of the frame that is hidden, or blurred; None: none is."""

    hidden: NDArray[np.bool_] | None
    blurred: NDArray[np.bool_] | None
    frame: Frame
    memberships: Memberships

    def hides(self, picture: int) -> bool:
        return self.hidden is not None and picture < len(self.hidden) and bool(self.hidden[picture])

    def blurs(self, picture: int) -> bool:
        return self.blurred is not None and picture < len(self.blurred) and bool(self.blurred[picture])
