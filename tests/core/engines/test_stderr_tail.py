"""What a process writes to its error stream is read in blocks; only its end is kept, and cleaned when it is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import engined
import pytest
from engined import Engined

from pixlstash_core.engines import limits
from pixlstash_core.engines.limits import BLOCK, KEPT, LINES, LONGEST, Tail
from pixlstash_core.library import Library

KEY = "sk-canary-77"


class Counting:
    """A pipe that counts how often it is read."""

    def __init__(self, file: Any) -> None:
        self._file, self.reads = file, 0

    def read(self, size: int) -> bytes:
        self.reads += 1
        found: bytes = self._file.read(size)
        return found


def test_ten_megabytes_are_read_in_blocks_and_cleaned_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = b"".join(b"line %d\x1b[2J\n" % n for n in range(700_000))
    (tmp_path / "stderr").write_bytes(written)
    cleaned: list[str] = []
    plain = limits.printable
    monkeypatch.setattr(limits, "printable", lambda text: cleaned.append(text) or plain(text))
    one = Tail()
    with (tmp_path / "stderr").open("rb", 0) as file:
        pipe = Counting(file)
        one.follow(pipe)  # type: ignore[arg-type]
    assert pipe.reads <= len(written) // BLOCK + 2 and cleaned == []
    lines = one.lines()
    assert len(cleaned) == len(lines) == LINES
    assert lines[-1].startswith("line 699999") and "\x1b" not in "".join(lines)
    assert len(one._bytes) <= 4 * KEPT + BLOCK


@pytest.mark.parametrize("at", range(0, 30, 3))
def test_a_secret_that_the_cut_goes_through_is_not_shown(at: int) -> None:
    """In one endless line, in lines, and of several lines itself."""
    for key, filler in ((KEY, b"x"), (KEY, b"\n"), ("-----KEY-----\nabcdef\nghijkl", b"\n")):
        one = Tail([key])
        one.add(b"y" * (4 * KEPT) + b"\n" * at + key.encode() + filler * (KEPT - at))
        one.add(b"")
        shown = "\n".join(one.lines())
        assert not any(part in shown for part in (key, key[4:], key[-6:])), (key, shown[:100])


def test_what_is_shown_of_little() -> None:
    one = Tail([KEY, ""])
    one.add(f"first {KEY}\nsecond \x1b[2J\n".encode() + b"\xff half a line")
    assert one.lines() == ["first …", "second \N{REPLACEMENT CHARACTER}[2J", "\N{REPLACEMENT CHARACTER} half a line"]
    one.add(b"z" * 10_000)
    assert len(one.lines()[-1]) == LONGEST
    assert Tail().lines() == []


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engined:
    return engined.make(open_library, tmp_path, monkeypatch)


def test_an_engine_that_writes_ten_megabytes_for_each_picture_does_its_work(
    desk: Engined, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleaned: list[str] = []
    monkeypatch.setattr(limits, "printable", lambda text: cleaned.append(text) or text)
    desk.take_in(3)
    job = desk.run("odd/trouble", {"what": "noise"})
    assert (job.state, job.done, desk.errors()) == ("done", 3, {}) and cleaned == []
