"""Backups: metadata and originals in a folder, which is a library itself, or in one file. The owner's alone."""

from __future__ import annotations

from pathlib import Path

from .. import pictures
from ..backups import making
from ..backups.metadata import Made
from ..db import Database
from ..errors import Invalid
from ..features import stacks
from ..hub import Hub, now
from ..types import BackupReport, MakeBackup, Reader
from ..write import Door
from .wired import Wired, demand

#: Pictures without an original that are named.
NAMED = 100


class Backups(Wired):
    def backup(self, reader: Reader, ask: MakeBackup) -> BackupReport:
        """Back up metadata and originals to a folder or file of this machine; whole and durable when it is answered."""
        demand(reader, "owner")
        self._writable()
        path = Path(ask.path).expanduser()
        if not path.is_absolute():
            raise Invalid("Say the whole path of the backup, from the root.")
        ids = stacks.widened(self.db, self.views.ids(reader, ask.query)) if ask.query.strip() else None
        shelf = self.restore_points.shelf
        with self.restores.alone("backup or restore"), self.restore_points.working("BACKUP", None):
            shelf.prepare()
            if ask.access:
                self.feed.catch_up()
            parts = making.Parts(
                self.path, self.db, self.hub, self.door.aside, shelf.scratch, self.stores.connect, self._writing
            )
            made = Made(self.public_id, 0, ask.query.strip(), now(), ask.access)
            found = making.make(parts, path, made, ids, self.restore_points.telling())
        named = pictures.names(self.db, [one.picture for one in found.lost[:NAMED]])
        whole = len(found.kept), found.copied, found.bytes, found.dropped, len(found.lost)
        return BackupReport(str(path), found.pictures, *whole, named)

    def _writing(self, db: Database, hub: Hub) -> Door:
        return self.writing(db, hub, on_commit=lambda revision, events: None)
