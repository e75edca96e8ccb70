"""Scans of stores: the index is brought up to date with what a store holds now, as a whole or in parts."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

from ..database.hub import now
from ..database.writer import outcome
from ..errors import NotThere, PixlStashError, StoreUnreachable
from ..jobs.lanes import Task
from ..plugins.contracts import Opened
from ..storage.files import Root
from ..storage.local import Folder, keys_of
from . import picture_rows, sidecars
from .intake import SHOWN, Captions, File, Intake, Tally
from .listing import Entry, Listing

#: Causes of refusal that do not go away: the same bytes would be refused again.
LASTING = frozenset({"unsupported", "damaged", "empty", "pixels"})


class Look:
    """How a store is scanned.

    `parts`: only these paths, relative to its folder, and what is below them. `most`: do nothing if there are more
    files to import. `settle`: leave files alone that changed within so many seconds; the first ones are in `unsettled`.
    """

    def __init__(self, parts: frozenset[str] | None = None, most: int | None = None, settle: float = 0.0) -> None:
        self.parts, self.most, self.settle = parts, most, settle
        self.unsettled: dict[str, Entry] = {}

    def watch(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Pass entries on, and remember those that are to be left alone."""
        for entry in entries:
            self.is_young(entry)
            yield entry

    def is_young(self, entry: Entry) -> bool:
        """Whether a file is to be left alone; the first such files are remembered."""
        key, _, mtime = entry
        if not self.settle or mtime is None or abs(time.time_ns() - mtime) >= int(self.settle * 1e9):
            return False
        if len(self.unsettled) < SHOWN:
            self.unsettled[key] = entry
        return True


class Steps:
    """Reports the steps of a scan to its job, after those that were done before the job was interrupted."""

    def __init__(self, task: Task, tally: Tally) -> None:
        self._task, self._tally = task, tally
        self._before: int | None = None

    def __call__(self, done: int, total: int) -> None:
        """Report the steps of this run. Raises if the job is to end."""
        if self._before is None:
            self._before = self._task.before(total - done)
        self._report(self._before + done, self._before + total)
        self._task.check()

    def end(self) -> None:
        """Report that there are no more."""
        total = (self._task.before(0) if self._before is None else self._before) + self._tally.done
        self._report(total, total)

    def _report(self, done: int, total: int) -> None:
        self._task.progress(done, total)
        self._task.report = self._tally.report()


class Scans:
    """The scans of one library. `on_another_disk(store)`: whether its folder is on another disk than when scanned.

    `captions(store)`: what the text files beside its pictures are.
    """

    def __init__(
        self,
        intake: Intake,
        on_another_disk: Callable[[int], bool] = lambda store: False,
        captions: Callable[[int], Captions] = lambda store: (),
    ) -> None:
        self._intake, self._on_another_disk, self._captions = intake, on_another_disk, captions
        self._listings: dict[int, threading.Lock] = {}
        self._lock = threading.Lock()

    def scan(
        self,
        store: int,
        public_id: str,
        opened: Opened,
        tally: Tally,
        step: Callable[[int, int], None],
        look: Look | None = None,
    ) -> bool:
        """Update the index of a store: import new files, newest first, then record missing ones.

        Return False if there is more to do than `look` allows, and nothing was done.
        """
        look = look or Look()
        root, captions = _pinned(opened.local_root), self._captions(store)

        def refused(file: File, error: PixlStashError) -> None:
            # Only faults of the file itself are remembered: a busy machine or a missing permission may change.
            if error.more.get("cause") in LASTING:
                self._intake.hub.write(
                    "insert or replace into refusal values (?, ?, ?, ?, ?, ?)",
                    (public_id, file.key, file.size, file.mtime, str(error), now()),
                )

        lock = self._listing(store)
        with Listing(self._intake.db) as listing, ExitStack() as locked:
            locked.enter_context(lock)  # a file that is indexed between listing and choosing must not seem missing
            total = self._list(listing, store, public_id, opened, look, captions)
            if look.most is not None and total > look.most:
                return False
            if look.parts is None:
                locked.close()
            self._intake.many(
                (File(key, key.rpartition("/")[2], size, mtime) for key, size, mtime in listing.fresh()),
                lambda file: self._intake.index(store, opened, file, root, captions),
                tally,
                lambda: step(tally.done, max(total, tally.done)),
                refused,
            )
            for batch in listing.gone():
                gone = [location for location, key in batch if not _is_there(opened, key)]
                if gone:
                    outcome(self._intake.writer.submit(partial(picture_rows.miss, locations=gone)))
        return True

    def _list(
        self, listing: Listing, store: int, public_id: str, opened: Opened, look: Look, captions: Captions
    ) -> int:
        """List the files of a store and choose; return how many files are to be imported."""
        with self._intake.hub.db.reading() as hub:
            listing.leave_out(hub.execute("select key, size, mtime from refusal where store = ?", (public_id,)))
        if look.parts is not None and isinstance(opened, Folder):
            listing.limit(key for part in look.parts for key in keys_of(part))
            entries = opened.list_parts(look.parts)
        else:
            entries = opened.list()
        rows = ((key, entry.size, entry.mtime) for key, entry in entries if not sidecars.is_text(key, captions))
        listing.fill(look.watch(rows) if look.settle else rows)
        listing.leave_out(look.unsettled.values())
        total = listing.choose(store, limited=look.parts is not None)
        if look.parts is None and self._on_another_disk(store) and listing.is_replaced(store):
            raise StoreUnreachable(
                f"{opened.local_root} is on another disk than it was, with other files: is its own disk mounted?"
            )
        return total

    def _listing(self, store: int) -> threading.Lock:
        with self._lock:
            return self._listings.setdefault(store, threading.Lock())


def _is_there(opened: Opened, key: str) -> bool:
    """Whether a file that was missing has come back, under exactly this name, on this machine."""
    path = opened.local(key) if opened.local_root is not None else None
    if path is None:
        return False
    try:
        opened.stat(key)
        return path.name in os.listdir(path.parent)  # not where the disk ignores case
    except (NotThere, OSError):
        return False


def _pinned(root: Path | None) -> Root | None:
    if root is None:
        return None
    with suppress(OSError):  # listing the store reports the error
        return Root.pinned(root)
    return Root(root)
