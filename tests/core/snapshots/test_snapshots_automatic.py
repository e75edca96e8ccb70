"""Snapshots that are taken by themselves: when, what is kept of them, and that no clock can do harm."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import libraries
import pytest
from conftest import Effort
from faults import sources
from libraries import DAY, fill, until

from pixlstash_core.database.hub import now
from pixlstash_core.errors import PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.snapshots import feature as snapshots
from pixlstash_core.snapshots.feature import KEPT, due, surplus
from pixlstash_core.types import OWNER, ImportPaths, ScorePictures, SetSnapshots, TakeSnapshot

pytestmark = pytest.mark.slow

START = datetime(2026, 5, 31, 6, 42, tzinfo=UTC)


class Clock:
    """Stands still until it is moved."""

    def __init__(self, library: Library) -> None:
        self.at = START
        self.library = library
        library.restore_points.clock = lambda: int(self.at.timestamp() * 1000)
        self._score = 0

    def passes(self, **time: float) -> str | None:
        """Time passes, somebody does something, and it is looked what is due; the kind of what was taken."""
        self.at += timedelta(**time)
        self._score += 1
        self.library.score(OWNER, ScorePictures(ids=[1], score=1 + self._score % 5))
        taken = self.library.restore_points.run()
        return taken.kind if taken else None


@pytest.fixture
def clock(open_library: Callable[..., Library]) -> Clock:
    library = open_library(work=False)
    library.restore_points.set_automatic(True)  # as it is from the first on; only other tests are spared it
    fill(library, 3)
    return Clock(library)


def kinds(library: Library) -> dict[str, int]:
    found = [one.kind for one in library.snapshots(OWNER)]
    return {kind: found.count(kind) for kind in sorted(set(found))}  # type: ignore[arg-type]


def test_a_day_takes_one_for_the_longest_period_that_has_none(clock: Clock) -> None:
    # A Sunday; the next day begins a week and a month.
    assert [clock.passes(hours=h) for h in (0, 1, 12)] == ["MONTHLY", None, None]
    assert [clock.passes(hours=24) for _ in range(9)] == ["MONTHLY", *["DAILY"] * 6, "WEEKLY", "DAILY"]
    assert clock.passes(days=40) == "MONTHLY", "of the many that were missed, one"


def test_a_year_of_days(clock: Clock) -> None:
    for _ in range(120):
        clock.passes(days=3)
    for _ in range(40):
        clock.passes(days=1)
    assert kinds(clock.library) == {"DAILY": 7, "WEEKLY": 4, "MONTHLY": 12}
    days = [one.created_at.date() for one in clock.library.snapshots(OWNER) if one.kind == "DAILY"]
    assert (days[0] - days[-1]).days <= 9
    assert {one.problem for one in clock.library.verify_snapshots(OWNER)} == {None}


def test_a_day_on_which_nothing_changed_takes_none(clock: Clock) -> None:
    clock.passes()
    clock.at += timedelta(days=1)
    assert clock.library.restore_points.run() is None
    assert clock.passes(days=1) is not None


def test_a_new_library_takes_them(tmp_path: Path) -> None:
    Library.create(tmp_path / "new")
    with Library.open(tmp_path / "new", work=False) as library:
        assert library.snapshot_status(OWNER).automatic


def test_an_empty_library_takes_none(library: Library) -> None:
    library.restore_points.set_automatic(True)
    assert library.restore_points.run() is None


def test_it_can_be_switched_off(clock: Clock) -> None:
    library = clock.library
    assert library.snapshot_status(OWNER).automatic
    assert not library.set_snapshots(OWNER, SetSnapshots(False)).automatic
    assert clock.passes(days=1) is None
    path = library.path
    library.close()
    with Library.open(path, work=False) as anew:
        assert not anew.snapshot_status(OWNER).automatic and anew.restore_points.due() is None
        anew.set_snapshots(OWNER, SetSnapshots(True))
        assert anew.restore_points.due() is not None


def test_no_jump_of_the_clock_drops_many(clock: Clock, rng: random.Random) -> None:
    """Years forth and back: never is more than one of each kind let go at once, and never one a person took."""
    library = clock.library
    mine = [library.take_snapshot(OWNER, TakeSnapshot(f"mine {n}")).id for n in range(3)]
    for _ in range(30):
        clock.passes(days=1)
    for _ in range(40):
        before = {one.id for one in library.snapshots(OWNER)}
        clock.at = START + timedelta(days=rng.choice([-4000, -1, 0, 1, 31, 365, 4000]), hours=rng.randrange(48))
        clock.passes()
        gone = before - {one.id for one in library.snapshots(OWNER)}
        assert len(gone) <= 1 and not gone & set(mine)
    assert {"DAILY", "WEEKLY", "MONTHLY"} <= kinds(library).keys() and kinds(library)["MANUAL"] == 3


def test_after_a_wrong_clock_things_go_on(clock: Clock) -> None:
    """A day in the far future leaves a snapshot of that day; back in the present each day has its own again."""
    clock.passes()
    clock.passes(days=4000)
    clock.at = START + timedelta(days=1)
    assert [clock.passes(days=1) for _ in range(3)] == ["MONTHLY", "DAILY", "DAILY"]


MIDNIGHTS = [
    datetime(*day, tzinfo=UTC) for day in ((2026, 6, 1), (2026, 6, 9), (2026, 7, 1), (2027, 1, 1), (2028, 2, 29))
]


def jumped(at: datetime, rng: random.Random) -> datetime:
    """What a clock may say next: hours on, a year off, back and forth around midnight, after three weeks asleep."""
    return rng.choice(
        [
            lambda: at + timedelta(hours=rng.uniform(0, 30)),
            lambda: at + timedelta(hours=rng.uniform(0, 30)),
            lambda: at + timedelta(days=365),
            lambda: at - timedelta(days=365),
            lambda: at.replace(hour=0, minute=0) + timedelta(minutes=rng.choice((-2, -1, 0, 1, 2))),
            lambda: rng.choice(MIDNIGHTS) + timedelta(seconds=rng.choice((-90, -1, 0, 1, 90))),
            lambda: at + timedelta(days=21),
        ]
    )()


def test_the_calendar_stands_any_clock(effort: Effort, rng: random.Random) -> None:
    """A day takes one at most, whenever it comes again, and none is let go for anything but its successors."""
    for _ in range(effort.of(20, 2000)):
        at, there, last = START, list[tuple[int, str, datetime]](), 0
        for id in range(1, 300):
            at = jumped(at, rng)
            kind = due(at, [(kind, moment) for _, kind, moment in there])
            today = [one for one in there if one[2].date() == at.date()]
            assert (kind is None) == bool(today), "each day has one, also one that comes again, and never two"
            if kind is None:
                continue
            there.append((id, kind, at))
            gone = surplus([(id, kind) for id, kind, _ in there])
            same = [id for id, one, _ in there if one == kind]
            assert gone == (same[:1] if len(same) > KEPT[kind] else []), "the one taken first gives way, and no other"
            there = [one for one in there if one[0] not in gone]
            assert last < id
            last = id


def test_a_library_stands_any_clock(clock: Clock, effort: Effort, rng: random.Random) -> None:
    """Labels, times and order stay what they were; what a person took stays; all can be read back."""
    library = clock.library
    mine = library.take_snapshot(OWNER, TakeSnapshot("mine")).id
    shown = {mine: library.snapshot(OWNER, mine)}
    for _ in range(effort.of(40, 400)):
        clock.at = jumped(clock.at, rng)
        before = [one.id for one in library.snapshots(OWNER)]
        kind = clock.passes()
        there = {one.id: one for one in library.snapshots(OWNER)}
        assert list(there) == sorted(there, reverse=True) and mine in there
        new = there.keys() - set(before)
        assert len(new) == (kind is not None) and all(id > max(before) for id in new)
        shown.update({id: there[id] for id in new})
        gone = set(before) - there.keys()
        assert len(gone) <= 1 and {shown[id].kind for id in gone} <= {kind}
        for id, one in there.items():
            assert (one.kind, one.label, one.created_at) == (shown[id].kind, shown[id].label, shown[id].created_at)
            assert one.created_at == (clock.at.replace(microsecond=0) if id in new else shown[id].created_at)
    assert {one.problem for one in library.verify_snapshots(OWNER)} == {None}


def test_the_job_does_not_wait_for_a_day_that_a_wrong_clock_showed(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ran while the clock was a year ahead; put right again, the next one is taken today and not in a year."""
    path = clock.library.path
    clock.library.close()
    with monkeypatch.context() as ahead:
        ahead.setattr("pixlstash_core.jobs.rows.now", lambda: now() + 365 * DAY)
        with Library.open(path) as library:
            until(lambda: library.snapshots(OWNER))
            until(lambda: not library.queue.running())
    with Library.open(path, work=False) as library:
        for one in library.snapshots(OWNER):
            library.delete_snapshot(OWNER, one.id)
    with Library.open(path) as library:
        assert until(lambda: library.snapshots(OWNER))


