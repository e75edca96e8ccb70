"""The columns in memory equal the grid, whatever was written in whatever order since they were read."""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest
from libraries import add, invented

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.query.columns import Columns, Frame
from pixlstash_core.query.grid import SHOWN
from pixlstash_core.types import DeletePictures, RestorePictures, ScorePictures

SORTS = ("created", "imported", "score", "size", "name", "pixels")


def equal(one: Frame, other: Frame) -> None:
    """Both say the same of every picture, and put them in the same orders."""
    assert np.array_equal(np.flatnonzero(one.present), np.flatnonzero(other.present))
    assert np.array_equal(np.flatnonzero(one.living), np.flatnonzero(other.living))
    ids = np.flatnonzero(one.present)
    for column in ("live", "aspect", "created", "imported", "score", "size", "flags", "covered", SHOWN):
        assert np.array_equal(one.values(column)[ids], other.values(column)[ids]), column
    for sort in SORTS:
        for order in (sort, f"-{sort}"):
            assert one.arrange(one.living, order).tolist() == other.arrange(other.living, order).tolist(), order
            assert one.arrange(one.present, order).tolist() == other.arrange(other.present, order).tolist(), order


@pytest.mark.parametrize("round", range(6))
def test_a_frame_kept_up_to_date_equals_a_new_one(library: Library, rng: random.Random, round: int) -> None:
    ids: list[int] = []
    made = 0
    for step in range(25):
        act = rng.random()
        if act < 0.35 or not ids:
            count = rng.randint(1, 4)
            # Few moments, so that many pictures share one.
            new = [invented(made + n, created=rng.randint(0, 3) * 1000) for n in range(count)]
            ids += add(library, *new, names=lambda n: f"{rng.choice('aZz#é')}{n}")
            made += count
        elif act < 0.6:
            there = library.find(OWNER).ids
            library.score(OWNER, ScorePictures(ids=rng.sample(there, min(3, len(there))), score=rng.randint(0, 5)))
        elif act < 0.75:
            library.delete(OWNER, DeletePictures(ids=rng.sample(ids, 1)))
        elif act < 0.85:
            library.restore(OWNER, RestorePictures(ids=rng.sample(ids, 1)))
        elif any(entry.undoable and entry.state == "done" for entry in library.history(OWNER)):
            library.undo(OWNER)
        if rng.random() < 0.7:
            columns = columns_of(library)
            for sort in SORTS:
                columns.current().order(sort)
        if step % 5 == 4:
            equal(columns_of(library).current(), Frame(library.db))
    equal(columns_of(library).current(), Frame(library.db))


def columns_of(library: Library) -> Columns:
    library.count(OWNER)
    return library.views._caches.get().columns


def test_a_look_sees_every_acknowledged_write(library: Library) -> None:
    """Writers and readers at once: what was acknowledged before the question is in the answer."""
    library.count(OWNER)
    wrong: list[str] = []
    written: list[int] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            sure = set(written)
            missing = sure - set(library.views.ids(OWNER, "", "created"))
            if missing:
                wrong.append(f"{len(missing)} missing")

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    for n in range(60):
        written.extend(add(library, invented(n)))
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == [] and len(library.views.ids(OWNER, "")) == 60


def test_memory_is_given_back(library: Library) -> None:
    add(library, invented(1))
    columns = columns_of(library)
    columns.drop(1000)
    assert columns._frame is not None
    columns.drop(-1)
    assert columns._frame is None and library.count(OWNER).total == 1


def test_a_failed_look_costs_only_itself(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = add(library, invented(1))
    assert library.count(OWNER).total == 1
    ids += add(library, invented(2))
    with monkeypatch.context() as broken:
        broken.setattr(Frame, "_reread", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            library.count(OWNER)
    assert library.count(OWNER).total == 2 and library.views.ids(OWNER, "", "created") == sorted(ids)
