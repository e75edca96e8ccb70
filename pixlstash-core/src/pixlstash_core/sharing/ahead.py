"""Work that is done ahead of its use, on several threads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
#: Results that wait for their use, for each thread.
WAITING = 4


def ahead(items: Iterable[T], work: Callable[[T], R]) -> Generator[tuple[T, R | BaseException]]:
    """Yield each item, in order, with the result of `work` or the exception it raised."""
    workers = max(1, os.cpu_count() or 1)
    queue: deque[tuple[T, Future[R]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="renditions") as pool:
        try:
            for item in items:
                queue.append((item, pool.submit(work, item)))
                if len(queue) >= WAITING * workers:
                    ended = _ended(*queue.popleft())
                    yield ended
            while queue:
                ended = _ended(*queue.popleft())
                yield ended
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _ended(item: T, future: Future[R]) -> tuple[T, R] | tuple[T, BaseException]:
    error = future.exception()
    return (item, future.result()) if error is None else (item, error)
