"""Rows of the sidebar: what is done to all their pictures, the numbers they say, and the page one leads to."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from ui.conftest import Sit
from ui.desk import Desk
from ui.test_ui_sidebar import counts, row, shown
from web.conftest import OWNER, Served

from pixlstash_core.types import StackPictures

pytestmark = pytest.mark.browser


def verbs(desk: Desk, level: int = 0) -> list[tuple[str, str]]:
    """What a menu offers, and by which keys; numbers apart."""
    items = desk.page.get_by_role("menu").nth(level).locator(":scope > .mi:not(.back)")
    items.first.wait_for()
    found = [(one.locator(".cut").inner_text(), one.locator("kbd").all_inner_texts()) for one in items.all()]
    return [(re.sub(r"\d+ ", "", label), "".join(keys)) for label, keys in found]


def test_an_entry_offers_what_a_choice_in_the_grid_does(sit: Sit, ordered: Served) -> None:
    """The same verbs in the same order, in a submenu; but only those that open something have keys."""
    desk = sit(ordered).go()
    for index in (0, 1):
        desk.tile(index).click(modifiers=["Control"])
    desk.tile(0).click(button="right")
    grid = [one for one in verbs(desk) if one[0] not in ("Review side by side", "More")]
    assert len(grid) > 8 and grid[-1] == ("Move pictures to the scrapheap", "Del")
    grid = [(label, keys if keys in {"T", "S", "C", "P"} else "") for label, keys in grid]
    desk.press("Escape")
    for name in ("Harbour", "Ann", "Calendar"):
        row(desk, name).click(button="right")
        own = [label for label, _ in verbs(desk)]
        assert own[:3] == ["Open", "Combine with what is shown", "Rename"] and "Delete" in own[:7] and len(own) <= 12
        desk.pick("All ")
        assert [one for one in verbs(desk, 1) if one in grid] == grid
        stars = desk.page.locator(".menu").get_by_role("menuitemradio", name="3 stars")
        expect(stars).to_be_visible()
        desk.press("Escape", "Escape")
    row(desk, "to sort").click(button="right")
    desk.pick("All pictures")
    assert ("Move all to the scrapheap", "") in verbs(desk, 1)


def test_what_is_done_to_an_entry_is_done_to_all_its_pictures(sit: Sit, ordered: Served) -> None:
    """Those beneath others in stacks among them; the table that is looked at follows, and undo takes it back."""
    library = ordered.library
    library.stack(OWNER, StackPictures(ids=[3, 4]))
    desk = sit(ordered).go()
    row(desk, "Harbour").click(button="right")
    desk.pick("All 4 pictures")
    desk.page.locator(".menu").get_by_role("menuitemradio", name="4 stars").click()
    desk.says("4 pictures scored 4")
    assert library.find(OWNER, "set:Harbour score:4 (is:stacked OR -is:stacked)").total == 4
    desk.becomes(lambda: {one["id"] for one in desk.tiles() if one["stars"] == 4}, {1, 2, 4})
    desk.press("Control+z")
    desk.becomes(lambda: {one["id"] for one in desk.tiles() if one["stars"]}, set())
    row(desk, "Norway").focus()
    desk.press("t")
    picker = desk.page.get_by_role("dialog", name="Tag 3 pictures")
    expect(picker).to_be_visible()
    desk.page.keyboard.type("fjord")
    expect(picker.get_by_role("option", name="fjord")).to_be_visible()
    desk.press("Enter")
    desk.says("3 pictures tagged fjord")
    desk.press("Escape")
    row(desk, "Ann").click(button="right")
    desk.pick("All 3 pictures", "to the scrapheap")
    desk.says("3 pictures moved to the scrapheap")
    desk.becomes(lambda: shown(desk) & {4, 5, 6}, set())
    assert [one.name for one in library.characters(OWNER)] == ["Ann"]


@pytest.mark.parametrize("name", ["Harbour", "Ann", "Calendar", "to sort", "All pictures"])
def test_no_key_on_an_entry_changes_pictures_at_once(sit: Sit, ordered: Served, name: str) -> None:
    """Neither those of the entry, nor the one under the pointer, nor those that are chosen."""
    desk = sit(ordered).go()
    revision = ordered.library.info(OWNER).revision
    desk.tile(1).hover()
    for chosen in (False, True):
        if chosen:
            desk.tile(2).click(modifiers=["Control"])
        row(desk, name).focus()
        desk.press(*"123450", "Shift+Digit3", "k", "Shift+K", "Shift+T", "Shift+D", "Shift+F", "Shift+Delete")
        desk.press("Control+ArrowRight", "Control+ArrowLeft", "Alt+ArrowRight", "Alt+End")
        expect(row(desk, name)).to_be_focused()
        desk.page.wait_for_timeout(300)
        assert ordered.library.info(OWNER).revision == revision
        assert desk.page.locator(".toast").count() == 0
    desk.focus(2)
    desk.press("3")
    desk.says("1 picture scored 3")


def test_the_numbers_of_list_and_head_agree(sit: Sit, ordered: Served) -> None:
    """A stack is one picture in the grid and several in a set: the head says both."""
    ordered.library.stack(OWNER, StackPictures(ids=[2, 3, 4]))
    desk = sit(ordered, width=1440).go()
    head = desk.page.get_by_role("navigation", name="Whereabouts").first
    expect(head).to_contain_text("16 · 2 in stacks")
    expect(row(desk, "All pictures")).to_contain_text("16")
    row(desk, "Harbour").click()
    expect(head).to_contain_text("4 · 2 in stacks")
    expect(row(desk, "Harbour")).to_contain_text("4")
    row(desk, "Ann").click()
    expect(head).to_contain_text("Ann")  # the one on top is with her
    expect(head).to_contain_text(counts(desk)["Ann"])
    expect(head).not_to_contain_text("in stacks")
    row(desk, "Harbour").click()
    expect(head).to_contain_text("4 · 2 in stacks")
    desk.search.fill("is:stacked")
    desk.search.press("Enter")
    expect(head).not_to_contain_text("in stacks")


def test_a_row_leads_to_the_duplicates(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go()
    row(desk, "Duplicates").click()
    expect(desk.page.get_by_role("main", name="Duplicates")).to_be_visible()
    assert desk.parameter("page") == "duplicates"
    expect(row(desk, "Duplicates")).to_have_attribute("aria-selected", "true")
    expect(row(desk, "All pictures")).to_have_attribute("aria-selected", "false")
    row(desk, "Harbour").click()
    desk.becomes(lambda: shown(desk), {1, 2, 3, 4})
    assert desk.parameter("page") is None
