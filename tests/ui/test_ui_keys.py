"""What the keys do on the table, and where they do nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from ui import gallery
from ui.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.motion]


def test_arrows_go_from_picture_to_picture(desk: Desk) -> None:
    desk.focus(0)
    desk.press("ArrowRight", "ArrowRight")
    desk.becomes(lambda: desk.cursor, 2)
    desk.press("ArrowLeft")
    desk.becomes(lambda: desk.cursor, 1)
    desk.press("ArrowLeft", "ArrowLeft")
    desk.becomes(lambda: desk.cursor, 0)


def test_up_and_down_keep_the_column(desk: Desk) -> None:
    tiles = {one["index"]: one for one in desk.tiles()}
    desk.focus(2)
    desk.press("ArrowDown")
    below = desk.until(lambda: desk.cursor if desk.cursor != 2 else 0)
    middle = tiles[2]["left"] + tiles[2]["width"] / 2
    assert tiles[below]["top"] == tiles[2]["top"] + tiles[2]["height"] + 4
    assert tiles[below]["left"] - 4 <= middle <= tiles[below]["left"] + tiles[below]["width"] + 4
    desk.press("ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp", "ArrowUp")
    desk.becomes(lambda: desk.cursor, 2)


def test_a_page_is_a_screen(desk: Desk) -> None:
    desk.focus(0)
    last = desk.on_screen()[-1]["index"]
    desk.press("PageDown")
    there = desk.until(lambda: desk.cursor if desk.cursor > 0 else 0)
    assert last - 12 <= there <= last + 12
    desk.press("PageUp")
    desk.becomes(lambda: desk.cursor, 0)


def test_space_and_shift_arrows_select(desk: Desk) -> None:
    desk.focus(1)
    desk.press("Space")
    desk.becomes(lambda: desk.chosen, [1])
    desk.press("Shift+ArrowRight", "Shift+ArrowRight")
    desk.becomes(lambda: desk.chosen, [1, 2, 3])
    desk.press("Shift+ArrowLeft")
    desk.becomes(lambda: desk.chosen, [1, 2])
    assert desk.selected == "2 selected"
    desk.press("ArrowRight", "ArrowRight", "Space")
    desk.becomes(lambda: desk.chosen, [1, 2, 4])
    desk.press("Space")
    desk.becomes(lambda: desk.chosen, [1, 2])


def test_shift_end_selects_to_the_very_last(desk: Desk) -> None:
    desk.focus(2)
    desk.press("Shift+End")
    desk.becomes(lambda: desk.selected, f"{gallery.COUNT - 2:,} selected")
    desk.becomes(lambda: desk.cursor, gallery.COUNT - 1)


def test_all_and_none(desk: Desk) -> None:
    desk.focus(0)
    desk.press("Control+a")
    desk.becomes(lambda: desk.selected, f"{gallery.COUNT:,} selected")
    assert all(one["chosen"] for one in desk.tiles())
    desk.press("Escape")
    desk.becomes(lambda: desk.chosen, [])
    assert desk.selected == ""


def test_a_click_with_ctrl_or_shift_selects_as_everywhere(desk: Desk) -> None:
    desk.tile(1).click(modifiers=["Control"])
    desk.tile(4).click(modifiers=["Shift"])
    desk.becomes(lambda: desk.chosen, [1, 2, 3, 4])
    desk.tile(2).click(modifiers=["Control"])
    desk.becomes(lambda: desk.chosen, [1, 3, 4])


def test_enter_opens_and_escape_comes_back_to_it(desk: Desk) -> None:
    desk.open(3)
    expect(desk.viewer).to_contain_text(f"4 of {gallery.COUNT:,}")
    desk.press("ArrowRight")
    expect(desk.viewer).to_contain_text(f"5 of {gallery.COUNT:,}")
    desk.press("Escape")
    desk.becomes(lambda: desk.cursor, 4)
    assert desk.viewer.count() == 0


def test_slash_searches_and_keys_are_letters_there(desk: Desk) -> None:
    desk.focus(0)
    desk.press("/")
    expect(desk.search).to_be_focused()
    desk.page.keyboard.type("5?a 4")
    desk.press("Control+a", "ArrowRight", "Backspace")
    assert desk.search.input_value() == "5?a "
    assert desk.page.get_by_role("dialog").count() == 0
    assert desk.chosen == []


def test_the_sheet_names_the_keys_and_holds_them_back(desk: Desk) -> None:
    desk.focus(0)
    desk.press("?")
    sheet = desk.page.get_by_role("dialog", name="Keys")
    expect(sheet).to_be_visible()
    for key in ("Space", "Enter", "Ctrl+A", "Ctrl+Z", "Del", "Esc", "/", "?"):
        expect(sheet.locator("kbd", has_text=key).first).to_be_visible()
    desk.press("ArrowRight", "Control+a", "5", "Delete")
    desk.press("Escape")
    expect(sheet).to_have_count(0)
    assert desk.chosen == []
    desk.becomes(lambda: desk.cursor, 0)
    assert desk.page.locator(".toast").count() == 0


def test_a_menu_holds_them_back_too(desk: Desk) -> None:
    desk.tile(1).click(button="right")
    menu = desk.page.get_by_role("menu")
    expect(menu).to_be_visible()
    desk.press("Control+a", "Escape")
    expect(menu).not_to_be_visible()
    assert desk.chosen == []
    desk.becomes(lambda: desk.cursor, 1)
