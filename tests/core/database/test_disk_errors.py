"""The n-th write or sync of a database fails: a sentence, nothing acknowledged is lost, and it goes on afterwards."""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import apsw
import pytest
from conftest import Effort
from faults import oracle, sources, worker
from faults.failing import Disk

from pixlstash_core.errors import PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, ImportPaths, ScorePictures, Selection

pytestmark = [
    pytest.mark.attack,
    # Where SQLite shrugs at an error (a checkpoint that is tried again later), a VFS in Python has to mention it.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
Act = Callable[[Library, Path], None]


def score(library: Library, source: Path) -> None:
    library.score(OWNER, ScorePictures(ids=library.find(OWNER).ids[:3], score=5))


def undo(library: Library, source: Path) -> None:
    library.undo(OWNER)


def purge(library: Library, source: Path) -> None:
    thrown = [id for (id,) in library.db.read("select picture_id from scrapheap")]
    library.purge(OWNER, Selection(ids=thrown))


def scan(library: Library, source: Path) -> None:
    """An import whose job fails says so with its sentence; one that cannot even be begun waits for the disk."""
    job = library.import_paths(OWNER, ImportPaths([str(source)], in_place=True))
    end = time.monotonic() + 3
    while (job := library.job(OWNER, job.id)).state == "running" or (job.state == "waiting" and time.monotonic() < end):
        time.sleep(0.01)
    if job.state != "done":
        raise PixlStashError(job.error or "The job waits for the disk.")
    assert library.db.value("select count(*) from location where store_id != ?", (library.stores.own()[0],)) == NEW


NEW = 4
ACTS: dict[str, Act] = {act.__name__: act for act in (score, undo, purge, scan)}


class Bench(NamedTuple):
    """A library to copy for each trial, and pictures it does not have yet."""

    template: Path
    source: Path
    folder: Path


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("disk")
    sources.paint(folder / "old", 6, seed=1)
    sources.paint(folder / "new", NEW, seed=2)
    worker.prepare(folder / "template", folder / "old", throw=3, say=2)
    return Bench(folder / "template", folder / "new", folder)


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("error", [apsw.IOError, apsw.FullError], ids=["EIO", "full"])
def test_a_failing_disk(name: str, error: type[apsw.Error], bench: Bench, effort: Effort, rng: random.Random) -> None:
    act = ACTS[name]
    total = count(act, bench)
    trials = [(nth, for_ever) for nth in range(1, total + 1) for for_ever in (False, True)]
    chosen = sorted(rng.sample(trials, min(len(trials), effort.of(3, 200))))
    wrong = {}
    failed = 0
    for nth, for_ever in chosen:
        found, hit = trial(act, bench, nth, error, for_ever)
        failed += hit
        if found:
            wrong[f"{name}: {error.__name__} at {nth} of {total}{' and after' if for_ever else ''}"] = found
    print(
        f"\n{name}, {error.__name__}: {len(chosen)} of {len(trials)} trials, {failed} hit, {len(wrong)} with problems"
    )
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())
    assert failed


def count(act: Act, bench: Bench) -> int:
    """How often the databases touch the disk when all goes well."""
    with fresh(bench) as path, Disk().mounted() as disk, Library.open(path) as library:
        disk.done = 0
        act(library, bench.source)
        return disk.done


@contextmanager
def fresh(bench: Bench) -> Iterator[Path]:
    path = bench.folder / "trial"
    shutil.copytree(bench.template, path)
    try:
        yield path
    finally:
        shutil.rmtree(path)


def trial(act: Act, bench: Bench, nth: int, error: type[apsw.Error], for_ever: bool) -> tuple[list[str], bool]:
    wrong: list[str] = []
    with fresh(bench) as path:
        with Disk().mounted() as disk:
            with Library.open(path) as library:
                before = oracle.contents(library)
                disk.arm(nth, error, for_ever=for_ever)
                told = outcome(lambda: act(library, bench.source))
                hit = disk.failed > 0
                disk.repair()
                wrong += told.problems
                if told.acknowledged is False and act in (score, undo) and oracle.contents(library) != before:
                    wrong.append("it was refused and done all the same")
                wrong += alive(library)
                if act is not undo and (again := outcome(lambda: act(library, bench.source))).acknowledged is False:
                    wrong.append(f"it does not work afterwards: {again.sentence}")
                after = oracle.contents(library), oracle.history(library)
        with Library.open(path, work=False) as library:
            wrong += [f"after reopening: {one}" for one in oracle.problems(library)]
            if (oracle.contents(library), oracle.history(library)) != after:
                wrong.append("reopening shows something else")
    return wrong, hit


class Outcome(NamedTuple):
    acknowledged: bool
    sentence: str
    problems: list[str]


def outcome(work: Callable[[], None]) -> Outcome:
    """What somebody is told who asks for something; an error must be a sentence."""
    try:
        work()
    except PixlStashError as error:
        text = str(error)
        proper = text[:1].isupper() and text.endswith(".") and "Traceback" not in text and "Error:" not in text
        return Outcome(False, text, [] if proper else [f"not a sentence: {text!r}"])
    except BaseException as error:
        return Outcome(False, str(error), [f"not one of our errors: {type(error).__name__}: {error}"])
    return Outcome(True, "", [])


def alive(library: Library) -> list[str]:
    """Whether all threads live and the next write goes through, now that the disk works again."""
    wrong = []
    names = {thread.name for thread in threading.enumerate()}
    wrong += [f"thread {name} is dead" for name in ("writer", "lane-io", "lane-cpu", "follower") if name not in names]
    known = library.find(OWNER).ids[:2]
    try:
        done = library.score(OWNER, ScorePictures(ids=known, score=2 + library.revision % 3))
        if library.revision != done.revision:
            wrong.append("the next write has another revision than the library")
    except PixlStashError as error:
        wrong.append(f"the next write fails: {error}")
    return wrong
