"""A plugin of a third party with a writable store and an importer. Its files are in a folder, whose paths it hides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sites import Site, forgetting

DEPOT = """
import os, time
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from pixlstash_core import (
    Found, Importer, NotThere, Opened, Params, Secret, Stat, Store, StoreUnreachable, hookimpl,
)

class Settings(Params, frozen=True, kw_only=True):
    folder: Annotated[str, Meta(title="Folder", description="Where its files are.")]
    order: Literal["name", "date"] = "name"
    most: int = 1000
    writable: bool = False
    token: Secret = Secret()

class Shelf(Opened):
    def __init__(self, params):
        self.params, self.root, self.writable = params, Path(params.folder), params.writable

    def _path(self, key):
        if (self.root / "SLOW").exists():
            time.sleep(3)
        if not self.root.is_dir() or (self.root / "CLOSED").exists():
            raise StoreUnreachable(f"The depot refuses the token {self.params.token.reveal()}.")
        return self.root / key

    def read(self, key, start=0, end=None):
        try:
            file = open(self._path(key), "rb")
        except OSError:
            raise NotThere(f"{key} is not in the depot.") from None
        import io
        with file:
            return io.BytesIO(file.read()[start:end])

    def stat(self, key):
        try:
            status = os.stat(self._path(key))
        except OSError:
            raise NotThere(f"{key} is not in the depot.") from None
        return Stat(status.st_size, status.st_mtime_ns)

    def list(self, prefix=""):
        self._path("")
        for path in sorted(self.root.rglob("*")):
            key = path.relative_to(self.root).as_posix()
            if path.is_file() and key.startswith(prefix) and not key.isupper() and not key.endswith("~"):
                yield key, self.stat(key)

    def put(self, key, file):
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{id(file)}~")
        try:
            part.write_bytes(file.read())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)

    def delete(self, key):
        self._path(key).unlink(missing_ok=True)

class Depot(Store):
    scheme, label, Params = "depot", "A depot", Settings

    def connect(self, params):
        return Shelf(params)

class Crates(Importer):
    id, label, Params = "crates", "Crates of the depot", Settings

    def scan(self, params):
        shelf = Shelf(params)
        for key, about in shelf.list():
            yield Found(key, key.rpartition("/")[2], partial(shelf.read, key), about.size, about.mtime)

@hookimpl
def stores():
    yield Depot()

@hookimpl
def importers():
    yield Crates()
"""


@contextmanager
def installed(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install the plugin in this process, and in those that get its `sys.path`."""
    site = Site(folder / "site")
    site.add("depot", DEPOT)
    patch.syspath_prepend(str(site.path))
    with forgetting(folder):
        yield
