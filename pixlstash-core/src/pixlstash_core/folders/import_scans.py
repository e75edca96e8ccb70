"""Imports what is new in an import folder, and deletes what was imported where that is asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from ..database.hub import PURGED, Hub
from ..errors import PixlStashError, StoreUnreachable
from ..imports.intake import File, Intake, Taken, Tally
from ..imports.listing import Listing
from ..imports.scanning import LASTING, Look
from ..plugins.contracts import Stat
from ..storage import protected
from ..storage.files import Root, stat_below
from ..storage.local import Folder, Managed, path_of
from . import import_rows as rows
from . import removal, watching
from .import_rows import FileRow, ImportRow
from .removal import Changed, Left
from .rules import Ignore, Rules

#: Files that are recorded together: those before a crash are recognized by their bytes.
TOGETHER = 200
Own = Callable[[], tuple[int, Managed]]
Step = Callable[[int, int], None]


class ImportScans:
    """The imports from the folders of one library."""

    def __init__(self, hub: Hub, intake: Intake, own: Own) -> None:
        self._hub, self._intake, self._own = hub, intake, own
        self._locks: dict[int, threading.Lock] = {}
        self._lock = threading.Lock()

    def scan(self, row: ImportRow, tally: Tally, step: Step, look: Look | None = None) -> bool:
        """Import the new files of a folder, newest first; unless `look` has parts, also retry to delete the others.

        Return False if there are more files than `look` allows, and nothing was done.
        """
        look = look or Look()
        with self._locked(row.id):
            run = _Run(self._hub, self._intake, self._own(), row)
            run.resume()
            with Listing(self._intake.db) as listing:
                total = run.list(listing, look)
                if look.most is not None and total > look.most:
                    return False
                run.take_all(listing, total, tally, step)
            if look.parts is None:
                run.clean_up(tally, step)
                rows.set_scanned(self._hub, row.id, protected.device_of(Path(row.path)))
            return True

    def remove(self, row: ImportRow) -> None:
        """Forget a folder when no scan runs. Files that were about to be deleted get their names back."""
        with self._locked(row.id):
            with suppress(PixlStashError):
                _Run(self._hub, self._intake, self._own(), row).resume(delete=False)
            rows.remove(self._hub, row.id)

    def _locked(self, id: int) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(id, threading.Lock())


class _Run:
    """One scan of a folder."""

    def __init__(self, hub: Hub, intake: Intake, own: tuple[int, Managed], row: ImportRow) -> None:
        self._hub, self._intake, self._row = hub, intake, row
        self._store, self._managed = own
        self._folder = Folder(Path(row.path), may_be_empty=True)
        state, problem = protected.reach(self._folder.root, row.device)
        if state not in ("ok", "empty"):
            raise StoreUnreachable(problem)
        self._root = Root.pinned(self._folder.root)
        self._ignore, self._rules = Ignore(row.options.ignore), Rules(row.options)
        self._holds_library = lru_cache(4096)(lambda path: stat_below(self._root, f"{path}/library.db") is not None)
        self._files: list[FileRow] = []
        self._lock = threading.Lock()
        #: When the sizes and times of files were read, in seconds of the monotonic clock.
        self._listed = 0.0

    # -- listing -------------------------------------------------------------------------------------------------------

    def list(self, listing: Listing, look: Look) -> int:
        """List the files of the folder that have settled; return how many are to be imported."""
        listing.leave_out((file.key, file.size, file.mtime) for file in rows.files(self._hub, self._row.id))
        entries = self._folder.list() if look.parts is None else self._folder.list_parts(look.parts)
        present = ((key, stat.size, stat.mtime) for key, stat in self._wanted(entries))
        listing.fill(entry for entry in present if not look.is_young(entry))
        # The paths of a part did not change for a while before they were named.
        self._listed = time.monotonic() if look.parts is None else time.monotonic() - watching.SETTLE
        return listing.choose()

    def _wanted(self, entries: Iterator[tuple[str, Stat]]) -> Iterator[tuple[str, Stat]]:
        for key, stat in entries:
            path = path_of(key)
            if not self._ignore(path) and not self._is_in_library(path):
                yield key, stat

    def _is_in_library(self, path: str) -> bool:
        """Whether a file lies in a library of PixlStash: its files are that library's."""
        folder = path.rpartition("/")[0]
        while folder:
            if self._holds_library(folder):
                return True
            folder = folder.rpartition("/")[0]
        return False

    # -- importing -----------------------------------------------------------------------------------------------------

    def take_all(self, listing: Listing, total: int, tally: Tally, step: Step) -> None:
        def at_each() -> None:
            if len(self._files) >= TOGETHER:
                self._flush()
            step(tally.done, max(total, tally.done))

        def refused(file: File, error: PixlStashError) -> None:
            if error.more.get("cause") in LASTING or str(error) == PURGED:
                self._add(FileRow(file.key, file.size, file.mtime, "refused", str(error)))

        try:
            self._intake.many(
                (File(key, key.rpartition("/")[2], size, mtime) for key, size, mtime in listing.fresh()),
                self._take,
                tally,
                at_each,
                refused,
            )
        finally:
            self._flush()

    def _take(self, file: File) -> Taken:
        path = path_of(file.key)
        local = self._folder.root / path
        taken = self._intake.keep(
            self._store,
            self._managed,
            local,
            local.name,
            root=self._root,
            mtime=file.mtime,
            also=lambda write, picture: self._rules.apply(write, picture, path),
            again=False,
            captions=self._row.options.captions,
        )
        remove = self._row.remove and taken.status != "scrapheaped"
        row = FileRow(file.key, file.size, file.mtime, "remove" if remove else "imported", picture=taken.picture)
        self._add(row)
        if remove and time.monotonic() - self._listed >= watching.SETTLE:  # else `clean_up` does it
            self._flush()  # the row must be there before the file is set aside
            self._remove(row)
        return taken

    def _add(self, row: FileRow) -> None:
        with self._lock:
            self._files.append(row)

    def _flush(self) -> None:
        with self._lock:
            files, self._files = self._files, []
        if files:
            imported = sum(file.state != "refused" for file in files)
            rows.record(self._hub, self._row.id, files, imported)

    # -- deleting ------------------------------------------------------------------------------------------------------

    def clean_up(self, tally: Tally, step: Step) -> None:
        """Forget files that are not there any more, and delete imported ones whose deletion failed or was stopped."""
        gone: list[str] = []
        is_same = self._row.device in (None, protected.device_of(self._folder.root))
        for file in rows.files(self._hub, self._row.id) if is_same else ():  # or they are on the disk it was before
            if stat_below(self._root, path_of(file.key)) is None:
                gone.append(file.key)
            if len(gone) >= TOGETHER:
                rows.forget(self._hub, self._row.id, gone)
                gone.clear()
                step(tally.done, tally.done)
        rows.forget(self._hub, self._row.id, gone)
        while self._row.remove and time.monotonic() - self._listed < watching.SETTLE:
            step(tally.done, tally.done)
            time.sleep(0.05)
        for file in rows.files(self._hub, self._row.id, removals=True) if self._row.remove else ():
            self._remove(file)
            step(tally.done, tally.done)

    def resume(self, *, delete: bool = True) -> None:
        """Finish deleting the files that were renamed for it when the library stopped."""
        for key, aside, picture in rows.asides(self._hub, self._row.id):
            remember = self._remember(key)
            try:
                sha256, stored = self._verified(picture)
            except Left:
                sha256, stored = b"", None
            try:
                is_there = removal.resume(self._root, path_of(key), aside, sha256, stored if delete else None, remember)
            except Left as reason:
                self._leave(key, reason)
                continue
            if is_there or stat_below(self._root, path_of(key)) is None:
                rows.removed(self._hub, self._row.id, key)
            else:  # it was not renamed any more
                remember(None)
                rows.left(self._hub, self._row.id, key, "The library was stopped; it is tried again.")

    def _remove(self, file: FileRow) -> None:
        """Delete a file that was imported, or record why not."""
        try:
            if not rows.may_remove(self._hub, self._row.id):
                return
            if not removal.is_supported():
                raise Left("Files cannot be deleted safely on this system.")
            status = stat_below(self._root, path_of(file.key))
            if status is not None and (status.st_size, status.st_mtime_ns) != (file.size, file.mtime):
                raise Changed("It was changed after it was imported.")
            sha256, stored = self._verified(file.picture)
            removal.remove(self._root, path_of(file.key), sha256, stored, self._remember(file.key))
        except Left as reason:
            self._leave(file.key, reason)
        else:
            rows.removed(self._hub, self._row.id, file.key)

    def _leave(self, key: str, reason: Left) -> None:
        if isinstance(reason, Changed):  # it is imported as what it is now, whatever its size and time
            rows.removed(self._hub, self._row.id, key)
        else:
            rows.left(self._hub, self._row.id, key, str(reason))

    def _remember(self, key: str) -> Callable[[str | None], None]:
        return lambda aside: rows.set_aside(self._hub, self._row.id, key, aside)

    def _verified(self, picture: int | None) -> tuple[bytes, removal.Identity]:
        """Return the SHA-256 of a picture, after its original was read. `Left` if it might be lost."""
        copies = self._intake.db.read(
            "select p.sha256, l.key from picture p join location l on l.picture_id = p.id"
            " where p.id = ? and l.store_id = ? and l.state = 'present'"
            " and not exists (select 1 from scrapheap where picture_id = p.id)",
            (picture, self._store),
        )
        if not copies:
            raise Left("The library has no copy of it, or has it in the scrapheap.")
        sha256, key = copies[0]
        return sha256, removal.verified(self._managed, key, sha256)
