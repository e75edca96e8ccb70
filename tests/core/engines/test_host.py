"""The host runs engines: decodes ahead, batches, stores, stops, goes on, and unloads."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import engined
import pytest
from engined import Engined
from libraries import finish, until
from PIL import Image

from pixlstash_core import OWNER
from pixlstash_core.engines.prefetch import Prefetch
from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import DeletePictures, JobChanged


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engined:
    return engined.make(open_library, tmp_path, monkeypatch)


def test_every_picture_gets_its_own_result(desk: Engined) -> None:
    ids = desk.take_in(11)
    job = desk.run("odd/colours", {"prefix": "very "})
    assert (job.state, job.error, job.done, job.total) == ("done", None, 11, 11)
    names = ("very red", "very green", "very blue")
    assert desk.tags() == {id: sorted(["noise", names[n % 3]]) for n, id in enumerate(ids)}
    assert desk.errors() == {} and desk.done() == set(ids)
    assert dict(desk.library.db.read("select name, category from tag"))["very red"] == "colour"
    batches = [one["images"] for one in desk.notes("run")]
    assert max(map(len, batches)) == 4 and sorted(sum(batches, [])) == sorted(ids)
    assert sum(batches, []) == sorted(ids)[::-1]  # the newest first
    assert {tuple(size) for one in desk.notes("run") for size in one["sizes"]} == {(32, 27)}


def test_it_runs_in_a_process_of_its_own_that_stays_loaded(desk: Engined) -> None:
    ids = desk.take_in(3)
    desk.run("odd/colours", ids=ids[:1])
    desk.run("odd/colours", ids=ids[1:])
    (load,) = desk.notes("load")
    assert load["device"] == "cpu" and load["pid"] != os.getpid()
    assert {one["pid"] for one in desk.notes("run")} == {load["pid"]}
    desk.run("odd/colours", {"prefix": "x"}, ids=ids)  # another producer, and the same model
    assert len(desk.notes("load")) == 1
    desk.run("odd/colours", {"model": "large"}, ids=ids)
    assert [one["model"] for one in desk.notes("load")] == ["small", "large"]
    assert len(desk.library.host.loaded()) == 1
    assert until(lambda: not _is_alive(load["pid"]))


def test_what_is_done_is_not_done_again(desk: Engined) -> None:
    ids = desk.take_in(5)
    desk.run("odd/colours", ids=ids[:3])
    assert desk.done() == set(ids[:3])
    job = desk.run("odd/colours")
    assert (job.done, job.total) == (2, 2)
    assert sorted(sum((one["images"] for one in desk.notes("run")), [])) == sorted(ids)
    assert desk.run("odd/colours").total == 0


def test_settings_of_running_make_no_other_producer(desk: Engined) -> None:
    desk.take_in(2)
    desk.run("odd/colours", {"slow": 0.01})
    assert desk.run("odd/colours", {"slow": 0.0}).total == 0
    assert desk.run("odd/colours", {"prefix": "p"}).total == 2


def test_a_secret_reaches_the_engine_and_nothing_else(desk: Engined, caplog: pytest.LogCaptureFixture) -> None:
    from pixlstash_core.engines import settings as engines

    desk.take_in(1)
    engines.keep_secrets(desk.library.hub, "odd/colours", {"key": "hush-hush-0815"})
    desk.run("odd/colours")
    assert [one["key"] for one in desk.notes("load")] == ["hush-hush-0815"]
    folder = desk.library.path
    desk.library.close()
    holds = [path.name for path in folder.rglob("*") if path.is_file() and b"hush-hush-0815" in path.read_bytes()]
    assert {name for name in holds if not name.startswith("hub.db")} == set() and "hub.db" in holds
    assert "hush-hush" not in caplog.text


def test_cancel_stops_between_two_results(desk: Engined) -> None:
    """D22."""
    ids = desk.take_in(12)
    job = desk.put("odd/colours", {"slow": 0.3})
    until(lambda: desk.notes("run"))
    desk.library.cancel_job(OWNER, job.id)
    assert finish(desk.library, job).state == "cancelled"
    assert len(desk.done()) < len(ids)
    pid = desk.notes("load")[0]["pid"]
    desk.run("odd/colours")
    assert desk.done() == set(ids) and {one["pid"] for one in desk.notes("load")} == {pid}  # the model stayed


def test_pause_and_resume(desk: Engined) -> None:
    ids = desk.take_in(10)
    job = desk.put("odd/colours", {"slow": 0.1})
    until(lambda: desk.done())
    desk.library.pause_job(OWNER, job.id)
    assert finish(desk.library, job).state == "paused"
    before = desk.done()
    assert 0 < len(before) < 10
    desk.library.resume_job(OWNER, job.id)
    until(lambda: desk.library.queue.get(job.id).state == "done")
    assert desk.done() == set(ids)
    ended = desk.library.queue.get(job.id)
    assert (ended.done, ended.total) == (10, 10), "a resumed run does not count from 0"
    seen = [picture for one in desk.notes("run") for picture in one["images"]]
    assert all(seen.count(picture) == 1 for picture in before)


def test_a_closed_library_goes_on_where_it_was(desk: Engined, open_library: Callable[..., Library]) -> None:
    ids = desk.take_in(10)
    job = desk.put("odd/colours", {"slow": 0.1})
    until(lambda: desk.done())
    desk.library.close()
    library = desk.library = open_library(plugins=Plugins.load(extra=("odd",)))
    until(lambda: library.queue.get(job.id).state == "done")
    assert desk.done() == set(ids)
    counted = [picture for one in desk.notes("run") for picture in one["images"]]
    assert len(counted) <= 10 + 2 * 4  # at most what was with the engine


def test_an_idle_process_ends_and_its_memory_is_free(desk: Engined) -> None:
    desk.take_in(1)
    desk.run("odd/colours")
    (pid,) = {one["pid"] for one in desk.notes("load")}
    assert _is_alive(pid) and desk.library.host.loaded()[0][1] == "odd/colours"
    desk.limit(idle=0.1)
    until(lambda: not _is_alive(pid))
    assert desk.library.host.loaded() == []


def test_nothing_is_left_in_the_folder_for_pixels(desk: Engined) -> None:
    desk.take_in(6)
    desk.run("odd/colours")
    scratch = desk.library.host._scratch.path()
    assert [path.name for path in scratch.iterdir()] == ["library"]
    desk.library.close()
    assert not scratch.exists()


def test_runs_of_two_lanes_at_once_do_not_touch_each_others_pixels(desk: Engined) -> None:
    ids, host = desk.take_in(6), desk.library.host
    folder = host._scratch.path()
    engines = [host.catalogue.offered(name).engine for name in ("odd/colours", "visual-descriptor")]
    prefetches = [Prefetch(host._sources, engine, iter(ids), lambda page: {}, folder) for engine in engines]
    ready = [picture for prefetch in prefetches for picture in prefetch]
    files = [file for picture in ready for file in picture.files]
    assert [picture.error for picture in ready] == [None] * 12
    assert len(set(files)) == 12 and all(file.exists() for file in files)
    for picture in ready:
        picture.drop()
    for prefetch in prefetches:
        prefetch.close()


def test_a_folder_for_pixels_is_created_once(desk: Engined) -> None:
    from pixlstash_core.engines.limits import Scratch

    start = threading.Barrier(4)

    def path(scratch: Scratch) -> Path:
        start.wait()
        return scratch.path()

    for _ in range(20):
        scratch = Scratch(desk.library.path, desk.library.public_id)
        with ThreadPoolExecutor(4) as threads:
            places = set(threads.map(path, [scratch] * 4))
        assert places == {scratch.path()} and scratch.path().exists()
        scratch.close()


def test_what_a_killed_process_left_is_removed(desk: Engined) -> None:
    from pixlstash_core.engines.limits import Scratch

    first = Scratch(desk.library.path, desk.library.public_id).path()
    (first / "7.0").write_bytes(b"pixels")
    other = Scratch(desk.library.path / "elsewhere", desk.library.public_id)
    kept = other.path()
    assert first.exists()
    desk.take_in(1)
    desk.run("odd/colours")
    assert not first.exists() and kept.exists()
    other.close()


def test_a_picture_deleted_while_it_waits_is_left_out(desk: Engined) -> None:
    ids = desk.take_in(8)
    gate = threading.Event()
    desk.library.queue.handle("gate", lambda task: gate.wait(30))
    desk.library.queue.put("gate", "Waiting", {}, lane="cpu")
    job = desk.put("odd/colours")
    desk.library.delete(OWNER, DeletePictures(ids=ids[:3]))
    gate.set()
    assert finish(desk.library, job).state == "done"
    assert desk.done() == set(ids[3:])


def test_a_file_that_is_gone_says_nothing_about_the_picture(desk: Engined) -> None:
    ids = desk.take_in(4)
    (desk.folder / "0001.png").unlink()
    Image.new("RGB", (9, 9)).save(desk.folder / "0002.png")  # other bytes than those that were taken in
    job = desk.run("odd/colours")
    assert (job.state, job.error) == ("done", None)
    assert desk.done() == {ids[0], ids[3]} and desk.errors() == {}


def test_a_long_run_gives_way(desk: Engined) -> None:
    ids = desk.take_in(20)
    job = desk.put("odd/colours", {"slow": 0.1})
    until(lambda: desk.done())
    ran: list[int] = []
    desk.library.queue.handle("short", lambda task: ran.append(len(desk.done())))
    short = desk.library.queue.put("short", "Something short", {}, lane="cpu")
    assert finish(desk.library, short).state == "done"
    assert 0 < ran[0] < 20
    until(lambda: desk.library.queue.get(job.id).state == "done")
    assert desk.done() == set(ids)


def test_progress_is_told(desk: Engined) -> None:
    desk.take_in(12)
    heard: list[JobChanged] = []
    desk.library.subscribe(lambda event: heard.append(event) if isinstance(event, JobChanged) else None)
    job = desk.put("odd/colours", {"slow": 0.1})
    finish(desk.library, job)
    told = [event.job for event in heard if event.job.id == job.id]
    assert any(0 < one.done < 12 and one.total == 12 for one in told)
    assert any(one.rate for one in told)


def test_pictures_of_other_kinds_are_left_out(desk: Engined) -> None:
    ids = desk.take_in(2)
    sql = "update picture set kind = 'model' where id = ?"
    desk.library.writer.submit(lambda write: write.execute(sql, (ids[0],))).result(10)
    assert desk.run("odd/colours").total == 1 and desk.done() == {ids[1]}


def test_many_engines_of_all_kinds(desk: Engined) -> None:
    from struct import unpack

    db = desk.library.db
    (id, *_) = desk.take_in(3)
    for engine in ("odd/vectors", "odd/boxes", "odd/faces", "odd/redness", "odd/words"):
        job = desk.run(engine)
        assert (job.state, job.error) == ("done", None), engine
    (body,) = db.read("select body from vector_output where picture_id = ?", (id,))[0]
    assert unpack("<3e", body) == pytest.approx((0.6, 0.8, 0.0), abs=1e-3)
    assert db.value("select json_extract(about, '$.length') from producer where engine = 'odd/vectors'") == 3
    rows = db.read("select label, box, confidence, time, vector, landmarks from region where picture_id = ?", (id,))
    assert sorted(rows, key=repr)[0] == ("", "[0.1,0.2,0.5,0.6]", 0.8, None, b"\x00\x00\x00<", "[[0.2,0.3]]")
    assert ("thing", "[0.1,0.2,0.5,1.0]", 0.7, None, None, None) in rows and len(rows) == 3
    assert db.value("select value from measure_output where picture_id = ?", (id,)) == pytest.approx(200 / 255)
    assert db.value("select text from caption_output where picture_id = ?", (id,)) == "image at still, no prompt"


def test_needs_are_waited_for_and_given(desk: Engined) -> None:
    ids = desk.take_in(3)
    assert desk.run("odd/told").total == 0  # no tagger is active
    producer = desk.library.host.producers.present(desk.library.host.catalogue.offered("odd/colours"))
    desk.library.outputs.activate(producer, 0.5)
    desk.run("odd/colours", ids=ids[:2])
    job = desk.run("odd/told")
    assert (job.done, job.total, job.error) == (2, 2, None)
    texts = dict(desk.library.db.read("select picture_id, text from caption_output"))
    sizes = [(desk.folder / f"000{n}.png").stat().st_size for n in range(2)]
    assert texts == {ids[0]: f"red; {sizes[0]} bytes", ids[1]: f"green; {sizes[1]} bytes"}


def test_frames_of_what_moves(desk: Engined, tmp_path: Path) -> None:
    desk.take_in(1)
    shown = [Image.new("RGB", (40, 30), colour) for colour in ("red", "lime", "blue")]
    shown[0].save(desk.folder / "moves.gif", save_all=True, append_images=shown[1:], duration=1000)
    from pixlstash_core.types import ImportPaths

    finish(desk.library, desk.library.import_paths(OWNER, ImportPaths([str(desk.folder)], True)))
    moving = desk.library.db.value("select id from picture where moving")
    seconds = desk.library.db.value("select seconds from picture where moving")
    job = desk.run("odd/words")
    assert (job.state, job.error) == ("done", None)
    text = desk.library.db.value("select text from caption_output where picture_id = ?", (moving,))
    assert text == ("image at 0.5, 1.5, 2.5, no prompt" if seconds else "image at still, no prompt")


def _is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_killed_library_goes_on_with_nothing_computed_twice(desk: Engined, tmp_path: Path) -> None:
    import subprocess
    import sys

    ids = desk.take_in(24)
    desk.library.close()
    code = f"""
