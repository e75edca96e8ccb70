"""Sorts the pictures of a view, and caches the orders."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from .. import threads
from ..database.features import Sort, Term
from ..types import Section
from .compiler import QueryPlan
from .evaluator import Evaluation
from .ranking import BY_OUTLIER, Ranked, Ranker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .columns import Frame
    from .memberships import Memberships

#: Bytes of cached orders, at most.
BUDGET = 64 << 20


def arrange(
    look: Evaluation,
    mask: NDArray[np.bool_],
    inside: NDArray[np.bool_] | None,
    plan: QueryPlan,
    sort: str,
    sorts: Mapping[str, Sort],
    places: tuple[Term, ...],
    ranker: Ranker | None,
) -> NDArray[np.uint32]:
    """Return the ids of a mask in an order. `inside`: a mask of what the reader may see (None: everything).

    `sorts`: sorts that features contribute. `places`: terms that words are searched in. `ranker`: computes similarity.
    """
    frame = look.frame
    if sort == "relevance":
        return _by_relevance(look, mask, inside, places, " ".join(plan.words))
    if sort in BY_OUTLIER and ranker is not None:
        ids = ranker.outliers(frame, mask)
        return ids if sort == BY_OUTLIER[0] else ids[::-1]
    if plan.arranged is not None:
        return frame.ranked(mask, plan.arranged.sql, plan.arranged.bindings)
    contributed = sorts.get(sort.lstrip("-"))
    if contributed is not None and contributed.keys is not None:
        ids = frame.keyed(mask, contributed.keys)
        return ids[::-1] if sort.startswith("-") else ids
    return frame.arrange(mask, sort)


def _by_relevance(
    look: Evaluation,
    mask: NDArray[np.bool_],
    inside: NDArray[np.bool_] | None,
    places: tuple[Term, ...],
    text: str,
) -> NDArray[np.uint32]:
    """Return the ids of a mask, the most relevant for words first; those without a match last, the newest first."""
    from . import relevance

    visible = look.frame.living if inside is None else look.frame.living & inside
    ids = relevance.ranked(relevance.scores(look, relevance.hits(text, places), mask, visible))
    return look.frame.first(ids, mask)


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


class OrderCache:
    """Orders by key. Thread-safe."""

    def __init__(self) -> None:
        self._orders: OrderedDict[str, Order] = OrderedDict()
        self._lock = threading.Lock()
        self._building: dict[str, threading.Lock] = {}

    def __len__(self) -> int:
        return len(self._orders)

    def get(self, key: str) -> Order | None:
        """Return a cached order, or None."""
        with self._lock:
            order = self._orders.get(key)
            if order is not None:
                self._orders.move_to_end(key)
                order.used = time.monotonic()
            return order

    def get_or_build(self, key: str, build: Callable[[], Order]) -> Order:
        """Return a cached order, or build it: once for all requests. If its client leaves, the next request builds."""
        with self._lock:
            lock = self._building.setdefault(key, threading.Lock())
        try:
            with threads.locked(lock):
                order = self.get(key)
                if order is None:
                    order = build()
                    self._put(order)
        finally:
            with self._lock:
                self._building.pop(key, None)
        return order

    def _put(self, order: Order) -> None:
        with self._lock:
            order.used = time.monotonic()
            self._orders[order.key] = order
            total = sum(cached.bytes for cached in self._orders.values())
            while total > BUDGET and len(self._orders) > 1:
                _, dropped = self._orders.popitem(last=False)
                total -= dropped.bytes

    def clear(self) -> None:
        with self._lock:
            self._orders.clear()

    def drop_idle(self, seconds: float) -> None:
        """Drop orders that were not used for a number of seconds."""
        limit = time.monotonic() - seconds
        with self._lock:
            for key in [key for key, order in self._orders.items() if order.used < limit]:
                del self._orders[key]
