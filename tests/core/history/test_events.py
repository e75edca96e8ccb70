"""Events: after commit, in order, at least once, from where a listener was; a failing one falls behind alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from libraries import add, fill, invented, until

from pixlstash_core import OWNER, Lagged, PicturesAdded, PicturesChanged, PicturesRemoved, RowsChanged, Table, hookimpl
from pixlstash_core.history import feature as history
from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import DeletePictures, Event, JobChanged, RestorePictures, ScorePictures, Selection


class Ear:
    """A plugin that remembers what it hears; `fail` makes it raise."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.fail = False
        self.hold = threading.Event()
        self.hold.set()

    @hookimpl
    def event(self, library: Library, event: Event) -> None:
        self.hold.wait(20)
        if self.fail:
            raise RuntimeError("not now")
        self.heard.append(event)

    @property
    def revisions(self) -> list[int]:
        return [event.revision for event in self.heard if not isinstance(event, JobChanged)]


def with_ears(open_library: Callable[..., Library], **ears: Ear) -> Library:
    plugins = Plugins.load()
    for name, ear in ears.items():
        plugins.pm.register(ear, name)
    return open_library(plugins=plugins, work=False)


def watched(library: Library) -> list[Event]:
    """What is announced from now on, but for the jobs."""
    heard: list[Event] = []
    library.subscribe(lambda event: None if isinstance(event, JobChanged) else heard.append(event))
    return heard


def test_what_is_announced(library: Library) -> None:
    heard = watched(library)
    ids = fill(library, 3)
    added = library.revision
    scored = library.score(OWNER, ScorePictures(ids=ids[:2], score=3)).revision
    deleted = library.delete(OWNER, DeletePictures(ids=ids[2:])).revision
    restored = library.restore(OWNER, RestorePictures(ids=ids[2:])).revision
    undone = library.undo(OWNER).revision
    library.purge(OWNER, Selection(ids=ids))
    assert heard == [
        PicturesAdded(added, 3, ids),
        PicturesChanged(scored, 2, ids[:2], ["score"]),
        PicturesChanged(deleted, 1, ids[2:], ["deleted"]),
        PicturesChanged(restored, 1, ids[2:], ["deleted"]),
        PicturesChanged(undone, 1, ids[2:], ["deleted"]),
        PicturesRemoved(library.revision, 1, ids[2:]),
    ]
    assert library.events_since(0) == heard == library.events_since(added - 1)
    assert library.events_since(deleted) == heard[3:]


def test_a_location_that_goes_names_its_picture(library: Library) -> None:
    """An update's changeset does not carry the picture's id."""
    ids = fill(library, 2)
    heard = watched(library)
    library.derive(lambda write: write.execute("update location set state = 'missing' where picture_id = ?", (ids[1],)))
    assert heard == [PicturesChanged(library.revision, 1, ids[1:], ["location"])]


def test_a_plugins_table(library: Library) -> None:
    ids = fill(library, 1)
    library.adopt(
        "lab",
        (
            "create table lab_row(id integer primary key autoincrement not null)",
            "create table lab_mark(picture_id integer primary key not null, mark text)",
        ),
        [Table("lab_row", "lab"), Table("lab_mark", "lab", 0, "mark")],
    )
    heard = watched(library)
    library.derive(lambda write: write.execute("insert into lab_row values (1), (2)"))
    first = library.revision
    library.derive(lambda write: write.execute("insert into lab_mark values (?, 'x')", (ids[0],)))
    assert heard == [RowsChanged(first, "lab_row", 2), PicturesChanged(library.revision, 1, ids, ["mark"])]


def test_many_pictures_are_counted_and_some_named(library: Library) -> None:
    heard = watched(library)
    ids = fill(library, 1200)
    (event,) = heard
    assert isinstance(event, PicturesAdded) and event.count == 1200 and event.ids == ids[:1000]


def test_nothing_is_announced_of_what_failed(library: Library) -> None:
    heard = watched(library)
    with pytest.raises(RuntimeError):
        library.derive(_half_way)
    assert heard == [] == library.events_since(0)


def _half_way(write: Any) -> None:
    write.execute("insert into store(public_id, scheme, name, params) values ('x', 'x', 'x', '{}')")
    raise RuntimeError


def test_a_broken_subscriber_hurts_nobody(library: Library) -> None:
    library.subscribe(lambda event: 1 / 0)
    heard = watched(library)
    fill(library, 1)
    assert len(heard) == 1


def test_subscriptions_end(library: Library) -> None:
    heard: list[Event] = []
    stop = library.subscribe(heard.append)
    stop()
    stop()
    fill(library, 1)
    assert heard == []


