"""Who holds a library dies: it is free at once, although decoders were at work; other libraries notice nothing."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from faults import killing, oracle, sources, worker
from faults.killing import Kill

from pixlstash_core.errors import LibraryInUse
from pixlstash_core.library import Library
from pixlstash_core.storage import lock

pytestmark = pytest.mark.attack


@pytest.fixture
def source(tmp_path: Path) -> Path:
    sources.paint(tmp_path / "source", 12)
    return tmp_path / "source"


def test_the_second_is_refused_and_death_frees_at_once(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else a refusal takes a fifth of a second, and a fast machine has come to the kill by then.
    monkeypatch.setattr(lock, "PATIENCE", 1)
    refusals = [one for n in range(2) for one in knocked(tmp_path / f"library-{n}", source)]
    assert refusals and all("holds this library" in text and seconds < 3 for text, seconds in refusals)


def knocked(path: Path, source: Path) -> list[tuple[str, float]]:
    """How it was refused to whoever asked for a library while another process took pictures in, and was killed."""
    Library.create(path)
    refusals: list[tuple[str, float]] = []

    def knock() -> None:
        """Ask for the library again and again from the moment that the other process has it."""
        while lock.read(path / "lock") is None:
            time.sleep(0.005)
        while not stop.wait(0.01):
            began = time.monotonic()
            try:
                Library.open(path, work=False).close()
            except LibraryInUse as error:
                refusals.append((str(error), time.monotonic() - began))

    stop = threading.Event()
    knocking = threading.Thread(target=knock)
    knocking.start()
    ran = killing.run("copy", path, source, kill=Kill(receipt="added"))
    died = time.monotonic()
    stop.set()
    knocking.join()
    with Library.open(path, work=False) as library:
        freed = time.monotonic() - died
        assert oracle.problems(library) == []
    assert ran.killed and freed < 3
    return refusals


def test_libraries_know_nothing_of_each_other(tmp_path: Path, source: Path) -> None:
    """Two in this process and one in another import the same folder at once; the other process is killed."""
    paths = [tmp_path / name for name in ("one", "two", "three")]
    for path in paths:
        Library.create(path)
    importing = [
        threading.Thread(target=worker.copy, args=(paths[0], lambda **_: None, source)),
        threading.Thread(target=worker.scan, args=(paths[1], lambda **_: None, source)),
    ]
    for thread in importing:
        thread.start()
    killing.run("copy", paths[2], source, kill=Kill(receipt="added"))
    for thread in importing:
        thread.join()
    worker.copy(paths[2], lambda **_: None, source)
    marks = set()
    for path in paths:
        with Library.open(path, work=False) as library:
            assert oracle.problems(library) == []
            assert len(oracle.contents(library)) == 12
            marks.add((library.public_id, library.epoch))
    assert len(marks) == 3
