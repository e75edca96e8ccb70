"""Pictures that a plugin's own job adds from a store, by their keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice

from ..database.connection import Database
from ..database.hub import PURGED
from ..database.writer import Write, outcome
from ..errors import Refused
from ..jobs.lanes import Task
from ..media.reading import of_known
from ..plugins.contracts import Opened
from ..types import KnownPicture
from . import locations
from .intake import File, Intake, Taken, Tally

#: Pictures that are looked up together, and written together if their store knows them.
SLICE = 500


def add(intake: Intake, db: Database, store: int, opened: Opened, keys: Iterable[str], task: Task) -> None:
    """Add pictures of a store by key; those that the library has already count as done."""
    tally = Tally(task.report)
    rest, present = iter(keys), task.done - tally.done

    def step() -> None:
        task.progress(present + tally.done)
        task.report = tally.report()
        task.check()

    step()  # the report marks it as a job that adds pictures
    while part := list(islice(rest, SLICE)):
        unknown = locations.unknown(db, store, part)
        present += len(part) - len(unknown)
        read: list[tuple[File, KnownPicture]] = []
        unread: list[File] = []
        for key in filter(unknown.__contains__, part):
            stat = opened.stat(key)
            file = File(key, opened.name(key), stat.size, stat.mtime)
            if picture := opened.known(key):
                read.append((file, picture))
            else:
                unread.append(file)
        intake.many(iter(unread), lambda file: intake.index(store, opened, file), tally, step)
        _write(intake, store, read, tally)
        step()


def _write(intake: Intake, store: int, files: Sequence[tuple[File, KnownPicture]], tally: Tally) -> None:
    """Add known pictures in one transaction."""
    readings = [(file, of_known(picture)) for file, picture in files]

    def work(write: Write) -> list[Taken | None]:
        taken: list[Taken | None] = []
        for file, reading in readings:
            taken.append(None)
            with suppress(Refused):
                taken[-1] = intake.write_new(write, reading, store, file)
        return taken

    for (file, _), taken in zip(files, outcome(intake.writer.submit(work)) if files else (), strict=True):
        if taken is None:
            tally.refuse(file.key, PURGED)
        else:
            tally.count(taken.status)
