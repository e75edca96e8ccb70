"""The decoder pool: reading, copying, refusing; its processes come and go as they should."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from pixlstash_core.errors import Cancelled, DiskFull, NotThere, PixlStashError, Refused
from pixlstash_core.media.messages import Limits
from pixlstash_core.media.pool import DecoderPool, Known
from pixlstash_core.media.source import HELD
from pixlstash_core.types import Reading

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


# -- reading -----------------------------------------------------------------------------------------------------------


def test_reads_hashes_and_draws(pool: DecoderPool, picture: Path) -> None:
    reading = pool.read(picture, picture.name)
    assert isinstance(reading, Reading)
    data = picture.read_bytes()
    assert (reading.sha256, reading.size) == (hashlib.sha256(data).digest(), len(data))
    assert (reading.kind, reading.format, reading.mime, reading.extension) == ("image", "jpeg", "image/jpeg", "jpg")
    assert (reading.width, reading.height, reading.aspect) == (256, 256, 128)
    assert reading.still is not None
    assert reading.still[8:12] == b"WEBP"
    assert pool.thumbnail(picture, picture.name) == reading.still


def test_known_bytes_are_neither_decoded_nor_copied(pool: DecoderPool, write: Callable[[str], Path]) -> None:
    path, copy = write("exit"), write("exit").with_suffix(".copy")
    asked: list[bytes] = []

    def decide(sha256: bytes) -> bool:
        asked.append(sha256)
        return False

    sha256 = hashlib.sha256(path.read_bytes()).digest()
    assert pool.read(path, path.name, decide=decide, copy_to=copy) == Known(sha256, path.stat().st_size)
    assert asked == [sha256]
    assert not copy.exists()


def test_a_decision_that_fails_is_passed_on_and_costs_no_process(pool: DecoderPool, picture: Path) -> None:
    def decide(sha256: bytes) -> bool:
        raise LookupError("the library is confused")

    with pytest.raises(LookupError):
        pool.read(picture, picture.name, decide=decide)
    assert isinstance(pool.read(picture, picture.name), Reading)


def test_copies_exactly_the_hashed_bytes(pool: DecoderPool, picture: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    reading = pool.read(picture, picture.name, decide=lambda sha256: True, copy_to=copy)
    assert copy.read_bytes() == picture.read_bytes()
    assert reading.sha256 == hashlib.sha256(copy.read_bytes()).digest()


def test_a_refused_file_leaves_no_copy(pool: DecoderPool, write: Callable[[str], Path]) -> None:
    for how in ("raise", "exit"):
        path, copy = write(how), write(how).with_suffix(".copy")
        refusal(lambda path=path, copy=copy: pool.read(path, path.name, copy_to=copy))  # type: ignore[misc]
        assert not copy.exists()


def test_a_copy_that_cannot_be_written_is_our_trouble_not_the_files(
    pool: DecoderPool, picture: Path, tmp_path: Path
) -> None:
    with pytest.raises(PixlStashError) as caught:
        pool.read(picture, picture.name, copy_to=tmp_path / "missing" / "copy")
    assert not isinstance(caught.value, Refused)
    if os.path.exists("/dev/full"):
        with pytest.raises(DiskFull):
            pool.read(picture, picture.name, copy_to=link(tmp_path, "/dev/full"))


def link(folder: Path, target: str) -> Path:
    path = folder / "full"
    path.symlink_to(target)
    return path


def test_a_file_too_long_to_hold_is_hashed_copied_and_drawn(pool: DecoderPool, tmp_path: Path) -> None:
    path, copy = tmp_path / "long.jpg", tmp_path / "copy"
    Image.radial_gradient("L").save(path, "JPEG")
    with path.open("ab") as file:
        file.truncate(HELD + 1)
    reading = pool.read(path, path.name, copy_to=copy)
    assert isinstance(reading, Reading)
    assert (reading.size, reading.width) == (HELD + 1, 256)
    with copy.open("rb") as file:
        assert reading.sha256 == hashlib.file_digest(file, "sha256").digest()


def test_names_that_are_no_text(pool: DecoderPool, picture: Path) -> None:
    path = picture.with_name(os.fsdecode(b"caf\xe9 \xff.jpg"))
    try:
        picture.rename(path)
    except OSError:
        pytest.skip("this file system takes only text as names")
    assert isinstance(pool.read(path, path.name), Reading)


def test_what_is_no_file(pool: DecoderPool, tmp_path: Path) -> None:
    with pytest.raises(NotThere):
        pool.read(tmp_path / "absent.jpg", "absent.jpg")
    assert refusal(lambda: pool.read(tmp_path, "folder")).more["cause"] in ("unsupported", "unreadable")
    (tmp_path / "empty.jpg").touch()
    assert str(refusal(lambda: pool.read(tmp_path / "empty.jpg", "empty.jpg"))) == "The file is empty."
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.jpg")
        assert refusal(lambda: pool.read(tmp_path / "pipe.jpg", "pipe.jpg")).more["cause"] == "unsupported"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"8BPS" + bytes(100), "Photoshop"),
        (b"\xff\x0a" + bytes(100), "pip install pillow-jxl-plugin"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"PK\3\4" + bytes(100), "ZIP"),
        (b"Just words.", "text"),
        (bytes(5_000), "zeros"),
        (os.urandom(5_000), "Unknown file type"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
    ],
)
def test_a_stranger_is_called_by_its_name(pool: DecoderPool, tmp_path: Path, data: bytes, word: str) -> None:
    path = tmp_path / "stranger.jpg"  # the name proves nothing
    path.write_bytes(data)
    error = refusal(lambda: pool.read(path, path.name))
    assert word in str(error)
    assert error.more["cause"] == "unsupported"


# -- processes ---------------------------------------------------------------------------------------------------------


def test_close_is_prompt_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch, write: Callable[[str], Path]) -> None:
    pool = hostile_pool(monkeypatch, 1, Limits(wall=60))
    path = write("hang")
    with ThreadPoolExecutor(3) as threads:
        futures = [threads.submit(pool.read, path, path.name) for _ in range(3)]
        assert soon(lambda: bool(pool._live))
        pids = [child._process.pid for child in pool._live]
        time.sleep(0.1)
        start = time.monotonic()
        pool.close()
        assert [type(future.exception(20)) for future in futures] == [Cancelled] * 3
        assert time.monotonic() - start < 20
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)  # no zombies either
    with pytest.raises(Cancelled):
        pool.read(path, path.name)


PARENT = """
import os, sys, threading, time
from pathlib import Path
from pixlstash_core.media.messages import Limits
from pixlstash_core.media.pool import DecoderPool
pool = DecoderPool(2, Limits(wall=600), extra=("hostile_kinds",))
pool.read(Path(sys.argv[2]), "calm.txt")
threading.Thread(target=pool.read, args=(Path(sys.argv[1]), "hang.txt"), daemon=True).start()
while not any(child.tasks == 2 for child in pool._live):
    time.sleep(0.02)
