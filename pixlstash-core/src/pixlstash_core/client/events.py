"""The stream of events from a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..types import (
    Event,
    FoldersChanged,
    Job,
    JobChanged,
    Lagged,
    PicturesAdded,
    PicturesChanged,
    PicturesRemoved,
    RowsChanged,
    SnapshotsChanged,
)
from .channel import PREFIX, Channel, error_of, path_of, read

EVENTS: Mapping[str, Any] = {
    "pictures_added": PicturesAdded,
    "pictures_changed": PicturesChanged,
    "pictures_removed": PicturesRemoved,
    "rows_changed": RowsChanged,
}


def events(channel: Channel, after: int | None = None) -> Iterator[Event]:
    """Yield events, from now on or after a revision, until the server ends."""
    connection = channel.connect()
    try:
        path = path_of(PREFIX, "/events", {"after": after})
        response = channel.send(connection, "GET", path, None, {})
        if response.status != 200:
            raise error_of(response.status, response.read())
        name = ""
        for line in response:
            field, _, value = line.decode().rstrip("\r\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data" and name == "job_changed":
                yield JobChanged(read(value.encode(), Job))
            elif field == "data" and name in EVENTS:
                yield read(value.encode(), EVENTS[name])
            elif field == "data" and name == "snapshots_changed":
                yield SnapshotsChanged()
            elif field == "data" and name == "folders_changed":
                yield FoldersChanged()
            elif field == "data" and name == "lagged":
                yield Lagged()
    finally:
        connection.close()
