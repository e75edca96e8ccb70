"""The rows of the route table for snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from starlette.responses import Response, StreamingResponse

from pixlstash_core.library import Library

from .answers import SANDBOX
from .files import CHUNK, disposition
from .specs import api
from .table import Call, Route
from .views import BINARY


def export_snapshot(call: Call, id: int) -> Response:
    """The database that a snapshot holds, as a SQLite file."""
    file = call.library.open_snapshot(call.reader, id)
    size = file.seek(0, 2)
    file.seek(0)
    headers = {
        "Cache-Control": "no-store",
        "Content-Length": str(size),
        "Content-Disposition": disposition(f"snapshot-{id}.db", inline=False),
        "Content-Security-Policy": SANDBOX,
    }
    return StreamingResponse(_blocks(file, call.request.method == "HEAD"), 200, headers, BINARY)


def _blocks(file: BinaryIO, none: bool) -> Iterator[bytes]:
    with file:
        while not none and (block := file.read(CHUNK)):
            yield block


SNAPSHOT_ROUTES: tuple[Route, ...] = (
    api("GET", "/snapshots", Library.snapshots, "owner"),
    api("POST", "/snapshots", Library.take_snapshot, "owner", status=201),
    api("GET", "/snapshots/status", Library.snapshot_status, "owner"),
    api("PUT", "/snapshots/status", Library.set_snapshots, "owner"),
    api("POST", "/snapshots/verify", Library.verify_snapshots, "owner"),
    api("GET", "/snapshots/{id}", Library.snapshot, "owner"),
    api("PATCH", "/snapshots/{id}", Library.edit_snapshot, "owner"),
    api("DELETE", "/snapshots/{id}", Library.delete_snapshot, "owner"),
    api("POST", "/snapshots/{id}/verify", Library.verify_snapshot, "owner"),
    api("GET", "/snapshots/{id}/diff", Library.diff_snapshot, "owner"),
    api("GET", "/snapshots/{id}/restore/preview", Library.preview_restore, "owner"),
    api("POST", "/snapshots/{id}/restore", Library.restore_snapshot, "owner"),
    api("POST", "/snapshots/{id}/restore/preview/batch", Library.preview_resources, "owner"),
    api("POST", "/snapshots/{id}/restore/batch", Library.restore_resources, "owner"),
    api("POST", "/backups", Library.backup, "owner"),
    api("GET", "/pictures/{id}/history", Library.picture_history, "owner"),
    api("GET", "/snapshots/{id}/export", export_snapshot, "owner", media=BINARY),
)
