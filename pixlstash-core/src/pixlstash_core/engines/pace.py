"""How long the next batch of an engine may take, by how long those before it took."""

from __future__ import annotations

from collections import deque
from statistics import median

#: A batch may take so many times what is usual for its images, and at least so many seconds.
FACTOR, LEAST = 20.0, 30.0
#: After a process hung, the first batch of the next one gets this part of the time: it is probably hung again.
AGAIN = 0.2
#: Batches that are remembered.
SAMPLES = 50


class Pace:
    """Of one process. `first`: seconds for its first batch, which warms the model up."""

    def __init__(self, first: float) -> None:
        self.first = first
        self._each: deque[float] = deque(maxlen=SAMPLES)

    def note(self, seconds: float, count: int) -> None:
        """A batch of so many images took so long."""
        self._each.append(seconds / max(1, count))

    def limit(self, count: int) -> float:
        """Seconds that a batch of so many images may take without a sign of life."""
        if not self._each:
            return self.first
        return max(min(LEAST, self.first), FACTOR * median(self._each) * max(1, count))

    def hurry(self) -> None:
        """The process before this one hung."""
        self.first *= AGAIN
