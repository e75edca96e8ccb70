"""The store `demo`: its pictures are painted when they are viewed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, BinaryIO

from pixlstash_core import KnownPicture, Meta, NotThere, Opened, Params, Stat, Store

from .embed import paint
from .metadata import metadata
from .recipe import MOST, Recipe, key, recipe

_KEY = re.compile(r"([0-9]{6,7})\.(?:png|jpg|webp)")
#: The first so many are painted when they are added; the others are known without.
PAINTED = 200


class DemoParams(Params, frozen=True, kw_only=True):
    pictures: Annotated[int, Meta(ge=0, le=MOST)]


class Painted(Opened):
    """The first so many recipes as files. Safe to read from several threads; the last few paintings are kept."""

    writable = False
    verbatim = False

    def __init__(self, pictures: int) -> None:
        self.pictures = pictures
        self._paint = lru_cache(32)(paint)

    def read(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        return io.BytesIO(self._paint(self._recipe(key))[start:end])

    def stat(self, key: str) -> Stat:
        # How many bytes it will have shows only once it is painted.
        return Stat(None, self._recipe(key).created * 1_000_000)

    def name(self, key: str) -> str:
        return self._recipe(key).name

    def known(self, key: str) -> KnownPicture | None:
        made = self._recipe(key)
        return metadata(made) if made.index >= PAINTED else None

    def list(self, prefix: str = "") -> Iterator[tuple[str, Stat]]:
        for name in map(key, map(recipe, range(self.pictures))):
            if name.startswith(prefix):
                yield name, self.stat(name)

    def _recipe(self, name: str) -> Recipe:
        match = _KEY.fullmatch(name)
        if match is not None and int(match[1]) < self.pictures:
            made = recipe(int(match[1]))
            if key(made) == name:
                return made
        raise NotThere(f"The demo has no picture {name!r}.")


class DemoStore(Store):
    scheme = "demo"
    hidden = True
    Params = DemoParams

    def connect(self, params: DemoParams) -> Painted:
        return Painted(params.pictures)
