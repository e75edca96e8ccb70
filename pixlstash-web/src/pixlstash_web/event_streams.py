"""`EventStreams`: distributes the library's events to open streams, in at most four batches per second.

One subscription, which exists only while there are streams, feeds all of them. A batch merges related events, and each
stream drops what its reader may not see. Only the last message of a batch has an id, so that a stream that breaks in
between repeats the batch instead of losing half of it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from pixlstash_core.errors import TooMany
from pixlstash_core.threads import report
from pixlstash_core.types import (
    Event,
    FoldersChanged,
    Job,
    JobChanged,
    PicturesAdded,
    PicturesChanged,
    PicturesRemoved,
    Reader,
    RowsChanged,
    SnapshotsChanged,
)

if TYPE_CHECKING:
    from pixlstash_core.library import Library

PAUSE = 0.25
SHOWN = 1000
#: Maximum number of event streams, of those of one token, and the number reserved for the owner.
STREAMS, EACH, RESERVED = 256, 16, 64
BEHIND = 64
Outcome = PicturesAdded | PicturesChanged | PicturesRemoved | RowsChanged
NAMES = {
    PicturesAdded: "pictures_added",
    PicturesChanged: "pictures_changed",
    PicturesRemoved: "pictures_removed",
    RowsChanged: "rows_changed",
}


class Batch(msgspec.Struct, frozen=True):
    """Merged events in order, and the newest state of each job. `revision`: that of the last event, or None.

    `snapshots`, `folders`: their list or status has changed.
    """

    events: list[Outcome]
    jobs: list[Job]
    revision: int | None
    snapshots: bool = False
    folders: bool = False


class EventStreams:
    """Distributes a library's events to its open streams, on the event loop; only `_hear` runs on other threads."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._heard: deque[Event] = deque()
        #: The queues of open streams, with their readers.
        self._streams: dict[asyncio.Queue[Batch | None], str] = {}
        self._stop: Callable[[], None] | None = None
        self._pump: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def open(self, reader: Reader) -> asyncio.Queue[Batch | None]:
        """Open a stream and return its queue; None in it is the end. Raises `TooMany` above the limits."""
        is_owner = reader.may("owner") and reader.scope.all
        if len(self._streams) >= (STREAMS if is_owner else STREAMS - RESERVED):
            raise TooMany("Too many event streams are open.", 5)
        if not is_owner and list(self._streams.values()).count(reader.principal) >= EACH:
            raise TooMany(f"This login has {EACH} event streams open already. Close one of them.", 5)
        queue: asyncio.Queue[Batch | None] = asyncio.Queue(BEHIND)
        if self._closed:
            queue.put_nowait(None)
            return queue
        self._streams[queue] = reader.principal
        if self._stop is None:
            self._loop = asyncio.get_running_loop()
            self._stop = self._library.subscribe(self._hear)
            self._pump = self._loop.create_task(self._run())
        return queue

    def end(self, queue: asyncio.Queue[Batch | None]) -> None:
        self._streams.pop(queue, None)
        if not self._streams:
            self._rest()

    def close(self) -> None:
        self._closed = True
        for queue in self._streams:
            while queue.full():
                queue.get_nowait()
            queue.put_nowait(None)
        self._rest()

    def _rest(self) -> None:
        if self._stop is not None:
            self._stop()
            self._stop = None
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None
        self._heard.clear()

    def _hear(self, event: Event) -> None:
        """Collect an event, on a core thread, and wake the event loop once per batch."""
        first = not self._heard
        self._heard.append(event)
        if first and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _run(self) -> None:
        """Distribute collected events while there are open streams."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(PAUSE)
            self._wake.clear()
            heard = [self._heard.popleft() for _ in range(len(self._heard))]
            try:
                batch = merge(heard)
            except Exception:  # the events are lost: all streams must reload
                report("events could not be merged; streams start afresh")
                batch = LAGGED
            for queue in self._streams:
                if queue.full():  # too slow: tell the client to reload
                    while not queue.empty():
                        queue.get_nowait()
                    queue.put_nowait(LAGGED)
                queue.put_nowait(batch)


LAGGED = Batch([], [], -1)


def merge(heard: Iterable[Event]) -> Batch:
    """Merge events into a batch. Removals keep their order relative to other events."""
    events: list[Outcome] = []
    jobs: dict[int, Job] = {}
    revision: int | None = None
    snapshots = folders = False
    for event in heard:
        if isinstance(event, SnapshotsChanged):
            snapshots = True
        elif isinstance(event, FoldersChanged):
            folders = True
        elif isinstance(event, JobChanged):
            jobs.pop(event.job.id, None)
            jobs[event.job.id] = event.job
        elif isinstance(event, RowsChanged):
            revision = max(revision or 0, event.revision)
            same = [other for other in events if isinstance(other, RowsChanged) and other.table == event.table]
            events = [other for other in events if other not in same]
            count = event.count + sum(other.count for other in same)
            events.append(RowsChanged(event.revision, event.table, count))
        elif isinstance(event, (PicturesAdded, PicturesChanged, PicturesRemoved)):
            revision = max(revision or 0, event.revision)
            at = _partner(events, event)
            if at is None:
                events.append(event)
            else:
                events[at] = _joined(events[at], event)
    return Batch(events, list(jobs.values()), revision, snapshots, folders)


def _partner(events: list[Outcome], event: Outcome) -> int | None:
    """Return the index of an earlier event to merge with: of the same kind, without a removal since; or None."""
    for at in range(len(events) - 1, -1, -1):
        if type(events[at]) is type(event):
            return at
        if isinstance(events[at], PicturesRemoved) or isinstance(event, PicturesRemoved):
            return None
    return None


def _joined(event: Outcome, other: Outcome) -> Outcome:
    assert not isinstance(event, RowsChanged) and not isinstance(other, RowsChanged)
    ids = sorted({*event.ids, *other.ids})
    whole = event.count == len(event.ids) and other.count == len(other.ids)
    new: dict[str, Any] = {
        "revision": max(event.revision, other.revision),
        "count": len(ids) if whole else event.count + other.count,
        "ids": ids[:SHOWN],
    }
    if isinstance(event, PicturesChanged) and isinstance(other, PicturesChanged):
        new["fields"] = sorted({*event.fields, *other.fields})
    return msgspec.structs.replace(event, **new)


def render(batch: Batch, reader: Reader) -> bytes:
    """Encode the part of a batch that a reader may see; empty if there is none."""
    if batch is LAGGED:
        return message("lagged", b"{}")
    visible = [event for whole in batch.events if (event := within(whole, reader)) is not None]
    lines = [(NAMES[type(event)], msgspec.json.encode(event)) for event in visible]
    if reader.may("owner") and reader.scope.all:
        lines += [("job_changed", msgspec.json.encode(job)) for job in batch.jobs]
        lines += [("snapshots_changed", b"{}")] if batch.snapshots else []
        lines += [("folders_changed", b"{}")] if batch.folders else []
    last = len(lines) - 1
    return b"".join(message(name, data, batch.revision if i == last else None) for i, (name, data) in enumerate(lines))


def within(event: Outcome, reader: Reader) -> Outcome | None:
    """Return an event reduced to what the reader may see, or None."""
    if reader.scope.ids is None:
        return event
    if isinstance(event, RowsChanged):  # other readers must not learn how the owner organizes the library
        return None
    ids = [id for id in event.ids if id in reader.scope.ids]
    return msgspec.structs.replace(event, ids=ids, count=len(ids)) if ids else None


def message(name: str, data: bytes, id: int | None = None) -> bytes:
    head = f"id: {id}\n" if id is not None else ""
    return f"{head}event: {name}\ndata: ".encode() + data + b"\n\n"
