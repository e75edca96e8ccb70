"""A plugin whose routes raise what ends a program."""

from __future__ import annotations

from collections.abc import Iterator

from pixlstash_core import hookimpl
from pixlstash_core.library import Library
from pixlstash_core.types import Reader
from pixlstash_web import Call, Route, api

ERRORS: dict[str, type[BaseException]] = {
    error.__name__: error for error in (SystemExit, KeyboardInterrupt, MemoryError, RuntimeError)
}


def plain(library: Library, reader: Reader, error: str) -> str:
    raise ERRORS[error]


async def streamed(call: Call, error: str) -> str:
    raise ERRORS[error]


@hookimpl
def routes() -> Iterator[Route]:
    yield api("GET", "/plain", plain, "read")
    yield api("GET", "/streamed", streamed, "read")
