"""Bounds how often each client may do something, for requests that need no login."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import TooMany
from .credentials import network_of

#: Networks that are remembered; the one that was idle for the longest time is forgotten first.
REMEMBERED = 10_000


class Rates:
    """Allows each network `burst` uses at once, and one more every `seconds`. Thread-safe.

    For IPv6, addresses of one /64 count together. `clock` returns seconds.
    """

    def __init__(self, burst: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._seconds, self._clock = burst, seconds, clock
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, ip: str) -> None:
        """Count one use by an address. Raises `TooMany` if none is left."""
        with self._lock:
            left, at = self._filled(ip)
            if left < 1:
                seconds = max(1, math.ceil((1 - left) * self._seconds))
                raise TooMany(f"Too many requests from your address. Try again in {seconds} s.", seconds)
            self._put(ip, left - 1, at)

    @contextmanager
    def attempt(self, ip: str) -> Iterator[None]:
        """Count the block as one use, unless it succeeds. It counts while it runs: parallel attempts gain nothing."""
        self.take(ip)
        yield
        with self._lock:
            left, at = self._filled(ip)
            self._put(ip, min(self._burst, left + 1), at)

    def _filled(self, ip: str) -> tuple[float, float]:
        now = self._clock()
        left, at = self._left.get(network_of(ip), (float(self._burst), now))
        return min(float(self._burst), left + max(0.0, now - at) / self._seconds), now

    def _put(self, ip: str, left: float, at: float) -> None:
        name = network_of(ip)
        self._left[name] = left, at
        self._left.move_to_end(name)
        while len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
