"""Jobs: lanes, priorities, cancelling, pausing, repeating, and going on after a restart or a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from libraries import finish, until

from pixlstash_core import OWNER
from pixlstash_core.errors import Conflict, Invalid, NotFound, PixlStashError
from pixlstash_core.jobs import rows
from pixlstash_core.jobs import task as task_module
from pixlstash_core.jobs.lanes import LANES, Task
from pixlstash_core.library import Library
from pixlstash_core.query import scope
from pixlstash_core.types import Job, JobChanged

pytestmark = pytest.mark.slow


class Loop:
    """A handler that goes round until it is told to stop, or until `free` is set."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.running = threading.Event()
        self.runs = 0

    def __call__(self, task: Task) -> None:
        self.runs += 1
        self.running.set()
        done = 0
        while not self.free.wait(0.005):
            done += 1
            task.progress(done, 1000)
            task.check()


@pytest.fixture
def loop(library: Library) -> Loop:
    found = Loop()
    library.handle("loop", found)
    return found


def state(library: Library, job: Job) -> str:
    return library.job(OWNER, job.id).state


def test_a_plugins_job_runs_once(open_library: Callable[..., Library]) -> None:
    ran: list[Any] = []
    with open_library(work=False) as library:
        with pytest.raises(Invalid, match="Nothing handles jobs of kind 'once'"):
            library.queue_job("once", "Once")
        library.handle("once", lambda task: None)
        with pytest.raises(Invalid, match="no lane 'fast'"):
            library.queue_job("once", "Once", lane="fast")
        with pytest.raises(Invalid, match="JSON"):
            library.queue_job("once", "Once", object())
        job = library.queue_job("once", "Once", {"ids": [1, 2]}, lane="net")
        assert (job.state, job.lane, job.label) == ("waiting", "net", "Once")
    library = open_library(work=False)  # it waits for what handles it, across restarts
    library.handle("once", lambda task: ran.append(task.payload))
    library.queue.start()
    assert finish(library, job).state == "done" and ran == [{"ids": [1, 2]}]
    assert [one.state for one in library.jobs(OWNER) if one.kind == "once"] == ["done"]


def test_a_job_runs_and_reports(library: Library) -> None:
    library.handle("count", lambda task: task.progress(len(task.payload["things"]), 3))
    job = library.queue.put("count", "Counting", {"things": [1, 2, 3]}, lane="cpu")
    assert (job.kind, job.label, job.lane) == ("count", "Counting", "cpu")
    ended = finish(library, job)
    assert (ended.state, ended.done, ended.total, ended.error) == ("done", 3, 3, None)
    assert ended.started is not None and ended.finished is not None and ended.finished >= ended.started


def test_lanes_run_beside_each_other(library: Library) -> None:
    together = threading.Barrier(len(LANES), timeout=10)
    library.handle("meet", lambda task: together.wait())
    met = [library.queue.put("meet", "Meeting", {}, lane=lane) for lane in LANES]
    assert {finish(library, job).state for job in met} == {"done"}


def test_one_at_a_time_in_a_lane_by_priority_then_age(library: Library, loop: Loop) -> None:
    order: list[str] = []
    library.handle("note", lambda task: order.append(task.payload))
    first = library.queue.put("loop", "Looping", {})
    assert loop.running.wait(10)
    waiting = [
        library.queue.put("note", name, name, priority=priority)
        for name, priority in (("a", 0), ("b", 0), ("urgent", 5), ("later", -1))
    ]
    assert {state(library, job) for job in waiting} == {"waiting"} and order == []
    loop.free.set()
    for job in (first, *waiting):
        assert finish(library, job).state == "done"
    assert order == ["urgent", "a", "b", "later"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PixlStashError("The moon is in the way."), "The moon is in the way."),
        (ValueError("odd"), "ValueError: odd"),
    ],
)
def test_a_failure_is_shown_and_the_lane_goes_on(library: Library, error: Exception, said: str) -> None:
    def fail(task: Task) -> None:
        raise error

    library.handle("fail", fail)
    library.handle("fine", lambda task: None)
    failed, fine = library.queue.put("fail", "Failing", {}), library.queue.put("fine", "Fine", {})
    ended = finish(library, failed)
    assert (ended.state, ended.error) == ("failed", said)
    assert finish(library, fine).state == "done"
    library.handle("fail", lambda task: None)
    library.resume_job(OWNER, failed.id)
    ended = finish(library, failed)
    assert (ended.state, ended.error) == ("done", None)


