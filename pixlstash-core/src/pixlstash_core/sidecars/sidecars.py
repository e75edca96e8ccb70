"""The sidecars of an open library: which folders have them, what is due, and the job that compares and writes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from ..database.connection import Database
from ..database.hub import Hub
from ..database.writer import Write, Writer, outcome
from ..errors import Conflict, Invalid, PixlStashError, StoreUnreachable
from ..folders import rows as folder_rows
from ..folders.rows import FolderRow
from ..jobs.lanes import Jobs, Task
from ..storage import protected
from ..storage.files import Root, stat_below, walk_below
from ..types import CaptionRule, SidecarPlace, SidecarPolicy, SidecarState
from . import rows
from .comparison import Comparison, Folder, Run
from .files import SETTLE
from .formats import FORMATS, pictures_of

#: The job, the seconds between two runs, and those after which a change is written.
KIND, EVERY, DELAY = "sidecars", 120.0, 1.0
#: Pictures that are compared at once; times that a picture is compared in one run; changed sidecars marked at once.
BATCH, TIMES, MARKED = 25, 3, 500


class Sidecars:
    """A part of an open library. `tell` announces that a folder has another state."""

    def __init__(
        self, db: Database, hub: Hub, writer: Writer, queue: Jobs, library: Path, tell: Callable[[], None]
    ) -> None:
        self._db, self._hub, self._writer, self._queue, self._tell = db, hub, writer, queue, tell
        self._library = library
        self._policies: dict[str, SidecarPolicy] = {}
        self._is_started = False
        #: Held while sidecars are compared, and while conflicts are settled.
        self.lock = threading.Lock()
        #: Why the sidecars of a store cannot be compared at all.
        self._troubles: dict[int, str] = {}

    # -- policies ------------------------------------------------------------------------------------------------------

    @property
    def is_active(self) -> bool:
        """Whether any folder has sidecars."""
        return any(policy.mode != "none" for policy in self._policies.values())

    def policy(self, public_id: str) -> SidecarPolicy:
        return self._policies.get(public_id, SidecarPolicy())

    def checked(self, policy: SidecarPolicy, folder: Path, public_id: str = "") -> SidecarPolicy:
        """Return the policy of a folder; `Invalid` or `Conflict` if sidecars cannot be written to its mirror."""
        if policy.mode != "none" and not policy.formats:
            raise Invalid("Choose at least one format: txt, xmp or json.")
        if policy.mode != "mirror":
            return replace(policy, mirror="")
        if not policy.mirror:
            raise Invalid("Name the folder to which sidecars are written.")
        path = protected.usable(policy.mirror, self._library)
        taken = [folder, *(Path(row.path) for row in folder_rows.listed(self._db, self._hub))]
        taken += [Path(other.mirror) for id, other in self._policies.items() if id != public_id and other.mirror]
        for used in taken:
            if path.is_relative_to(used) or used.is_relative_to(path):
                raise Conflict(f"{path} and {used} lie within each other. Choose an empty folder elsewhere.")
        return replace(policy, mirror=str(path))

    def set_policy(self, folder: FolderRow, policy: SidecarPolicy) -> None:
        rows.set_policy(self._hub, folder.public_id, policy)
        self.follow()
        if policy.mode != "none":
            outcome(self._writer.submit(lambda write: rows.mark_all(write, folder.id)))
            self.hasten()

    def rules(self, public_id: str) -> list[CaptionRule]:
        """Return what an import makes of sidecars, which are no pictures: nothing."""
        policy = self.policy(public_id)
        return [CaptionRule(f".{name}", "ignore") for name in policy.formats] if policy.mode != "none" else []

    def state(self, folder: FolderRow) -> SidecarState:
        if self.policy(folder.public_id).mode == "none":
            return SidecarState()
        problems, problem = rows.count_problems(self._hub, folder.public_id)
        conflicts = rows.count_conflicts(self._db, folder.id)
        trouble = self._troubles.get(folder.id, "")
        return SidecarState(rows.count_due(self._db, folder.id), conflicts, problems, trouble or problem)

    def follow(self) -> None:
        """Note which stores have a policy: folders, or policies, may have been added, removed or undone."""
        self._policies = rows.policies(self._hub)
        active = [row.id for row in self._folders()]
        outcome(self._writer.submit(lambda write: rows.set_stores(write, active)))
        if self._is_started:
            self._schedule()

    def start(self) -> None:
        self._is_started = True
        self.follow()

    # -- what is due ---------------------------------------------------------------------------------------------------

    def hasten(self) -> None:
        """Compare soon what is due."""
        if self._is_started and self.is_active:
            self._queue.hasten(KIND, DELAY)

    def look(self, store: int, parts: frozenset[str] | None = None) -> None:
        """Find sidecars that another program changed: among some paths of a folder, or in all of it."""
        folder = next((row for row in self._folders() if row.id == store), None)
        if folder is None:
            return
        policy = self.policy(folder.public_id)
        with suppress(OSError, StoreUnreachable):
            for place, root in self._places(folder, policy).items():
                recorded = rows.sizes(self._hub, folder.public_id, place) if parts is None else {}
                paths = _walked(root, recorded) if parts is None else iter(parts)
                self._mark(store, policy, paths)
                if parts is not None:  # those of the mirror are found by scans
                    break
        self.hasten()

    def _mark(self, store: int, policy: SidecarPolicy, paths: Iterable[str]) -> None:
        bases: list[str] = []
        for path in paths:
            if path.rpartition(".")[2].lower() in policy.formats:
                bases += pictures_of(path)
            if len(bases) >= MARKED:
                self._submit(store, bases)
                bases = []
        if bases:
            self._submit(store, bases)

    def _submit(self, store: int, bases: list[str]) -> None:
        outcome(self._writer.submit(lambda write: rows.mark(write, store, bases)))

    # -- the job -------------------------------------------------------------------------------------------------------

    def run(self, task: Task) -> None:
        """Compare the sidecars that are due, until none is, or the rest must wait."""
        run = Run()
        before = [self.state(row) for row in self._folders()]
        try:
            self._pass(task, run)
            if run.is_waiting:
                until = time.monotonic() + SETTLE + 0.1
                while (left := until - time.monotonic()) > 0:
                    task.check()
                    time.sleep(min(0.1, left))
                self._pass(task, run)
        finally:
            if before != [self.state(row) for row in self._folders()]:
                self._tell()

    def _pass(self, task: Task, run: Run) -> None:
        cursor = (0, 0)
        while batch := rows.due(self._db, cursor, BATCH):
            task.check()
            cursor = batch[-1]
            batch = [row for row in batch if run.times[row[1]] < TIMES]
            run.times.update(picture for _, picture in batch)
            later: set[int] = set()
            for row in self._folders():
                later |= self._compare(row, [picture for _, picture in batch], run)
            finished = [entry for entry in batch if entry[1] not in later]
            if finished:
                outcome(self._writer.submit(_done(finished)))

    def _compare(self, row: FolderRow, pictures: list[int], run: Run) -> set[int]:
        """Compare the sidecars of pictures in one folder; return the pictures that stay due."""
        policy = self.policy(row.public_id)
        try:
            folder = Folder(row.id, row.public_id, row.name, policy, self._places(row, policy))
        except (OSError, StoreUnreachable) as error:
            self._troubles[row.id] = str(error)
            return set(pictures)
        self._troubles.pop(row.id, None)
        try:
            with self.lock:
                return Comparison(self._db, self._hub, self._writer, folder, run).compare(pictures)
        except PixlStashError as error:
            self._troubles[row.id] = str(error)
            raise

    def _places(self, row: FolderRow, policy: SidecarPolicy) -> dict[SidecarPlace, Root]:
        """Return the folders of the sidecars of a folder. `StoreUnreachable` if one cannot be reached."""
        state, problem = protected.reach(Path(row.path), row.device)
        if state != "ok":
            raise StoreUnreachable(problem)
        places: dict[SidecarPlace, Root] = {"beside": Root.pinned(Path(row.path))}
        if policy.mode == "mirror":
            try:
                places["mirror"] = Root.pinned(Path(policy.mirror), follow=False)
            except OSError as error:
                raise StoreUnreachable(f"The mirror {policy.mirror} cannot be reached: {error.strerror}.") from error
        return places

    def _folders(self) -> Iterator[FolderRow]:
        for row in folder_rows.listed(self._db, self._hub):
            if self.policy(row.public_id).mode != "none":
                yield row

    def _schedule(self) -> None:
        if self.is_active:
            self._queue.repeat(KIND, "Comparing sidecars", every=EVERY, lane="io")
        else:
            self._queue.end_repeating(KIND)


def _done(finished: list[tuple[int, int]]) -> Callable[[Write], None]:
    return lambda write: rows.done(write, finished)


def _walked(root: Root, recorded: dict[str, tuple[int | None, int | None]]) -> Iterator[str]:
    """Yield the paths of sidecars that changed, are new, or are gone."""
    for path, status in walk_below(root):
        if path.rpartition(".")[2].lower() in FORMATS:
            if recorded.pop(path, None) != (status.st_size, status.st_mtime_ns):
                yield path
    yield from (path for path in recorded if stat_below(root, path) is None)
