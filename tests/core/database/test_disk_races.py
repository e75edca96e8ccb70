"""Bytes that are brought in while the same bytes are permanently deleted: whatever a picture says is there is there."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from conftest import Effort
from faults import oracle, sources

from pixlstash_core.errors import NotFound
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, DeletePictures, RestorePictures, Selection

pytestmark = pytest.mark.attack


def test_taken_in_while_purged(tmp_path: Path, effort: Effort, rng: random.Random) -> None:
    """Two people upload the same three pictures again and again, one purges them, one takes them back."""
    files = [sources.png(rng, number, 16) for number in range(3)]
    wrong: list[str] = []
    Library.create(tmp_path / "library")
    rounds, limit = effort.of(8, 500), time.monotonic() + 300
    counted = {"imported": 0, "duplicate": 0, "scrapheaped": 0, "refused": 0, "purged": 0, "restored": 0}

    def going_on() -> bool:
        enough = counted["imported"] >= rounds and counted["purged"] >= rounds
        return not enough and not wrong and time.monotonic() < limit

    def upload(seed: int) -> None:
        choice = random.Random(seed)
        while going_on():
            path = library.intake.temporary("picture.png")
            path.write_bytes(choice.choice(files))
            answer = library.upload(OWNER, "picture.png", path)
            counted[answer.status] += 1

    def purge() -> None:
        while going_on():
            if known := list(oracle.pictures(library)):
                library.delete(OWNER, DeletePictures(ids=known))
                counted["purged"] += library.purge(OWNER, Selection(ids=known))

    def restore() -> None:
        while going_on():
            thrown = [id for (id,) in library.db.read("select picture_id from scrapheap")]
            with suppress(NotFound):  # purged since
                counted["restored"] += library.restore(OWNER, RestorePictures(ids=thrown[:1])).changed

    def look() -> None:
        """A location goes before its file and comes after it: while it is there, so is the file."""
        while going_on():
            for location, key in library.db.read("select id, key from location"):
                lost = not (tmp_path / "library/media" / key).exists()
                if lost and library.db.read("select 1 from location where id = ?", (location,)):
                    wrong.append(f"the file of location {location} is gone")

    with Library.open(tmp_path / "library", work=False) as library:
        works = [partial(upload, 1), partial(upload, 2), purge, restore, look]
        threads = [threading.Thread(target=noted, args=(work, wrong)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wrong += problems(library)
    with Library.open(tmp_path / "library", work=False) as library:
        wrong += problems(library)
    print(f"\nraces: {counted}")
    assert wrong == [] and counted["imported"] >= rounds and counted["purged"] >= rounds


def problems(library: Library) -> list[str]:
    """A still may go with the bytes it was drawn from a moment before they come back; it is drawn again when wanted."""
    return [one for one in oracle.problems(library) if "has no still" not in one]


def noted(work: Callable[[], None], wrong: list[str]) -> None:
    try:
        work()
    except Exception as error:  # nobody here asks for anything that may fail
        wrong.append(f"{type(error).__name__}: {error}")
