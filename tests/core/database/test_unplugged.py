"""A reference folder whose disk goes away in the middle of an import: nothing is lost, nothing is called missing."""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import Effort
from faults import mounts, oracle, sources
from libraries import finish

from pixlstash_core import OWNER, PicturesAdded
from pixlstash_core.errors import StoreUnreachable
from pixlstash_core.library import Library
from pixlstash_core.storage.local import Folder
from pixlstash_core.types import Event, ImportPaths, Job, ScorePictures

PICTURES = 24
AWAY = ["moved away", "emptied", *([] if mounts.why_not() else ["unmounted"])]
#: Half of the pictures vanish, the others stay.
THINNED = "thinned"


class Disk:
    """A folder with pictures that can be taken away in several ways, and comes back as it was."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.root, self._away, self._aside = folder / "disk", folder / "away", folder / "aside"
        self._away.mkdir()
        self._rng = rng
        self._lost: dict[Path, Path] = {}
        sources.paint(self._away, PICTURES, seed=rng.randrange(1 << 30), side=24)
        self._way: str | None = None

    def plug_in(self, way: str) -> None:
        self._way = way
        if way == "unmounted":
            self.root.mkdir()
            mounts.bind(self._away, self.root)
        else:
            self._away.rename(self.root)

    def pull(self) -> None:
        if self._way == "unmounted":
            mounts.unmount(self.root)
        elif self._way == THINNED:
            self._aside.mkdir()
            files = sorted(path for path in self.root.rglob("*") if path.is_file())
            for path in self._rng.sample(files, len(files) // 2):
                self._lost[path] = path.rename(self._aside / path.name)
            return
        else:
            self.root.rename(self._away)
            if self._way == "emptied":
                self.root.mkdir()
        self._way = None

    def clear(self) -> None:
        """Away, and whole again."""
        if self._way == THINNED:
            for path, aside in self._lost.items():
                aside.rename(path)
            self._lost.clear()
            if self._aside.exists():
                self._aside.rmdir()
            self.root.rename(self._away)
        elif self._way is not None:
            self.pull()
        self._way = None
        if self.root.exists():
            self.root.rmdir()


@pytest.fixture
def disk(tmp_path: Path, rng: random.Random) -> Iterator[Disk]:
    made = Disk(tmp_path, rng)
    yield made
    made.clear()


@pytest.mark.parametrize("way", AWAY)
def test_while_it_is_listed(disk: Disk, way: str) -> None:
    """A listing that ends early must not look like a folder with fewer files."""
    disk.plug_in(way)
    listing = Folder(disk.root).list()
    next(listing)
    disk.pull()
    with pytest.raises(StoreUnreachable, match=str(disk.root)):
        list(listing)


class Trial(NamedTuple):
    """What an import that was disturbed came to."""

    job: Job
    in_mid_work: bool


def disturbed(library: Library, disk: Disk, begin: Callable[[], Job], after: int, seconds: float) -> Trial:
    """Pull the disk once so many pictures were announced, or after so long, whatever comes first."""
    due, heard = threading.Event(), 0

    def hear(event: Event) -> None:
        nonlocal heard
        if isinstance(event, PicturesAdded):
            heard += event.count
            if heard >= after:
                due.set()

    stop = library.subscribe(hear)
    job = begin()
    due.wait(seconds)
    disk.pull()
    in_mid_work = library.job(OWNER, job.id).state in ("waiting", "running")
    stop()
    return Trial(finish(library, job), in_mid_work)


def look(library: Library, wrong: list[str], trial: Trial, disk: Disk, way: str) -> None:
    """What must hold while the disk is away."""
    states = Counter(state for (state,) in library.db.read("select state from location"))
    if set(states) - {"present"} and way != THINNED:
        wrong.append(f"locations are called {dict(states)}")
    if trial.in_mid_work and trial.job.state == "failed" and str(disk.root) not in str(trial.job.error):
        wrong.append(f"the job says {trial.job.error!r}")
    if trial.job.state not in ("done", "failed"):
        wrong.append(f"the job is {trial.job.state}")
    if library.hub.value("select count(*) from refusal"):
        wrong.append("files are remembered as refused")
    known = [picture.id for picture in library.pictures(OWNER)]
    if known and library.score(OWNER, ScorePictures(ids=known, score=0)).undoable:
        wrong.append("there were scores")


@pytest.mark.attack
def test_pulled_in_mid_import(
    open_library: Callable[..., Library], disk: Disk, effort: Effort, rng: random.Random
) -> None:
    """Pulled in the first import, pulled in a later look through the folder, then looked through undisturbed."""
    disk.plug_in("moved away")
    with open_library("whole") as library:
        began = time.monotonic()
        whole = finish(library, library.import_paths(OWNER, ImportPaths([str(disk.root)], in_place=True)))
        took = time.monotonic() - began
        assert whole.report is not None and whole.report.imported == PICTURES
        expected = oracle.contents(library)
    disk.pull()
    usual = AWAY[-1]  # unmounted, where that can be done
    ways = [usual, "moved away", usual, "emptied", usual, THINNED, usual]
    rounds, counted = effort.of(1, 56), Counter[str]()
    wrong: dict[str, list[str]] = {}
    for number in range(rounds):
        way, found = ways[number % len(ways)] if rounds > 1 else rng.choice(ways), list[str]()
        # Half by what was announced, half by the clock.
        after, seconds = (rng.randint(1, PICTURES), 60.0) if number % 2 else (1 << 30, rng.uniform(0, took))
        with open_library(f"library-{number}") as library:
            ask = ImportPaths([str(disk.root)], in_place=True)
            disk.plug_in(way)
            trials = [disturbed(library, disk, partial(library.import_paths, OWNER, ask), after, seconds)]
            look(library, found, trials[0], disk, way)
            disk.clear()
            disk.plug_in(way)
            store = library.db.value("select id from store where scheme = 'folder'")
            trials.append(disturbed(library, disk, partial(library.scan, OWNER, store), after, min(seconds, took) / 4))
            look(library, found, trials[1], disk, way)
            disk.clear()
            disk.plug_in("moved away")
            last = finish(library, library.import_paths(OWNER, ask))
            if last.state != "done" or (last.report and last.report.refused):
                found.append(f"the last look ended as {last.state}: {last.error or last.report}")
            if oracle.contents(library) != expected:
                found.append("it is not what an undisturbed import makes")
            found += oracle.problems(library)
            disk.pull()
        counted["pulled"] += len(trials)
        counted[way] += len(trials)
        counted["in mid-work"] += sum(trial.in_mid_work for trial in trials)
        shutil.rmtree(library.path)
        if found:
            wrong[f"{number}: {way}, after {after} or {seconds:.3f} s"] = found
    print(f"\nunplugged: {rounds} imports, {dict(counted)}, {len(wrong)} with problems")
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())
    assert counted["in mid-work"] >= counted["pulled"] // 3