def test_the_calendar_is_utc() -> None:
    late = datetime(2026, 5, 31, 23, 59, tzinfo=UTC)
    assert due(late, [("MONTHLY", START)]) is None
    assert due(late + timedelta(minutes=2), [("MONTHLY", START)]) == "MONTHLY"
    # Weeks are those of ISO 8601: the first days of a year may belong to the last week of the one before.
    newyear = datetime(2027, 1, 1, tzinfo=UTC)
    assert (
        due(newyear, [("MONTHLY", newyear - timedelta(days=31)), ("WEEKLY", newyear - timedelta(days=3))]) == "MONTHLY"
    )
    assert due(newyear + timedelta(days=1), [("MONTHLY", newyear), ("WEEKLY", newyear - timedelta(days=3))]) == "DAILY"


def test_only_what_is_too_much_goes() -> None:
    found = [(id, kind) for id, kind in enumerate(["MANUAL", *KEPT] * 20)]
    gone = surplus(found)
    left = [(id, kind) for id, kind in found if id not in gone]
    assert {kind: sum(one == kind for _, one in left) for kind in KEPT} == KEPT
    assert sum(kind == "MANUAL" for _, kind in left) == 20
    for kind, kept in KEPT.items():
        assert [id for id, one in left if one == kind] == [id for id, one in found if one == kind][-kept:]
    assert surplus([]) == []


