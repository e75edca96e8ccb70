"""What recipients of one link may use of this machine: bytes that are sent, and seconds of making renditions.

Each link has two token buckets. An answer is given while both have something left, and is then subtracted, so that one
answer may be larger than what is left. A link that is opened by many people waits; the owner and other links do not.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from msgspec import Struct

from ..errors import TooMany

#: Bytes each second, and at once; seconds of work each second, and at once.
BYTES, BYTES_AT_ONCE = 8 << 20, 512 << 20
WORK, WORK_AT_ONCE = 0.5, 30.0
#: Links whose buckets are remembered; a bucket that was not used for the longest time is full again.
REMEMBERED = 1000


class Bucket(Struct):
    """What is left at a time, in seconds of a clock."""

    left: float
    at: float

    def fill(self, now: float, rate: float, most: float) -> None:
        self.left = min(most, self.left + max(0.0, now - self.at) * rate)
        self.at = now


class Budgets:
    """The budgets of all links. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[int, tuple[Bucket, Bucket]] = {}

    def demand(self, link: int) -> None:
        """Raise `TooMany` if a link has used up one of its budgets."""
        with self._lock:
            sent, worked = self._filled(link)
            wait = max(-sent.left / BYTES, -worked.left / WORK)
        if wait >= 0:
            raise TooMany("Too much is asked of this link at the moment. Try again.", max(1, math.ceil(wait)))

    def charge(self, link: int, *, sent: int = 0, worked: float = 0.0) -> None:
        """Subtract bytes that are sent, and seconds that were worked."""
        with self._lock:
            bytes_left, work_left = self._filled(link)
            bytes_left.left -= sent
            work_left.left -= worked

    def _filled(self, link: int) -> tuple[Bucket, Bucket]:
        now = self._clock()
        buckets = self._buckets.pop(link, None) or (Bucket(BYTES_AT_ONCE, now), Bucket(WORK_AT_ONCE, now))
        self._buckets[link] = buckets  # the last used is the last
        buckets[0].fill(now, BYTES, BYTES_AT_ONCE)
        buckets[1].fill(now, WORK, WORK_AT_ONCE)
        while len(self._buckets) > REMEMBERED:
            del self._buckets[next(iter(self._buckets))]
        return buckets
