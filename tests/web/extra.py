"""A plugin with routes, as somebody else would write one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import Meta, Struct

from pixlstash_core import hookimpl
from pixlstash_core.library import Library
from pixlstash_core.types import Reader
from pixlstash_web import Route, api


class Rename(Struct):
    id: int
    name: Annotated[str, Meta(max_length=5)]
    weight: float = 1.0


class Strict(Struct, forbid_unknown_fields=True):
    name: str = "default"


def rename(library: Library, reader: Reader, ask: Rename) -> Rename:
    return ask


def strict(library: Library, reader: Reader, ask: Strict) -> Strict:
    return ask


def search(
    library: Library,
    reader: Reader,
    word: str,
    near: float | None = None,
    deep: bool = False,
    ids: list[int] | None = None,
) -> dict[str, Any]:
    return {"word": word, "near": near, "deep": deep, "ids": ids, "who": reader.principal}


def slow(library: Library, reader: Reader) -> None:
    raise RuntimeError("a secret detail")


@hookimpl
def routes() -> Iterator[Route]:
    yield api("PUT", "/pictures/{id}/name", rename, "write")
    yield api("POST", "/strict", strict, "write")
    yield api("GET", "/search", search, "read")
    yield api("POST", "/slow", slow, "owner")