time.sleep(0.2)
print(*(child._process.pid for child in pool._live), flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="looks processes up by their ids")
def test_children_do_not_outlive_a_killed_parent(write: Callable[[str], Path]) -> None:
    """Not even one that hangs in the middle of a file."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])}
    command = [sys.executable, "-c", PARENT, str(write("hang")), str(write("calm"))]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, timeout=30, check=False)
    pids = [int(pid) for pid in done.stdout.split()]
    assert pids
    assert soon(lambda: not any(map(alive, pids)))


def test_a_pool_that_cannot_start_says_so(monkeypatch: pytest.MonkeyPatch, picture: Path) -> None:
    monkeypatch.setattr(sys, "path", ["/nowhere"])
    with DecoderPool(1) as pool, pytest.raises(PixlStashError, match="did not start"):
        pool.read(picture, picture.name)


def test_an_installed_plugin_brings_its_kind(textstills: Path, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("#note\nGroceries\nmilk\n")
    with DecoderPool(1) as pool:
        reading = pool.read(path, path.name)
    assert isinstance(reading, Reading)
    assert (reading.kind, [fact.value for fact in reading.facts]) == ("note", ["Groceries", "2"])
    with DecoderPool(1, disabled=["textstills"]) as pool:
        refusal(lambda: pool.read(path, path.name))
    with DecoderPool(1, plugins=False) as pool:
        refusal(lambda: pool.read(path, path.name))
