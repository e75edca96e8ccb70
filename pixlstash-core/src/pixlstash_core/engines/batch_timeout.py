"""Time limits for the next batch of an engine, from the durations of earlier ones."""

from __future__ import annotations

from collections import deque
from statistics import median

#: A batch may take so many times what is usual for its images, and at least so many seconds.
FACTOR, LEAST = 20.0, 30.0
#: After a process hung, the first batch of the next one gets this part of the time: it is probably hung again.
AGAIN = 0.2
#: Batches that are remembered.
SAMPLES = 50


class BatchTimeout:
    """The durations in one process. `first`: seconds for its first batch, which includes warming up."""

    def __init__(self, first: float) -> None:
        self.first = first
        self._each: deque[float] = deque(maxlen=SAMPLES)

    def note(self, seconds: float, count: int) -> None:
        """Record the duration of a batch of so many images."""
        self._each.append(seconds / max(1, count))

    def limit(self, count: int) -> float:
        """Return the seconds that a batch of so many images may take without progress."""
        if not self._each:
            return self.first
        return max(min(LEAST, self.first), FACTOR * median(self._each) * max(1, count))

    def hurry(self) -> None:
        """Shorten the limits, because the previous process hung."""
        self.first *= AGAIN
