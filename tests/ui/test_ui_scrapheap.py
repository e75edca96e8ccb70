"""Emptying the scrapheap: what it would delete is shown first; nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from ui import gallery
from ui.bringing import drop
from ui.conftest import Axe, Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import Create, DeletePictures, EditSet, Selection

pytestmark = pytest.mark.browser


def dialog(desk: Desk, name: str) -> Locator:
    return desk.page.get_by_role("dialog", name=name)


def row(dialog: Locator, label: str) -> Locator:
    return dialog.locator("dt", has_text=label).locator("+ dd")


def test_what_goes_and_what_stays_is_shown_before_it_is_emptied(
    sit: Sit, served: Served, tmp_path: Path, axe: Axe
) -> None:
    library = served.library
    mine = tmp_path / "mine.png"
    mine.write_bytes(gallery.paint(60))
    desk = sit(served).go()
    drop(desk, mine)
    desk.says("1 picture added")
    (new,) = library.pictures(OWNER, "name:mine")
    kept = library.create_set(OWNER, Create(name="Kept")).id
    library.add_to_set(OWNER, kept, Selection(ids=[2]))
    library.delete(OWNER, DeletePictures(ids=[new.id, 1, 2]))
    library.edit_set(OWNER, kept, EditSet(locked=True))
    desk.go("/?q=is:scrapheap")
    desk.page.get_by_role("button", name="Empty…").click()
    shown = dialog(desk, "Empty the scrapheap")
    expect(row(shown, "Deleted permanently")).to_have_text("2 pictures")
    expect(row(shown, "set is locked")).to_have_text("1 picture")
    expect(row(shown, "Disk space freed")).to_contain_text("B")
    assert axe(desk.page) == []
    desk.press("Escape")
    assert library.info(OWNER).scrapheap == 3
    desk.page.get_by_role("button", name="Empty…").click()
    shown.get_by_role("button", name="Delete 2 pictures permanently").click()
    desk.says("2 pictures permanently deleted")
    desk.becomes(lambda: [one["id"] for one in desk.tiles()], [2])
    assert mine.exists(), "the file that was uploaded is not ours"


def test_a_selection_is_deleted_and_the_rest_stays(sit: Sit, served: Served) -> None:
    served.library.delete(OWNER, DeletePictures(ids=[1, 2, 3]))
    desk = sit(served).go("/?q=is:scrapheap")
    desk.tile(0).click(modifiers=["Control"])
    first = desk.tiles()[0]["id"]
    desk.page.get_by_role("toolbar", name="Selection").get_by_role("button", name="Delete permanently…").click()
    dialog(desk, "Delete permanently").get_by_role("button", name="Delete 1 picture permanently").click()
    desk.says("1 picture permanently deleted")
    desk.becomes(lambda: {one["id"] for one in desk.tiles()}, {1, 2, 3} - {first})
    desk.tile(0).click(button="right")
    desk.pick("Delete permanently…")
    expect(dialog(desk, "Delete permanently")).to_be_visible()
