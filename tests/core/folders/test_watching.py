"""Changes on disk are followed: added, changed, moved and deleted files, and disks that come and go."""

from __future__ import annotations

import logging
import os
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Effort
from faults import sources
from libraries import finish, until
from raising import ERRORS, Raiser

from pixlstash_core import OWNER, threads
from pixlstash_core.folders import watching
from pixlstash_core.library import Library
from pixlstash_core.types import AddFolder, EditFolder, ReferenceFolder, ScorePictures

pytestmark = pytest.mark.slow


@pytest.fixture(params=["live", "polling"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "polling":
        monkeypatch.setattr(watching, "watchfiles", None)
        monkeypatch.setattr(watching, "POLL", 0.5)
        monkeypatch.setattr(watching, "SHARE", 1)
    monkeypatch.setattr(watching, "LOOK", 0.5)
    return str(request.param)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    sources.paint(tmp_path / "photos", 6)
    return tmp_path / "photos"


def watch(library: Library, path: Path) -> ReferenceFolder:
    """Add a folder that is watched, and wait until its files are indexed and changes are followed."""
    folder = library.add_folder(OWNER, AddFolder(str(path)))
    assert folder.job is not None
    assert finish(library, library.job(OWNER, folder.job)).state == "done"
    time.sleep(0.6)  # until the thread has begun
    return folder


def states(library: Library) -> dict[str, str]:
    return dict(library.db.read("select key, state from location where store_id > 1"))


def test_what_changes_is_followed(library: Library, photos: Path, way: str) -> None:
    folder = watch(library, photos)
    until(lambda: library.folders(OWNER)[0].watching == way)
    ids = {picture.name: picture.id for picture in library.pictures(OWNER)}
    library.score(OWNER, ScorePictures(ids=list(ids.values()), score=4))

    sources.paint(photos / "new" / "folder", 1, seed=2)  # added, in folders that are new themselves
    until(lambda: states(library).get("new/folder/picture 2-000.png") == "present")

    (photos / "picture 1-000.png").rename(photos / "renamed.png")  # renamed
    (photos / "below").rename(photos / "moved")  # with everything in it
    until(lambda: states(library).get("renamed.png") == "present" and "picture 1-000.png" not in states(library))
    until(lambda: "moved/picture 1-002.png" in states(library) and "below/picture 1-002.png" not in states(library))
    assert library.find(OWNER, q="score:4").total == 6 and library.find(OWNER, q="is:missing").total == 0
    assert library.picture(OWNER, ids["picture 1-000.png"]).locations[0].key == "renamed.png"

    changed = photos / "picture 1-001.png"  # changed: a new picture, which keeps the score
    changed.write_bytes(sources.png(random.Random(9), 9, 40))
    until(lambda: library.find(OWNER, q="score:4").total == 7)

    (photos / "picture 1-003.png").unlink()  # deleted: the picture stays, as missing
    until(lambda: states(library)["picture 1-003.png"] == "missing")
    assert library.picture(OWNER, ids["picture 1-003.png"]).score == 4
    assert library.folders(OWNER)[0].missing == 1 and library.folders(OWNER)[0].id == folder.id


def test_a_file_that_grows_is_read_when_it_has_settled(library: Library, photos: Path, way: str) -> None:
    watch(library, photos)
    data = sources.png(random.Random(4), 1, 200)
    with (photos / "slow.png").open("wb") as file:
        for at in range(0, len(data), len(data) // 8 + 1):
            file.write(data[at : at + len(data) // 8 + 1])
            file.flush()
            os.fsync(file.fileno())
            time.sleep(0.4)
            assert "slow.png" not in states(library)
    until(lambda: states(library).get("slow.png") == "present")
    assert library.hub.read("select * from refusal") == []


def test_a_disk_that_comes_back(library: Library, photos: Path, tmp_path: Path, way: str) -> None:
    watch(library, photos)
    photos.rename(tmp_path / "away")
    until(lambda: library.reference_folders.watch_state(2) == "missing")
    photos.mkdir()
    until(lambda: library.reference_folders.watch_state(2) == "empty")
    assert set(states(library).values()) == {"present"}
    photos.rmdir()
    (tmp_path / "away" / "picture 1-000.png").unlink()
    sources.paint(tmp_path / "away", 1, seed=3)
    (tmp_path / "away").rename(photos)
    until(lambda: states(library)["picture 1-000.png"] == "missing")
    until(lambda: states(library).get("picture 3-000.png") == "present")
    assert library.folders(OWNER)[0].state == "ok"


def test_what_happened_while_nobody_looked(open_library: Callable[..., Library], photos: Path) -> None:
    with open_library() as library:
        watch(library, photos)
    (photos / "picture 1-000.png").unlink()
    sources.paint(photos, 1, seed=3)
    with open_library() as library:
        until(lambda: states(library).get("picture 3-000.png") == "present")
        until(lambda: states(library)["picture 1-000.png"] == "missing")


def test_it_ends_with_the_library_and_follows_its_folders(
    open_library: Callable[..., Library], photos: Path, tmp_path: Path
) -> None:
    def running() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name.startswith("folder-")]

    with open_library() as library:
        folder = watch(library, photos)
        assert len(running()) == 1
        library.edit_folder(OWNER, folder.id, EditFolder(watch=False))
        until(lambda: not running())
        assert library.folders(OWNER)[0].watching == "off"
        library.edit_folder(OWNER, folder.id, EditFolder(watch=True))
        library.remove_folder(OWNER, folder.id)
        until(lambda: not running())
        library.undo(OWNER)  # the folder is there again, and so are those who follow it
        until(running)
        sources.paint(photos, 1, seed=3)
        until(lambda: states(library).get("picture 3-000.png") == "present")
    assert running() == []
    with open_library(work=False) as library:
        assert library.folders(OWNER)[0].watching == "off" and running() == []


def test_when_the_system_watches_no_more_it_is_polled(
    library: Library, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **named: Any) -> Iterator[Any]:
        raise OSError("OS file watch limit reached. about: /photos")

    monkeypatch.setattr(watching.watchfiles, "watch", fail)
    monkeypatch.setattr(watching, "POLL", 0.5)
    monkeypatch.setattr(watching, "SHARE", 1)
    watch(library, photos)
    shown = until(lambda: [folder for folder in library.folders(OWNER) if folder.watching == "polling"])[0]
    assert "limit of watched files" in shown.note and shown.state == "ok"
    sources.paint(photos, 1, seed=3)
    until(lambda: states(library).get("picture 3-000.png") == "present")


def test_links_to_folders_are_not_followed(library: Library, photos: Path, tmp_path: Path) -> None:
    (photos / "round").symlink_to(photos)
    (photos / "out").symlink_to(tmp_path)
    watch(library, photos)
    until(lambda: library.folders(OWNER)[0].watching == "polling")
    assert "links to other folders" in library.folders(OWNER)[0].note and len(states(library)) == 6


def test_many_new_files_are_a_job(library: Library, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixlstash_core.folders.folders.FEW", 3)
    watch(library, photos)
    before = len(library.jobs(OWNER))
    sources.paint(photos, 5, seed=3)
    until(lambda: len(states(library)) == 11)
    assert [job.kind for job in library.jobs(OWNER)].count("scan") == 2 and len(library.jobs(OWNER)) > before


def test_a_text_beside_a_picture_is_no_picture(library: Library, photos: Path) -> None:
    watch(library, photos)
    (photos / "picture 1-000.txt").write_text("a red fox")
    (photos / ".hidden.png").write_bytes((photos / "picture 1-000.png").read_bytes())
    sources.paint(photos, 1, seed=3)
    until(lambda: states(library).get("picture 3-000.png") == "present")
    assert library.hub.read("select key from refusal") == [] and len(states(library)) == 7


def test_another_disk_with_other_files_marks_no_picture(library: Library, photos: Path, tmp_path: Path) -> None:
    """Where a disk was mounted, there may be a folder with files of its own."""
    folder = library.add_folder(OWNER, AddFolder(str(photos), watch=False))
    assert folder.job is not None and finish(library, library.job(OWNER, folder.job)).state == "done"
    library.hub.write("update folder set device = '0'")
    photos.rename(tmp_path / "away")
    photos.mkdir()
    (photos / "lost+found").mkdir()
    sources.paint(photos, 1, seed=8)
    job = finish(library, library.scan_folder(OWNER, folder.id))
    assert job.state == "failed" and "is its own disk mounted" in str(job.error)
    assert set(states(library).values()) == {"present"}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(threads, "SHORTEST", 0.001)
    monkeypatch.setattr(watching, "SETTLE", 0.05)
    monkeypatch.setattr(watching, "LOOK", 0.05)
    monkeypatch.setattr(watching, "TICK", 0.02)
    logging.disable()  # many tracebacks
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.attack
@pytest.mark.usefixtures("quick")
def test_it_survives_what_any_function_it_calls_raises(
    library: Library, photos: Path, effort: Effort, rng: random.Random
) -> None:
    raiser = Raiser("folder-2")
    threading.setprofile(raiser)  # of threads that are started from here on
    try:
        folder = watch(library, photos)
    finally:
        threading.setprofile(None)  # type: ignore[arg-type]  # "no function" is what it is reset by
    assert folder.id == 2
    count = 0

    def change() -> None:
        nonlocal count
        count += 1
        sources.paint(photos, 1, seed=100 + count, side=8)
        until(lambda: f"picture {100 + count}-000.png" in states(library))

    change()
    (photos / "picture 101-000.png").unlink()
    change()
    places = [place for place in raiser.places if place[0] == "call"]
    assert len(places) > 20, places
    trials = [(place, error) for place in places for error in ERRORS]
    for place, error in rng.sample(trials, effort.of(12, len(trials))):
        raiser.arm(place, ERRORS[error]())
        change()
        raiser.disarm()
        watcher = library.reference_folders.watcher(2)
        assert watcher.is_alive(), (place, error)
        # Python takes the function away from a thread in which it raised.
        library.edit_folder(OWNER, 2, EditFolder(watch=False))
        watcher.join(30)
        threading.setprofile(raiser)
        try:
            library.edit_folder(OWNER, 2, EditFolder(watch=True))
        finally:
            threading.setprofile(None)  # type: ignore[arg-type]
    shutil.rmtree(photos)
    until(lambda: library.reference_folders.watch_state(2) == "missing")
