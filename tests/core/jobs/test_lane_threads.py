"""Lanes: whatever a handler raises, or what runs it, the job comes to an end and the next one is run."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import Effort
from libraries import finish, until
from raising import ERRORS, Place, Raiser

from pixlstash_core import threads
from pixlstash_core.errors import PixlStashError
from pixlstash_core.jobs import lanes as jobs
from pixlstash_core.jobs.lanes import Task
from pixlstash_core.library import Library
from pixlstash_core.types import ImportReport, Job, JobChanged

pytestmark = pytest.mark.slow

LANE = "net"


class Unreadable(Exception):
    """A plugin's exception that cannot even say what it is."""

    def __str__(self) -> str:
        raise ValueError("no text")


def fine(task: Task) -> None:
    task.report = ImportReport(1, 0, [], 0.0)
    task.progress(1, 1)


def failing(task: Task) -> None:
    raise ValueError("odd")


def exiting(task: Task) -> None:
    raise SystemExit(3)


def interrupted(task: Task) -> None:
    raise KeyboardInterrupt


def unreadable(task: Task) -> None:
    raise Unreadable


def unwritable(task: Task) -> None:
    raise PixlStashError("\udcff cannot be read.")  # the name of a file, as Linux may have it


def unstorable(task: Task) -> None:
    task.report = object()  # type: ignore[assignment]


def cancelled(task: Task) -> None:
    task.ask("cancel")
    task.check()


def paused(task: Task) -> None:
    task.ask("pause")
    task.check()


HANDLERS: dict[str, tuple[Callable[[Task], None], str]] = {
    "fine": (fine, "done"),
    "failing": (failing, "failed"),
    "exiting": (exiting, "failed"),
    "interrupted": (interrupted, "failed"),
    "unreadable": (unreadable, "failed"),
    "unwritable": (unwritable, "failed"),
    "unstorable": (unstorable, "failed"),
    "cancelled": (cancelled, "cancelled"),
    "paused": (paused, "paused"),
}


class Lane:
    """A lane that can be made to fail."""

    def __init__(self, library: Library) -> None:
        self.library, self.queue = library, library.queue
        self.raiser = Raiser()
        for kind, (handler, _) in HANDLERS.items():
            self.queue.handle(kind, handler)
        self.queue.handle("install", lambda task: self.raiser.install())
        library.hub.db.writer.pragma("synchronous", "off")
        library.queue.start()

    def run(self, kind: str) -> Job:
        return finish(self.library, self.put(kind))

    def put(self, kind: str) -> Job:
        return self.queue.put(kind, kind, {}, lane=LANE)

    def thread(self) -> threading.Thread:
        return next(thread for thread in self.queue._threads if thread.name == f"lane-{LANE}")


@pytest.fixture
def lane(open_library: Callable[..., Library], monkeypatch: pytest.MonkeyPatch) -> Iterator[Lane]:
    monkeypatch.setattr(threads, "SHORTEST", 0.0005)
    monkeypatch.setattr(jobs, "RETRY", 0.001)
    logging.disable()  # thousands of tracebacks
    yield Lane(open_library(work=False))
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("kind", HANDLERS)
def test_a_job_ends_whatever_its_handler_raises_and_the_lane_goes_on(lane: Lane, kind: str) -> None:
    ended = lane.run(kind)
    assert ended.state == HANDLERS[kind][1]
    assert (ended.error is not None) == (ended.state == "failed")
    assert lane.run("fine").state == "done"
    assert lane.thread().is_alive()


def test_a_repeating_job_that_exits_runs_again(lane: Lane) -> None:
    runs = []

    def handler(task: Task) -> None:
        runs.append(task.id)
        raise SystemExit

    lane.queue.handle("again", handler)
    lane.queue.repeat("again", "Again", every=0.01, lane=LANE)
    until(lambda: len(runs) > 2)
    assert lane.thread().is_alive()


def test_a_job_is_over_though_nobody_could_be_told(lane: Lane) -> None:
    """What follows the end of a job fails, e.g. because the disk is full: its end stands, and the next one is run."""

    def fail(event: Any) -> None:
        if isinstance(event, JobChanged):
            raise SystemExit

    lane.library.subscribe(fail)
    assert lane.run("fine").state == "done"
    assert lane.run("fine").state == "done"
    assert lane.queue._running == {}


def every_place(lane: Lane) -> dict[Place, str]:
    """Every place the lane passes, with a kind of job that leads there."""
    found: dict[Place, str] = {}
    for kind in HANDLERS:
        lane.run("install")
        until(lambda: not lane.queue._running)
        lane.raiser.places.clear()
        lane.run(kind)
        lane.run("fine")  # the end of the one before, its own thread's words included
        for place in lane.raiser.places:
            found.setdefault(place, kind)
    return found


def check_served(lane: Lane, place: Place, kind: str, error: str) -> str | None:
    """What is wrong after something was raised at a place; None: nothing."""
    lane.run("install")
    lane.raiser.arm(place, ERRORS[error]())
    try:
        job = lane.put(kind)
        until(lambda: lane.queue.get(job.id).state not in ("running", "waiting"))
    except AssertionError:
        return f"its job is {lane.queue.get(job.id).state}"
    lane.raiser.disarm()
    try:
        after = lane.run("fine")
    except AssertionError:
        return "the next job is not run"
    if after.state != "done":
        return f"the next job is {after.state}: {after.error}"
    ended = lane.queue.get(job.id).state  # run again, it may be
    return None if ended in (HANDLERS[kind][1], "failed") else f"the job is {ended}"


def sweep(lane: Lane, targets: list[tuple[Place, str, str]]) -> list[str]:
    wrong = []
    for place, kind, error in targets:
        if problem := check_served(lane, place, kind, error):
            wrong.append(f"{error} at {place} ({kind}): {problem}")
    return wrong


def test_a_lane_survives_what_any_function_it_calls_raises(lane: Lane) -> None:
    places = {place: kind for place, kind in every_place(lane).items() if place[0] == "call"}
    names = {name.rpartition(":")[2] for _, name, _ in places}
    assert names >= {
        "Jobs._serve", "Jobs._take", "Jobs._run", "Jobs._ending", "Jobs._finish", "Jobs.announce", "claim", "finish",
        "Feed.tell", "Parts._job_changed", "Snapshots.imported", "Hub.writing",
    }  # fmt: skip
    assert sweep(lane, [(place, kind, error) for place, kind in places.items() for error in ERRORS]) == []
    assert lane.thread().is_alive()


@pytest.mark.attack
def test_a_lane_survives_before_and_after_every_call(lane: Lane, rng: random.Random, effort: Effort) -> None:
    places = {place: kind for place, kind in every_place(lane).items() if place[0] != "call"}
    targets = [(place, kind, error) for place, kind in places.items() for error in ERRORS]
    assert sweep(lane, rng.sample(targets, min(len(targets), effort.of(100, 10**9)))) == []
    assert lane.thread().is_alive()
