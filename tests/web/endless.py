"""A plugin with routes that take as long as they are let, and tells how they ended."""

from __future__ import annotations

import queue
from collections.abc import Iterator

from msgspec import Struct

from pixlstash_core import hookimpl
from pixlstash_core.library import Library
from pixlstash_core.types import Reader
from pixlstash_web import Route, api

COUNT = "with recursive n(x) as (select 1 union all select x + 1 from n where x < ?) select count(*) from n"
#: What happened to each request, in order: "begun", then "ended" or the name of the error that stopped it.
events: queue.Queue[str] = queue.Queue()


class Steps(Struct):
    steps: int


def read(library: Library, reader: Reader, steps: int) -> int:
    events.put("begun")
    try:
        counted: int = library.read(COUNT, (steps,))[0][0]
    except Exception as error:
        events.put(type(error).__name__)
        raise
    events.put("ended")
    return counted


def read_body(library: Library, reader: Reader, ask: Steps) -> int:
    return read(library, reader, ask.steps)


def change(library: Library, reader: Reader, ask: Steps) -> int:
    return read(library, reader, ask.steps)


@hookimpl
def routes() -> Iterator[Route]:
    yield api("GET", "/read", read, "read")
    yield api("POST", "/read", read_body, "read")
    yield api("POST", "/change", change, "write")