def test_listeners_hear_everything_in_order(open_library: Callable[..., Library]) -> None:
    ear = Ear()
    library = with_ears(open_library, ear=ear)
    for number in range(20):
        add(library, invented(number))
    until(lambda: len(ear.heard) == 20)
    assert ear.revisions == sorted(ear.revisions) and len(set(ear.revisions)) == 20


def test_a_failing_listener_falls_behind_alone(open_library: Callable[..., Library]) -> None:
    good, bad = Ear(), Ear()
    bad.fail = True
    library = with_ears(open_library, good=good, bad=bad)
    for number in range(5):
        add(library, invented(number))
    until(lambda: len(good.heard) == 5)
    until(lambda: any("not now" in problem for one in library.plugin_list(OWNER) for problem in one.problems))
    assert [one.name for one in library.plugin_list(OWNER) if one.problems] == ["bad"]
    assert bad.heard == []
    bad.fail = False
    until(lambda: len(bad.heard) == 5)
    assert bad.revisions == good.revisions


def test_a_slow_listener_holds_up_nobody(open_library: Callable[..., Library]) -> None:
    good, slow = Ear(), Ear()
    slow.hold.clear()
    library = with_ears(open_library, good=good, slow=slow)
    ids = fill(library, 3)
    library.score(OWNER, ScorePictures(ids=ids, score=2))
    until(lambda: len(good.heard) == 2)
    assert slow.heard == [] and library.history(OWNER)[0].sentence == "3 pictures scored 2"
    slow.hold.set()
    until(lambda: len(slow.heard) == 2)


def test_a_listener_goes_on_where_it_was(open_library: Callable[..., Library]) -> None:
    ear = Ear()
    with with_ears(open_library, ear=ear) as library:
        first = add(library, invented(0))
        until(lambda: ear.heard)
        ear.fail = True
        add(library, invented(1))
        until(lambda: any(one.problems for one in library.plugin_list(OWNER)))
    with open_library(work=False) as library:  # meanwhile it is not even installed
        add(library, invented(2))
    again, late = Ear(), Ear()
    library = with_ears(open_library, ear=again, late=late)
    until(lambda: len(again.heard) == 2)
    third = add(library, invented(3))
    until(lambda: len(again.heard) == 3 and late.heard)
    assert [event.ids for event in ear.heard] == [first]  # type: ignore[union-attr]
    assert [event.ids[0] for event in again.heard] == [first[0] + 1, first[0] + 2, third[0]]  # type: ignore[union-attr]
    assert [event.ids for event in late.heard] == [third]  # type: ignore[union-attr]  # new ones begin now


def test_a_listener_too_far_behind_is_told(
    open_library: Callable[..., Library], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "EVENTS", 10)
    ear = Ear()
    with with_ears(open_library, ear=ear) as library:
        add(library, invented(0))
        until(lambda: ear.heard)
        start = library.revision
    with open_library(work=False) as library:  # meanwhile it is not even installed
        for number in range(1, 31):
            add(library, invented(number))
        kept = library.revision - 10
    again = Ear()
    library = with_ears(open_library, ear=again)
    until(lambda: len(again.heard) >= 11)
    assert again.heard[0] == Lagged(kept) and kept > start + 1
    assert again.revisions == list(range(kept, library.revision + 1))
    add(library, invented(99))
    until(lambda: len(again.heard) == 12)
    assert sum(isinstance(one, Lagged) for one in again.heard) == 1


def test_a_listener_may_write(open_library: Callable[..., Library]) -> None:
    class Starrer(Ear):
        @hookimpl
        def event(self, library: Library, event: Event) -> None:
            if isinstance(event, PicturesAdded):
                sql = "insert or ignore into score select value, 1 from json_each(?)"
                library.derive(lambda write: write.execute(sql, (str(event.ids),)))

    library = with_ears(open_library, starrer=Starrer())
    fill(library, 3)
    until(lambda: len(library.pictures(OWNER, q="score:1")) == 3)
    assert library.history(OWNER) == []


def test_what_was_not_yet_logged_is_not_lost(open_library: Callable[..., Library]) -> None:
    """The log lies in the library's own file until the hub has it: closing in between loses nothing."""
    ear = Ear()
    with open_library(work=False) as library:
        library.hub.write("insert into listener values ('ear', 0)")
        fill(library, 1)
        library.hub.write("delete from event")
        library.hub.write("delete from history")
    library = with_ears(open_library, ear=ear)
    until(lambda: ear.heard)


def test_events_too_far_back_are_not_made_up(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "EVENTS", 10)
    for number in range(20):
        add(library, invented(number))
    newest = library.revision
    assert library.events_since(0) is None and library.events_since(newest - 15) is None
    kept = library.events_since(newest - 5)
    assert kept is not None and [event.revision for event in kept] == list(range(newest - 4, newest + 1))  # type: ignore[union-attr]
    assert library.events_since(newest) == []
    assert library.events_since(newest - 5, limit=3) is None  # too many to tell: ask again
