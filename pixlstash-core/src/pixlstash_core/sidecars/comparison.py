"""Compares the sidecars of pictures in one folder with the library: takes over what others changed, and writes.

The order makes it safe to be killed at any point: the library first takes what changed in files, then the hub knows
what is about to be written, then files are written, then the hub knows that they were. Everything else is found again,
because a picture stays due until all of it is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import apsw
from msgspec import Struct

from ..database.connection import Database
from ..database.hub import Hub
from ..database.writer import Label, Write, Writer
from ..errors import DiskFull, Locked, PixlStashError
from ..storage.files import Root
from ..storage.replacing import Changed
from ..types import SidecarPlace, SidecarPolicy
from ..types.history import many
from . import files, picture_values, rows
from .files import Sidecar
from .formats import stem_of
from .rows import Record
from .values import Merge, Mine, Values, base_after, desired, merge, same

#: After so many files that could not be written, the others of the folder wait for the next time.
PATIENCE = 10
LOCKED = "The picture is in a locked set. What changed in the file is taken over once the set is unlocked."


class Folder(Struct, frozen=True):
    """A folder with a policy. `places`: the folders in which its sidecars are."""

    store: int
    public_id: str
    name: str
    policy: SidecarPolicy
    places: dict[SidecarPlace, Root]


class Run:
    """One run of the job. `times`: how often each picture was compared; `failures`: files of a store that could not be
    written; `is_waiting`: some files changed a moment ago, and are read once they have settled.
    """

    def __init__(self) -> None:
        self.times: Counter[int] = Counter()
        self.failures: Counter[int] = Counter()
        self.is_waiting = False


class Comparison:
    """Compares pictures of one folder."""

    def __init__(self, db: Database, hub: Hub, writer: Writer, folder: Folder, run: Run) -> None:
        self._db, self._hub, self._writer, self._folder, self._run = db, hub, writer, folder, run

    def compare(self, pictures: Iterable[int]) -> set[int]:
        """Compare the sidecars of pictures; return the pictures that stay due. `DiskFull` when the disk is full."""
        with self._db.reading() as connection:
            sidecars = self._open(connection, pictures)
        recorded = rows.records(self._hub, self._folder.public_id, [sidecar.place for sidecar in sidecars])
        for sidecar in sidecars:
            files.recall(sidecar, recorded.get(sidecar.place))
        due = {sidecar.picture for sidecar in sidecars if sidecar.is_young}
        self._run.is_waiting = self._run.is_waiting or bool(due)
        ready = [sidecar for sidecar in sidecars if sidecar.picture not in due]
        due |= self._take(ready)
        due |= self._write([sidecar for sidecar in ready if sidecar.is_ours and not sidecar.problem], ready)
        return due

    def _open(self, connection: apsw.Connection, pictures: Iterable[int]) -> list[Sidecar]:
        folder = self._folder
        sidecars: list[Sidecar] = []
        for picture, path in rows.files_of(connection, folder.store, pictures):

            def is_alone(path: str = path) -> bool:
                return not rows.has_others(connection, folder.store, path, stem_of(path))

            sidecars += files.sidecars_of(picture, path, folder.places, folder.policy, is_alone)
        return sidecars

    # -- taking over ---------------------------------------------------------------------------------------------------

    def _take(self, sidecars: Sequence[Sidecar]) -> set[int]:
        """Take over what changed in files, and store conflicts. Returns the pictures that may not change now."""
        readable = [sidecar for sidecar in sidecars if not sidecar.problem]
        with self._db.reading() as connection:
            if not self._merge(connection, readable):
                return set()
        locked: set[int] = set()

        def work(write: Write) -> set[int]:
            locked.clear()
            write.derive(lambda connection: self._merge(connection, readable))
            changed = set()
            for picture in dict.fromkeys(sidecar.picture for sidecar in readable):
                own = [sidecar for sidecar in readable if sidecar.picture == picture]
                if any(sidecar.merged.takes for sidecar in own):
                    try:
                        write.guard([picture])
                    except Locked:
                        locked.add(picture)
                        continue
                    for sidecar in own:
                        picture_values.take(write, picture, sidecar.merged)
                    changed.add(picture)
                for sidecar in own:
                    rows.put_conflicts(write, picture, self._folder.store, sidecar.place, sidecar.merged.conflicts)
            return changed

        self._writer.run(work, self._label)
        for sidecar in readable:
            if sidecar.picture in locked:
                sidecar.problem = LOCKED
        return locked

    def _label(self, changed: set[int]) -> Label:
        if not changed:
            return Label("", "", undoable=False)
        return Label("", f"{many(len(changed))} changed by sidecars in {self._folder.name}")

    def _merge(self, connection: apsw.Connection, sidecars: Sequence[Sidecar]) -> bool:
        """Merge sidecars with the library as it is now; return whether anything in the library is to change."""
        ids = {sidecar.picture for sidecar in sidecars}
        mine_of = picture_values.read(connection, ids, engines=self._folder.policy.engines)
        is_needed = False
        for sidecar in sidecars:
            mine = self._as_written(sidecar, mine_of.get(sidecar.picture, Mine()))
            theirs = sidecar.theirs if sidecar.theirs is not None else Values()
            sidecar.merged = merge(sidecar.record.base, mine, theirs, sidecar.fields) if sidecar.body else Merge()
            conflicts = rows.conflicts_of(connection, sidecar.picture, self._folder.store, sidecar.place)
            is_needed = is_needed or sidecar.merged.takes or conflicts != sidecar.merged.conflicts
        return is_needed

    def _as_written(self, sidecar: Sidecar, mine: Mine) -> Mine:
        """Return what the library has as this format would say it."""
        return Mine(_projected(sidecar, mine.values, self._folder.policy), mine.rejected, mine.by_people)

    # -- writing -------------------------------------------------------------------------------------------------------

    def _write(self, ours: Sequence[Sidecar], sidecars: Sequence[Sidecar]) -> set[int]:
        """Write the files that differ, and remember all. Returns the pictures whose files could not be written."""
        policy, store = self._folder.policy, self._folder.public_id
        with self._db.reading() as connection:
            mine_of = picture_values.read(connection, {sidecar.picture for sidecar in ours}, engines=policy.engines)
        bases = {id(sidecar): self._base(sidecar, sidecar.theirs or Values()) for sidecar in sidecars}
        planned: list[tuple[rows.Place, Record]] = []
        for sidecar in ours:
            mine = self._as_written(sidecar, mine_of.get(sidecar.picture, Mine())).values
            theirs = sidecar.theirs or Values()
            wanted = desired(mine, theirs, sidecar.merged, sidecar.fields)
            if same(wanted, theirs, sidecar.fields):
                continue
            try:
                sidecar.next = sidecar.format.render(sidecar.body or None, wanted, sidecar.fields, policy)
                written = sidecar.format.parse(sidecar.next, policy)[0] if sidecar.next else Values()
            except ValueError as error:
                sidecar.problem, sidecar.next = str(error), None
                continue
            planned.append((sidecar.place, self._record(sidecar, bases[id(sidecar)], self._base(sidecar, written))))
        if planned:
            rows.remember(self._hub, store, planned)
        due: set[int] = set()
        try:
            for sidecar in ours:
                if sidecar.next is not None and not self._put(sidecar, dict(planned)[sidecar.place], bases):
                    due.add(sidecar.picture)
        finally:
            rest = [s for s in sidecars if s.body is not None or s.problem or s.is_recorded]
            rows.remember(self._hub, store, [(s.place, self._record(s, bases[id(s)])) for s in rest])
        return due

    def _put(self, sidecar: Sidecar, planned: Record, bases: dict[int, Values]) -> bool:
        """Write one file; return False if it is tried again."""
        if self._run.failures[self._folder.store] >= PATIENCE:
            return False
        try:
            files.write(sidecar)
        except DiskFull:
            raise
        except Changed:
            self._run.is_waiting = True
            return False
        except PixlStashError as error:
            self._run.failures[self._folder.store] += 1
            sidecar.problem = f"{error} Allow writing, or choose a mirror folder."
            return False
        assert planned.next_base is not None, "it is planned"
        bases[id(sidecar)] = planned.next_base
        return True

    def _base(self, sidecar: Sidecar, values: Values) -> Values:
        if sidecar.problem:
            return sidecar.record.base
        return base_after(values, sidecar.record.base, sidecar.merged, sidecar.fields)

    def _record(self, sidecar: Sidecar, base: Values, next_base: Values | None = None) -> Record:
        size = mtime = None
        if sidecar.version is not None:
            size, mtime = sidecar.version.size, sidecar.version.mtime
        sha256 = files.hash_of(sidecar.body) if sidecar.body is not None else None
        next_sha256 = files.hash_of(sidecar.next) if next_base is not None and sidecar.next is not None else None
        return Record(size, mtime, sha256, base, next_sha256, next_base, sidecar.problem)


def _projected(sidecar: Sidecar, values: Values, policy: SidecarPolicy) -> Values:
    """Return the values as the format would give them back: a text file has no tags with a comma."""
    if sidecar.format.name != "txt":
        return values
    body = sidecar.format.render(None, values, sidecar.fields, policy)
    return sidecar.format.parse(body, policy)[0] if body else Values()
