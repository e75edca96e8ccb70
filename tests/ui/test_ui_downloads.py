"""Downloading originals: of what is chosen, and of an entry of the sidebar."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from ui.conftest import Axe, Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import SetCaption

pytestmark = pytest.mark.browser


def dialog(desk: Desk) -> Locator:
    return desk.page.get_by_role("dialog")


def saved(desk: Desk, folder: Path) -> zipfile.ZipFile:
    """What the browser saves when the dialog's button is pressed."""
    button = dialog(desk).get_by_role("button", name="Download", exact=True)
    expect(button).to_be_enabled()
    with desk.page.expect_download() as download:
        button.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    expect(dialog(desk)).to_have_count(0)
    return zipfile.ZipFile(path)


def test_a_selection_is_saved_with_what_was_chosen_to_lie_beside(
    sit: Sit, served: Served, axe: Axe, tmp_path: Path
) -> None:
    newest = [picture.id for picture in served.library.pictures(OWNER, limit=3)]
    served.library.set_caption(OWNER, SetCaption(ids=newest[:1], text="a lighthouse"))
    desk = sit(served).go()
    for index in range(3):
        desk.tile(index).click(modifiers=["Control"])
    desk.tile(0).click(button="right")
    desk.pick("More", "Download…")
    shown = desk.page.get_by_role("dialog", name="Download 3 pictures")
    expect(shown.get_by_role("status")).to_contain_text("pictures.zip")
    assert axe(desk.page) == []
    shown.get_by_label("With captions").check()
    with saved(desk, tmp_path) as archive:
        texts = [name for name in archive.namelist() if name.endswith(".txt")]
        assert len(archive.namelist()) == 4
        assert [archive.read(name) for name in texts] == [b"a lighthouse"]


def test_it_works_by_keyboard(sit: Sit, served: Served, tmp_path: Path) -> None:
    desk = sit(served).go()
    desk.focus(0)
    desk.press("Space", "Shift+F10")
    desk.pick("More", "Download…", key="Enter")
    expect(dialog(desk).get_by_label("Originals only")).to_be_focused()
    desk.press("ArrowDown", "ArrowDown")
    expect(dialog(desk).get_by_label("With metadata")).to_be_checked()
    expect(dialog(desk).get_by_role("button", name="Download", exact=True)).to_be_enabled()
    with desk.page.expect_download() as download:
        desk.press("Enter")
    download.value.save_as(tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        picture, about = archive.namelist()
        assert json.loads(archive.read(about))["name"] == picture


@pytest.mark.parametrize(("name", "count"), [("Harbour", 4), ("Ann", 3), ("Calendar", 4)])
def test_an_entry_of_the_sidebar_is_saved_under_its_name(
    name: str, count: int, sit: Sit, ordered: Served, tmp_path: Path
) -> None:
    desk = sit(ordered).go()
    desk.page.get_by_role("treeitem", name=name).first.click(button="right")
    desk.page.get_by_role("menuitem", name="Download…").click()
    expect(desk.page.get_by_role("dialog", name=f"Download {count} pictures")).to_be_visible()
    with saved(desk, tmp_path) as archive:
        assert Path(archive.filename or "").name == f"{name}.zip"
        assert len(archive.namelist()) == count
        assert archive.testzip() is None
