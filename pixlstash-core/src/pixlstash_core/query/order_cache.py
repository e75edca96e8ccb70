"""The cache of view orders, limited by size and by time without use."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from ..database import cancellation
from .orders import Order

#: Bytes of cached orders, at most.
BUDGET = 64 << 20


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
            with cancellation.locked(lock):
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
