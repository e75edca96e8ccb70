"""Files brought to the page become pictures; what is none is refused with its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect
from ui import gallery
from ui.conftest import Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

pytestmark = pytest.mark.browser


def drop(desk: Desk, *paths: Path) -> None:
    """Drag files from the desktop over the page and let go."""
    session = desk.page.context.new_cdp_session(desk.page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 600, "y": 400, "data": data})


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"mine-{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(gallery.paint(50 + number))
    return paths


def names(served: Served) -> set[str]:
    return {one.name for one in served.library.pictures(OWNER, "name:mine")}


def test_dropped_on_an_empty_library(sit: Sit, empty: Served, files: list[Path]) -> None:
    desk = sit(empty)
    desk.page.goto(empty.url)
    expect(desk.page.get_by_role("heading", name="Where are your pictures?")).to_be_visible()
    drop(desk, *files)
    desk.says("3 pictures added")
    desk.becomes(lambda: len(desk.tiles()), 3)
    desk.seen()
    assert names(empty) == {"mine-0.png", "mine-1.png", "mine-2.png"}


def test_dropped_on_the_table(sit: Sit, served: Served, files: list[Path], tmp_path: Path) -> None:
    desk = sit(served).go()
    note = tmp_path / "mine.txt"
    note.write_text("no picture")
    known = tmp_path / "mine-too.png"
    known.write_bytes(gallery.paint(3))
    drop(desk, files[0], note, known)
    desk.says("1 picture added, 1 here already, 1 refused: mine.txt")
    assert names(served) == {"mine-0.png"}
    expect(desk.page.locator(".pill")).to_contain_text("1 new")


def test_chosen_from_the_menu(sit: Sit, served: Served, files: list[Path]) -> None:
    desk = sit(served).go()
    desk.page.get_by_role("button", name="More").click()
    with desk.page.expect_file_chooser() as chooser:
        desk.page.get_by_role("menuitem", name="Add pictures…").click()
    chooser.value.set_files(files)
    desk.says("3 pictures added")
    assert names(served) == {"mine-0.png", "mine-1.png", "mine-2.png"}
    desk.page.locator(".pill").get_by_role("button", name="Show").click()
    desk.becomes(lambda: len(desk.tiles()), gallery.PAINTED + 3)
