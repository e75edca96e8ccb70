"""A plugin with one good route and one that cannot be."""

from __future__ import annotations

from collections.abc import Iterator

from pixlstash_core import hookimpl
from pixlstash_core.library import Library
from pixlstash_core.types import Reader
from pixlstash_web import Route, api


def fine(library: Library, reader: Reader) -> str:
    return "fine"


@hookimpl
def routes() -> Iterator[Route]:
    yield api("GET", "/fine", fine, "read")
    yield api("GET", "/{oops}", fine, "read")