import sys; sys.path[:] = {sys.path!r}
from pathlib import Path
import engined
from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
library = Library.open(Path({str(desk.library.path)!r}), plugins=Plugins.load(extra=("odd",)))
engined.Engined(library, Path("."), Path(".")).put("odd/colours", {{"slow": 0.2}})
print("running", flush=True)
import time; time.sleep(600)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None and child.stdout.readline() == b"running\n"
        look = apsw.Connection(str(desk.library.path / "library.db"), flags=apsw.SQLITE_OPEN_READONLY)
        until(lambda: look.execute("select count(*) from done").fetchall()[0][0])
        look.close()
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        if child.stdout:
            child.stdout.close()
    pid = desk.notes("load")[0]["pid"]
    until(lambda: not _is_alive(pid))  # the engine's process does not outlive the library's
    runs = len(desk.notes("run"))
    library = desk.library = Library.open(desk.library.path, plugins=Plugins.load(extra=("odd",)), work=False)
    before = desk.done()
    assert 0 < len(before) < 24
    library.queue.start()
    until(lambda: not library.queue.running(), 60)
    assert desk.done() == set(ids) and set(desk.tags()) == set(ids)
    again = {picture for one in desk.notes("run")[runs:] for picture in one["images"]}
    assert again == set(ids) - set(before)
    library.close()
