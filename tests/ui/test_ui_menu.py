"""The right-click menu: it stays open when the button is released, and what closes it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect
from ui.conftest import Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import AddTags, Create

pytestmark = pytest.mark.browser
#: From just below the toolbar to the lowest row.
HEIGHTS = range(100, 861, 40)
#: At each height the first point of a row of columns that is on something a selector names.
POINTS = """([selector, heights, columns]) => heights.flatMap(y => {
  const x = columns.find(x => document.elementFromPoint(x, y)?.closest(selector));
  return x === undefined ? [] : [[x, y]];
})"""


def menu(desk: Desk) -> Locator:
    """The menu itself, not one beside it."""
    return desk.page.get_by_role("menu").first


def points(desk: Desk, selector: str, columns: range) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = desk.page.evaluate(POINTS, [selector, list(HEIGHTS), list(columns)])
    return found


def closed_by_release(desk: Desk, at: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points at which the menu that opened when the right button went down is gone when it came up again."""
    closed = []
    for x, y in at:
        desk.page.mouse.move(x, y)
        desk.page.mouse.down(button="right")
        expect(menu(desk)).to_be_visible()
        desk.page.mouse.up(button="right")
        desk.drawn()
        if not menu(desk).is_visible():
            closed.append((x, y))
        desk.press("Escape")
        expect(menu(desk)).to_be_hidden()
    return closed


def test_the_menu_of_a_picture_stays_open_when_the_button_is_released(sit: Sit, shown: Served) -> None:
    desk = sit(shown, width=1440, height=900).go()
    at = points(desk, ".tile", range(300, 1300, 7))
    assert len(at) > 15
    assert closed_by_release(desk, at) == []


def test_the_menu_of_the_sidebar_stays_open_when_the_button_is_released(sit: Sit, served: Served) -> None:
    for n in range(40):
        served.library.create_set(OWNER, Create(name=f"Set {n:02}"))
    desk = sit(served, width=1440, height=900).go()
    desk.page.get_by_role("region", name="First steps").wait_for()  # it takes some of the height
    desk.page.get_by_role("tree", name="Library").evaluate("tree => tree.scrollTop = 320")
    at = points(desk, "[data-key^='set:']", range(80, 100))
    assert len(at) > 14 and at[0][1] == HEIGHTS[0]
    assert closed_by_release(desk, at) == []


def test_the_menu_stays_open_after_ctrl_and_the_left_button(sit: Sit, shown: Served) -> None:
    """As on a Mac, where that asks for a menu. Of this button every Chromium would dismiss an automatic popover."""
    desk = sit(shown).go()
    desk.tile(0).hover()
    desk.page.keyboard.down("Control")
    desk.page.mouse.down()
    desk.tile(0).dispatch_event("contextmenu", {"clientX": 400, "clientY": 300, "bubbles": True, "ctrlKey": True})
    expect(menu(desk)).to_be_visible()
    desk.page.mouse.up()
    desk.page.keyboard.up("Control")
    desk.drawn()
    expect(menu(desk)).to_be_visible()


def test_a_press_elsewhere_closes_the_menu_or_moves_it(sit: Sit, shown: Served) -> None:
    desk = sit(shown).go()
    desk.focus(1)
    desk.tile(1).click(button="right")
    expect(menu(desk)).to_be_visible()
    before = menu(desk).bounding_box()
    desk.tile(3).click(button="right", position={"x": 12, "y": 60})
    desk.becomes(lambda: menu(desk).bounding_box() == before, False)
    expect(menu(desk)).to_be_visible()
    desk.page.locator(".tool .gap").dispatch_event("pointerdown", {"bubbles": True})
    expect(menu(desk)).to_be_hidden()
    desk.becomes(lambda: desk.cursor, 3)  # the keyboard is where it was before


