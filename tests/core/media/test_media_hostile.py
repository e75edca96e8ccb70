"""What a file or a plugin does inside the decoder pool costs nobody else anything."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from pixlstash_core.errors import Refused
from pixlstash_core.media.messages import Limits
from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.types import Reading

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
TIGHT = Limits(memory=700 << 20, cpu=30, wall=2.5)


def hostile_pool(monkeypatch: pytest.MonkeyPatch, workers: int, limits: Limits = TIGHT) -> DecoderPool:
    monkeypatch.syspath_prepend(str(HERE))
    return DecoderPool(workers, limits, extra=("hostile_kinds",))


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    """One pool with the hostile plugin for the whole file: it must survive all tests."""
    with pytest.MonkeyPatch.context() as patch, hostile_pool(patch, 2) as one:
        yield one


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def file(how: str) -> Path:
        path = tmp_path / f"{how.replace('.', '')}.txt"
        path.write_text(f"#{how}\n")
        return path

    return file


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.jpg"
    Image.radial_gradient("L").convert("RGB").save(path)
    return path


def refusal(call: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A child of nobody in this container may stay a zombie: dead all the same.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] not in "ZX"


def soon(check: Callable[[], bool], seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while not check() and time.monotonic() < end:
        time.sleep(0.02)
    return check()


# -- hostile kinds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "cause", "words"),
    [
        ("raise", "damaged", "a decoder's complaint"),
        ("exit", "crash", "exit code 3"),
        ("leave", "crash", "exit code 4"),
        ("eat", "memory", "too much memory"),
        ("huge", "pixels", "70000 × 70000"),
        ("flat", "damaged", "no size"),
    ],
)
def test_refused_with_a_reason(
    pool: DecoderPool, write: Callable[[str], Path], picture: Path, how: str, cause: str, words: str
) -> None:
    if how == "eat" and not sys.platform.startswith("linux"):
        pytest.skip("no limit on memory here")
    path = write(how)
    error = refusal(lambda: pool.read(path, path.name))
    assert error.more["cause"] == cause
    assert words in str(error)
    assert isinstance(pool.read(picture, picture.name), Reading)


def test_what_takes_too_long_is_ended(
    monkeypatch: pytest.MonkeyPatch, write: Callable[[str], Path], tmp_path: Path
) -> None:
    """Sleeping, computing, or waiting for a process of its own, which ends with it."""
    note = tmp_path / "note"
    waiting = tmp_path / "child.txt"
    waiting.write_text(f"#child {note}")
    with hostile_pool(monkeypatch, 3) as pool, ThreadPoolExecutor(3) as threads:
        futures = [threads.submit(pool.read, path, path.name) for path in (write("hang"), write("burn"), waiting)]
        errors = [future.exception(30) for future in futures]
    if sys.platform != "win32":
        assert soon(lambda: not alive(int(note.read_text())))
    assert [error.more["cause"] for error in errors if isinstance(error, Refused)] == ["time"] * 3
    assert "too long" in str(errors[0])


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on CPU time there")
def test_cpu_time_is_counted_per_file(monkeypatch: pytest.MonkeyPatch, write: Callable[[str], Path]) -> None:
    with hostile_pool(monkeypatch, 1, Limits(cpu=0, wall=60)) as pool:
        path = write("burn")
        start = time.monotonic()
        assert refusal(lambda: pool.read(path, path.name)).more["cause"] == "time"
        assert time.monotonic() - start < 30


def test_what_cannot_be_drawn_may_still_be_a_picture(pool: DecoderPool, write: Callable[[str], Path]) -> None:
    path = write("undrawable")
    reading = pool.read(path, path.name)
    assert isinstance(reading, Reading)
    assert (reading.still, reading.why) == (None, "Sounds have no looks.")
    assert str(refusal(lambda: pool.thumbnail(path, path.name))) == "Sounds have no looks."


def test_noise_on_the_standard_streams_is_not_heard(pool: DecoderPool, write: Callable[[str], Path]) -> None:
    path = write("print")
    reading = pool.read(path, path.name)
    assert isinstance(reading, Reading)
    assert reading.kind == "hostile"


def test_whatever_a_plugin_yields_is_bounded(pool: DecoderPool, write: Callable[[str], Path]) -> None:
    path = write("calm")
    reading = pool.read(path, path.name)
    assert isinstance(reading, Reading)
    assert len(reading.facts) == 200
    assert reading.facts[0].value == "abc" + "d" * 1_021
    assert reading.facts[0].number is None
    assert reading.prompt is not None
    assert len(reading.prompt) <= 65_536
    assert "\x1b" not in reading.prompt
    assert reading.payloads == {"broken": "?", "small": "{}"}
    assert reading.still is not None
    assert Image.open(io.BytesIO(reading.still)).size == (768, 384)


def test_one_files_trouble_is_nobody_elses(
    pool: DecoderPool, write: Callable[[str], Path], picture: Path, tmp_path: Path
) -> None:
    """Crashing, hanging and good files at once from many threads: every one gets its own answer."""
    jobs = [write(how) for how in ("exit", "hang", "eat", "raise")] * 2 + [picture] * 60
    with ThreadPoolExecutor(12) as threads:
        futures = [threads.submit(pool.read, path, path.name) for path in jobs]
        errors = [future.exception(60) for future in futures]
    assert [isinstance(error, Refused) for error in errors] == [True] * 8 + [False] * 60


def test_the_last_straw_is_not_blamed_on_a_good_file(pool: DecoderPool, picture: Path) -> None:
    """A process that was ended behind the pool's back is replaced, and the file is read again."""
    pool.read(picture, picture.name)
    for child in list(pool._live):
        os.kill(child._process.pid, signal.SIGTERM)
    assert soon(lambda: not any(alive(child._process.pid) for child in pool._live))
    assert isinstance(pool.read(picture, picture.name), Reading)


def test_children_are_replaced_in_time(
    monkeypatch: pytest.MonkeyPatch, picture: Path, write: Callable[[str], Path]
) -> None:
    monkeypatch.setattr("pixlstash_core.media.pool.TASKS_PER_CHILD", 3)
    with DecoderPool(1, plugins=False) as pool:
        served: list[int] = []
        while len(set(served)) < 3 and len(served) < 1_000:  # the next one starts while the one before goes on
            (before,) = pool._free
            pool.read(picture, picture.name)
            (child,) = pool._free
            assert child is not None
            assert child is before or child.tasks <= 1
            served.append(child._process.pid)
        assert len(set(served)) == 3
        assert all(served.count(pid) >= 2 for pid in served[:-1])
        assert soon(lambda: not pool._dying)


def test_urgent_overtakes_who_waits(monkeypatch: pytest.MonkeyPatch, write: Callable[[str], Path]) -> None:
    order: list[str] = []
    with hostile_pool(monkeypatch, 1, Limits(wall=20)) as pool:
        path = write("wait0.15")

        def ask(label: str, urgent: bool) -> None:
            pool.read(path, path.name, urgent=urgent)
            order.append(label)

        pool.read(path, path.name)
        threads = [threading.Thread(target=ask, args=(label, label == "urgent")) for label in ("first", "b", "c")]
        threads.append(threading.Thread(target=ask, args=("urgent", True)))
        for thread in threads:
            thread.start()
            time.sleep(0.03)
        for thread in threads:
            thread.join()
    assert order == ["first", "urgent", "b", "c"]
