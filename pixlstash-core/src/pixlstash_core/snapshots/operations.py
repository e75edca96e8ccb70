"""Snapshots of the metadata: taken, listed, read back, written out, deleted. The owner's alone."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from ..errors import PixlStashError
from ..query import scope
from ..session import Wired, demand
from ..types import (
    EditSnapshot,
    PictureMoment,
    Reader,
    SetSnapshots,
    Snapshot,
    SnapshotCheck,
    SnapshotStatus,
    TakeSnapshot,
)
from . import picture_history as moments


class Snapshots(Wired):
    def snapshots(self, reader: Reader) -> list[Snapshot]:
        """Every restore point, the newest first."""
        demand(reader, "owner")
        return self.restore_points.listed()

    def snapshot(self, reader: Reader, id: int) -> Snapshot:
        """One restore point."""
        demand(reader, "owner")
        return self.restore_points.get(id)

    def snapshot_status(self, reader: Reader) -> SnapshotStatus:
        """What is being done with snapshots, whether they are taken by themselves, and what went wrong."""
        demand(reader, "owner")
        return self.restore_points.status()

    def set_snapshots(self, reader: Reader, ask: SetSnapshots) -> SnapshotStatus:
        """Have snapshots taken by themselves, or not."""
        demand(reader, "owner")
        self._writable()
        self.restore_points.set_automatic(ask.automatic)
        return self.restore_points.status()

    def take_snapshot(self, reader: Reader, ask: TakeSnapshot) -> Snapshot:
        """Take a snapshot now: verified and durable when it is answered, kept until it is deleted."""
        demand(reader, "owner")
        self._writable()
        return self.restore_points.take("MANUAL", ask.label)

    def edit_snapshot(self, reader: Reader, id: int, ask: EditSnapshot) -> Snapshot:
        """Label a snapshot anew."""
        demand(reader, "owner")
        self._writable()
        return self.restore_points.label(id, ask.label)

    def delete_snapshot(self, reader: Reader, id: int) -> None:
        """Let go of a snapshot for good."""
        demand(reader, "owner")
        self._writable()
        self.restore_points.delete(id)

    def verify_snapshot(self, reader: Reader, id: int) -> SnapshotCheck:
        """Read a snapshot back as a restore would, every bit of it."""
        demand(reader, "owner")
        self._writable()
        return self.restore_points.verify(id)

    def verify_snapshots(self, reader: Reader) -> list[SnapshotCheck]:
        """Read all snapshots back, also those that are too damaged to be listed."""
        demand(reader, "owner")
        self._writable()
        return self.restore_points.verify_all()

    def export_snapshot(self, reader: Reader, id: int, path: Path) -> Snapshot:
        """Write the database that a snapshot holds to a new file of this machine."""
        demand(reader, "owner")
        self.restore_points.shelf.export(id, path)
        return self.restore_points.get(id)

    def picture_history(self, reader: Reader, id: int) -> list[PictureMoment]:
        """What changed about one picture from snapshot to snapshot, and since; the oldest first."""
        demand(reader, "owner")
        taken = sorted(self.restore_points.listed(), key=lambda one: one.id)
        sha256 = moments.identity(self.db, id)
        for one in reversed(taken if sha256 is None else []):
            with suppress(PixlStashError), self.pasts.reading(one.id, self.public_id) as db:
                sha256 = sha256 or moments.identity(db, id)
        if sha256 is None:
            raise scope.absent()
        found: list[PictureMoment] = []
        before: moments.State = {}
        for one in taken:
            try:
                with self.pasts.reading(one.id, self.public_id) as db:
                    seen = moments.seen(db, self.door.tables(), sha256)
            except PixlStashError as error:
                found.append(PictureMoment(one.id, one.label, one.created_at, False, [], str(error)))
                continue
            changes = moments.changes(before, seen or {})
            found.append(PictureMoment(one.id, one.label, one.created_at, seen is not None, changes))
            before = seen or {}
        seen = moments.seen(self.db, self.door.tables(), sha256)
        return [*found, PictureMoment(None, None, None, seen is not None, moments.changes(before, seen or {}))]

    def open_snapshot(self, reader: Reader, id: int) -> BinaryIO:
        """The database that a snapshot holds, to be read. Close it."""
        demand(reader, "owner")
        return self.restore_points.shelf.open(id)