def test_escape_closes_one_menu_after_the_other(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.focus(2)
    desk.press("Space", "Shift+F10")
    expect(menu(desk)).to_be_visible()
    tagging = menu(desk).get_by_role("menuitem", expanded=False).first
    tagging.focus()
    desk.press("ArrowRight")
    beside = desk.page.get_by_role("menu").nth(1)
    expect(beside).to_be_visible()
    expect(beside.locator(":focus")).to_have_count(1)
    desk.press("Escape")
    expect(beside).to_be_hidden()
    expect(tagging).to_be_focused()
    desk.press("Escape")
    expect(menu(desk)).to_be_hidden()
    desk.becomes(lambda: desk.cursor, 2)
    assert desk.chosen == [2]  # that Escape was the menu's
    desk.press("Escape")
    desk.becomes(lambda: desk.chosen, [])


#: Rows of each open menu: items, and a row of stars.
ROWS = "menu => menu.querySelectorAll(':scope > .mi:not(.back), :scope > .stars5').length"


def rows(desk: Desk) -> int:
    expect(menu(desk)).to_be_visible()
    found: int = menu(desk).evaluate(ROWS)
    return found


def test_no_menu_is_longer_than_twelve_rows(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go("/?q=set:1")
    desk.tile(0).click(button="right")
    assert 8 < rows(desk) <= 12
    desk.press("Escape")
    desk.press("Control+a")
    desk.tile(0).click(button="right")
    assert 8 < rows(desk) <= 12
    desk.press("Escape")
    for name in ("Harbour", "Ann", "Calendar", "to sort"):
        desk.page.get_by_role("treeitem", name=name).click(button="right")
        assert 4 < rows(desk) <= 12
        desk.press("Escape")
    desk.page.get_by_role("banner").get_by_role("button", name="More").click()
    assert 4 < rows(desk) <= 12


def test_submenus_open_beside_each_other(sit: Sit, ordered: Served) -> None:
    """By keys as by the pointer, to any depth; Escape and ← close the last one."""
    desk = sit(ordered, width=1440, height=900).go()
    desk.page.get_by_role("treeitem", name="Harbour").click(button="right")
    expect(menu(desk).locator(":focus")).to_have_count(1)
    desk.press("a")
    desk.press("ArrowRight")
    second = desk.page.get_by_role("menu").nth(1)
    expect(second.locator(":focus")).to_have_count(1)
    desk.press("s", "ArrowRight")
    third = desk.page.get_by_role("menu").nth(2)
    expect(third.get_by_role("menuitem", name="Stack", exact=True)).to_be_focused()
    desk.press("ArrowLeft")
    expect(third).to_be_hidden()
    expect(second.get_by_role("menuitem", name="Stack, rotate, date")).to_be_focused()
    desk.press("Escape")
    expect(second).to_be_hidden()
    desk.page.get_by_role("menuitem", name="All 4 pictures").hover()
    desk.page.get_by_role("menuitem", name="Stack, rotate, date").hover()
    desk.page.get_by_role("menuitem", name="Rotate right").click()
    desk.says("4 pictures turned")


def test_on_a_phone_a_menu_is_a_sheet(sit: Sit, shown: Served) -> None:
    desk = sit(shown, width=390, height=844, has_touch=True, is_mobile=True).go()
    desk.page.get_by_role("button", name="Order and look").tap()
    box = menu(desk).bounding_box()
    assert box is not None and (box["x"], box["width"], box["y"] + box["height"]) == (0, 390, 844)
    assert all(one["height"] >= 44 for one in map(Locator.bounding_box, menu(desk).locator(".mi").all()) if one)
    desk.page.touchscreen.tap(200, 100)
    expect(menu(desk)).to_be_hidden()
    expect(desk.viewer).to_have_count(0)  # that press closed the sheet, and did nothing else


def test_the_viewer_has_the_menu_of_its_picture(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.open(2)
    id = desk.parameter("open")
    desk.viewer.locator(".stage").click(button="right")
    assert 8 < rows(desk) <= 12
    desk.page.get_by_role("menuitemradio", name="4 stars").click()
    desk.says("1 picture scored 4")
    assert served.library.picture(OWNER, int(id or 0)).score == 4
    expect(desk.viewer).to_be_focused()
    desk.viewer.get_by_role("button", name="More").click()
    desk.pick("Stack, rotate, date", "Rotate right")
    desk.says("1 picture turned")


def test_a_tag_has_a_menu(sit: Sit, served: Served) -> None:
    newest = served.library.pictures(OWNER, limit=1)[0].id
    served.library.add_tags(OWNER, AddTags(ids=[newest], tags=["harbor", "boat"]))
    desk = sit(served).go()
    desk.open(0)
    desk.viewer.locator("[data-tag=boat]").click(button="right")
    desk.pick("Remove from this picture")
    desk.becomes(lambda: [one.name for one in served.library.picture_tags(OWNER, newest)], ["harbor"])
    desk.viewer.locator("[data-tag=harbor]").focus()
    desk.press("Shift+F10", "Enter")
    desk.becomes(lambda: desk.parameter("q"), "tag:harbor")


#: Visible controls whose only content is an icon and that have no tooltip.
MUTE = """() => [...document.querySelectorAll('button, a[href]')].filter(one => one.checkVisibility()
  && !one.textContent.trim() && one.querySelector('svg') && !one.closest('[title]')).map(one => one.outerHTML)"""


@pytest.mark.parametrize("page", ["", "?page=duplicates", "?page=engines", "?page=people", "?page=snapshots"])
def test_every_icon_has_a_tooltip(sit: Sit, ordered: Served, page: str) -> None:
    desk = sit(ordered, width=1440).go()
    desk.page.goto(desk.url + "/" + page)
    desk.page.get_by_role("treeitem", name="Harbour").wait_for()
    assert desk.page.evaluate(MUTE) == []
    if not page:
        desk.tile(0).click(modifiers=["Control"])
        assert desk.page.evaluate(MUTE) == []
        desk.press("f")
        desk.page.get_by_role("tabpanel", name="Filters").wait_for()
        assert desk.page.evaluate(MUTE) == []
        desk.press("Escape")
        desk.open(1)
        assert desk.page.evaluate(MUTE) == []
