"""The disk fills up in mid-import: a sentence, nothing acknowledged is lost, reading goes on, and it is resumed."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import libraries
import pytest
from conftest import Effort
from faults import mounts, oracle, sources

from pixlstash_core.errors import DiskFull, PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, ImportPaths, Job, PicturesAdded, ScorePictures

pytestmark = [pytest.mark.attack, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]
KIB = 1 << 10
PICTURES = 12


class Bench(NamedTuple):
    """Pictures to import (about 1.5 MB), and what importing them leads to where there is room."""

    source: Path
    expected: dict[str, dict[str, oracle.Content]]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("full")
    sources.paint(folder / "source", PICTURES, side=200)
    expected = {}
    for way in ("copy", "scan", "upload"):
        Library.create(folder / way)
        with Library.open(folder / way) as library:
            take_in(library, way, folder / "source")
            expected[way] = oracle.contents(library)
            assert len(expected[way]) == PICTURES
    return Bench(folder / "source", expected)


def take_in(library: Library, way: str, source: Path) -> None:
    """Import everything; a job that failed raises what it says."""
    if way == "upload":
        for path in sorted(source.rglob("*.png")):
            incoming = library.intake.temporary(path.name)
            try:
                shutil.copy2(path, incoming)
            except OSError as error:  # the server's own copying, told to the browser by the server
                incoming.unlink(missing_ok=True)
                raise DiskFull("The disk is full.") from error
            library.upload(OWNER, path.name, incoming)
        return
    job = libraries.finish(library, library.import_paths(OWNER, ImportPaths([str(source)], way == "scan")))
    if job.state != "done":
        raise PixlStashError(job.error or job.state)


@pytest.mark.parametrize("way", ["copy", "scan", "upload"])
def test_a_disk_that_fills_up(way: str, bench: Bench, tmp_path: Path, effort: Effort, rng: random.Random) -> None:
    """All but so many KiB of a disk are taken: from hardly anything to nearly enough."""
    needed = {"copy": 3800, "scan": 2200, "upload": 3800}[way]
    count = effort.of(2 if way == "copy" else 1, 20)
    wrong = {}
    full = 0
    for number in range(count):
        left = 40 + rng.randrange(needed * number // (count + 2), needed * (number + 1) // (count + 2))
        found, hit = trial(way, bench, tmp_path / f"disk{number}", left * KIB)
        full += hit
        if found:
            wrong[f"{way} with {left} KiB left"] = found
    print(f"\n{way}: {count} disks, {full} filled up, {len(wrong)} with problems")
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())
    assert full


def trial(way: str, bench: Bench, disk: Path, left: int) -> tuple[list[str], bool]:
    wrong: list[str] = []
    with mounts.small(disk, 24 << 20):
        Library.create(disk / "library")
        ballast = disk / "ballast"
        with Library.open(disk / "library") as library:
            known: set[int] = set()
            library.subscribe(lambda event: known.update(event.ids) if isinstance(event, PicturesAdded) else None)
            ballast.write_bytes(bytes(mounts.free(disk) - left))
            sentence = refusal(lambda: take_in(library, way, bench.source), wrong)
            if sentence is not None:
                wrong += while_full(library, known)
            before = oracle.contents(library)
            wrong += [f"{one.name} is not whole" for sha, one in before.items() if one != bench.expected[way][sha]]
            ballast.unlink()
            wrong += afterwards(library, way, bench)
        with Library.open(disk / "library", work=False) as library:
            wrong += [f"after reopening: {one}" for one in oracle.problems(library)]
            if oracle.contents(library) != bench.expected[way]:
                wrong.append("it did not end up with everything")
            if lost := known - set(oracle.pictures(library)):
                wrong.append(f"announced and gone: {sorted(lost)}")
    return wrong, sentence is not None


def test_a_start_on_a_full_disk(bench: Bench, tmp_path: Path) -> None:
    """It may be refused, with a sentence; with room again everything is there, the stills as well."""
    with mounts.small(tmp_path / "disk", 24 << 20) as disk:
        Library.create(disk / "library")
        with Library.open(disk / "library") as library:
            take_in(library, "upload", bench.source)
        (disk / "ballast").write_bytes(bytes(mounts.free(disk)))
        wrong: list[str] = []
        refusal(lambda: Library.open(disk / "library").close(), wrong)
        (disk / "ballast").unlink()
        with Library.open(disk / "library", work=False) as library:
            assert wrong + oracle.problems(library) == []
            assert oracle.contents(library) == bench.expected["upload"]


def refusal(work: Callable[[], None], wrong: list[str]) -> str | None:
    """What is said when it does not work; it must be that the disk is full."""
    try:
        work()
    except PixlStashError as error:
        if "disk is full" not in str(error):
            wrong.append(f"it says {error!r}")
        return str(error)
    except BaseException as error:
        wrong.append(f"not one of our errors: {type(error).__name__}: {error}")
        return str(error)
    return None


def while_full(library: Library, known: set[int]) -> list[str]:
    """Everything that only reads works on a full disk."""
    wrong = []
    try:
        if known and library.info(OWNER).pictures < len(known):
            wrong.append("pictures that were announced are not counted")
        library.history(OWNER)
        library.jobs(OWNER)
        library.events_since(0)
        found = library.pictures(OWNER, "fox", None, 0, 100)
        for picture in found[:3]:
            library.picture(OWNER, picture.id)
            library.thumbnail(OWNER, picture.id)
            with library.original(OWNER, picture.id).open(0, None) as file:
                assert file.read(4) == b"\x89PNG"
        if {job.state for job in library.jobs(OWNER) if job.every is None} - {"failed"}:
            wrong.append(f"jobs are {[(job.kind, job.state) for job in library.jobs(OWNER)]}")
    except PixlStashError as error:
        wrong.append(f"reading stops: {error}")
    return wrong


def afterwards(library: Library, way: str, bench: Bench) -> list[str]:
    """With room again, a failed job is resumed and everything gets in; people's writes work, too."""
    wrong: list[str] = []
    try:
        failed = [job for job in library.jobs(OWNER) if job.state == "failed"]
        for job in failed:
            libraries.until(lambda job=job: resume(library, job))
            done = libraries.finish(library, job)
            if done.state != "done":
                wrong.append(f"resumed, the job {done.state}: {done.error}")
        take_in(library, way, bench.source)
        [picture, *_] = oracle.pictures(library)
        library.score(OWNER, ScorePictures(ids=[picture], score=3))
        library.undo(OWNER)
    except PixlStashError as error:
        wrong.append(f"it does not go on: {error}")
    return wrong


def resume(library: Library, job: Job) -> bool:
    try:
        library.resume_job(OWNER, job.id)
    except PixlStashError:
        return False
    return True
