"""Masks of what was looked up lately, one bit a picture, while nothing has changed that they were read from.

Where a term hangs on nothing but each picture's own rows, only the pictures that changed since are looked up again.
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
#: Bytes kept: some sixty masks of a million pictures.
BUDGET = 8 << 20
#: Pictures come and go, which changes what any statement yields.
ALWAYS = frozenset({"pictures", "scrapheap"})
#: Changed pictures that are remembered; when more have changed, looking all up again costs no more.
MANY = 10_000


class _Kept(Struct):
    """`seen`: revisions of the nouns it was read from, by name. No older than they are, perhaps newer."""

    size: int
    seen: dict[str, int]
    packed: NDArray[np.uint8]


class Masks:
    """The kept masks of one library."""

    def __init__(self) -> None:
        self._kept: OrderedDict[object, _Kept] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        #: Revision, noun and pictures of what was committed since `_since`, oldest first.
        self._changes: deque[tuple[int, str, set[int] | None]] = deque()
        self._since = 0
        self._many = 0

    def touch(self, revision: int, changed: Mapping[str, set[int] | None]) -> None:
        """Say which pictures a commit changed, by noun (None: any); before anybody can ask for its revision."""
        with self._lock:
            for noun, ids in changed.items():
                known = ids if ids is not None and len(ids) < MANY else None
                self._changes.append((revision, noun, known))
                self._many += 1 + len(known or ())
            while self._many > MANY:
                self._since, _, gone = self._changes.popleft()
                self._many -= 1 + len(gone or ())

    def get(
        self,
        asked: Lookup,
        nouns: frozenset[str],
        revisions: Mapping[str, int],
        size: int,
        find: Callable[[list[int] | None], Mask],
    ) -> Mask:
        """What `asked` finds of `size` pictures. `revisions` were read before `find` reads anything.

        `find` makes the mask anew; given ids, of `asked.among`.
        """
        seen = {noun: revisions.get(noun, 0) for noun in nouns | ALWAYS}
        key = (asked.sql, tuple(sorted(asked.bindings.items())))
        with self._lock:
            kept = self._kept.get(key)
            changed = None if kept is None else self._changed(kept, seen, size)
            if kept is not None and changed is not None:
                self._kept.move_to_end(key)
        if kept is None or changed is None or (changed and not asked.among):
            mask = find(None)
        else:
            mask = np.zeros(size, np.bool_)
            mask[: kept.size] = np.unpackbits(kept.packed, count=kept.size).view(np.bool_)
            if not changed:
                return mask
            mask[[id for id in changed if id < size]] = False
            mask |= find(sorted(changed))
        self._keep(key, _Kept(size, seen, np.packbits(mask)))
        return mask

    def drop(self) -> None:
        """Give the memory back."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0

    def _changed(self, kept: _Kept, seen: Mapping[str, int], size: int) -> set[int] | None:
        """The pictures that may be others in the mask now; None when that is not known."""
        if kept.size > size:
            return None
        older = {noun: revision for noun, revision in kept.seen.items() if revision < seen[noun]}
        if not older:
            return set()
        if min(older.values()) < self._since:
            return None
        found: set[int] = set()
        for revision, noun, ids in self._changes:
            if revision > older.get(noun, revision):
                if ids is None:
                    return None
                found |= ids
        return found

    def _keep(self, key: object, kept: _Kept) -> None:
        with self._lock:
            old = self._kept.pop(key, None)
            self._bytes -= old.packed.nbytes if old is not None else 0
            self._kept[key] = kept
            self._bytes += kept.packed.nbytes
            while self._bytes > BUDGET and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].packed.nbytes
