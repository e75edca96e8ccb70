"""Two at once: what one does at the wrong moment must not fail the other."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

import pytest
from core.snapshots.test_restores import take, with_older
from libraries import fill

from pixlstash_core.errors import PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.query import blocks, caches, sorting, views
from pixlstash_core.query.views import Views
from pixlstash_core.types import OWNER, HideAndBlur, ScorePictures

#: Seconds for what takes a moment, on a machine that is busy with much else.
LONG = 60


def renewing(library: Library, work: Callable[[], object]) -> int:
    """Do something, and have another epoch begin before each line of it in which that is possible; how often it did."""
    files, times = {module.__file__ for module in (blocks, caches, sorting, views)}, 0
    locks = (library.views._lock, library.views._orders._lock, library.views._caches._lock)

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal times
        if event == "line" and frame.f_code is not Views.renew.__code__ and not any(lock.locked() for lock in locks):
            times += 1
            library.views.renew(library.epoch)
        return line

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        return line if frame.f_code.co_filename in files else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        work()
    finally:
        sys.settrace(before)
    return times


LOOKS: dict[str, Callable[[Library, list[int]], object]] = {
    "count": lambda library, ids: library.views.count(OWNER, "score:3"),
    "ids": lambda library, ids: library.views.ids(OWNER, "score:3", "name"),
    "view": lambda library, ids: [library.view(OWNER, "score:3") for _ in range(8)],  # later ones show from memory
    "hidden": lambda library, ids: library.views.hidden(OWNER, HideAndBlur("score:3", "score:3")),
    "statistics": lambda library, ids: library.statistics(OWNER, "score:3"),
    "changed": lambda library, ids: library.views.changed(ids, True, library.revision, {"pictures": set(ids)}),
    "drop_idle": lambda library, ids: library.views.drop_idle(),
}


@pytest.mark.parametrize("look", LOOKS)
def test_looking_while_a_whole_restore_begins_another_epoch(
    library: Library, monkeypatch: pytest.MonkeyPatch, look: str
) -> None:
    monkeypatch.setattr(views, "IDLE", 0)
    ids = fill(library, 4)
    library.score(OWNER, ScorePictures(ids=ids[:2], score=3))
    library.count(OWNER, "score:3")
    assert renewing(library, lambda: LOOKS[look](library, ids)) > 0
    assert library.views.ids(OWNER, "score:3", "created") == ids[:2]


def test_undoing_twice_at_once_undoes_two_changes(library: Library) -> None:
    many = 6
    (picture,) = fill(library, 1)
    for number in range(many):
        library.score(OWNER, ScorePictures(ids=[picture], score=number % 5 + 1))
    together = threading.Barrier(many, timeout=LONG)

    def step(way: Callable[[Any], Any]) -> str:
        together.wait()
        return str(way(OWNER).sentence)

    with ThreadPoolExecutor(many) as threads:
        list(threads.map(step, [library.undo] * many))
        assert library.db.read("select score from score") == []
        assert {one.state for one in library.history(OWNER)} == {"undone"}
        list(threads.map(step, [library.redo] * many))
        assert library.db.read("select score from score") == [((many - 1) % 5 + 1,)]
    with pytest.raises(PixlStashError, match="nothing to redo"):
        library.redo(OWNER)


def test_snapshots_are_looked_at_while_an_old_one_is_brought_up_to_date(library: Library) -> None:
    fill(library, 3)
    begun, free = threading.Event(), threading.Event()
    with with_older(library) as older, ThreadPoolExecutor(4) as executor:
        plain, newest = older.open_snapshots._derive, take(older)

        def derive(db: Any) -> None:
            begun.set()
            assert free.wait(LONG)
            plain(db)

        def look(id: int) -> int:
            with older.as_of(OWNER, id) as then:
                return len(then.pictures(OWNER))

        older.open_snapshots._derive = derive  # as long as it takes on a large library
        try:
            olds = [executor.submit(look, 1) for _ in range(2)]
            assert begun.wait(LONG)
            assert executor.submit(look, newest).result(LONG) == 3
        finally:
            free.set()
        assert len({old.result(LONG) for old in olds}) == 1
        assert len(older.open_snapshots._cached) == 2  # the old one was opened once
