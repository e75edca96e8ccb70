"""The server's threads outlive what requests raise; and every thread that lasts has a test that says so of it."""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Callable
from pathlib import Path

import engined
import pytest
from libraries import finish, until
from sources import ROOT
from web.asking import bearer
from web.conftest import OWNER, serving
from web.exits import ERRORS
from web.test_events import stream

from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import AddImportFolder, ScorePictures, TakeSnapshot

CORE, WRITER, LANE = (
    "core/database/test_other_threads.py",
    "core/database/test_writer_thread.py",
    "core/jobs/test_lane_threads.py",
)
EVENTS = f"{CORE}::test_who_follows_events_survives_what_any_function_it_calls_raises"
LENT = f"{CORE}::test_threads_that_are_lent_out_survive_what_they_are_lent_for"
SERVER = "web/test_threads.py::test_the_server_goes_on_after_a_plugin_that_exits"
#: Threads that last as long as a library, a server or a process of theirs, and the test that nothing ends each.
SURVIVES = {
    "writer": f"{WRITER}::test_the_writer_survives_what_any_function_it_calls_raises",
    "lane-(io|cpu|gpu|net)": f"{LANE}::test_a_lane_survives_what_any_function_it_calls_raises",
    "follower": EVENTS,
    "listener-.+": EVENTS,
    r"folder-\d+": "core/folders/test_watching.py::test_it_survives_what_any_function_it_calls_raises",
    r"folder-import-\d+": "core/folders/test_import_thread.py::test_it_survives_what_any_function_it_calls_raises",
    "follow-up": f"{CORE}::test_a_follow_up_is_done_at_last_and_holds_up_no_other",
    "decoder-watch": f"{CORE}::test_the_watch_of_decoders_survives_what_a_child_raises",
    "engine-idle": f"{CORE}::test_an_idle_engine_is_ended_whatever_was_raised_before",
    "engine-watch": f"{CORE}::test_an_engines_limits_hold_whatever_was_raised_before",
    "engine-reader": f"{CORE}::test_a_run_ends_when_its_engine_cannot_be_heard_any_more",
    "engine-errors": f"{CORE}::test_an_engine_runs_on_when_what_it_writes_cannot_be_read",
    "engine-feeder": f"{CORE}::test_a_run_says_why_no_pictures_could_be_made_ready",
    r"engine-asking_\d+": LENT,
    r"engine-trying_\d+": LENT,
    "server": SERVER,
    "AnyIO worker thread": SERVER,
}
#: Threads that one piece of work starts and waits for: what is raised in them is raised there.
PASSING = {
    r"import_\d+": "an import's",
    r"engine-feed_\d+": "an engine's run's",
    r"packing_\d+": "a snapshot's",
}


@pytest.mark.usefixtures("textstills")
def test_every_thread_that_lasts_has_a_test_that_nothing_ends_it(
    tmp_path: Path, open_library: Callable[..., Library], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: set[str] = set()
    plain = threading.Thread.start

    def start(self: threading.Thread) -> None:
        started.add(self.name)
        plain(self)

    monkeypatch.setattr(threading.Thread, "start", start)
    before = set(threading.enumerate())
    desk = engined.make(open_library, tmp_path, monkeypatch, ("odd", "pixlstash_textstills"))
    with serving(desk.library) as served, stream(served.local) as heard:
        ids = desk.take_in(3)
        heard.until("pictures_added")
        (tmp_path / "inbox").mkdir()
        desk.library.add_import_folder(OWNER, AddImportFolder(str(tmp_path / "inbox")))
        assert desk.run("odd/colours").state == "done"
        desk.library.score(OWNER, ScorePictures(ids=ids, score=3))
        desk.library.take_snapshot(OWNER, TakeSnapshot())
        assert served.local.get("/views?q=score:3").status == 200
        desk.library.host.interactive._wait(lambda: None)
        picture = next(tmp_path.rglob("0000.png"))
        assert served.client.try_engine(picture.name, picture, engine="odd/colours").text
        there = {thread.name for thread in set(threading.enumerate()) - before}
    names = started | there
    unknown = [name for name in names if not any(re.fullmatch(known, name) for known in (*SURVIVES, *PASSING))]
    assert unknown == [], "name the test that nothing ends it in SURVIVES"
    unseen = [known for known in (*SURVIVES, *PASSING) if not any(re.fullmatch(known, name) for name in names)]
    assert unseen == [], "this session has no such thread"


def test_the_tests_of_threads_are_there() -> None:
    for test in SURVIVES.values():
        file, _, name = test.partition("::")
        tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test


@pytest.mark.parametrize("how", ["plain", "streamed"])
@pytest.mark.parametrize("error", ERRORS)
def test_the_server_goes_on_after_a_plugin_that_exits(
    open_library: Callable[..., Library], how: str, error: str
) -> None:
    """asyncio ends its loop for a SystemExit."""
    library = open_library(plugins=Plugins.load(extra=["web.exits"]))
    with serving(library) as served, stream(served.local) as heard:
        peer = bearer(served.url, served.token("read"))
        for _ in range(2):
            answer = peer.get(f"/x/web.exits/{how}?error={error}")
            assert answer.status == 500 and answer.json["detail"]
        assert peer.get("/views").status == 200
        job = library.queue.put("nothing", "Nothing", {})
        finish(library, job)
        heard.until("job_changed")  # streams that are open go on as well


def test_events_that_cannot_be_merged_have_streams_start_afresh(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pixlstash_web import event_streams

    left, plain = [MemoryError(), ValueError()], event_streams.merge

    def merge(heard: object) -> event_streams.Batch:
        if left:
            raise left.pop()
        return plain(heard)  # type: ignore[arg-type]

    with serving(library) as served, stream(served.local) as heard:
        heard.until("ping")
        monkeypatch.setattr(event_streams, "merge", merge)
        for _ in (1, 2):
            library.queue.put("nothing", "Nothing", {})
            heard.until("lagged")
        finish(library, library.queue.put("nothing", "Nothing", {}))
        heard.until("job_changed")
    until(lambda: not left)