def test_a_job_nobody_handles(library: Library) -> None:
    ended = finish(library, library.queue.put("nobody's", "Nobody's", {}))
    assert ended.state == "failed" and "is its plugin installed?" in str(ended.error)


def test_cancel_a_running_and_a_waiting_one(library: Library, loop: Loop) -> None:
    running, waiting = (library.queue.put("loop", "Looping", {}) for _ in range(2))
    assert loop.running.wait(10)
    assert library.cancel_job(OWNER, waiting.id).state == "cancelled"
    library.cancel_job(OWNER, running.id)
    assert finish(library, running).state == "cancelled"
    assert loop.runs == 1
    with pytest.raises(Conflict):
        library.cancel_job(OWNER, running.id)


def test_pause_and_resume(library: Library, loop: Loop) -> None:
    job = library.queue.put("loop", "Looping", {})
    assert loop.running.wait(10)
    library.pause_job(OWNER, job.id)
    assert finish(library, job).state == "paused"
    other = library.queue.put("loop", "Looping", {})
    loop.free.set()
    assert finish(library, other).state == "done"  # a paused job does not hold its lane
    assert state(library, job) == "paused"
    library.resume_job(OWNER, job.id)
    assert finish(library, job).state == "done"
    with pytest.raises(Conflict):
        library.resume_job(OWNER, job.id)
    with pytest.raises(Conflict):
        library.pause_job(OWNER, job.id)


class Pile:
    """A handler with so many things to do; what is done stays done, so each run counts what is left."""

    def __init__(self, things: int) -> None:
        self.left = things
        self.told: list[tuple[int, int | None]] = []
        self.stops = {3, 7}

    def __call__(self, task: Task) -> None:
        before, left = task.before(self.left), self.left
        for n in range(left):
            task.progress(before + n, before + left)
            self.told.append((task.done, task.total))
            if task.done in self.stops:
                self.stops.remove(task.done)
                task.ask("pause")
            task.check()
            self.left -= 1
        task.progress(before + left, before + left)


def test_a_resumed_job_does_not_count_from_0(library: Library) -> None:
    pile = Pile(10)
    library.handle("pile", pile)
    job = library.queue.put("pile", "Working off a pile", {})
    for done in (3, 7):
        paused = finish(library, job)
        assert (paused.state, paused.done, paused.total) == ("paused", done, 10)
        pile.told.clear()
        library.resume_job(OWNER, job.id)
        assert library.job(OWNER, job.id).done >= done  # also before its lane has come to it
        until(lambda: pile.told)
        assert pile.told[0] == (done, 10)
    ended = finish(library, job)
    assert (ended.state, ended.done, ended.total) == ("done", 10, 10)
    pile.left = 2
    library.queue.again(job.id)  # that is another matter
    until(lambda: pile.left == 0)
    ended = finish(library, job)
    assert (ended.done, ended.total) == (2, 2)


def test_what_a_killed_process_did_after_its_last_heartbeat_is_counted(library: Library, loop: Loop) -> None:
    pile = Pile(4)
    library.handle("pile", pile)
    library.queue.put("loop", "Looping", {})  # holds the lane
    assert loop.running.wait(10)
    job = library.queue.put("pile", "Working off a pile", {})
    library.hub.write("update job set done = 3, total = 10 where id = ?", (job.id,))  # 6 are done
    loop.free.set()
    until(lambda: library.job(OWNER, job.id).state == "paused")
    assert pile.told == [(6, 10), (7, 10)]


def test_no_such_job(library: Library) -> None:
    for call in (library.job, library.cancel_job, library.pause_job, library.resume_job):
        with pytest.raises(NotFound):
            call(OWNER, 999)


