"""Masks of what was looked up lately, one bit a picture, while nothing has changed that they were read from."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from .nouns import Matching

Mask = NDArray[np.bool_]
#: Bytes kept: some sixty masks of a million pictures.
BUDGET = 8 << 20
#: Pictures come and go, which changes what any statement yields.
ALWAYS = frozenset({"pictures", "scrapheap"})


class Masks:
    """The kept masks of one library."""

    def __init__(self) -> None:
        self._kept: OrderedDict[object, NDArray[np.uint8]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(
        self, asked: Matching, nouns: frozenset[str], revisions: Mapping[str, int], size: int, make: Callable[[], Mask]
    ) -> Mask:
        """What `asked` finds of `size` pictures. `revisions` were read before `make` would read anything."""
        seen = tuple(revisions.get(noun, 0) for noun in sorted(nouns | ALWAYS))
        key = (asked.sql, tuple(sorted(asked.bindings.items())), size, seen)
        with self._lock:
            packed = self._kept.get(key)
            if packed is not None:
                self._kept.move_to_end(key)
        if packed is not None:
            return np.unpackbits(packed, count=size).view(np.bool_)
        mask = make()
        self._keep(key, np.packbits(mask))
        return mask

    def drop(self) -> None:
        """Give the memory back."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0

    def _keep(self, key: object, packed: NDArray[np.uint8]) -> None:
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = packed
            self._bytes += packed.nbytes
            while self._bytes > BUDGET and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
