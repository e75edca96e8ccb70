"""The store `demo`: its pictures are painted when somebody looks at them."""

from __future__ import annotations

import io
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import Annotated, BinaryIO

from msgspec import Meta

from ..errors import NotThere
from ..plugins.contracts import Opened, Params, Stat, Store
from .paint import paint
from .recipe import Recipe, key, recipe

_KEY = re.compile(r"([0-9]{6,7})\.(?:png|jpg|webp)")
_KEPT = 32


class DemoParams(Params, frozen=True, kw_only=True):
    pictures: Annotated[int, Meta(ge=0, le=1_000_000)]


class Painted(Opened):
    """The first so many recipes as files. Safe to read from several threads; the last few paintings are kept."""

    writable = False
    verbatim = False

    def __init__(self, pictures: int) -> None:
        self.pictures = pictures
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def read(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        made = self._recipe(key)
        with self._lock:
            data = self._kept.get(key)
            if data is not None:
                self._kept.move_to_end(key)
        if data is None:
            data = paint(made)
            with self._lock:
                self._kept[key] = data
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return io.BytesIO(data[start:end])

    def stat(self, key: str) -> Stat:
        return _stat(self._recipe(key))

    def list(self, prefix: str = "") -> Iterator[tuple[str, Stat]]:
        for index in range(self.pictures):
            made = recipe(index)
            name = key(made)
            if name.startswith(prefix):
                yield name, _stat(made)

    def _recipe(self, name: str) -> Recipe:
        match = _KEY.fullmatch(name)
        if match is not None and int(match[1]) < self.pictures:
            made = recipe(int(match[1]))
            if key(made) == name:
                return made
        raise NotThere(f"The demo has no picture {name!r}.")


def _stat(made: Recipe) -> Stat:
    # How many bytes it will have shows only once it is painted.
    return Stat(None, made.created * 1_000_000)


class DemoStore(Store):
    scheme = "demo"
    Params = DemoParams

    def connect(self, params: DemoParams) -> Painted:
        return Painted(params.pictures)