def test_progress_is_announced_and_kept(library: Library, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_module, "HEARTBEAT", 0.05)
    monkeypatch.setattr(task_module, "ANNOUNCE", 0.02)
    told: list[Job] = []
    library.subscribe(lambda event: told.append(event.job) if isinstance(event, JobChanged) else None)
    job = library.queue.put("loop", "Looping", {})

    def kept() -> tuple[int, int] | None:
        rows = library.hub.read("select done, heartbeat from job where id = ? and done > 0", (job.id,))
        return rows[0] if rows else None

    done, beat = until(kept)
    until(lambda: library.hub.value("select heartbeat from job where id = ?", (job.id,)) > beat)
    until(lambda: any(one.rate for one in told))
    shown = library.job(OWNER, job.id)
    assert shown.state == "running" and shown.done >= done and shown.total == 1000
    assert library.jobs(OWNER)[0].id == job.id and [one.id for one in library.info(OWNER).running] == [job.id]
    loop.free.set()
    finish(library, job)
    until(lambda: [one.state for one in told if one.id == job.id][-1] == "done")  # events come after it is written down


def test_repeating(library: Library) -> None:
    runs: list[float] = []
    job = library.repeat("again", "Again", every=0.2, run=lambda task: runs.append(time.monotonic()))
    assert library.repeat("again", "Once more", every=0.2, run=lambda task: runs.append(time.monotonic())).id == job.id
    until(lambda: len(runs) >= 3)
    shown = library.job(OWNER, job.id)
    assert shown.every == 0.2 and shown.label == "Once more"
    library.cancel_job(OWNER, job.id)
    until(lambda: state(library, job) == "cancelled")
    count = len(runs)
    time.sleep(1.3)
    assert len(runs) == count


@pytest.mark.parametrize("ask", ["hasten", "postpone"])
def test_a_repeating_job_that_is_wanted_while_it_runs_runs_again_soon(library: Library, ask: str) -> None:
    runs: list[float] = []
    begun, free = threading.Event(), threading.Event()

    def run(task: Task) -> None:
        runs.append(time.monotonic())
        begun.set()
        assert free.wait(20)

    job = library.repeat("again", "Again", every=3600.0, run=run)
    assert begun.wait(20)
    getattr(library.queue, ask)("again", 0.3)
    free.set()
    until(lambda: len(runs) == 2, 20)
    assert runs[1] - runs[0] >= 0.25
    until(lambda: state(library, job) == "waiting")
    time.sleep(0.5)
    assert len(runs) == 2


def test_threads_that_repeat_one_kind_at_the_same_time_make_one_job(library: Library) -> None:
    for number in range(20):
        begin = threading.Barrier(4)

        def repeat(kind: str = f"again {number}", begin: threading.Barrier = begin) -> int:
            begin.wait(20)
            return rows.repeating(library.hub, kind, "Again", "cpu", 3600.0)

        with ThreadPoolExecutor(4) as pool:
            ids = {made.result(20) for made in [pool.submit(repeat) for _ in range(4)]}
        assert len(ids) == 1
    assert library.hub.value("select count(*) from job where kind like 'again %'") == 20


@pytest.mark.parametrize(("ask", "expected"), [("cancel_job", "cancelled"), ("pause_job", "paused")])
def test_a_repeating_job_that_never_looks_stops_all_the_same(library: Library, ask: str, expected: str) -> None:
    begun, leave = threading.Event(), threading.Event()

    def short(task: Task) -> None:
        begun.set()
        leave.wait(10)

    job = library.repeat("again", "Again", every=0.01, run=short)
    assert begun.wait(10)
    getattr(library, ask)(OWNER, job.id)
    leave.set()
    until(lambda: state(library, job) == expected)


def test_a_repeating_job_that_fails_runs_again(library: Library) -> None:
    runs: list[int] = []

    def fail(task: Task) -> None:
        runs.append(1)
        raise ValueError("odd")

    job = library.repeat("again", "Again", every=0.1, run=fail)
    until(lambda: len(runs) >= 2)
    assert until(lambda: library.job(OWNER, job.id).error) == "ValueError: odd"


def test_closing_stops_at_a_step_and_the_next_start_goes_on(open_library: Callable[..., Library]) -> None:
    library, loop = open_library(), Loop()
    library.handle("loop", loop)
    job = library.queue.put("loop", "Looping", {})
    assert loop.running.wait(10)
    library.close()
    again, loop = open_library(work=False), Loop()
    assert state(again, job) == "waiting"
    again.handle("loop", loop)
    loop.free.set()
    again.queue.start()
    assert finish(again, job).state == "done" and loop.runs == 1


