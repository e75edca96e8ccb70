"""`LibraryAsOf`: the library as of a snapshot, read-only."""

from __future__ import annotations

from typing import ParamSpec, TypeVar

from ..api import Api
from ..context import Context
from ..database.connection import Database
from ..imports.intake import Intake
from ..imports.locations import Stores
from ..plugins.operation import WithReader, op
from ..query.views import Views
from ..snapshots.as_of import refusal
from ..snapshots.manifests import Manifest
from ..types import Reader

P = ParamSpec("P")
R = TypeVar("R")


class LibraryAsOf(WithReader, Context, Api):
    """A library as of a snapshot. Thumbnails and originals are the present ones, identified by hash."""

    def __init__(self, live: Context, manifest: Manifest, db: Database, views: Views) -> None:
        super().__init__()
        self.live, self._manifest = live, manifest
        self.path, self.read_only, self.features = live.path, True, live.features
        self.public_id, self.epoch = live.public_id, manifest.public_id
        self.db, self.views = db, views
        self.name = str(db.setting("name") or live.name)
        self.thumbnails, self.pool, self.plugins = live.thumbnails, live.pool, live.plugins
        self.add_parts(live.part(Intake), Stores(db, live.plugins, live.path))

    @property
    def revision(self) -> int:
        return self._manifest.revision

    def call(self, row: op[P, R], reader: Reader, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function of an operation. Raises `Conflict` for operations without `past`."""
        if not row.past:
            raise refusal(self._manifest.id)
        row.demand(reader, read_only=True)
        return row.function(self, reader, *args, **kwargs)
