"""Snapshots. What takes, verifies or writes out one is answered when that is done, however long it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ..storage.files import writing_new, writing_to
from ..types import (
    BackupReport,
    EditSnapshot,
    MakeBackup,
    PictureMoment,
    RestoreKind,
    RestorePreview,
    RestoreReport,
    RestoreResources,
    RestoreSnapshot,
    SetSnapshots,
    Snapshot,
    SnapshotCheck,
    SnapshotDiff,
    SnapshotStatus,
    TakeSnapshot,
)
from .channel import Channel, Unreachable, error_of, read

T = TypeVar("T")


class Snapshots(Channel):
    def snapshots(self) -> list[Snapshot]:
        return self._get("/snapshots", list[Snapshot])

    def snapshot(self, id: int) -> Snapshot:
        return self._get(f"/snapshots/{id}", Snapshot)

    def snapshot_status(self) -> SnapshotStatus:
        return self._get("/snapshots/status", SnapshotStatus)

    def set_snapshots(self, ask: SetSnapshots) -> SnapshotStatus:
        return self._post("/snapshots/status", SnapshotStatus, ask, method="PUT")

    def take_snapshot(self, ask: TakeSnapshot) -> Snapshot:
        return self._long("POST", "/snapshots", Snapshot, ask)

    def edit_snapshot(self, id: int, ask: EditSnapshot) -> Snapshot:
        return self._patch(f"/snapshots/{id}", Snapshot, ask)

    def delete_snapshot(self, id: int) -> None:
        self._call("DELETE", f"/snapshots/{id}", timeout=None)

    def verify_snapshot(self, id: int) -> SnapshotCheck:
        return self._long("POST", f"/snapshots/{id}/verify", SnapshotCheck)

    def verify_snapshots(self) -> list[SnapshotCheck]:
        return self._long("POST", "/snapshots/verify", list[SnapshotCheck])

    def export_snapshot(self, id: int, path: Path) -> Snapshot:
        about = self.snapshot(id)
        connection = self._connect(None)
        try:
            with writing_new(path) as file:
                response = self._send(connection, "GET", f"{self._prefix}/snapshots/{id}/export", None, {})
                if response.status != 200:
                    raise error_of(response.status, response.read())
                while block := response.read(1 << 20):
                    with writing_to(path.parent):
                        file.write(block)
                if file.tell() != int(response.headers["Content-Length"]):
                    raise Unreachable(f"PixlStash at {self.url} stopped answering.")
        finally:
            connection.close()
        return about

    def diff_snapshot(self, id: int, against: int | None = None) -> SnapshotDiff:
        query = {"against": against}
        return read(self._call("GET", f"/snapshots/{id}/diff", query, timeout=None), SnapshotDiff)

    def backup(self, ask: MakeBackup) -> BackupReport:
        return self._long("POST", "/backups", BackupReport, ask)

    def picture_history(self, id: int) -> list[PictureMoment]:
        return read(self._call("GET", f"/pictures/{id}/history", timeout=None), list[PictureMoment])

    def preview_restore(
        self, id: int, keep_added: bool = True, kinds: list[RestoreKind] | None = None
    ) -> RestorePreview:
        query = {"keep_added": keep_added, "kinds": kinds}
        return read(self._call("GET", f"/snapshots/{id}/restore/preview", query, timeout=None), RestorePreview)

    def preview_resources(self, id: int, ask: RestoreResources) -> RestorePreview:
        return self._long("POST", f"/snapshots/{id}/restore/preview/batch", RestorePreview, ask)

    def restore_snapshot(self, id: int, ask: RestoreSnapshot) -> RestoreReport:
        return self._long("POST", f"/snapshots/{id}/restore", RestoreReport, ask)

    def restore_resources(self, id: int, ask: RestoreResources) -> RestoreReport:
        return self._long("POST", f"/snapshots/{id}/restore/batch", RestoreReport, ask)

    def _long(self, method: str, path: str, type: type[T], ask: Struct | None = None) -> T:
        body: Any = msgspec.json.encode(ask) if ask is not None else b""
        headers = {"Content-Type": "application/json"} if ask is not None else {}
        return read(self._call(method, path, None, body, headers, timeout=None), type)
