"""The steps of a query, and their evaluation as masks over all pictures, some of which are cached.

If a term depends only on each picture's own rows, only the pictures that changed since are evaluated again.

Each leaf is a statement that yields ids, or a comparison of a column in memory; `AND`, `OR`, `NOT` and set operations
combine masks. The scope is another mask, applied to the result at the end, so that no query can widen it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from .. import threads
from ..database.connection import bind_ids
from ..database.features import Condition, Lookup, Range

if TYPE_CHECKING:
    import apsw
    from numpy import bool_, uint8
    from numpy.typing import NDArray

    from .columns import Frame

#: Bytes of cached masks: about sixty for a million pictures.
BUDGET = 8 << 20
#: Topics that every mask depends on, because pictures are added and deleted.
ALWAYS = frozenset({"pictures", "scrapheap"})
#: Changed pictures that are remembered; with more, evaluating all again costs no more.
MANY = 10_000


class _Cached(Struct):
    """A cached mask. `seen`: revisions of its topics, which are not newer than the mask itself."""

    size: int
    seen: dict[str, int]
    packed: NDArray[uint8]


def _key(lookup: Lookup, topics: frozenset[str]) -> object:
    """Return the key of a mask. Two terms may share the SQL."""
    return (lookup.sql, tuple(sorted(lookup.bindings.items())), topics)


class Masks:
    """The mask cache of one library."""

    def __init__(self) -> None:
        self._masks: OrderedDict[object, _Cached] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        #: Revision, topic and pictures of the commits since `_since`, the oldest first.
        self._changes: deque[tuple[int, str, set[int] | None]] = deque()
        self._since = 0
        self._many = 0

    def touch(self, revision: int, changed: Mapping[str, set[int] | None]) -> None:
        """Note which pictures a commit changed, by topic (None: any), before its revision is published."""
        with self._lock:
            for topic, ids in changed.items():
                listed = ids if ids is not None and len(ids) < MANY else None
                self._changes.append((revision, topic, listed))
                self._many += 1 + len(listed or ())
            while self._many > MANY:
                self._since, _, gone = self._changes.popleft()
                self._many -= 1 + len(gone or ())

    def get(
        self,
        lookup: Lookup,
        topics: frozenset[str],
        revisions: Mapping[str, int],
        size: int,
        find: Callable[[list[int] | None], Mask],
    ) -> Mask:
        """Return the mask of a lookup for `size` pictures. `revisions` were read before `find` reads anything.

        `find` evaluates the lookup for all pictures, or for the given ids with `lookup.among`.
        """
        import numpy as np  # takes a while to load, and not every process looks

        seen = {topic: revisions.get(topic, 0) for topic in topics | ALWAYS}
        key = _key(lookup, topics)
        with self._lock:
            cached = self._masks.get(key)
            changed = None if cached is None else self._changed(cached, seen, size)
            if cached is not None and changed is not None:
                self._masks.move_to_end(key)
        if cached is None or changed is None or (changed and not lookup.among):
            mask = find(None)
        else:
            mask = np.zeros(size, np.bool_)
            mask[: cached.size] = np.unpackbits(cached.packed, count=cached.size).view(np.bool_)
            if not changed:
                return mask
            mask[[id for id in changed if id < size]] = False
            mask |= find(sorted(changed))
        self._keep(key, _Cached(size, seen, np.packbits(mask)))
        return mask

    def keeps(self, lookup: Lookup, topics: frozenset[str], revisions: Mapping[str, int], size: int) -> bool:
        """Return whether `get` would look up only the pictures that have changed, or none."""
        seen = {topic: revisions.get(topic, 0) for topic in topics | ALWAYS}
        with self._lock:
            cached = self._masks.get(_key(lookup, topics))
            changed = None if cached is None else self._changed(cached, seen, size)
        return changed is not None and (not changed or bool(lookup.among))

    def drop(self) -> None:
        """Release the memory."""
        with self._lock:
            self._masks.clear()
            self._bytes = 0

    def _changed(self, cached: _Cached, seen: Mapping[str, int], size: int) -> set[int] | None:
        """Return the pictures whose bit may have changed; None if that is unknown."""
        if cached.size > size:
            return None
        older = {topic: revision for topic, revision in cached.seen.items() if revision < seen[topic]}
        if not older:
            return set()
        if min(older.values()) < self._since:
            return None
        changed: set[int] = set()
        for revision, topic, ids in self._changes:
            if revision > older.get(topic, revision):
                if ids is None:
                    return None
                changed |= ids
        return changed

    def _keep(self, key: object, cached: _Cached) -> None:
        with self._lock:
            old = self._masks.pop(key, None)
            self._bytes -= old.packed.nbytes if old is not None else 0
            self._masks[key] = cached
            self._bytes += cached.packed.nbytes
            while self._bytes > BUDGET and len(self._masks) > 1:
                self._bytes -= self._masks.popitem(last=False)[1].packed.nbytes


if TYPE_CHECKING:
    Mask = NDArray[bool_]


class TermMask(Struct, frozen=True):
    """A statement, and the topics whose changes can change its results."""

    of: Lookup
    topics: frozenset[str]


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

    def keeps(self, step: Step) -> bool:
        """Return whether a step is a term whose mask is cached, but for pictures that have changed since."""
        return isinstance(step, TermMask) and self.masks.keeps(step.of, step.topics, self.revisions, self.frame.size)


def mask_of(step: Step, look: Evaluation) -> Mask:
    """Return a mask of the pictures that match a step, regardless of scope and scrapheap."""
    threads.check_canceled()
    if isinstance(step, TermMask):
        mask = look.masks.get(
            step.of, step.topics, look.revisions, look.frame.size, lambda among: look.up(step.of, among)
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