def test_a_missed_one_is_taken_at_start(clock: Clock) -> None:
    """By the job that every start begins: nobody has to wait a quarter of an hour."""
    path = clock.library.path
    clock.library.close()
    with Library.open(path) as library:
        taken = until(lambda: library.snapshots(OWNER))
        assert [one.kind for one in taken] == ["MONTHLY"]
        until(lambda: not library.queue.running())
    with Library.open(path) as library:
        until(lambda: [job for job in library.jobs(OWNER) if job.kind == "snapshots" and job.state == "waiting"])
        assert len(library.snapshots(OWNER)) == 1


def test_the_first_import_is_followed_by_one(
    open_library: Callable[..., Library], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixlstash_core.library.parts.FIRST", 0.0)
    library = open_library()
    library.restore_points.set_automatic(True)
    until(lambda: [job for job in library.jobs(OWNER) if job.kind == "snapshots" and job.finished])
    folder = library.path.parent / "source"
    sources.paint(folder, 2)
    libraries.finish(library, library.import_paths(OWNER, ImportPaths([str(folder)])))
    (first,) = until(lambda: library.snapshots(OWNER))
    assert (first.kind, first.label, first.picture_count) == ("OPPORTUNISTIC", snapshots.FIRST, 2)
    assert not library.restore_points.imported(), "the second import is not followed by one"


def test_a_failure_leaves_what_there_is(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(10):
        clock.passes(days=1)
    before = clock.library.snapshots(OWNER)
    with monkeypatch.context() as broken:
        broken.setattr("pixlstash_core.snapshots.repository.counts", lambda connection, tables: {})
        with pytest.raises(PixlStashError):
            clock.passes(days=1)
    assert clock.library.snapshots(OWNER) == before
    assert clock.library.snapshot_status(OWNER).failure is not None
    assert clock.passes() is not None and clock.library.snapshot_status(OWNER).failure is None
