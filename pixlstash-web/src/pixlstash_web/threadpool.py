"""Runs blocking work on a worker thread, where no exception can end the server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from starlette import concurrency

T = TypeVar("T")


async def run_in_threadpool(work: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Run a function as Starlette does, but turn a plugin's `sys.exit()`, which would end the loop, into an error."""
    return await concurrency.run_in_threadpool(_guarded, partial(work, *arguments, **named))


def _guarded(work: Callable[[], T]) -> T:
    try:
        return work()
    except (SystemExit, KeyboardInterrupt) as error:
        raise RuntimeError(f"{type(error).__name__} was raised while a request was answered.") from error
