"""A cache of masks, packed to one bit per picture, which are valid while the data they were read from is unchanged.

If a term depends only on each picture's own rows, only the pictures that changed since are evaluated again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ..database.features import Lookup

Mask = NDArray[np.bool_]
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
    packed: NDArray[np.uint8]


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
            for noun, ids in changed.items():
                listed = ids if ids is not None and len(ids) < MANY else None
                self._changes.append((revision, noun, listed))
                self._many += 1 + len(listed or ())
            while self._many > MANY:
                self._since, _, gone = self._changes.popleft()
                self._many -= 1 + len(gone or ())

    def get(
        self,
        lookup: Lookup,
        nouns: frozenset[str],
        revisions: Mapping[str, int],
        size: int,
        find: Callable[[list[int] | None], Mask],
    ) -> Mask:
        """Return the mask of a lookup for `size` pictures. `revisions` were read before `find` reads anything.

        `find` evaluates the lookup for all pictures, or for the given ids with `lookup.among`.
        """
        seen = {noun: revisions.get(noun, 0) for noun in nouns | ALWAYS}
        key = (lookup.sql, tuple(sorted(lookup.bindings.items())), nouns)  # two terms may share the SQL
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

    def drop(self) -> None:
        """Release the memory."""
        with self._lock:
            self._masks.clear()
            self._bytes = 0

    def _changed(self, cached: _Cached, seen: Mapping[str, int], size: int) -> set[int] | None:
        """Return the pictures whose bit may have changed; None if that is unknown."""
        if cached.size > size:
            return None
        older = {noun: revision for noun, revision in cached.seen.items() if revision < seen[noun]}
        if not older:
            return set()
        if min(older.values()) < self._since:
            return None
        changed: set[int] = set()
        for revision, noun, ids in self._changes:
            if revision > older.get(noun, revision):
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
