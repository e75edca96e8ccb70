"""Stores and importers of plugins in the browser: added by their forms, scanned, imported from and removed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import depot_plugin
import pytest
from faults import sources
from playwright.sync_api import Locator, expect
from ui.conftest import Axe, Close, Sit, close, copied
from ui.desk import LOOKS, Desk
from ui.test_ui_folders import open_folders
from web.conftest import OWNER, Served

pytestmark = pytest.mark.browser
SECRET = "s3cr3t-of-the-depot"


@pytest.fixture
def stocked(few: Path, tmp_path: Path, tabs: list[Close], monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """The painted pictures, for this test to change, with the plugin of a third party; its folder `goods` has five."""
    monkeypatch.setenv("DEPOT_TOKEN", SECRET)
    sources.paint(tmp_path / "goods", 5)
    with depot_plugin.installed(tmp_path, monkeypatch), copied(few, tmp_path) as served:
        yield served
        close(tabs)


def choose(desk: Desk, entry: str) -> Locator:
    desk.page.get_by_role("button", name="Import").click()
    desk.page.get_by_role("menuitem", name=entry).click()
    dialog = desk.page.get_by_role("dialog", name="Folders")
    expect(dialog).to_be_visible()
    return dialog


def test_a_store_is_added_scanned_and_removed(sit: Sit, stocked: Served, tmp_path: Path) -> None:
    before = stocked.library.find(OWNER).total
    desk = sit(stocked).go()
    desk.guard.expected.append("400 (Bad Request)")
    dialog = choose(desk, "Add a store…")
    form = dialog.get_by_role("form", name="Add a store")
    expect(form.get_by_label("Kind")).to_have_value("depot")
    form.get_by_label("Name").fill("Goods")
    form.get_by_label("Folder").fill(str(tmp_path / "goods"))
    expect(form).to_contain_text("never the secret itself")
    form.get_by_label("Token").fill(SECRET)
    form.get_by_role("button", name="Add and scan").click()
    expect(form.get_by_role("alert")).to_contain_text("write env:NAME")
    expect(form.get_by_role("alert")).not_to_contain_text(SECRET)
    form.get_by_label("Token").fill("env:DEPOT_TOKEN")
    form.get_by_label("Most").fill("7")
    form.get_by_label("Most").press("Enter")
    card = dialog.get_by_role("region", name="Goods")
    expect(card).to_contain_text("5 pictures")
    expect(card).to_contain_text("A depot · read-only")
    [store] = stocked.library.store_list(OWNER)
    assert (store.settings["most"], store.settings["token"]) == (7, "env:DEPOT_TOKEN")

    sources.paint(tmp_path / "goods", 1, seed=2)
    card.get_by_role("button", name="Rescan").click()
    expect(card).to_contain_text("6 pictures")
    (tmp_path / "goods" / "CLOSED").touch()
    desk.press("Escape")
    dialog = open_folders(desk)
    card = dialog.get_by_role("region", name="Goods")
    expect(card.get_by_role("status")).to_contain_text("The depot refuses the token …. Its pictures are kept.")
    card.get_by_role("button", name="Remove…").click()
    expect(card.get_by_role("group")).to_contain_text("6 pictures without another file move to the scrapheap")
    card.get_by_role("button", name="Remove from the library").click()
    expect(card).to_have_count(0)
    assert stocked.library.find(OWNER).total == before and len(list((tmp_path / "goods").glob("*.png"))) >= 1
    desk.press("Escape")
    desk.press("Control+z")
    expect(open_folders(desk).get_by_role("region", name="Goods")).to_contain_text("6 pictures")


def test_an_importer_copies_what_it_finds(sit: Sit, stocked: Served, tmp_path: Path) -> None:
    before = stocked.library.find(OWNER).total
    desk = sit(stocked).go()
    desk.guard.expected.append("400 (Bad Request)")
    dialog = choose(desk, "Import from…")
    form = dialog.get_by_role("form", name="Import from")
    form.get_by_label("Folder").fill(str(tmp_path / "goods"))
    form.get_by_label("Token").fill("env:MISSING")
    form.get_by_role("button", name="Import").click()
    expect(form.get_by_role("alert")).to_contain_text("no environment variable MISSING")
    form.get_by_label("Token").fill("")
    form.get_by_role("button", name="date", exact=True).click()
    form.get_by_role("button", name="Import").click()
    expect(form).to_have_count(0)
    desk.press("Escape")
    desk.becomes(lambda: stocked.library.find(OWNER).total, before + 5)
    assert stocked.library.store_list(OWNER) == []


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_the_forms_look_right(sit: Sit, stocked: Served, axe: Axe, width: int, theme: str, tmp_path: Path) -> None:
    desk = sit(stocked, width=width, color_scheme=theme).go()
    desk.page.get_by_role("button", name="Import").click()
    expect(desk.page.get_by_role("menuitem")).to_have_count(5)
    assert axe(desk.page) == []
    shoot(desk, f"menu-{width}-{theme}")
    desk.press("Escape")
    dialog = choose(desk, "Add a store…")
    dialog.get_by_label("Folder").fill(str(tmp_path / "nowhere"))
    assert axe(desk.page) == []
    shoot(desk, f"form-{width}-{theme}")
    dialog.get_by_role("button", name="Add and scan").click()
    expect(dialog.get_by_role("region", name="A depot")).to_contain_text("The depot refuses the token")
    assert axe(desk.page) == []
    for name in ("Import from…", "Add a store", "Add a folder"):
        box = dialog.get_by_role("button", name=name).bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width, name
    shoot(desk, f"list-{width}-{theme}")


def test_without_plugins_nothing_is_offered(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.page.get_by_role("button", name="Import").click()
    expect(desk.page.get_by_role("menuitem")).to_have_count(3)
    desk.press("Escape")
    expect(open_folders(desk).get_by_role("button", name="Add a store")).to_have_count(0)


def shoot(desk: Desk, name: str) -> None:
    """Leave a picture of the page where $PIXLSTASH_SHOTS says, for people to look at."""
    if folder := os.environ.get("PIXLSTASH_SHOTS"):
        desk.page.screenshot(path=Path(folder) / f"stores-{name}.png")
