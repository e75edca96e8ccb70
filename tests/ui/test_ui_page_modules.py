"""Modules of plugins in the page: panels, a viewer, a page and a menu entry, and what happens when they fail."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import libraries
import pytest
from libraries import finish
from playwright.sync_api import expect
from sources import ROOT
from ui import extending
from ui.conftest import Axe, Close, Sit, close
from ui.desk import Desk
from web.asking import bearer
from web.conftest import OWNER, Served, serving

from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import AddTags, ImportPaths

pytestmark = pytest.mark.browser


@pytest.fixture
def extended(few: Path, textstills: Path, tmp_path: Path, tabs: list[Close]) -> Iterator[Served]:
    """The painted pictures and a note, with a plugin in every place."""
    shutil.copytree(few, tmp_path / "copy")
    (tmp_path / "list.note").write_text("#note\nBread\n")
    with Library.open(tmp_path / "copy", plugins=Plugins.load(extra=["ui.extending"])) as library:
        finish(library, library.import_paths(OWNER, ImportPaths([str(tmp_path / "list.note")])))
        with serving(library) as served:
            yield served
            close(tabs)


def test_only_the_owner_gets_them_and_nothing_else_of_the_package(extended: Served) -> None:
    modules = extended.local.get("/page-modules").json
    assert [(module["place"], module["id"]) for module in modules] == [
        (module.place, module.id) for module in extending.GOOD
    ]
    [swatch] = [module for module in modules if module["place"] == "viewer"]
    assert (swatch["plugin"], swatch["kind"], swatch["title"]) == ("ui.extending", "note", "Note viewer")
    folder = swatch["address"].rpartition("/")[0]
    answer = extended.local.ask("GET", swatch["address"])
    assert answer.body == (extending.FOLDER / "swatch.js").read_bytes()
    assert answer.headers["content-type"].startswith("text/javascript")
    assert extended.local.ask("GET", f"{folder}/caption.js").status == 200
    for name in ("..%2fextending.py", "extending.py", ".hidden.js", "gone.js", "caption.js%00", "..%2f..%2fodd.py"):
        assert extended.local.ask("GET", f"{folder}/{name}").status == 404, name
    for right in ("read", "write"):
        caller = bearer(extended.url, extended.token(right))
        assert caller.get("/page-modules").status == 403
        assert caller.ask("GET", swatch["address"]).status == 403
    assert extended.peer.ask("GET", swatch["address"]).status == 401


def test_what_cannot_be_used_is_a_problem_of_the_plugin(extended: Served) -> None:
    extended.local.get("/page-modules")
    [plugin] = [info for info in extended.library.plugins.infos() if info.name == "ui.extending"]
    for _, reason in extending.BAD:
        assert any(reason in problem for problem in plugin.problems), reason
    assert any("no more modules" in problem for problem in plugin.problems)


def test_a_page_with_buttons_and_a_key(extended: Served, sit: Sit, axe: Axe) -> None:
    desk = sit(extended).go()
    desk.page.get_by_role("treeitem", name="Board").click()
    board = desk.page.get_by_role("main", name="Board")
    expect(board).to_contain_text(re.compile("16 pictures at revision"))
    assert "page=plugin" in desk.page.url
    expect(desk.page).to_have_title(re.compile("Board"))
    desk.press("w")
    desk.says("Hello from the board")
    assert axe(desk.page) == []
    before = board.locator("output").inner_text()
    extended.library.add_tags(OWNER, AddTags(ids=[1], tags=["new"]))
    expect(board.locator("output")).not_to_have_text(before)
    board.get_by_role("button", name="Break").click()
    expect(desk.page.get_by_role("alert")).to_contain_text("Board (plugin ui.extending) failed: The board broke.")
    desk.page.get_by_role("button", name="Try again").click()
    expect(board).to_contain_text("16 pictures")
    board.get_by_role("button", name="Search blue").click()
    expect(desk.page.get_by_role("main", name="Board")).to_have_count(0)
    expect(desk.search).to_have_value("blue")
    desk.page.go_back()
    expect(board).to_contain_text("16 pictures")


def test_a_page_of_a_plugin_that_is_gone(extended: Served, sit: Sit) -> None:
    desk = sit(extended)
    desk.page.goto(f"{desk.url}/?page=plugin&about=gone/board")
    expect(desk.page.get_by_role("heading", name="There is no such page")).to_be_visible()
    desk.page.get_by_role("button", name="All pictures").click()
    desk.seen()


def test_a_viewer_for_a_kind_of_its_own(extended: Served, sit: Sit) -> None:
    desk = sit(extended).go("/?q=kind:note")
    desk.page.locator(".tile").first.dblclick()
    expect(desk.viewer.get_by_text("Note list.note")).to_be_visible()
    # The panel beside it asks for a key that is taken, which is said in its place.
    expect(desk.viewer.get_by_role("alert")).to_contain_text("The key t is already in use.")


def test_a_menu_entry_for_chosen_pictures(extended: Served, sit: Sit) -> None:
    desk = sit(extended).go("/?q=kind:image")
    tiles = desk.page.locator(".tile")
    tiles.nth(0).click(modifiers=["Control"])
    tiles.nth(1).click(modifiers=["Control"])
    tiles.nth(1).click(button="right")
    desk.pick("More", "Stamp")
    desk.says("Stamped 2")
    assert len(extended.library.find(OWNER, "tag:stamped").ids) == 2


def test_a_panel_beside_the_grid_that_fails_later(extended: Served, sit: Sit) -> None:
    desk = sit(extended, width=1440).go()
    open_plugins(desk)
    panel = desk.page.get_by_role("region", name="Broken")
    panel.get_by_role("button", name="Fail later").click()
    expect(panel.get_by_role("alert")).to_contain_text("It failed later.")
    panel.get_by_role("button", name="Try again").click()
    expect(panel.get_by_role("button", name="Fail later")).to_be_visible()
    expect(desk.page.locator(".tile").first).to_be_visible()


def open_plugins(desk: Desk) -> None:
    desk.press("g")
    desk.page.get_by_role("tab", name="Plugins").click()


def test_the_tutorials_panel(
    few: Path, tmp_path: Path, tabs: list[Close], sit: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "docs" / "tutorial-first-panel.md").read_text(encoding="utf-8")
    files = dict(re.findall(r"`([\w.]+)`:\n\n```\w+\n(.*?)^```", text, re.M | re.S))
    assert len(files["palette.js"].strip().splitlines()) <= 22
    source, site = tmp_path / "source", tmp_path / "site"
    web = source / "src" / "pixlstash_palette_web"
    web.mkdir(parents=True)
    (source / "pyproject.toml").write_text(files["pyproject.toml"])
    (source / "src" / "pixlstash_palette.py").write_text(files["pixlstash_palette.py"])
    (web / "palette.js").write_text(files["palette.js"])
    monkeypatch.syspath_prepend(str(libraries.install(site, source)))
    shutil.copytree(few, tmp_path / "copy")
    with Library.open(tmp_path / "copy") as library, serving(library) as served:
        desk = sit(served, width=1440).go()
        desk.page.locator(".tile").first.dblclick()
        panel = desk.viewer.get_by_role("region", name="Palette")
        expect(panel.locator("span")).not_to_have_count(0)
        first = panel.locator("p").get_attribute("title")
        desk.press("ArrowRight")
        desk.until(lambda: panel.locator("p").get_attribute("title") != first)
        close(tabs)
