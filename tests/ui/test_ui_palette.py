"""The palette: every action, page and group by its name, from wherever the keyboard is."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from ui.conftest import Axe, Sit
from ui.desk import LOOKS, Desk
from ui.test_ui_typing import Typist
from web.conftest import OWNER, Served

pytestmark = pytest.mark.browser


def options(desk: Desk) -> list[list[str]]:
    """What is offered: its name, what it is, and its key."""
    rows = desk.page.locator("dialog.picker[open]").get_by_role("option").all_inner_texts()
    return [[part for part in row.split("\n") if part] for row in rows]


def call(desk: Desk, text: str, first: str) -> list[str]:
    """Open the palette, type, and wait until this stands first; its row."""
    desk.press("Control+k")
    expect(desk.page.locator("dialog.picker[open]")).to_be_visible()
    desk.page.keyboard.type(text)
    desk.until(lambda: (rows := options(desk)) and rows[0][0] == first)
    return options(desk)[0]


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everything_is_in_it_and_can_be_read(sit: Sit, ordered: Served, axe: Axe, width: int, theme: str) -> None:
    desk = sit(ordered, width=width, color_scheme=theme).go()
    desk.press("Control+k")
    desk.until(lambda: len(options(desk)) > 20)
    assert axe(desk.page) == []
    names = {row[0]: row[1:] for row in options(desk)}
    assert names["Ann"][0] == "Character · 3"
    assert names["Harbour"][0] == "Set · 4"
    assert names["to sort"][0] == "Saved query · 16"
    assert names["Duplicates"][0] == "Page"
    assert names["History"] == ["Action"]
    assert names["Oldest"] == ["Order"]
    assert names["Undo"] == ["Action", "Ctrl+Z"]
    assert len(names) == len(options(desk)), "each once"


def test_a_group_and_a_page_are_gone_to(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go()
    call(desk, "norw", "Trips/Norway")
    desk.press("Enter")
    desk.becomes(lambda: desk.parameter("q"), "set:2")
    call(desk, "dupl", "Duplicates")
    desk.press("Enter")
    expect(desk.page.get_by_role("main", name="Duplicates")).to_be_visible()
    # From the page as well; what was used last comes first.
    desk.press("Control+k")
    desk.until(lambda: options(desk)[:2] and [row[0] for row in options(desk)[:2]] == ["Duplicates", "Trips/Norway"])
    desk.press("ArrowDown", "Enter")
    desk.becomes(lambda: desk.parameter("q"), "set:2")
    desk.seen()


def test_an_action_is_about_the_focused_picture(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.focus(2)
    id = desk.tiles()[2]["id"]
    assert call(desk, "4 st", "4 stars")[1:] == ["Action", "4"]
    desk.press("Enter")
    desk.becomes(lambda: desk.stars(2), 4)
    desk.until(lambda: served.library.picture(OWNER, id).score == 4)
    assert desk.cursor == 2, "the keyboard is where it was"
    call(desk, "undo", "Undo")
    desk.press("Enter")
    desk.becomes(lambda: desk.stars(2), 0)
    desk.press("Control+a")
    call(desk, "tag", "Tag…")
    desk.press("Enter")
    expect(desk.page.get_by_role("dialog", name="16 pictures")).to_be_visible()


def test_it_opens_from_the_search_box_and_leaves_it_as_it_was(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.press("/")
    desk.page.keyboard.type("light")
    desk.press("Control+k")
    expect(desk.page.locator("dialog.picker[open]")).to_be_visible()
    desk.press("Escape")
    expect(desk.search).to_be_focused()
    assert desk.search.input_value() == "light"


def test_what_is_typed_right_after_its_key_is_its_own(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.focus(0)
    typist = Typist(desk)
    desk.page.keyboard.press("Control+k")
    typist.type("sets")  # S would ask for a set, T for tags
    desk.until(lambda: desk.page.locator("dialog.picker[open] input").input_value() == "sets")
    expect(desk.page.locator("dialog.picker[open]")).to_have_attribute("aria-label", "Commands")


def test_it_is_found_without_its_key(sit: Sit, served: Served) -> None:
    desk = sit(served, width=390, height=844, has_touch=True).go()
    desk.page.get_by_role("button", name="More").tap()
    desk.page.get_by_role("menuitem", name="Commands…").tap()
    desk.page.get_by_role("combobox", name="Commands").fill("order old")
    desk.page.get_by_role("option", name="Oldest").tap()
    desk.becomes(lambda: desk.parameter("sort"), "created")
