"""The writer thread: whatever fails in it, whoever waits is answered, and so is the next write."""

from __future__ import annotations

import logging
import queue
import random
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from types import FrameType
from typing import Any

import apsw
import pytest
from conftest import Effort
from libraries import add, fill, invented, until
from raising import ERRORS, Place, Raiser
from tagged import store

from pixlstash_core import OWNER, threads
from pixlstash_core.database.writer import Committed, Label, Write, revisions
from pixlstash_core.errors import Conflict, DiskFull, PixlStashError
from pixlstash_core.imports import picture_rows
from pixlstash_core.library import Library
from pixlstash_core.tags import aliases as meaning
from pixlstash_core.tags import names, rules
from pixlstash_core.types import AddTags, Event, PicturesAdded, PicturesChanged, RemoveTags, ScorePictures

#: Seconds within which a write is answered on a machine that is busy with much else.
ANSWERED = 60
Scenario = Callable[["Desk"], Future[Any]]


class Desk:
    """A library whose writer can be made to fail, and pictures to write about."""

    def __init__(self, library: Library) -> None:
        self.library, self.writer = library, library.writer
        self.ids = fill(library, 6)
        self.number, self.last_score = 100, 1
        self.raiser = Raiser()
        self.missed: list[Place] = []
        library.add_tags(OWNER, AddTags(ids=self.ids, tags=["lake"]))
        library.count(OWNER, "score:>0")  # caches are there to be kept up to date
        for db in (library.db, library.hub.db):  # nothing here is about the disk
            db.writer.pragma("synchronous", "off")

    def install(self) -> None:
        self.writer.exclusive(lambda connection: self.raiser.install())

    def everything(self) -> list[int]:
        return [id for (id,) in self.library.db.read("select id from picture order by id")]

    def score(self, score: int) -> Callable[[Write], Any]:
        rows = [(picture, score) for picture in self.ids[:2]]
        return lambda write: write.many("insert or replace into score values (?, ?)", rows)

    def other_score(self) -> Callable[[Write], Any]:
        now = self.library.db.value("select score from score where picture_id = ?", (self.ids[0],), 0)
        return self.score(now % 5 + 1)

    def person(self) -> Future[Any]:
        return self.writer._put(0, self.other_score(), lambda result: Label("owner", "scored"))

    def import_one(self) -> Future[Any]:
        self.number += 1
        reading = invented(self.number)
        return self.writer.submit(
            lambda write: picture_rows.add(write, reading, f"{self.number}", fallback=0), patient=True
        )

    def prepare(self, scenario: str) -> None:
        """Have the same to be done as the last time."""
        if scenario in ("tag", "untag"):
            (self.untag if scenario == "tag" else self.tag)().result(ANSWERED)

    def tag(self) -> Future[Any]:
        return in_thread(lambda: self.library.add_tags(OWNER, AddTags(ids=self.ids[:3], tags=["lake"])))

    def untag(self) -> Future[Any]:
        return in_thread(lambda: self.library.remove_tags(OWNER, RemoveTags(ids=self.ids[:3], tags=["lake"])))

    def name(self) -> Future[Any]:
        self.number += 1
        return in_thread(lambda: names.ensure(self.library.db, self.writer, [f"tag{self.number}"]))

    def failing(self) -> Future[Any]:
        return self.writer.submit(lambda write: [self.score(1)(write), 1 / 0])

    def full(self) -> Future[Any]:
        def work(write: Write) -> None:
            self.score(5)(write)
            raise apsw.FullError("made by a test")

        return self.writer.submit(work)

    def nothing(self) -> Future[Any]:
        return self.writer.submit(lambda write: None)

    def aside(self) -> Future[Any]:
        return in_thread(lambda: self.writer.exclusive(lambda connection: connection.in_transaction))


def in_thread(work: Callable[[], Any]) -> Future[Any]:
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


SCENARIOS: dict[str, Scenario] = {
    name: getattr(Desk, name) for name in "person import_one tag untag name failing full nothing aside".split()
}


