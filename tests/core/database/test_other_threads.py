"""Threads beside the writer and the lanes: what is raised in one neither ends it nor leaves anybody waiting."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import engined
import pytest
from core.history.test_events import Ear
from engined import Engined
from libraries import add, fill, invented, until
from PIL import Image
from raising import ERRORS, Place, Raiser

from pixlstash_core import threads
from pixlstash_core.engines.host import Host
from pixlstash_core.engines.limits import Tail
from pixlstash_core.engines.prefetch import Prefetch
from pixlstash_core.engines.process import Process
from pixlstash_core.history import events
from pixlstash_core.history.events import Feed
from pixlstash_core.library import Library
from pixlstash_core.media import pool
from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.media.process import Child
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.search import matrix as vectors
from pixlstash_core.threads import FollowUps

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(threads, "SHORTEST", 0.001)
    monkeypatch.setattr(events, "SETTLE", 0.001)
    monkeypatch.setattr(events, "AGAIN", 0.001)
    logging.disable()  # many tracebacks
    yield
    logging.disable(logging.NOTSET)


def failing_first(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> list[str]:
    """Have a method raise each of the errors once, and then do what it does. The threads it raised in, by name."""
    left, raised, plain = list(ERRORS.values()), [], getattr(owner, name)

    def method(*arguments: Any, **named: Any) -> Any:
        if left:
            raised.append(threading.current_thread().name)
            raise left.pop()()
        return plain(*arguments, **named)

    monkeypatch.setattr(owner, name, method)
    return raised


class Following:
    """A feed of a library whose follower and listener can be made to fail."""

    def __init__(self, library: Library, name: str) -> None:
        self.library, self.ear = library, Ear()
        plugins = Plugins.load()
        plugins.pm.register(self.ear, "ear")
        self.raiser = Raiser(name)
        self.feed = Feed(library.db, library.hub)
        threading.setprofile(self.raiser)  # of threads that are started from here on
        try:
            self.feed.follow(library.writer, library, plugins)
        finally:
            threading.setprofile(None)  # type: ignore[arg-type]  # "no function" is what it is reset by

    def commit(self, number: int) -> None:
        """A change that everybody hears of."""
        add(self.library, invented(number))
        self.feed.committed(self.library.revision, [])
        until(lambda: self.library.revision in self.ear.revisions)
        moved = "select max(revision) from event"
        assert self.library.hub.value(moved) == self.library.revision

    def stop(self) -> None:
        self.feed.stop()
        assert not any(thread.is_alive() for thread in self.feed._threads)


@pytest.mark.parametrize("name", ["follower", "listener-ear"])
def test_who_follows_events_survives_what_any_function_it_calls_raises(
    open_library: Callable[..., Library], name: str
) -> None:
    library = open_library(work=False)
    library.feed.stop()  # only the one that is looked at moves the log
    for db in (library.db, library.hub.db):
        db.writer.pragma("synchronous", "off")
    following = Following(library, name)
    following.commit(0)
    following.commit(1)
    following.stop()
    places = [place for place in following.raiser.places if place[0] == "call"]
    assert len(places) >= 8, places
    reached: set[Place] = set()
    for number, (place, error) in enumerate((place, error) for place in places for error in ERRORS):
        following = Following(library, name)
        following.raiser.arm(place, ERRORS[error]())
        following.commit(2 * number + 10)
        following.commit(2 * number + 11)
        if following.raiser.disarm() is None:
            reached.add(place)
        following.stop()
    assert len(reached) >= len(places) - 3, set(places) - reached


def test_a_listener_that_exits_is_told_again(open_library: Callable[..., Library]) -> None:
    library = open_library(work=False)
    following = Following(library, "none")
    left = [SystemExit, KeyboardInterrupt, MemoryError]
    heard, plain = following.ear.heard, list.append

    class Reluctant(list):  # type: ignore[type-arg]
        def append(self, event: Any) -> None:
            if left:
                raise left.pop()
            plain(self, event)

    following.ear.heard = Reluctant(heard)
    fill(library, 1)
    following.feed.committed(library.revision, [])
    until(lambda: library.revision in following.ear.revisions, 120)
    following.stop()


@pytest.mark.parametrize("error", ERRORS)
def test_a_follow_up_is_done_at_last_and_holds_up_no_other(error: str) -> None:
    left, done = [ERRORS[error](), ERRORS[error]()], []

    def reluctant() -> None:
        if left:
            raise left.pop()
        done.append("reluctant")

    follow_ups = FollowUps({"reluctant": reluctant, "other": lambda: done.append("other")})
    follow_ups.start()
    follow_ups.request("reluctant")
    follow_ups.request("other")
    until(lambda: {"reluctant", "other"} <= set(done))
    follow_ups.request("reluctant")
    until(lambda: done.count("reluctant") == 2)
    follow_ups.request_all()
    follow_ups.stop()  # does what is requested first
    assert done.count("reluctant") == 3


@pytest.mark.parametrize("method", ["expire", "reap"])
def test_the_watch_of_decoders_survives_what_a_child_raises(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, method: str
) -> None:
    path = tmp_path / "picture.png"
    Image.new("RGB", (8, 8)).save(path)
    with DecoderPool(1, plugins=False) as decoders:
        decoders.read(path, path.name)
        (child,) = decoders._live
        raised = failing_first(monkeypatch, Child, method)
        if method == "expire":  # asked of those that live
            until(lambda: len(raised) == len(ERRORS))
        monkeypatch.setattr(pool, "_IDLE_SECONDS", 0.0)
        until(lambda: child._process.returncode is not None and decoders._watch is None)
        assert raised == ["decoder-watch"] * len(ERRORS)
        monkeypatch.setattr(pool, "_IDLE_SECONDS", 300.0)
        decoders.read(path, path.name)  # with another child, and another thread that watches it


def test_a_decoder_that_cannot_be_started_ahead_is_started_when_it_is_needed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "picture.png"
    Image.new("RGB", (8, 8)).save(path)
    monkeypatch.setattr(pool, "TASKS_PER_CHILD", 1)
    with DecoderPool(1, plugins=False) as decoders:
        decoders.read(path, path.name)
        until(lambda: decoders._next is not None)
        first = decoders._next
        raised = failing_first(monkeypatch, DecoderPool, "_start_child")
        for _ in range(2 * len(ERRORS)):
            decoders.read(path, path.name)
            until(lambda: not decoders._starting)
        assert raised == ["decoder-start"] * len(ERRORS) and decoders._next is not first


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engined:
    return engined.make(open_library, tmp_path, monkeypatch)


def test_an_idle_engine_is_ended_whatever_was_raised_before(desk: Engined, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.take_in(1)
    desk.limit(idle=0.2)
    raised = failing_first(monkeypatch, Host, "_drop")
    assert desk.run("odd/colours").state == "done"
    until(lambda: not desk.library.host.loaded())
    assert raised == ["engine-idle"] * len(ERRORS)


def test_an_engines_limits_hold_whatever_was_raised_before(desk: Engined, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = desk.take_in(1)
    desk.limit(memory=1 << 20)
    raised = failing_first(monkeypatch, Process, "_enforce")
    ended = desk.run("odd/trouble", {"what": "hang"}, ids)  # it must outlast the looks that fail
    # While it loads, the run fails; afterwards the picture that it was at does.
    assert any("GiB of memory" in text for text in [str(ended.error), *desk.errors().values()])
    assert raised == ["engine-watch"] * len(ERRORS)


def test_a_run_ends_when_its_engine_cannot_be_heard_any_more(desk: Engined, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for the process is told, and the next run has another one."""
    desk.take_in(1)
    plain, left = Process._expect, list(ERRORS.values())

    def expect(self: Process, *arguments: Any, **named: Any) -> None:
        if left and threading.current_thread().name == "engine-reader":
            raise left.pop()()
        plain(self, *arguments, **named)

    monkeypatch.setattr(Process, "_expect", expect)
    for _ in range(2 * len(ERRORS)):
        if desk.run("odd/colours").state == "done":
            break
    assert left == [] and len(desk.done()) == 1