def test_cancelled_just_before_closing_stays_cancelled(open_library: Callable[..., Library]) -> None:
    library, entered, leave = open_library(), threading.Event(), threading.Event()

    def slow(task: Task) -> None:
        entered.set()
        leave.wait(10)
        task.check()

    library.handle("slow", slow)
    job = library.queue.put("slow", "Slow", {})
    assert entered.wait(10)
    library.cancel_job(OWNER, job.id)
    threading.Timer(0.05, leave.set).start()
    library.close()
    assert state(open_library(work=False), job) == "cancelled"


def test_work_can_be_left_to_another_opening(open_library: Callable[..., Library]) -> None:
    library = open_library(work=False)
    library.handle("fine", lambda task: None)
    job = library.queue.put("fine", "Fine", {})
    time.sleep(0.1)
    assert state(library, job) == "waiting"


def test_who_may(library: Library) -> None:
    from pixlstash_core.errors import Forbidden
    from pixlstash_core.types import Reader

    job = library.queue.put("nobody's", "Nobody's", {})
    for call in (library.job, library.cancel_job, library.pause_job, library.resume_job):
        with pytest.raises(Forbidden):
            call(Reader("token:w", "write"), job.id)


WORKER = """
import os, sys, time
from pathlib import Path
from libraries import add, invented
from pixlstash_core import OWNER
from pixlstash_core.library import Library

def work(task):
    for number in range(task.payload["count"]):
        task.check()
        if not library.db.read("select 1 from picture where sha256 = ?", (invented(number).sha256,)):
            add(library, invented(number))
            print(number, flush=True)
            time.sleep(0.01)
        task.progress(number + 1, task.payload["count"])

library = Library.open(Path(sys.argv[1]), work=False)
library.handle("add", work)
if sys.argv[2] == "put":
    library.queue.put("add", "Adding", {"count": 30})
library.queue.start()
while any(job.state in ("waiting", "running") for job in library.jobs(OWNER) if job.kind == "add"):
    time.sleep(0.01)
library.close()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 here")
def test_a_killed_process_resumes_with_nothing_to_repair(open_library: Callable[..., Library], tmp_path: Path) -> None:
    open_library().close()
    path = tmp_path / "library"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", WORKER, str(path)]
    with subprocess.Popen([*command, "put"], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) == 7:
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL
    rest = subprocess.run([*command, "go on"], capture_output=True, text=True, env=environment, timeout=60)
    assert rest.returncode == 0, rest.stderr
    redone = [int(line) for line in rest.stdout.split()]
    assert redone[-1] == 29 and redone[0] in (8, 9) and redone == sorted(set(redone))
    with open_library() as library:
        (job,) = [job for job in library.jobs(OWNER) if job.kind == "add"]
        assert (job.state, job.done, job.total) == ("done", 30, 30)
        assert scope.counts(library.db, OWNER) == (30, 0)


def test_a_tidy_job_gives_views_back(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    from pixlstash_core.query import views

    monkeypatch.setattr(views, "IDLE", 0)
    library.view(OWNER)
    tidy: list[Any] = [job for job in library.jobs(OWNER) if job.kind == "tidy"]
    assert len(tidy) == 1 and tidy[0].every
    # Its first run, begun with the library, would write its next date over ours when it ends.
    until(lambda: all(job.finished and job.state == "waiting" for job in library.jobs(OWNER) if job.kind == "tidy"))
    library.hub.write("update job set due = 0 where kind = 'tidy'")
    library.queue.repeat("tidy", "Tidy", every=tidy[0].every)  # wakes its lane
    until(lambda: not library.views._orders)


def test_what_is_written_along_with_a_job_is_there_with_it_or_neither_is(library: Library) -> None:
    seen: list[int] = []
    job = library.queue.put("nothing", "Nothing", {}, along=seen.append)
    assert seen == [job.id]

    def fail(job: int) -> None:
        raise RuntimeError("on purpose")

    before = {one.id for one in library.queue.newest()}  # their order changes while the repeating ones run
    with pytest.raises(RuntimeError):
        library.queue.put("nothing", "Nothing", {}, along=fail)
    assert {one.id for one in library.queue.newest()} == before
