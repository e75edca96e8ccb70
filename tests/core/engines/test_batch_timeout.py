"""How long an engine may be silent, what its job says meanwhile, and what a job that waits is behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import engined
import pytest
from engined import Engined
from libraries import finish, until

from pixlstash_core import OWNER
from pixlstash_core.engines import limits as batch_timeout
from pixlstash_core.engines import process, running
from pixlstash_core.engines.limits import BatchTimeout
from pixlstash_core.library import Library


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engined:
    return engined.make(open_library, tmp_path, monkeypatch)


def test_the_limit_follows_the_median_of_what_a_batch_takes() -> None:
    one = BatchTimeout(300)
    assert one.limit(1) == one.limit(64) == 300
    one.note(1, 8)
    assert one.limit(8) == 30  # 20 s would do, and 30 s are the least
    for _ in range(10):
        one.note(64, 8)
    assert one.limit(8) == 20 * 64 and one.limit(1) == 20 * 8
    one.note(100_000, 8)  # one that is slow for once changes little
    assert one.limit(8) == 20 * 64
    again = BatchTimeout(300)
    again.hurry()
    assert again.limit(8) == 60
    assert BatchTimeout(5).limit(1) == 5


def test_an_engine_that_hangs_after_some_pictures_is_ended_soon(desk: Engined, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the 300 s of a first batch for each, this would take longer than anybody waits for it here."""
    monkeypatch.setattr(batch_timeout, "LEAST", 3.0)
    monkeypatch.setattr(batch_timeout, "AGAIN", 0.05)
    last = min(desk.take_in(9))  # newest first
    desk.limit(result=300.0)
    job = desk.run("odd/trouble", {"what": "hang", "on": [last]})
    assert (job.state, job.done) == ("done", 9)
    assert desk.errors() == {last: "On this picture it hung: nothing came of it in time."}


def test_an_engine_that_always_hangs_waits_for_the_first_batch_alone(
    desk: Engined, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[float] = []

    class Recorded(BatchTimeout):
        def limit(self, count: int) -> float:
            limits.append(super().limit(count))
            return limits[-1]

    monkeypatch.setattr(process, "BatchTimeout", Recorded)
    desk.take_in(9)
    desk.limit(result=2.0)
    job = desk.run("odd/trouble", {"what": "hang"})
    assert job.state == "failed" and "4 times in a row" in (job.error or "")
    assert limits[0] == 2.0 and set(limits) == {2.0, 0.4}


def test_a_job_says_what_it_waits_for(desk: Engined, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "NOTED", 0.5)
    desk.take_in(2)
    library = desk.library
    job = desk.put("odd/trouble", {"load": "hang"})
    until(lambda: library.job(OWNER, job.id).note == "Loading odd/trouble (extra 0)")
    library.cancel_job(OWNER, job.id)
    assert finish(library, job).note == ""
    job = desk.put("odd/trouble", {"what": "hang"})
    until(lambda: "odd/trouble (extra 0) has given no result for " in library.job(OWNER, job.id).note)
    assert "; it is ended after 60 s" in library.job(OWNER, job.id).note
    library.cancel_job(OWNER, job.id)
    assert finish(library, job).note == ""


def test_a_run_that_waits_says_behind_what(desk: Engined) -> None:
    desk.take_in(2)
    library = desk.library
    slow = desk.put("odd/trouble", {"what": "hang"})
    until(lambda: library.job(OWNER, slow.id).state == "running")
    second, third = desk.put("odd/redness"), desk.put("odd/words")
    elsewhere = library.queue.put("engine", "On another lane", {"engine": "odd/words"}, lane="net")
    assert library.job(OWNER, second.id).note == f"Waiting for job {slow.id}: Running odd/trouble"
    assert library.job(OWNER, third.id).note == f"Waiting for job {slow.id} and 1 more: Running odd/trouble"
    assert [job.note for job in library.jobs(OWNER) if job.id == third.id] == [library.job(OWNER, third.id).note]
    assert "Waiting for" not in library.job(OWNER, elsewhere.id).note
    library.cancel_job(OWNER, slow.id)
    assert finish(library, third).note == "" and finish(library, second).note == ""