def test_an_engine_runs_on_when_what_it_writes_cannot_be_read(desk: Engined, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = desk.take_in(2)
    raised = failing_first(monkeypatch, Tail, "follow")
    for _ in ERRORS:
        desk.run("odd/trouble", {"what": "tell"}, ids)
    assert desk.run("odd/colours").state == "done"
    assert set(raised) == {"engine-errors"}


def test_a_run_says_why_no_pictures_could_be_made_ready(desk: Engined, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.take_in(1)
    raised = failing_first(monkeypatch, Prefetch, "_subjects")
    states = [desk.run("odd/colours").state for _ in range(len(ERRORS) + 1)]
    assert states == ["failed"] * len(ERRORS) + ["done"]
    assert raised == ["engine-feeder"] * len(ERRORS)


@pytest.mark.parametrize("error", ERRORS)
def test_threads_that_are_lent_out_survive_what_they_are_lent_for(desk: Engined, error: str) -> None:
    """Those that answer people who wait for an engine, compare vectors, and put faces together."""

    def fail() -> None:
        raise ERRORS[error]()

    asking = desk.library.host.interactive
    with pytest.raises(type(ERRORS[error]())):
        asking._wait(fail)
    assert asking._wait(lambda: 5) == 5
    lent: list[ThreadPoolExecutor] = [asking._thread, vectors._threads()]  # type: ignore[list-item]
    for executor in lent:
        before = set(executor._threads)
        assert isinstance(executor.submit(fail).exception(60), type(ERRORS[error]()))
        assert executor.submit(lambda: 5).result(60) == 5
        assert all(thread.is_alive() for thread in before)


def test_a_step_that_fails_is_called_again_until_it_is_to_stop() -> None:
    stopping, calls = threading.Event(), []
    errors = [*(make() for make in ERRORS.values()), KeyboardInterrupt(), GeneratorExit()]

    def step() -> None:
        calls.append(time.monotonic())
        if errors:
            raise errors.pop()
        stopping.set()

    threads.keep_calling(step, stopping, "made by a test")
    assert len(calls) == 7 and errors == []
