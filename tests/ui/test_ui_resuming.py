"""A large file outlasts what interrupts it: a dropped connection, a killed server, a closed tab."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Dialog, Request, expect
from ui.bringing import Wire, drop, large, panel, row
from ui.conftest import Close, Sit, close
from ui.desk import Desk
from web.conftest import OWNER, Served

from pixlstash_core.library import Library

pytestmark = pytest.mark.browser
PIECE = 8 << 20
SERVE = """
import sys, time
from pathlib import Path
from pixlstash_core.library import Library
from pixlstash_web.server import running
with Library.open(Path(sys.argv[1])) as library, running(library, port=int(sys.argv[2])) as url:
    print(url, library.access.claim_link(), flush=True)
    time.sleep(3600)
"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that goes in three pieces."""
    return large(tmp_path_factory.mktemp("film"), megabytes=19)


def offsets(desk: Desk) -> list[int]:
    """Where each piece began, as they are sent from now on."""
    found: list[int] = []

    def hear(request: Request) -> None:
        if request.method == "PATCH" and (match := re.search(r"offset=(\d+)", request.url)):
            found.append(int(match[1]))

    desk.page.on("request", hear)
    return found


def holds(library: Library, path: Path) -> bool:
    """Whether the library has the very bytes."""
    found = library.pictures(OWNER, f"name:{path.name}")
    return len(found) == 1 and library.picture(OWNER, found[0].id).sha256 == sha256(path)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Process:
    """A server in a process of its own, which can be killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = self.claim = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        port = self.url.rpartition(":")[2] or "0"
        arguments = [sys.executable, "-c", SERVE, str(self._folder), port]
        self._process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url, self.claim = self._process.stdout.readline().split()

    def kill(self) -> None:
        """As `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate(timeout=20)
            self._process = None


@pytest.fixture
def process(tmp_path: Path, tabs: list[Close]) -> Iterator[Process]:
    Library.create(tmp_path / "library", name="Killed")
    one = Process(tmp_path / "library")
    try:
        one.start()
        yield one
        close(tabs)
    finally:
        one.kill()


def begun(desk: Desk, film: Path) -> tuple[Wire, list[int]]:
    """The film is on its way slowly, and its first piece is there: the wire, and where each piece begins."""
    wire = Wire(desk)
    wire.slow(8)
    pieces = offsets(desk)
    drop(desk, film)
    desk.until(lambda: PIECE in pieces)
    return wire, pieces


def test_a_server_killed_in_the_middle(sit: Sit, process: Process, film: Path, tmp_path: Path) -> None:
    desk = sit(SimpleNamespace(url=process.url), anonymous=True, fresh=True)
    desk.page.goto(f"{process.url}/#claim={process.claim}")
    expect(desk.page.get_by_role("heading", name="Where are your pictures?")).to_be_visible()
    wire, pieces = begun(desk, film)
    desk.guard.expected = ["net::ERR_"]
    process.kill()
    expect(row(desk, film.name)).to_contain_text("Waiting for the server")
    wire.mend()
    before = len(pieces)
    process.start()
    desk.says("1 picture added")
    assert min(pieces[before:]) >= PIECE, "what the server had is not sent again"
    close_and_check(desk, process, tmp_path, film)


def close_and_check(desk: Desk, process: Process, tmp_path: Path, film: Path) -> None:
    desk.page.goto("about:blank")
    process.kill()
    with Library.open(tmp_path / "library") as library:
        assert holds(library, film)


def test_a_dropped_connection(sit: Sit, served: Served, film: Path) -> None:
    desk = sit(served, fresh=True).go()
    wire, pieces = begun(desk, film)
    desk.guard.expected = ["net::ERR_"]
    wire.cut()
    expect(row(desk, film.name)).to_contain_text("Waiting for the server")
    before = len(pieces)
    wire.mend()
    desk.says("1 picture added")
    assert min(pieces[before:]) >= PIECE
    assert holds(served.library, film)


def test_a_closed_tab_and_the_same_file_again(sit: Sit, served: Served, film: Path) -> None:
    first = sit(served, fresh=True).go()
    page = first.page.context.new_page()
    desk = Desk(page, first.url, first.guard).go()
    begun(desk, film)
    page.close()
    again = offsets(first)
    first.guard.expected.append("409 (Conflict)")  # the piece of the closed tab may still be arriving; it asks again
    drop(first, film)
    first.says("1 picture added")
    assert min(again) >= PIECE
    assert holds(served.library, film)
    assert [one.received for one in served.library.uploads(OWNER) if one.state == "receiving"] == []


def test_it_warns_before_bytes_are_lost_and_only_then(sit: Sit, served: Served, film: Path) -> None:
    desk = sit(served, fresh=True).go()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    desk.page.on("dialog", stay)
    desk.page.locator(".main").click(position={"x": 5, "y": 5})  # browsers ask only those who have touched the page
    wire = Wire(desk)
    wire.slow(4)
    drop(desk, film)
    expect(row(desk, film.name)).to_contain_text(" of 19.")
    desk.page.close(run_before_unload=True)
    desk.until(lambda: asked == ["beforeunload"])
    panel(desk).get_by_role("button", name="Cancel all").click()
    expect(panel(desk).get_by_role("heading", level=2)).to_have_text("1 cancelled")
    desk.page.reload()
    desk.seen()
    assert asked == ["beforeunload"]


def test_a_file_that_changes_meanwhile_is_not_mixed(sit: Sit, served: Served, tmp_path: Path) -> None:
    path = large(tmp_path, megabytes=18, seed=7)
    desk = sit(served, fresh=True).go()
    wire = Wire(desk)
    wire.slow(8)
    pieces = offsets(desk)
    drop(desk, path)
    desk.until(lambda: PIECE in pieces)
    desk.guard.expected = ["net::ERR_"]
    large(tmp_path, megabytes=17, seed=7).rename(path)
    expect(row(desk, path.name)).to_contain_text("was changed or removed", timeout=20_000)
    assert not served.library.pictures(OWNER, f"name:{path.name}")