@pytest.fixture
def desk(open_library: Callable[..., Library], monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(threads, "SHORTEST", 0.0005)
    monkeypatch.setattr("pixlstash_core.database.write_queue.LINGER", 0.001)
    logging.disable()  # thousands of tracebacks
    yield Desk(open_library(work=False))
    logging.disable(logging.NOTSET)


def every_place(desk: Desk) -> dict[Place, str]:
    """Every place the writer passes, with a scenario that leads there."""
    found: dict[Place, str] = {}
    for name, scenario in SCENARIOS.items():
        desk.prepare(name)
        desk.install()
        desk.raiser.places.clear()
        scenario(desk).exception(ANSWERED)
        for place in desk.raiser.places:
            found.setdefault(place, name)
    return found


def check_answered(desk: Desk, place: Place, scenario: str, error: str) -> str | None:
    """What is wrong after something was raised at a place; None: nothing."""
    desk.prepare(scenario)
    library, before = desk.library, revisions(desk.library.db)[0]
    desk.install()
    desk.raiser.arm(place, ERRORS[error]())
    future = SCENARIOS[scenario](desk)
    try:
        failure = future.exception(ANSWERED)
    except TimeoutError:
        return "it is not answered"
    if desk.raiser.disarm() is not None:
        desk.missed.append(place)
    committed = revisions(library.db)[0] > before
    if failure is not None and committed:
        return f"it was committed and answered with {failure!r}"
    if failure is None and isinstance(answer := future.result(), Committed) and answer.changed != committed:
        return "it is said to have changed what it did not change"
    if problem := views_problem(desk):
        return problem
    try:
        after = desk.person().result(ANSWERED)
    except BaseException as problem:
        return f"the next write is answered with {problem!r}"
    if not (library.revision == after.revision == revisions(library.db)[0]):
        return "the revision is not the database's"
    return views_problem(desk)


def views_problem(desk: Desk) -> str | None:
    """What is wrong with what views show: caches that missed a commit are to be dropped."""
    scores = dict(desk.library.db.read("select picture_id, score from score"))
    for score in {scores.get(desk.ids[0], 0), desk.last_score}:
        shown = desk.library.views.ids(OWNER, f"score:{score} sort:-created")
        if sorted(shown) != [id for id in desk.everything() if scores.get(id, 0) == score]:
            return "a view shows what is not in the database"
    desk.last_score = scores.get(desk.ids[0], 0)
    return None


def sweep(desk: Desk, targets: list[tuple[Place, str, str]]) -> list[str]:
    wrong = []
    for place, scenario, error in targets:
        if problem := check_answered(desk, place, scenario, error):
            wrong.append(f"{error} at {place} ({scenario}): {problem}")
    return wrong


def test_the_writer_survives_what_any_function_it_calls_raises(desk: Desk) -> None:
    places = {place: scenario for place, scenario in every_place(desk).items() if place[0] == "call"}
    names = {name.rpartition(":")[2] for _, name, _ in places}
    assert names >= {  # the list is not empty, nor of the wrong thread
        "Writer._transact", "Writer._attempt", "Database.roll_back", "Writer._publish", "Writer._answer",
        "Writer._settle", "Parts._changed", "Views.changed", "Feed.committed", "FollowUps.request",
        "CommitRecorder.complete", "Marks.promise",
    }  # fmt: skip
    wrong = sweep(desk, [(place, scenario, error) for place, scenario in places.items() for error in ERRORS])
    assert wrong == []
    assert len(set(desk.missed)) <= len(places) // 10, desk.missed  # nearly all were reached again
    assert desk.writer._thread is not None and desk.writer._thread.is_alive()


@pytest.mark.attack
def test_the_writer_survives_before_and_after_every_call(desk: Desk, rng: random.Random, effort: Effort) -> None:
    """Also when a function has done its work, and before and after each call into SQLite."""
    places = {place: scenario for place, scenario in every_place(desk).items() if place[0] != "call"}
    assert any("Writer._transact -> execute" in name for event, name, _ in places if event == "c_return")
    targets = [(place, scenario, error) for place, scenario in places.items() for error in ERRORS]
    critical = [one for one in targets if "write.py" in one[0][1] and one[2] == "MemoryError"]
    chosen = rng.sample(targets, min(len(targets), effort.of(300, 10**9)))
    assert sweep(desk, [*critical, *chosen]) == []


def test_a_full_disk_behind_a_commit_does_not_end_the_writer(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new threshold queues a job in the other file, which has no room left."""
    monkeypatch.setattr(meaning, "INLINE", 0)
    ids = fill(library, 2)
    producer = library.outputs.register("tag", "synthetic", "1", {})
    library.outputs.activate(producer, 0.5)
    store(library, producer, {id: [("lake", 0.6)] for id in ids})
    until(lambda: not rules.slices_pending(library.writer))
    before = {job.id for job in library.queue.newest() if job.kind == "weigh"}
    library.hub.db.writer.pragma("max_page_count", library.hub.db.writer.pragma("page_count"))
    with pytest.raises(PixlStashError):  # use up what is free in it
        for number in range(10_000):
            library.hub.write("insert into mark values (?, 1)", (f"filler {number} {'x' * 500}",))
    changed = in_thread(lambda: library.outputs.activate(producer, 0.7))
    assert changed.exception(ANSWERED) is None
    scored = in_thread(lambda: library.score(OWNER, ScorePictures(ids=ids, score=3)))
    assert scored.result(ANSWERED).changed
    library.hub.db.writer.pragma("max_page_count", 1 << 30)
    until(lambda: {job.id for job in library.queue.newest() if job.kind == "weigh"} - before)  # now there is room
    until(lambda: not rules.slices_pending(library.writer))


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, MemoryError, ValueError])
def test_a_subscriber_ends_neither_the_writer_nor_the_others(library: Library, error: type[BaseException]) -> None:
    def fail(event: Event) -> None:
        raise error

    heard: list[Event] = []
    library.subscribe(fail)
    library.subscribe(heard.append)
    for number in (1, 2):
        assert in_thread(lambda number=number: add(library, invented(number))).exception(ANSWERED) is None  # type: ignore[misc]
    assert sum(isinstance(event, PicturesAdded) for event in heard) == 2


def test_writing_from_the_writer_thread_is_refused_instead_of_waited_for(library: Library) -> None:
    """A subscriber that writes would wait for the thread that it runs on."""
    (picture,) = fill(library, 1)
    refused: list[BaseException] = []

    def write(event: Event) -> None:
        if isinstance(event, PicturesChanged) and not refused:
            try:
                library.score(OWNER, ScorePictures(ids=[picture], score=5))
            except PixlStashError as error:
                refused.append(error)

    library.subscribe(write)
    assert in_thread(lambda: library.score(OWNER, ScorePictures(ids=[picture], score=2))).exception(ANSWERED) is None
    assert "from a job or another thread" in str(refused[0])
    assert library.db.value("select score from score") == 2


def test_what_is_queued_while_the_library_closes_is_answered(open_library: Callable[..., Library]) -> None:
    """It had looked whether the library is closing before that was so, and was queued behind the end."""
    library = open_library(work=False)
    writer, ended = library.writer, threading.Event()

    def close() -> None:
        writer.close()
        ended.set()

    closing = threading.Thread(target=close)

    def late(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code is queue.PriorityQueue.put.__code__:
            closing.start()
            ended.wait(0.5)  # the writer would be gone by now

    def feed() -> Any:
        sys.setprofile(late)
        try:
            waiting = writer.submit(lambda write: write.value("select 1"))
        finally:
            sys.setprofile(None)
        return waiting.result(ANSWERED).result

    assert in_thread(feed).result(2 * ANSWERED) == 1
    closing.join(ANSWERED)
    with pytest.raises(Conflict, match="closing"):
        writer.submit(lambda write: None)


def test_a_rollback_that_fails_costs_only_the_write_it_was_for(library: Library) -> None:
    (picture,) = fill(library, 1)
    raiser = Raiser()
    library.writer.exclusive(lambda connection: raiser.install())

    def work(write: Write) -> None:
        write.execute("insert into score values (?, 4)", (picture,))
        rollback = next(place for place in raiser.places if place[1].endswith("Database.roll_back -> execute"))
        raiser.arm(rollback, apsw.IOError("made by a test"))
        raise apsw.FullError("made by a test")

    with pytest.raises(DiskFull):  # notes where the rollback is
        library.writer.submit(lambda write: full(write, picture)).result(ANSWERED)
    before = library.db.writer
    with pytest.raises(DiskFull):
        library.writer.submit(work).result(ANSWERED)
    assert library.db.writer is not before and library.db.read("select * from score") == []
    assert (
        library.writer.submit(lambda write: write.execute("insert into score values (?, 2)", (picture,)))
        .result(ANSWERED)
        .changed
    )
    assert library.db.read("select score from score") == [(2,)]


def full(write: Write, picture: int) -> None:
    write.execute("insert into score values (?, 4)", (picture,))
    raise apsw.FullError("made by a test")
