"""Disks that may not be written to: pictures are indexed from one, and a library on one can be looked at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import libraries
import pytest
from faults import killing, mounts, oracle, sources, worker
from faults.killing import Kill

from pixlstash_core.errors import PixlStashError, ReadOnly
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, DeletePictures, ImportPaths, ScorePictures, Selection

pytestmark = pytest.mark.attack


@contextmanager
def forbidden(folder: Path) -> Iterator[Path]:
    """The folder and all in it without the right to write, for people who are not root."""
    every = [folder, *folder.rglob("*")]
    modes = [path.stat().st_mode for path in every]
    for path in every:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        yield folder
    finally:
        for path, mode in zip(every, modes, strict=True):
            path.chmod(mode)


ROOT = not hasattr(os, "geteuid") or os.geteuid() == 0
WAYS = pytest.mark.parametrize(
    "lock_up",
    [
        pytest.param(mounts.read_only, id="mounted"),
        pytest.param(forbidden, id="chmod", marks=pytest.mark.skipif(ROOT, reason="root may write everywhere")),
    ],
)


@WAYS
@pytest.mark.parametrize("in_place", [True, False], ids=["scan", "copy"])
def test_pictures_on_a_disk_that_is_only_read(
    lock_up: Callable[[Path], AbstractContextManager[Path]], in_place: bool, tmp_path: Path
) -> None:
    sources.paint(tmp_path / "source", 5)
    before = sources.tree(tmp_path / "source")
    Library.create(tmp_path / "library")
    with lock_up(tmp_path / "source"), Library.open(tmp_path / "library") as library:
        job = libraries.finish(library, library.import_paths(OWNER, ImportPaths([str(tmp_path / "source")], in_place)))
        assert (job.state, job.report and job.report.imported) == ("done", 5)
        assert oracle.problems(library) == []
        thrown = list(oracle.pictures(library))[:2]
        library.delete(OWNER, DeletePictures(ids=thrown))
        assert library.purge(OWNER, Selection(ids=thrown)) == 2
    assert sources.tree(tmp_path / "source") == before


@pytest.mark.parametrize("left", ["nothing", "log", "log and index"])
@WAYS
def test_a_library_on_a_disk_that_is_only_read(
    lock_up: Callable[[Path], AbstractContextManager[Path]], left: str, tmp_path: Path
) -> None:
    """Closed properly, or killed: what was acknowledged is in the write-ahead log then, and has to be seen."""
    path = tmp_path / "library"
    sources.paint(tmp_path / "source", 6)
    Library.create(path)
    if left == "nothing":
        worker.upload(path, lambda **_: None, tmp_path / "source")
        acknowledged = 6
    else:
        acknowledged = killed(path, tmp_path / "source")
    if left == "log":
        for index in path.glob("*-shm"):
            index.unlink()
    before = sources.tree(path)
    assert any(name.endswith("-wal") for name in before) == (left != "nothing")
    with lock_up(path):
        with Library.open(path, read_only=True) as library:
            found = library.pictures(OWNER)
            assert len(found) == library.info(OWNER).pictures >= acknowledged
            assert len(library.pictures(OWNER, "fox")) == len(found)
            for picture in found:
                assert library.picture(OWNER, picture.id).facts
                assert library.thumbnail(OWNER, picture.id)
                with library.original(OWNER, picture.id).open(0, None) as file:
                    assert file.read(4) == b"\x89PNG"
            library.history(OWNER)
            assert not library.check(OWNER, verify=True).problems
            for refused in writes(library, tmp_path / "source"):
                with pytest.raises(ReadOnly):
                    refused()
            shown = oracle.contents(library)
        assert sources.tree(path) == before
        with pytest.raises(PixlStashError):
            Library.open(path)
    with Library.open(path, work=False) as library:
        assert oracle.contents(library) == shown
        assert oracle.problems(library) == []


def killed(path: Path, source: Path) -> int:
    """Upload everything and be killed before the log is folded into the database; how many were acknowledged."""
    ran = killing.run("hold_uploaded", path, source, kill=Kill(receipt="held"))
    return sum("uploaded" in receipt for receipt in ran.receipts)


def writes(library: Library, source: Path) -> list[Callable[[], object]]:
    return [
        lambda: library.score(OWNER, ScorePictures(ids=[1], score=3)),
        lambda: library.delete(OWNER, DeletePictures(ids=[1])),
        lambda: library.purge(OWNER, Selection(ids=[1])),
        lambda: library.import_paths(OWNER, ImportPaths([str(source)])),
        lambda: library.upload(OWNER, "a.png", source / "a.png"),
        lambda: library.undo(OWNER),
    ]
